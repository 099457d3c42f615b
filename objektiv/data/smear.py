"""Draw a synthetic blood smear: cells of invented patients, infected and healthy, as PNG files.

In: a folder and SmearSettings. Out: the folder, with files such as `infected/P07_cell_0012.png`;
the patient is in the name (`--group 'P\\d+'`), and the same seed gives the same bytes.
Everything is synthetic: no real picture was used, and nothing here says how good a classifier is on
real cells.
Try: `draw_smear(Path("smear"), SmearSettings(seed=1))`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from objektiv.base import seeds
from objektiv.base.progress import Progress
from objektiv.data.drawing import draw_planted, look_of_patient, png
from objektiv.data.embedded import write_pictures
from objektiv.data.settings import SmearSettings

GROUP = r"P\d+"  # finds the patient in a file's name
WHAT = "synthetic blood smear, drawn by objektiv; no real picture was used; not for medical use"
VERSION = 1  # raised whenever other pictures come out of the same settings


class Planted(NamedTuple):
    """A picture, RGB uint8 (height, width, 3), and where its parasites lie, (height, width)."""

    name: str  # of its file below the smear's folder
    picture: NDArray[np.uint8]
    mask: NDArray[np.bool_]


def draw_smear(folder: Path, settings: SmearSettings, *, progress: Progress | None = None) -> Path:
    """Draw the smear into `folder` and return it; a folder that holds it already is used again.

    Raises:
        DataError: the folder holds something else, or an altered smear.
        MachineError: it cannot be written.
    """
    cells = list(_cells(settings))
    about = {"what": WHAT, "version": VERSION, "settings": settings.model_dump()}
    return write_pictures(
        folder,
        ((cell.name, png(cell.picture)) for cell in planted(settings)),
        about=about,
        total=len(cells),
        progress=progress or Progress(),
    )


def _cells(settings: SmearSettings) -> Iterator[tuple[int, int, bool]]:
    """Patient, number and infection of each cell; every patient has cells of both kinds."""
    for patient in range(1, settings.patients + 1):
        rng = seeds.generator(settings.seed, "smear", patient, "cells")
        count = round(settings.cells * rng.uniform(0.7, 1.3))
        infected = min(max(round(count * rng.uniform(0.3, 0.7)), 1), count - 1)
        order = rng.permutation(count)
        yield from ((patient, cell, bool(order[cell] < infected)) for cell in range(count))


def planted(settings: SmearSettings) -> Iterator[Planted]:
    """The pictures of a smear with the masks of their parasites, to test what finds them."""
    cells = list(_cells(settings))
    looks = {
        patient: look_of_patient(seeds.generator(settings.seed, "smear", patient, "look"))
        for patient in {patient for patient, _, _ in cells}
    }
    for patient, cell, infected in cells:
        rng = seeds.generator(settings.seed, "smear", patient, cell)
        label = "infected" if infected else "healthy"
        picture, mask = draw_planted(looks[patient], rng, infected=infected)
        yield Planted(f"{label}/P{patient:02d}_cell_{cell:04d}.png", picture, mask)
