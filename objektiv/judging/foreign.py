"""Tables of predictions that other tools made: the usual names of columns become ours.

In: a CSV or Parquet file. Out: Predictions. A table of our own (`probability:NAME` columns) is
taken as it is. Else each column that is not known by name is the probability of a class, or there
is one column of scores, the probability of the positive class.
Try: `load(Path("predictions.csv"), positive="ill")`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from objektiv.base.errors import DataError
from objektiv.base.names import natural_key, suggestion
from objektiv.judging.columns import LOGIT, PROBABILITY, STRANGENESS
from objektiv.judging.predictions import Predictions
from objektiv.judging.reading import read_table

SUFFIXES = (".csv", ".parquet")
OURS = ("id", "hash", "part", "fold", "group", "label", STRANGENESS)
# Names in other tools' tables, the first that is there counts; case does not matter.
ALIASES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "image_id", "filename", "file_name", "file", "path", "image", "name"),
    "label": ("label", "true", "truth", "target", "y_true", "true_label", "class", "y"),
    "group": ("group", "patient", "patient_id", "subject", "subject_id", "slide"),
    "part": ("part", "split"),
}
SCORES = ("probability", "score", "y_score", "prob")
IGNORED = ("predicted", "prediction", "y_pred", "pred", "predicted_label")  # follow from the rest
PARTS = {"val": "validation", "valid": "validation"}
LAYOUTS = (
    "Read are: id, label and a column for each class (its name, or probability:NAME), or id, label "
    "and one column `probability` of the positive class"
)


def load(path: Path, *, positive: str | None = None, aside: Sequence[str] = ()) -> Predictions:
    """The predictions in a table.

    `positive`: whose probability a lone column holds; `aside`: columns that are no class.

    Raises:
        DataError: the file cannot be read, or its table is not one of predictions.
    """
    table = read_table(path)
    ours = recognised(table, source=str(path), positive=positive, aside=aside)
    return Predictions.from_table(ours, source=str(path))


def recognised(
    table: pl.DataFrame, *, source: str, positive: str | None = None, aside: Sequence[str] = ()
) -> pl.DataFrame:
    """The table with our names of columns; see `load`.

    Raises:
        DataError: there is no label, or columns cannot be told to be classes.
    """
    if any(column.startswith(PROBABILITY) for column in table.columns):
        return table
    table = table.rename(_renamed(table.columns))
    if "label" not in table.columns:
        raise _refused(f"{source} has no column of true labels", table.columns)
    if "id" not in table.columns:  # a table without names: its rows are the items
        table = table.with_row_index("id", offset=1)
    if "part" in table.columns:
        table = table.with_columns(pl.col("part").cast(pl.String).replace(PARTS))
    rest = [name for name in table.columns if name not in OURS and not name.startswith(LOGIT)]
    rest = [name for name in rest if name.lower() not in IGNORED and name not in aside]
    if len(rest) == 1 and rest[0].lower() in SCORES:
        return _of_scores(table, rest[0], source=source, positive=positive)
    labels = table["label"].cast(pl.String).unique().drop_nulls().to_list()
    if not rest or not set(labels) & set(rest):
        raise _refused(f"{source} has no columns of probabilities", table.columns)
    texts = [name for name in rest if table[name].cast(pl.Float64, strict=False).is_null().all()]
    if strange := [name for name in texts if name not in labels and len(table)]:
        raise _refused(f"{source} has columns that are neither known nor numbers", strange)
    return table.rename({name: f"{PROBABILITY}{name}" for name in rest})


def _renamed(columns: list[str]) -> dict[str, str]:
    """From a tool's names to ours; a column of ours that is there stays."""
    lower = {name.lower(): name for name in reversed(columns)}
    found = {}
    for ours, names in ALIASES.items():
        named = next((lower[name] for name in names if name in lower), None)
        if named is not None and named not in found:
            found[named] = ours
    return found


def _of_scores(
    table: pl.DataFrame, column: str, *, source: str, positive: str | None
) -> pl.DataFrame:
    """With two columns of probabilities made of one."""
    labels = sorted(table["label"].cast(pl.String).unique().drop_nulls(), key=natural_key)
    if positive is None and set(labels) <= {"0", "1"}:
        positive, labels = "1", ["0", "1"]
    if positive is None or len(labels) != 2 or positive not in labels:
        near = suggestion(positive, labels) if positive else ""
        raise DataError(
            f"{source} has one column of probabilities, and it is not clear of which class",
            value=f"column {column}, labels {', '.join(map(repr, labels[:5]))}",
            allowed="The positive one of two classes is needed; of 0 and 1 it is 1",
            next=near or "name it with `--positive`, or give a column for each class",
        )
    chance = pl.col(column).cast(pl.Float64, strict=False)
    other = next(name for name in labels if name != positive)
    return table.with_columns(
        chance.alias(f"{PROBABILITY}{positive}"), (1 - chance).alias(f"{PROBABILITY}{other}")
    ).drop(column)


def _refused(happened: str, columns: list[str]) -> DataError:
    shown = ", ".join(columns[:8]) + (f" and {len(columns) - 8} more" if len(columns) > 8 else "")
    return DataError(
        happened,
        value=f"columns {shown}" if columns else "no column",
        allowed=LAYOUTS,
        next="rename the columns, one row an item",
    )
