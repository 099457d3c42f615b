"""The synthetic smear: its files, its patients, the same bytes by seed, no shortcut by size."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.stats import mannwhitneyu

from objektiv.base.errors import DataError, SettingsError
from objektiv.base.settings import make
from objektiv.data import smear
from objektiv.data.dataset import read
from objektiv.data.drawing import png
from objektiv.data.embedded import ABOUT
from objektiv.data.settings import ReadSettings, SmearSettings
from objektiv.data.smear import GROUP, draw_smear

SMALL = SmearSettings(patients=3, cells=8, seed=5)


def contents(folder: Path) -> dict[str, bytes]:
    paths = sorted(folder.rglob("*.png"))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A smear of three patients, drawn once."""
    return draw_smear(tmp_path_factory.mktemp("smear") / "small", SMALL)


def test_names_hold_class_patient_and_cell(small: Path) -> None:
    """Files lie in two class folders and are called after patient and cell."""
    names = list(contents(small))

    pattern = re.compile(r"(healthy|infected)/P0[123]_cell_\d{4}\.png")
    assert all(pattern.fullmatch(name) for name in names)
    assert len({name.partition("/")[2] for name in names}) == len(names)


def test_every_patient_has_cells_of_both_kinds(small: Path) -> None:
    """A patient is no shortcut to the class."""
    found = Counter((name.split("/")[0], name.split("/")[1][:3]) for name in contents(small))

    assert set(found) == {(c, p) for c in ("healthy", "infected") for p in ("P01", "P02", "P03")}


def test_the_smear_says_that_it_is_synthetic(small: Path) -> None:
    """A note in the folder says so, with the settings that drew it."""
    note = json.loads((small / ABOUT).read_text(encoding="utf-8"))

    assert note["what"].startswith("synthetic blood smear, drawn by objektiv; no real picture")
    assert note["settings"] == {"patients": 3, "cells": 8, "seed": 5}


def test_the_same_seed_gives_the_same_bytes(small: Path, tmp_path: Path) -> None:
    """Drawn again elsewhere, all files are equal; with another seed they are not."""
    again = draw_smear(tmp_path / "again", SMALL)
    other = draw_smear(tmp_path / "other", SmearSettings(patients=3, cells=8, seed=6))

    assert contents(again) == contents(small)
    assert (again / ABOUT).read_bytes() == (small / ABOUT).read_bytes()
    assert not set(contents(other).values()) & set(contents(small).values())


def test_more_patients_do_not_change_the_first_ones(small: Path, tmp_path: Path) -> None:
    """What is drawn depends on the seed, patient and cell alone."""
    more = contents(draw_smear(tmp_path / "more", SmearSettings(patients=4, cells=8, seed=5)))

    assert {name: data for name, data in more.items() if "P04" not in name} == contents(small)


def test_a_smear_is_drawn_once(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same settings use the folder again; others are refused, and the folder stays."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a cell was drawn")

    monkeypatch.setattr(smear, "draw_planted", refuse)

    assert draw_smear(small, SMALL) == small
    with pytest.raises(
        DataError, match=r"small is there already .* synthetic blood smear, .*'seed"
    ):
        draw_smear(small, SmearSettings(patients=3, cells=8, seed=6))


@pytest.mark.parametrize("seed", range(5))
def test_about_1200_cells_of_24_patients_are_drawn(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the seed, the default smear has its size, both classes near half, 24 groups."""
    blank = np.zeros((60, 60, 3), np.uint8), np.zeros((60, 60), np.bool_)
    monkeypatch.setattr(smear, "draw_planted", lambda *_, **__: blank)
    monkeypatch.setattr(smear, "png", lambda picture: b"not drawn")

    folder = draw_smear(tmp_path / "smear", SmearSettings(seed=seed))

    data = read(folder, ReadSettings(group=GROUP))
    assert data.classes == ("healthy", "infected")
    assert data.items["group"].n_unique() == 24
    assert 1_100 <= len(data.items) <= 1_300
    assert 0.4 < (data.items["label"] == "infected").mean() < 0.6
    assert data.notes == ()


def test_size_does_not_tell_the_class(tmp_path: Path) -> None:
    """Width, height and bytes of infected and healthy pictures come from one distribution."""
    folder = draw_smear(tmp_path / "smear", SmearSettings(patients=6, cells=40))
    sizes: dict[str, list[tuple[int, int]]] = {"healthy": [], "infected": []}
    for path in folder.rglob("*.png"):
        with Image.open(path) as picture:
            sizes[path.parent.name].append(picture.size)

    for axis in range(2):
        healthy, infected = ([size[axis] for size in sizes[label]] for label in sizes)
        assert mannwhitneyu(healthy, infected).pvalue > 0.01
        assert 60 <= min(healthy + infected) < max(healthy + infected) <= 180


def test_settings_have_limits() -> None:
    """Fewer patients than parts cannot be drawn, and all mistakes are told."""
    with pytest.raises(SettingsError, match=r"patients = 2: .*; cells = 3: .*; seed = -1: "):
        make(SmearSettings, {"patients": 2, "cells": 3, "seed": -1})


def test_masks_belong_to_the_pictures_that_are_drawn(small: Path) -> None:
    """Planted pictures are those of the files, and only infected cells have parasites."""
    for name, picture, mask in smear.planted(SMALL):
        assert png(picture) == (small / name).read_bytes()
        assert mask.shape == picture.shape[:2]
        assert mask.any() == name.startswith("infected")
        assert mask.mean() < 0.2
