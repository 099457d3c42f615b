"""A table of predictions is judged as the run that it came from."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from objektiv.base.errors import DataError, UsageError
from objektiv.flow.evaluate_table import evaluate_table
from objektiv.flow.run import Run, open_run
from objektiv.flow.settings import EvaluateSettings
from objektiv.judging.foreign import load


@pytest.fixture(autouse=True)
def _bank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ledgers of tables go into a bank of this test."""
    monkeypatch.setenv("OBJEKTIV_BANK", str(tmp_path / "bank"))


def settings(folder: Path, **values: object) -> EvaluateSettings:
    """Runs go below `folder`."""
    return EvaluateSettings(out=folder / "runs", **values)  # type: ignore[arg-type]


def test_a_run_and_its_table_have_the_same_scores(trained: Path, tmp_path: Path) -> None:
    """The part test of predictions.parquet scores exactly as the run did."""
    judged = evaluate_table(trained / "predictions.parquet", settings(tmp_path))

    assert judged.scores == Run(trained).scores()
    assert judged.run.folder.name == "evaluate-predictions-001"
    assert open_run(judged.run.folder).scores() == judged.scores
    assert judged.notes == ()


def test_the_same_table_in_other_words_has_the_same_scores(trained: Path, tmp_path: Path) -> None:
    """As CSV with classes as columns and a part called val, as other tools write it."""
    ours = Run(trained).predictions()
    table = ours.to_table().select(
        pl.col("id").alias("filename"),
        pl.col("label").alias("class"),
        pl.col("group").alias("patient"),
        pl.col("part").replace({"validation": "val"}).alias("split"),
        *(pl.col(f"probability:{name}").alias(name) for name in ours.classes),
    )
    table.write_csv(tmp_path / "theirs.csv")

    judged = evaluate_table(tmp_path / "theirs.csv", settings(tmp_path))

    assert judged.scores == Run(trained).scores()
    assert set(judged.predictions.parts) == set(ours.parts)


def test_each_judging_is_a_look(trained: Path, tmp_path: Path) -> None:
    """A table has no folder of pictures: its ledger lies in the bank, under its test part."""
    path = shutil.copy(trained / "predictions.parquet", tmp_path / "predictions.parquet")
    evaluate_table(path, settings(tmp_path))
    kept = evaluate_table(path, settings(tmp_path)).ledger

    assert kept.runs == ("evaluate-predictions-001", "evaluate-predictions-002")
    assert kept.place is not None and kept.place.is_relative_to(tmp_path / "bank")
    assert {look.model for look in kept.looks} == {"table predictions.parquet"}


def test_a_table_in_its_run_counts_with_the_pictures(
    trained: Path, shapes: Path, tmp_path: Path
) -> None:
    """Judged where it was made, its look joins those at the same test part of the data."""
    kept = evaluate_table(trained / "predictions.parquet", settings(tmp_path)).ledger

    assert kept.place == shapes.resolve() / ".objektiv" / "ledger.jsonl"
    assert trained.name in kept.runs and kept.times >= 2


def test_a_changed_table_in_a_run_counts_by_itself(trained: Path, tmp_path: Path) -> None:
    """Other items are another test part; and what is no record of a run is passed over."""
    (tmp_path / "run").mkdir()
    shutil.copy(trained / "metrics.json", tmp_path / "run" / "metrics.json")
    test = Run(trained).predictions().only("test")
    test.rows(range(len(test) - 1)).save(tmp_path / "run" / "p.parquet")
    fewer = evaluate_table(tmp_path / "run" / "p.parquet", settings(tmp_path)).ledger
    (tmp_path / "run" / "metrics.json").write_text('{"ledger": [')
    broken = evaluate_table(tmp_path / "run" / "p.parquet", settings(tmp_path)).ledger

    assert fewer.place is not None and fewer.place.is_relative_to(tmp_path / "bank")
    assert broken.times == 2


def test_a_strange_run_makes_us_write_nowhere_else(trained: Path, tmp_path: Path) -> None:
    """A run that names a folder without a ledger does not get one there."""
    run, elsewhere = shutil.copytree(trained, tmp_path / "run"), tmp_path / "elsewhere"
    elsewhere.mkdir()
    metrics = json.loads((run / "metrics.json").read_text())
    metrics["ledger"]["root"] = str(elsewhere)
    (run / "metrics.json").write_text(json.dumps(metrics))

    kept = evaluate_table(run / "predictions.parquet", settings(tmp_path)).ledger

    assert kept.place is not None and kept.place.is_relative_to(tmp_path / "bank")
    assert list(elsewhere.iterdir()) == []


def test_an_absent_class_is_told(trained: Path, tmp_path: Path) -> None:
    """Its recall is not defined, and a note says why."""
    path = tmp_path / "p.csv"
    path.write_text("id,label,ill,well\na,well,0.2,0.8\nb,well,0.6,0.4\n")

    judged = evaluate_table(path, settings(tmp_path))

    assert judged.notes[0] == "no item of ill is in the part test"
    assert (judged.scores.sensitivity, judged.scores.auc) == (None, None)
    assert judged.scores.specificity is not None


def test_items_without_groups_are_told(tmp_path: Path) -> None:
    """The interval takes them as independent, which they may not be."""
    path = tmp_path / "p.csv"
    path.write_text("id,label,ill,well\na,well,0.2,0.8\nb,ill,0.6,0.4\n")

    assert "each counts as independent" in evaluate_table(path, settings(tmp_path)).notes[-1]


def test_a_bad_table_leaves_no_run(tmp_path: Path) -> None:
    """It is refused before a folder is made."""
    (tmp_path / "p.csv").write_text("id,label,ill,well\na,well,0.9,0.8\n")

    with pytest.raises(DataError, match="rows are no probabilities"):
        evaluate_table(tmp_path / "p.csv", settings(tmp_path))
    assert not (tmp_path / "runs").exists()


def test_a_table_without_test_items_is_refused(trained: Path, tmp_path: Path) -> None:
    """The parts that are there are named."""
    learnt = load(trained / "predictions.parquet").only("train")
    learnt.save(tmp_path / "p.parquet")

    with pytest.raises(UsageError, match="no predictions are in this part: 'test'.*have: train"):
        evaluate_table(tmp_path / "p.parquet", settings(tmp_path))
    assert not (tmp_path / "runs").exists()


def test_scores_are_told_by_columns_of_the_table(tmp_path: Path) -> None:
    """Also by one that says which patient it was: it stays under its own name."""
    lines = ["id,label,patient,device,ill,well"]
    lines += [
        f"{k},{'ill' if k % 2 else 'well'},p{k % 4},{'x' if k < 20 else 'y'},"
        + ("0.8,0.2" if k % 2 else "0.1,0.9")
        for k in range(40)
    ]
    (tmp_path / "p.csv").write_text("\n".join(lines))

    judged = evaluate_table(tmp_path / "p.csv", settings(tmp_path, by=("device", "patient")))

    assert judged.predictions.classes == ("ill", "well")
    assert judged.predictions.groups[:2] == ("p0", "p1")
    assert [table.column for table in judged.judgement.subgroups] == ["device", "patient"]


def test_a_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """With the columns that are, before a folder is made."""
    (tmp_path / "p.csv").write_text("id,label,device,ill,well\na,well,x,0.1,0.9\n")

    with pytest.raises(UsageError, match="no such column.*'devise'.*did you mean 'device'"):
        evaluate_table(tmp_path / "p.csv", settings(tmp_path, by=("devise",)))
    assert not (tmp_path / "runs").exists()
