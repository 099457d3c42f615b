"""Runs side by side: the best first, differences only where the items are the same."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from objektiv.base.errors import ModelError, UsageError
from objektiv.flow.compare import compare
from objektiv.flow.run import Run
from objektiv.judging.intervals import paired_difference
from objektiv.judging.predictions import Predictions
from tests.flow.conftest import TrainOn


def _worse(trained: Path, folder: Path) -> Path:
    """The run with the plain baseline's predictions, and some of them turned round."""
    shutil.copytree(trained, folder)
    run = Run(trained).predictions()
    turned = Predictions(
        run.ids,
        run.hashes,
        run.parts,
        run.folds,
        run.groups,
        run.labels,
        run.classes,
        run.logits[:, ::-1],
        run.probabilities[:, ::-1],
    )
    turned.save(folder / "predictions.parquet")
    return folder


def test_the_best_run_comes_first(trained: Path, tmp_path: Path) -> None:
    """Whatever the order typed, with the paired difference of each other one to it."""
    worse = _worse(trained, tmp_path / "worse-001")

    rows = compare([worse, trained]).rows

    tests = [Run(f).predictions().only("test") for f in (worse, trained)]
    assert [row.name for row in rows] == [trained.name, "worse-001"]
    assert rows[0].difference is None
    assert rows[1].difference == paired_difference(*tests)


def test_a_row_tells_what_the_run_measured(trained: Path, tmp_path: Path) -> None:
    """Size, parameters, time and speed are those of metrics.json."""
    first = compare([trained, _worse(trained, tmp_path / "worse-001")]).rows[0]
    told = Run(trained).metrics()["model"]

    assert (first.bytes, first.parameters, first.trainable) == (
        told["bytes"],
        told["parameters"],
        told["trainable"],
    )
    assert (first.train_seconds, first.images_per_second) == (
        told["train_seconds"],
        told["images_per_second"],
    )


def test_other_items_are_told_and_not_compared(
    trained: Path, shapes: Path, train_on: TrainOn
) -> None:
    """With another split there is no difference, and the number of shared items is named."""
    other = train_on(shapes, seed=5).run.folder
    found = compare([trained, other])
    row = found.rows[1]

    assert not found.same_items
    assert row.difference is None
    assert row.differs.startswith("tested on ") and "of which the first run has" in row.differs


def test_one_run_is_no_comparison(trained: Path) -> None:
    """Two are needed, and one that is named twice is one."""
    with pytest.raises(UsageError, match="needs two runs: 1 given"):
        compare([trained, trained])


def test_a_run_that_was_cut_off_is_refused(trained: Path, tmp_path: Path) -> None:
    """A folder without metrics.json is no finished run."""
    with pytest.raises(ModelError, match="holds no finished run"):
        compare([trained, tmp_path])
