"""Read what the store holds, and make it a table that `objektiv evaluate` takes.

In: the address of a store. Out: a polars table, one row a prediction, in the order of storing.
Predictions that later get a label become a table of predictions like any other.
Try: `read_store("predictions.sqlite3")["called"].value_counts()`.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from datetime import UTC
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from objektiv.base import extras, files
from objektiv.base.errors import DataError, UsageError
from objektiv.data.split import unformulated
from objektiv.judging.columns import PROBABILITY, some
from objektiv.judging.reading import read_table

SCHEMA: dict[str, Any] = {
    "id": pl.String,
    "hash": pl.String,  # of the picture's file
    "time": pl.Datetime("us", "UTC"),
    "model": pl.String,
    "model_sha256": pl.String,
    "called": pl.String,
    "abstain_reason": pl.String,
    "milliseconds": pl.Float64,
    "features": pl.Binary,
}
TEXTS = ("id", "model", "called", "abstain_reason")  # whose beginnings are a stranger's
_COLUMNS = {"hash": "picture_sha256", "called": "class"}  # ours to the database's


def read_store(address: str, *, model: str = "") -> pl.DataFrame:
    """All predictions: the columns of SCHEMA and `probability:NAME` for each class.

    `model`: only of the model whose SHA-256 begins so. A class that a model does not have is null.

    Raises:
        MissingExtra: SQLAlchemy is not installed.
        UsageError: `address` is none of a store.
        StoreError: there is no store, or it cannot be read.
    """
    extras.require("store", needed_by="reading stored predictions")
    from objektiv.serving.store_table import Table

    table = Table(address, mode="rw")
    try:
        table.check()
        rows = [
            (*(row[_COLUMNS.get(name, name)] for name in SCHEMA), row["probabilities"])
            for page in table.pages(model=model)
            for row in page
        ]
    finally:
        table.close()
    made = pl.DataFrame(
        [tuple(_aware(value) for value in row[:-1]) for row in rows], schema=SCHEMA, orient="row"
    )
    return made.with_columns(_probabilities([row[-1] for row in rows]))


def _aware(value: Any) -> Any:
    """SQLite keeps times without a zone; ours are UTC."""
    return value.replace(tzinfo=UTC) if hasattr(value, "tzinfo") and not value.tzinfo else value


def _probabilities(texts: list[str]) -> Iterator[pl.Series]:
    """A column a class, in the order in which classes first appear."""
    said: list[Mapping[str, float]] = [json.loads(text) for text in texts]
    for name in dict.fromkeys(name for row in said for name in row):
        yield pl.Series(f"{PROBABILITY}{name}", [row.get(name) for row in said], dtype=pl.Float64)


def features_of(table: pl.DataFrame) -> NDArray[np.float32]:
    """The stored features, (rows, features).

    Raises:
        DataError: a row has none, or lengths differ.
    """
    lengths = set(table["features"].bin.size())
    if len(lengths) != 1 or None in lengths:
        told = ", ".join("none" if n is None else f"{n // 2}" for n in lengths) or "no row"
        raise DataError(
            "these predictions have no features of one length",
            value=told,
            allowed="Rows of one model that were stored with features",
            next="filter the table by model_sha256, or by `features` that are not null",
        )
    raw = b"".join(table["features"])
    return np.frombuffer(raw, dtype="<f2").reshape(len(table), -1).astype(np.float32)


def to_judge(table: pl.DataFrame, *, labels: Path | None = None) -> pl.DataFrame:
    """The predictions of one model as `objektiv evaluate` reads them: id, label, probabilities.

    Without `labels` the column label is empty, to be filled in. `labels`: a table with the columns
    label and hash (the picture's SHA-256) or id; only rows that it names are left.

    Raises:
        UsageError: there is no row, or rows of several models.
        DataError: `labels` cannot be used, or names no stored picture.
    """
    models = sorted(set(table["model_sha256"]))
    if len(models) != 1:
        raise UsageError(
            "predictions of one model are judged at a time",
            value=some(f"{name[:12]}" for name in models) or "no prediction",
            allowed="One model",
            next="name it with `--model`",
        )
    table = table.drop("features")
    if labels is None:
        return table.insert_column(1, pl.Series("label", [None] * len(table), dtype=pl.String))
    known = read_table(labels)
    key = next((name for name in ("hash", "id") if name in known.columns), None)
    if key is None or "label" not in known.columns:
        raise _bad_labels(f"{labels} names no labels", some(known.columns))
    known = known.select(pl.col(key, "label").cast(pl.String)).drop_nulls().unique()
    if known[key].is_duplicated().any():
        twice = some(known[key].filter(known[key].is_duplicated()).unique())
        raise _bad_labels(f"{labels} gives one picture two labels", twice)
    joined = table.join(known, on=key, how="inner", maintain_order="left")
    if joined.is_empty():
        raise _bad_labels(f"{labels} names no stored picture", f"{len(known):,} labels")
    return joined.select("id", "label", pl.exclude("id", "label"))


def save(table: pl.DataFrame, path: Path) -> None:
    """Publish as CSV or Parquet, by the suffix; a cell that a spreadsheet would run gets ./ first.

    Raises:
        UsageError: the file exists, or has another suffix.
    """
    if path.suffix.lower() not in (".csv", ".parquet") or path.exists():
        raise UsageError(
            "the table cannot be written here",
            value=f"{path}{' exists' if path.exists() else ''}",
            allowed="A new file that ends in .csv or .parquet",
            next="name another file",
        )
    if path.suffix.lower() == ".csv":
        guarded = [unformulated(name) for name in TEXTS if name in table.columns]
        files.write_text(path, table.with_columns(guarded).write_csv())
        return
    buffer = io.BytesIO()
    table.write_parquet(buffer)
    files.write_bytes(path, buffer.getvalue())


def _bad_labels(happened: str, value: str) -> DataError:
    return DataError(
        happened,
        value=value,
        allowed="A column label, and a column hash (the picture's SHA-256) or id, a row a picture",
        next="correct the table of labels",
    )
