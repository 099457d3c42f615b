"""Drawn cells are pictures of the stated size in which a parasite is what differs."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from objektiv.base.seeds import generator
from objektiv.data.drawing import Look, draw_cell, draw_planted, look_of_patient, png


def look(seed: int = 0) -> Look:
    return look_of_patient(generator(seed, "look"))


@pytest.mark.parametrize("radius", [20.0, 33.0, 58.0, 90.0])
def test_sides_stay_within_limits(radius: float) -> None:
    """Pictures are colour, 60 to 180 pixels a side, also for cells that do not fit."""
    for cell in range(5):
        picture = draw_cell(
            replace(look(), radius=radius), generator(0, cell), infected=bool(cell % 2)
        )

        assert picture.dtype == np.uint8
        assert picture.shape[2] == 3
        assert 60 <= min(picture.shape[:2]) <= max(picture.shape[:2]) <= 180


def test_the_cell_is_darker_than_the_smear_around_it() -> None:
    """Without dirt and noise, the middle of a picture is a stained cell, its light stays light."""
    clean = replace(look(), dirt=0.0, noise=0.0, gradient=(0.0, 0.0), pallor=0.0)

    for cell in range(10):
        picture = draw_cell(clean, generator(1, cell), infected=False).astype(float)

        height, width = picture.shape[:2]
        middle = picture[height // 2 - 9 : height // 2 + 9, width // 2 - 9 : width // 2 + 9]
        lightest = np.quantile(picture.mean(axis=2), 0.99)
        assert middle.mean() < lightest - 15


def test_a_parasite_is_dark_and_violet() -> None:
    """On a clean slide most infected cells have a spot that is darkest in green; healthy none."""
    clean = replace(look(), dirt=0.0, noise=0.0, focus=0.6)

    def spot(*, infected: bool) -> np.ndarray:
        """How much darker in green the darkest pixels are than the usual stained one."""
        found = []
        for cell in range(30):
            picture = draw_cell(clean, generator(2, cell), infected=infected).astype(float)
            green = picture[:, :, 1]
            found.append(np.quantile(green, 0.2) - np.quantile(green, 0.001))
        return np.array(found)

    assert np.median(spot(infected=True)) > 2 * np.quantile(spot(infected=False), 0.9)


def test_dirt_shows_in_healthy_cells() -> None:
    """Confusers darken healthy cells as well, so that darkness alone does not tell."""
    slide = replace(look(), noise=0.0)
    dirty, clean = replace(slide, dirt=2.0), replace(slide, dirt=0.0)

    darker = 0
    for cell in range(10):
        pictures = [draw_cell(s, generator(3, cell), infected=False) for s in (dirty, clean)]
        darker += int(np.quantile(pictures[0], 0.005)) < int(np.quantile(pictures[1], 0.005)) - 10

    assert darker >= 8


def test_patients_look_different() -> None:
    """Two patients differ in the colour of their cells and in light."""
    colours = np.array(
        [draw_cell(look(n), generator(4, n), infected=False).mean(axis=(0, 1)) for n in range(8)]
    )

    assert colours.std(axis=0).min() > 4


@pytest.mark.parametrize("shape", [(5, 7, 3), (4, 9)])
def test_a_png_holds_the_pixels(shape: tuple[int, ...]) -> None:
    """What is written is what another reader finds, in colour and in grey."""
    picture = generator(0, "png").integers(0, 256, shape).astype(np.uint8)

    with Image.open(io.BytesIO(png(picture))) as read:
        assert read.format == "PNG"
        assert np.array_equal(np.asarray(read), picture)


def test_the_mask_lies_on_what_a_parasite_stains() -> None:
    """Drawn with and without its parasite a cell differs inside the mask, before the dirt."""
    inside, outside = [], []
    for cell in range(12):
        look = replace(look_of_patient(generator(3, cell)), noise=0.0, dirt=0.0)
        picture, mask = draw_planted(look, generator(4, cell), infected=True)
        violet = picture[..., 1].astype(float) - np.median(picture[..., 1])
        inside.append(violet[mask].mean())
        outside.append(violet[~mask].mean())

    assert np.mean(inside) < np.mean(outside) - 15
