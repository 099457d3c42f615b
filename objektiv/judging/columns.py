"""The columns that a table of predictions has, each read strictly.

In: a table and a column's name. Out: texts, folds or numbers; or a DataError that names what does
not fit. `predictions` puts them together.
Try: `read_matrix(table, PROBABILITY, classes=("ill", "well"), source="the table")`.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from objektiv.base.errors import DataError
from objektiv.base.names import suggestion

LOGIT, PROBABILITY, STRANGENESS = "logit:", "probability:", "strangeness"
NEEDED = f"Needed: id, label and {PROBABILITY}NAME for each class"
REMAKE = "make the table again, with one row an item and one probability a class"


def refused(happened: str, value: object, allowed: str) -> DataError:
    """A DataError whose next step is to make the table again."""
    return DataError(happened, value=value, allowed=allowed, next=REMAKE)


def some(names: Iterable[object]) -> str:
    """At most three, so that a message stays a line."""
    listed = [str(name) for name in names]
    return ", ".join(listed[:3]) + (f" and {len(listed) - 3:,} more" if len(listed) > 3 else "")


def read_texts(table: pl.DataFrame, name: str, *, default: str) -> tuple[str, ...]:
    """A column as texts, (rows,); `default` where the column or the cell is empty."""
    if name not in table.columns:
        return (default,) * len(table)
    return tuple(table[name].cast(pl.String).fill_null(default))


def read_folds(table: pl.DataFrame, *, source: str) -> tuple[int | None, ...]:
    """The column of folds, (rows,).

    Raises:
        DataError: one is no whole number.
    """
    if "fold" not in table.columns:
        return (None,) * len(table)
    folds = table["fold"].cast(pl.Int64, strict=False)
    if folds.null_count() > table["fold"].null_count():
        told = some(table["fold"].filter(folds.is_null()).drop_nulls().unique())
        raise refused(f"{source} has folds that are no numbers", told, "Whole numbers or nothing")
    return tuple(folds)


def read_matrix(
    table: pl.DataFrame, prefix: str, *, classes: tuple[str, ...], source: str
) -> NDArray[np.float64]:
    """The columns that begin with `prefix`, (rows, classes), in the order of `classes`.

    Raises:
        DataError: there are others.
    """
    wanted = [f"{prefix}{name}" for name in classes]
    present = [column for column in table.columns if column.startswith(prefix)]
    if wrong := sorted(set(wanted) ^ set(present)):
        raise refused(f"{source} has columns that do not match its classes", some(wrong), NEEDED)
    return read_numbers(table, wanted)


def read_numbers(table: pl.DataFrame, columns: list[str]) -> NDArray[np.float64]:
    """(rows, columns); what was no number is now NaN, which Predictions refuses by id."""
    return table.select(pl.col(columns).cast(pl.Float64, strict=False).fill_null(np.nan)).to_numpy()


def read_labels(table: pl.DataFrame, classes: tuple[str, ...], *, source: str) -> NDArray[np.int64]:
    """The column of labels as indices of `classes`, (rows,).

    Raises:
        DataError: a label is no class; the message suggests the nearest.
    """
    labels = read_texts(table, "label", default="")
    if unknown := sorted(set(labels) - set(classes)):
        hint = suggestion(unknown[0], classes)
        raise DataError(
            f"{source} has labels without a column of probabilities",
            value=some(map(repr, unknown)),
            allowed=f"Its classes are {some(classes)}",
            next=f"{hint} " * bool(hint) + "correct the labels or add the columns",
        )
    number = {name: i for i, name in enumerate(classes)}
    return np.array([number[name] for name in labels], dtype=np.int64)
