"""Stored predictions are read back whole, and become a table that can be judged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import polars as pl
import pytest

pytest.importorskip("sqlalchemy", reason="needs objektiv[store]")

from objektiv.base.errors import DataError, StoreError, UsageError
from objektiv.judging.predictions import Predictions
from objektiv.serving import store_table
from objektiv.serving.store import Row, Store
from objektiv.serving.store_read import SCHEMA, features_of, read_store, to_judge
from tests.serving.rows import row


def _stored(path: Path, rows: list[Row]) -> pl.DataFrame:
    with Store(str(path / "a.sqlite3")) as store:
        store.put(rows).result(timeout=10)
    return read_store(str(path / "a.sqlite3"))


def test_what_was_stored_is_what_is_read(tmp_path: Path) -> None:
    """Each column comes back with its type and its value, times as UTC."""
    east = timezone(timedelta(hours=8))
    when = datetime(2026, 11, 23, 1, 2, 3, 456_789, east)
    rows = [row("one", time=when, abstain_reason="unlike"), row("two", features=None)]
    table = _stored(tmp_path, rows)

    assert dict(table.schema) == {
        **SCHEMA, "probability:ill": pl.Float64, "probability:well": pl.Float64
    }  # fmt: skip
    assert table.drop("features").row(0) == (
        *("one", "b" * 64, when.astimezone(UTC), "cells", "a" * 64, "ill"),
        *("unlike", 12.5, 0.75, 0.25),
    )
    assert table["features"].null_count() == 1


def test_an_empty_store_is_an_empty_table(tmp_path: Path) -> None:
    """Nothing stored yet is no error."""
    Store(str(tmp_path / "a.sqlite3")).close()
    table = read_store(str(tmp_path / "a.sqlite3"))

    assert (len(table), table.columns) == (0, list(SCHEMA))


def test_pages_join_without_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that are read in several goes are all there, in the order of storing."""
    monkeypatch.setattr(store_table, "PAGE", 7)
    table = _stored(tmp_path, [row(f"n{i}") for i in range(50)])

    assert table["id"].to_list() == [f"n{i}" for i in range(50)]


def test_one_model_is_chosen_by_the_beginning_of_its_hash(tmp_path: Path) -> None:
    """`model` is taken literally, so that % matches nothing."""
    _stored(tmp_path, [row("one", model_sha256="ab1"), row("two", model_sha256="cd2")])
    address = str(tmp_path / "a.sqlite3")

    assert read_store(address, model="cd")["id"].to_list() == ["two"]
    assert len(read_store(address, model="%")) == 0


def test_models_with_other_classes_share_a_store(tmp_path: Path) -> None:
    """A class that a model does not have is null there, and of no matter when it is judged."""
    other = row("two", model_sha256="c" * 64, called="cat", probabilities={"cat": 1.0})
    table = _stored(tmp_path, [row("one"), other])

    assert table["probability:cat"].to_list() == [None, 1.0]
    with pytest.raises(UsageError, match="predictions of one model are judged at a time"):
        to_judge(table)


def test_features_come_back_as_numbers(tmp_path: Path) -> None:
    """Features are what float16 keeps of them, one row a prediction."""
    values = np.random.default_rng(6).normal(size=(3, 20)).astype(np.float32)
    table = _stored(tmp_path, [row(f"n{i}", features=values[i]) for i in range(3)])

    assert np.array_equal(features_of(table), values.astype(np.float16).astype(np.float32))


def test_features_of_several_lengths_are_refused(tmp_path: Path) -> None:
    """Rows without features, or with others, make no matrix."""
    table = _stored(tmp_path, [row("one"), row("two", features=None)])

    with pytest.raises(DataError, match="no features of one length"):
        features_of(table)


def test_a_missing_store_is_told(tmp_path: Path) -> None:
    """Reading where nothing is says so, and makes no file."""
    with pytest.raises(StoreError, match="may not be opened"):
        read_store(str(tmp_path / "none.sqlite3"))

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_labelled_rows_can_be_judged(tmp_path: Path, suffix: str) -> None:
    """Rows that a table gives a label become Predictions with the stored probabilities."""
    hashes = [f"{i:064x}" for i in range(6)]
    rows = [
        row(f"r-{i}", picture_sha256=hashes[i], probabilities={"01": i / 10, "2": 1 - i / 10})
        for i in range(6)
    ]
    table = _stored(tmp_path, rows)
    labels = tmp_path / "labels.csv"
    labels.write_text("hash,label,who\n" + "".join(f"{hashes[i]},01,me\n" for i in (4, 1)))
    path = tmp_path / f"judge.{suffix}"
    judged = to_judge(table, labels=labels)
    judged.write_csv(path) if suffix == "csv" else judged.write_parquet(path)

    predictions = Predictions.load(path)
    assert predictions.ids == ("r-1", "r-4")
    assert predictions.classes == ("01", "2")
    assert predictions.probabilities[:, 0].tolist() == [0.1, 0.4]
    assert predictions.labels.tolist() == [0, 0]
    assert predictions.hashes == (hashes[1], hashes[4])


def test_without_labels_the_column_is_left_to_fill_in(tmp_path: Path) -> None:
    """The second column is an empty label; features stay out of a table for people."""
    table = to_judge(_stored(tmp_path, [row("one")]))

    assert table.columns[:3] == ["id", "label", "hash"]
    assert table["label"].to_list() == [None] and "features" not in table.columns


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name,label\na,ill\n", "names no labels"),
        ("hash,class\na,ill\n", "names no labels"),
        ("id,label\none,ill\none,well\n", "gives one picture two labels"),
        ("id,label\nother,ill\n", "names no stored picture"),
    ],
)
def test_labels_that_cannot_be_used_are_refused(tmp_path: Path, text: str, told: str) -> None:
    """Labels without a key, twice for one picture, or for none are an error of the data."""
    table = _stored(tmp_path, [row("one")])
    labels = tmp_path / "labels.csv"
    labels.write_text(text)

    with pytest.raises(DataError, match=told):
        to_judge(table, labels=labels)
