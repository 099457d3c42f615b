"""What a command looks into is opened as it was typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from objektiv.base.errors import DataError, UsageError
from objektiv.data.drawing import png
from objektiv.flow.looking import pictured, subject_of
from tests.explaining.small import drawn


def test_the_first_path_is_the_bundle(trained: Path) -> None:
    """Unless a backbone is named; what is left are pictures."""
    model, images, typed = subject_of([trained / "model", Path("a.png")], backbone=None)

    assert model.name == "model"
    assert images == (Path("a.png"),)
    assert typed == str(trained / "model")
    assert subject_of([Path("a.png")], backbone="lite0")[1] == (Path("a.png"),)


def test_a_folder_tells_the_class(trained: Path, shapes: Path, tmp_path: Path) -> None:
    """A picture below a folder named like a class has it, any other has none."""
    model, _, _ = subject_of([trained / "model"], backbone=None)
    other = tmp_path / "other.png"
    other.write_bytes(png(drawn(0)))

    found, refused = pictured([shapes, other], model, most=1000, seed=0)

    labels = {Path(p.name).parent.name: p.label for p in found}
    assert refused == []
    assert {name: labels[name] for name in model.classes} == {
        name: place for place, name in enumerate(model.classes)
    }
    assert labels[tmp_path.name] is None


def test_a_sample_is_drawn_by_seed(trained: Path, shapes: Path) -> None:
    """The same seed draws the same pictures, in the order of their names."""
    model, _, _ = subject_of([trained / "model"], backbone=None)

    first, second, other = (
        [p.name for p in pictured([shapes], model, most=7, seed=seed)[0]] for seed in (1, 1, 2)
    )

    assert len(first) == 7
    assert first == second
    assert first != other


def test_a_file_that_is_no_picture_is_told_and_left_out(trained: Path, tmp_path: Path) -> None:
    """The others are looked at; alone it is an error."""
    model, _, _ = subject_of([trained / "model"], backbone=None)
    good, bad = tmp_path / "good.png", tmp_path / "bad.png"
    good.write_bytes(png(drawn(0)))
    bad.write_bytes(b"no picture")

    found, refused = pictured([good, bad], model, most=9, seed=0)

    assert [p.name for p in found] == [str(good)]
    assert len(refused) == 1
    with pytest.raises(DataError, match="none of the pictures can be read"):
        pictured([bad], model, most=9, seed=0)


def test_a_missing_model_or_picture_is_told(trained: Path) -> None:
    """Each with what to name."""
    with pytest.raises(UsageError, match="no model is named"):
        subject_of([], backbone=None)
    model, images, _ = subject_of([trained / "model"], backbone=None)
    with pytest.raises(UsageError, match="no picture is named"):
        pictured(images, model, most=9, seed=0)
