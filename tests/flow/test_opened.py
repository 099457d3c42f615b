"""Runs and tables are opened alike."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from objektiv.base.errors import ModelError, UsageError
from objektiv.flow.opened import open_any
from objektiv.flow.run import Run

SENSITIVITY = {"estimate": 0.98, "low": 0.9, "high": 1.0, "method": "Wilson"}
SENSITIVITY |= {"groups": None, "warning": None}


@pytest.fixture
def copy(trained: Path, tmp_path: Path) -> Path:
    """A run of the test's own."""
    return shutil.copytree(trained, tmp_path / "copy-001")


def judged(run: Path, **threshold: object) -> Path:
    """The run with a record of its operating point."""
    told = {"positive": "disc", "value": 0.3, "way": "sensitivity", "demanded": 0.98}
    told |= threshold
    record = {"operating": {"threshold": told, "sensitivity": SENSITIVITY}}
    (run / "judgement.json").write_text(json.dumps(record))
    return run


def test_a_run_knows_its_pictures(trained: Path, shapes: Path) -> None:
    """Its predictions, its metrics, and where each picture lies."""
    opened = open_any(trained)
    test = opened.predictions.only("test")
    dataset = opened.pictures(test)

    assert opened.run == Run(trained) and opened.positive == "disc"
    assert dataset is not None and dataset.root == shapes.resolve()
    assert tuple(dataset.items["id"]) == test.ids
    assert all(Path(path).is_file() for path in dataset.items["path"])


def test_names_that_leave_the_folder_are_no_pictures(copy: Path) -> None:
    """A strange run cannot put other files of this machine on a page."""
    opened = open_any(copy)
    test = opened.predictions.only("test")
    hostile = replace(test, ids=("../../secret.png", *test.ids[1:]))
    dataset = opened.pictures(hostile)

    assert dataset is not None
    assert tuple(dataset.items["id"]) == test.ids[1:]


def test_a_table_has_predictions_alone(trained: Path) -> None:
    """No run, no metrics, no pictures, no operating point."""
    opened = open_any(trained / "predictions.parquet")

    assert (opened.run, opened.metrics, opened.positive, opened.data) == (None, {}, None, None)
    assert opened.predictions.ids == Run(trained).predictions().ids
    assert opened.pictures(opened.predictions) is None
    assert opened.operating("disc") == (None, "")


def test_the_operating_point_is_told(copy: Path) -> None:
    """Sensitivity at the threshold that was chosen, and what for."""
    found, demanded = open_any(judged(copy)).operating("disc")

    assert found is not None and (found.estimate, found.low) == (0.98, 0.9)
    assert demanded == "sensitivity 0.98"


def test_the_operating_point_of_another_class_is_not_taken(copy: Path) -> None:
    """A column of one class never holds figures of the other."""
    assert open_any(judged(copy, positive="stripe")).operating("disc") == (None, "")


def test_nothing_is_demanded_of_the_most_probable_class(copy: Path) -> None:
    """Where no threshold was chosen there is a figure and nothing demanded."""
    found, demanded = open_any(judged(copy, way="most probable", demanded=None)).operating("disc")

    assert found is not None and demanded == ""


@pytest.mark.parametrize("record", [{"operating": {"reason": "none"}}, {"operating": None}, {}])
def test_a_point_that_is_not_defined_is_none(copy: Path, record: dict[str, object]) -> None:
    """A run without positive class, or an older one, has no figure there."""
    (copy / "judgement.json").write_text(json.dumps(record))

    assert open_any(copy).operating("disc") == (None, "")


def test_a_table_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """It is told as a table, not as a run."""
    with pytest.raises(UsageError, match="there is no such table: .*gone.csv"):
        open_any(tmp_path / "gone.csv")


def test_other_files_are_refused(tmp_path: Path) -> None:
    """A file of another kind is no run and no table."""
    (tmp_path / "p.xlsx").write_bytes(b"PK")

    with pytest.raises(ModelError, match="a file, not a run's folder"):
        open_any(tmp_path / "p.xlsx")
