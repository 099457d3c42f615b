"""A grouping is suggested where names show one, and not where they only count."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from objektiv.data.grouping import Suggestion, suggest
from objektiv.data.settings import SmearSettings
from objektiv.data.smear import GROUP, draw_smear


def of_folder(root: Path) -> Suggestion | None:
    """What the files in the class folders of `root` suggest."""
    paths = sorted(path for path in root.glob("*/*") if path.is_file())
    return suggest([path.stem for path in paths], [path.parent.name for path in paths])


def test_the_patient_of_malaria_cells_is_found(real_data: Path) -> None:
    """The leading C and its number is the patient, however the rest of the name is written."""
    found = of_folder(real_data / "malaria")

    assert found is not None
    assert (found.pattern, found.groups, found.smallest, found.largest) == (r"C\d+", 120, 13, 261)
    assert found.spanning == 89


@pytest.mark.parametrize("folder", ["pets/train", "pets/val", "cats_dogs/train", "screws"])
def test_breeds_and_running_numbers_are_no_groups(real_data: Path, folder: str) -> None:
    """Neither the class in a name nor the number behind it is suggested."""
    assert of_folder(real_data / folder) is None


def test_the_patient_of_the_smear_is_found(tmp_path: Path) -> None:
    """The pattern that the demo uses is the one that the names of its files suggest."""
    draw_smear(tmp_path / "smear", SmearSettings(patients=6, cells=10))

    found = of_folder(tmp_path / "smear")

    assert found is not None
    assert (found.pattern, found.groups, found.spanning) == (GROUP, 6, 6)
    assert found.examples == ("P01", "P02", "P03")


COUNT = range(200)
NAMES: dict[str, Sequence[str]] = {
    "running numbers": [f"{n:05d}" for n in COUNT],
    "running numbers in each class": [f"{n // 2:05d}" for n in COUNT],
    "running numbers behind a word": [f"img_{n}" for n in COUNT],
    "running numbers before a word": [f"{n}_mask" for n in COUNT],
    "one word before all": [f"train_{n}" for n in COUNT],
    "the class": [f"{'ab'[n % 2]}_{n}" for n in COUNT],
    "several words of a class": [f"{'ab'[n % 2]}{n % 4 // 2}_{n}" for n in COUNT],
    "a pair of pictures": [f"p{n // 100}_{n % 100}" for n in COUNT],
    "one group of nearly all": [f"p{max(0, n - 190)}_{n}" for n in COUNT],
    "not in every name": [f"p{n // 10}_{n}" if n else "overview" for n in COUNT],
    "no names": [],
}


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
def test_what_is_no_grouping_is_not_suggested(names: Sequence[str]) -> None:
    """Running numbers, classes, and groups that no split could use are passed over."""
    assert suggest(names, ["ab"[n % 2] for n in range(len(names))]) is None


@pytest.mark.parametrize(
    ("names", "pattern", "groups"),
    [
        ([f"p{n // 10}_{n % 10}" for n in COUNT], r"p\d+", 20),
        ([f"{n // 2}_{'left' if n % 2 else 'right'}" for n in COUNT], r"^\d+", 100),
        ([f"slide-{n // 20:02d}.tile{n % 20}" for n in COUNT], r"slide\-\d+", 10),
        ([f"{['anna', 'ben', 'cem', 'dora', 'emil'][n % 5]}_{n}" for n in COUNT], "^[^_]+", 5),
        ([f"p{n // 20}_s{n // 10}_{n % 10}" for n in COUNT], r"p\d+", 10),
        ([f"v2_p{n // 20}_{n % 20}" for n in COUNT], r"p\d+", 10),
    ],
)
def test_groups_in_names_are_suggested(names: list[str], pattern: str, groups: int) -> None:
    """Numbers behind letters, leading numbers and leading words that repeat are groups."""
    found = suggest(names, ["ab"[n // 3 % 2] for n in COUNT])

    assert found is not None
    assert (found.pattern, found.groups) == (pattern, groups)
