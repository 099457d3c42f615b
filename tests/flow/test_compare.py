"""Runs side by side: the best first, tests only where the items are the same."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from objektiv.base.errors import DataError, ModelError, UsageError
from objektiv.flow.compare import compare
from objektiv.flow.run import Run
from objektiv.judging.intervals import paired_difference
from objektiv.judging.predictions import Predictions
from tests.flow.conftest import TrainOn


def worse(trained: Path, folder: Path, *, turned: int | None = None) -> Path:
    """The run with its answers turned round, or those of the first `turned` test items."""
    shutil.copytree(trained, folder)
    run = Run(trained).predictions()
    rows = [k for k, part in enumerate(run.parts) if part == "test"][:turned]
    rows = list(range(len(run))) if turned is None else rows
    logits, probabilities = run.logits.copy(), run.probabilities.copy()
    logits[rows], probabilities[rows] = logits[rows, ::-1], probabilities[rows, ::-1]
    replace(run, logits=logits, probabilities=probabilities).save(folder / "predictions.parquet")
    return folder


def changed(trained: Path, folder: Path, **fields: object) -> Path:
    """The run with other fields in its predictions."""
    shutil.copytree(trained, folder)
    run = Run(trained).predictions()
    replace(run, **fields).save(folder / "predictions.parquet")  # type: ignore[arg-type]
    return folder


def test_the_best_run_comes_first(trained: Path, tmp_path: Path) -> None:
    """Whatever the order typed, with the paired difference of each two."""
    other = worse(trained, tmp_path / "worse-001")

    found = compare([other, trained])

    tests = [Run(f).predictions().only("test") for f in (trained, other)]
    assert [row.name for row in found.rows] == [trained.name, "worse-001"]
    assert [(pair.a, pair.b) for pair in found.pairs] == [(0, 1)]
    assert found.pair(0, 1).difference == paired_difference(*tests)
    assert found.others == ()


def test_a_row_tells_what_the_run_measured(trained: Path, tmp_path: Path) -> None:
    """Size, parameters, time and speed are those of metrics.json."""
    first = compare([trained, worse(trained, tmp_path / "worse-001")]).rows[0]
    told = Run(trained).metrics()["model"]

    assert first.model == told["name"]
    names = ("bytes", "parameters", "trainable", "train_seconds", "images_per_second")
    assert {name: first.told(name) for name in names} == {name: told[name] for name in names}
    assert first.sensitivity == first.scores.sensitivity


def test_what_one_alone_has_right_is_known(trained: Path, tmp_path: Path) -> None:
    """Of two runs that differ in three items, the better one has these alone."""
    other = worse(trained, tmp_path / "worse-001", turned=3)
    found = compare([trained, other])

    test = Run(trained).predictions().only("test")
    alone = {found.rows[0].test.ids[k] for k in found.rows[0].alone}
    assert alone == {test.ids[k] for k in range(3)}
    assert found.rows[1].alone == ()


def test_other_items_are_told_and_not_compared(
    trained: Path, shapes: Path, train_on: TrainOn
) -> None:
    """A run on another split stands apart, with every item that differs; nothing is tested."""
    other = train_on(shapes, seed=5).run.folder
    found = compare([trained, other])

    (row,) = found.others
    own, theirs = (set(Run(f).predictions().only("test").ids) for f in (trained, other))
    assert [r.opened.path for r in found.rows] == [trained]
    assert found.pairs == ()
    assert row.differs is not None
    assert set(row.differs["id"]) == own ^ theirs
    assert set(row.differs["what"]) == {"only in this one", "not in this one"}


def test_most_runs_decide_which_items_count(trained: Path, tmp_path: Path) -> None:
    """The one run of three that was tested on other items stands apart, though it came first."""
    run = Run(trained).predictions()
    odd = tuple(
        "train" if name == run.only("test").ids[0] else part
        for name, part in zip(run.ids, run.parts, strict=True)
    )
    apart = changed(trained, tmp_path / "apart-001", parts=odd)
    other = worse(trained, tmp_path / "worse-001", turned=2)

    found = compare([apart, trained, other])

    assert [row.name for row in found.rows] == [trained.name, "worse-001"]
    assert [row.name for row in found.others] == ["apart-001"]
    assert found.others[0].differs is not None
    assert found.others[0].differs.rows() == [(run.only("test").ids[0], "not in this one")]


def test_other_labels_and_contents_are_told(trained: Path, tmp_path: Path) -> None:
    """An item under the same name with another label, or other bytes, is not the same item."""
    run = Run(trained).predictions()
    test = [k for k, part in enumerate(run.parts) if part == "test"]
    labels, hashes = np.array(run.labels), list(run.hashes)
    labels[test[0]], hashes[test[1]] = 1 - labels[test[0]], "f" * 64
    apart = changed(trained, tmp_path / "apart-001", labels=labels, hashes=tuple(hashes))

    differs = compare([trained, apart]).others[0].differs

    assert differs is not None
    told = dict(differs.iter_rows())
    assert set(told) == {run.ids[k] for k in test[:2]}
    assert told[run.ids[test[0]]].startswith("label ")
    assert told[run.ids[test[1]]] == "another content under this name"


def test_a_table_is_compared_with_runs(trained: Path, tmp_path: Path) -> None:
    """A table of another tool without hashes, with its classes in another order, is compared."""
    test = Run(trained).predictions().only("test")
    names = test.classes[::-1]
    lines = [",".join(["file", "true", *names])]
    for k, name in enumerate(test.ids):
        shares = ",".join(repr(float(v)) for v in test.probabilities[k][::-1])
        lines.append(f"{name},{test.classes[test.labels[k]]},{shares}")
    (tmp_path / "theirs.csv").write_text("\n".join(lines), encoding="utf-8")

    found = compare([trained, tmp_path / "theirs.csv"])

    assert [(row.name, row.model) for row in found.rows] == [
        (trained.name, "probe"),
        ("theirs.csv", "a table"),
    ]
    pair = found.pair(0, 1)
    assert (pair.same, pair.test.only_a, pair.test.only_b) == (len(test), 0, 0)
    assert found.positive == "disc"
    assert pair.test.groups is not None  # the table names none: those of the run are taken
    assert found.rows[1].sensitivity == found.rows[0].sensitivity


def test_two_runs_of_one_name_are_told_apart(trained: Path, tmp_path: Path) -> None:
    """The folder above is named where the last part is the same."""
    other = worse(trained, tmp_path / "again" / trained.name)
    names = [row.name for row in compare([trained, other]).rows]

    assert names == [f"{trained.parent.name}/{trained.name}", f"again/{trained.name}"]


def test_looks_and_pictures_come_with_the_runs(trained: Path, shapes: Path, tmp_path: Path) -> None:
    """The ledger of the data is read as it is now, and their pictures are found."""
    found = compare([trained, worse(trained, tmp_path / "worse-001")])

    assert found.ledger is not None and found.ledger.times >= 1
    assert trained.name in found.ledger.runs
    assert found.dataset is not None and found.dataset.root == shapes.resolve()


def test_one_run_is_no_comparison(trained: Path) -> None:
    """Two are needed, and one that is named twice is one."""
    with pytest.raises(UsageError, match="needs two runs: 1 given"):
        compare([trained, trained])


def test_a_run_that_was_cut_off_is_refused(trained: Path, tmp_path: Path) -> None:
    """A folder without metrics.json is no finished run."""
    with pytest.raises(ModelError, match="holds no finished run"):
        compare([trained, tmp_path])


def test_a_table_of_something_else_is_refused(trained: Path) -> None:
    """split.csv holds no predictions."""
    with pytest.raises(DataError, match=r"split.csv has no column of true labels"):
        compare([trained, trained / "split.csv"])


def test_predictions_can_be_given_as_files(trained: Path, tmp_path: Path) -> None:
    """The Parquet files of two runs are compared as the runs are."""
    other = worse(trained, tmp_path / "worse-001", turned=4)
    paths = [
        shutil.copy(f / "predictions.parquet", tmp_path / f"{f.name}.parquet")
        for f in (trained, other)
    ]
    by_file, by_run = compare([Path(p) for p in paths]), compare([trained, other])

    assert isinstance(by_file.rows[0].test, Predictions)
    assert by_file.pairs == by_run.pairs
