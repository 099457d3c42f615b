"""Predictions: what a model said about each item; everything that judges reads only this.

In: arrays, one row an item, or a table (Parquet or CSV) made by us or elsewhere. Out: checked,
read-only Predictions, and `predictions.parquet`.
A table needs the columns id, label and `probability:NAME` for each class; `logit:NAME`, hash,
part, fold and group may be there.
Try: `Predictions.load(Path("runs/cells-001/predictions.parquet")).only("test").predicted`.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from objektiv.base import files
from objektiv.base.errors import UsageError
from objektiv.base.names import suggestion
from objektiv.judging.columns import (
    LOGIT,
    NEEDED,
    PROBABILITY,
    STRANGENESS,
    read_folds,
    read_labels,
    read_matrix,
    read_numbers,
    read_texts,
    refused,
    some,
)
from objektiv.judging.reading import read_table

PER_ITEM = ("ids", "hashes", "parts", "folds", "groups")
ARRAYS = ("labels", "logits", "probabilities", "strangeness")
SUM_TOLERANCE = 1e-3  # how far a row of probabilities may be from 1: float16 keeps three digits
SMALLEST = float(np.finfo(np.float64).eps)  # the clipping of scikit-learn's log_loss


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a model said about items whose labels are known.

    `labels`: (items,), whole numbers, index into `classes`. `logits`, `probabilities`:
    (items, classes). Arrays cannot be written to. A group that is None means an item of its own.
    `strangeness`: (items,), how unlike an item is to those learnt from; None if not measured.

    Raises:
        DataError: lengths differ, ids or classes repeat, a label is unknown, a value is not
            finite, or a row of probabilities is not between 0 and 1 with sum 1 (within 1e-3).
    """

    ids: tuple[str, ...]
    hashes: tuple[str, ...]
    parts: tuple[str, ...]
    folds: tuple[int | None, ...]
    groups: tuple[str | None, ...]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    logits: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    strangeness: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        for name in self._arrays:
            kind = np.int64 if name == "labels" else np.float64
            array = np.array(getattr(self, name)).astype(kind, casting="same_kind")
            array.setflags(write=False)  # a copy: what the caller writes later changes nothing
            object.__setattr__(self, name, array)
        _check_shapes(self)
        _check_names(self)
        _check_numbers(self)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def _arrays(self) -> tuple[str, ...]:
        return ARRAYS if self.strangeness is not None else ARRAYS[:-1]

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The most probable class of each item, (items,); the first of equals."""
        return np.asarray(self.probabilities.argmax(axis=1), dtype=np.int64)

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Whether the most probable class is the label, (items,)."""
        return np.asarray(self.predicted == self.labels)

    @property
    def log_probabilities(self) -> NDArray[np.float64]:
        """Natural logarithms, (items, classes), of probabilities clipped as scikit-learn does.

        Never infinite: probabilities are taken as at least 2.2e-16, at most 1 minus that.
        """
        return np.log(np.clip(self.probabilities, SMALLEST, 1 - SMALLEST))

    @cached_property
    def group_numbers(self) -> NDArray[np.int64] | None:
        """The group of each item as a number from 0, (items,); None where no two items share one.

        An item without a group is a group of its own.
        """
        known: dict[object, int] = {}
        keys = (("group", g) if g is not None else ("item", i) for i, g in enumerate(self.groups))
        numbers = np.array([known.setdefault(key, len(known)) for key in keys], dtype=np.int64)
        numbers.setflags(write=False)
        return numbers if len(known) < len(self) else None

    def only(self, part: str) -> Predictions:
        """The predictions of one part.

        Raises:
            UsageError: no item is in this part.
        """
        if part not in self.parts:
            hint = suggestion(part, present := sorted(set(self.parts)))
            raise UsageError(
                "no predictions are in this part",
                value=repr(part),
                allowed=f"These predictions have: {', '.join(present) or 'no item'}",
                next=f"{hint} " * bool(hint) + "name one of these parts",
            )
        return self.rows([i for i, own in enumerate(self.parts) if own == part])

    def held_out(self) -> Predictions | None:
        """The items that are not test, on which thresholds and limits may be chosen, if any."""
        places = [i for i, own in enumerate(self.parts) if own != "test"]
        return self.rows(places) if places else None

    def rows(self, places: Sequence[int] | NDArray[np.int64]) -> Predictions:
        """The predictions at these places, in their order."""
        index = np.asarray(places, dtype=np.int64)
        chosen: dict[str, Any] = {n: tuple(getattr(self, n)[i] for i in index) for n in PER_ITEM}
        arrays = {name: getattr(self, name)[index] for name in self._arrays}
        return replace(self, **chosen, **arrays)

    def to_table(self) -> pl.DataFrame:
        """One row an item; labels by name, one column a class for logits and probabilities."""
        fixed = {
            "id": pl.Series(self.ids, dtype=pl.String),
            "hash": pl.Series(self.hashes, dtype=pl.String),
            "part": pl.Series(self.parts, dtype=pl.String),
            "fold": pl.Series(self.folds, dtype=pl.Int64),
            "group": pl.Series(self.groups, dtype=pl.String),
            "label": pl.Series([self.classes[i] for i in self.labels], dtype=pl.String),
        }
        numbers = {
            f"{prefix}{name}": np.ascontiguousarray(values[:, k])
            for prefix, values in ((LOGIT, self.logits), (PROBABILITY, self.probabilities))
            for k, name in enumerate(self.classes)
        }
        if self.strangeness is not None:
            numbers[STRANGENESS] = self.strangeness
        return pl.DataFrame({**fixed, **numbers})

    def save(self, path: Path) -> None:
        """Publish as Parquet."""
        buffer = io.BytesIO()
        self.to_table().write_parquet(buffer)
        files.write_bytes(path, buffer.getvalue())

    @classmethod
    def load(cls, path: Path) -> Predictions:
        """Read Parquet, or CSV (as text, so that the class "01" stays "01"); see `from_table`.

        Raises:
            DataError: the file cannot be read, or its table is not one of predictions.
        """
        return cls.from_table(read_table(path), source=str(path))

    @classmethod
    def from_table(cls, table: pl.DataFrame, *, source: str = "the table") -> Predictions:
        """Predictions made by us or elsewhere; classes in the order of their columns.

        Missing logits become the logarithms of the probabilities, missing parts "test"; missing
        hashes stay empty, missing folds and groups None.

        Raises:
            DataError: a column is missing or a value does not fit.
        """
        named = [column for column in table.columns if column.startswith(PROBABILITY)]
        classes = tuple(column.removeprefix(PROBABILITY) for column in named)
        missing = [name for name in ("id", "label") if name not in table.columns]
        missing += [] if classes else [f"{PROBABILITY}NAME"]
        if missing:
            raise refused(f"{source} lacks columns", ", ".join(missing), NEEDED)
        probabilities = read_matrix(table, PROBABILITY, classes=classes, source=source)
        if any(column.startswith(LOGIT) for column in table.columns):
            logits = read_matrix(table, LOGIT, classes=classes, source=source)
        else:
            logits = np.log(np.maximum(probabilities, SMALLEST))
        return cls(
            ids=read_texts(table, "id", default=""),
            hashes=read_texts(table, "hash", default=""),
            parts=read_texts(table, "part", default="test"),
            folds=read_folds(table, source=source),
            groups=tuple(g or None for g in read_texts(table, "group", default="")),
            labels=read_labels(table, classes, source=source),
            classes=classes,
            logits=logits,
            probabilities=probabilities,
            strangeness=read_numbers(table, [STRANGENESS])[:, 0]
            if STRANGENESS in table.columns
            else None,
        )


def _check_shapes(p: Predictions) -> None:
    items, matrix = len(p.ids), (len(p.ids), len(p.classes))
    lengths = {name: len(getattr(p, name)) for name in PER_ITEM}
    wrong = [f"{name} {length}" for name, length in lengths.items() if length != items]
    wrong += [] if p.labels.shape == (items,) else [f"labels {p.labels.shape}"]
    if p.strangeness is not None and p.strangeness.shape != (items,):
        wrong.append(f"strangeness {p.strangeness.shape}")
    for name in ("logits", "probabilities"):
        shape = getattr(p, name).shape
        wrong += [] if shape == matrix else [f"{name} {shape}"]
    if wrong:
        raise refused(
            "parts of the predictions differ in length",
            f"{items} ids, {len(p.classes)} classes, but {', '.join(wrong)}",
            "Every list has one entry an item; logits and probabilities are (items, classes)",
        )


def _check_names(p: Predictions) -> None:
    for what, names in (("class", p.classes), ("id", p.ids)):
        if repeated := [name for name, times in Counter(names).items() if times > 1 or not name]:
            raise refused(
                f"the same {what} stands twice in the predictions, or one is empty",
                some(map(repr, repeated)),
                f"Each {what} stands there once",
            )
    if bad := sorted({int(k) for k in p.labels if not 0 <= k < len(p.classes)}):
        raise refused(
            "labels are no index of a class",
            some(bad),
            f"Whole numbers from 0 to {len(p.classes) - 1} are read",
        )


def _check_numbers(p: Predictions) -> None:
    strange = {} if p.strangeness is None else {"strangeness": p.strangeness[:, None]}
    for name, values in {"probabilities": p.probabilities, "logits": p.logits, **strange}.items():
        bad = ~np.isfinite(values).all(axis=1)
        if bad.any():
            told = some(np.array(p.ids, dtype=object)[bad])
            raise refused(f"{name} are not finite", told, "Numbers without NaN or infinity")
    sums = p.probabilities.sum(axis=1)
    outside = ((p.probabilities < 0) | (p.probabilities > 1)).any(axis=1)
    outside |= np.abs(sums - 1) > SUM_TOLERANCE
    if outside.any():
        told = some(f"{p.ids[i]} (sum {sums[i]:.4g})" for i in np.flatnonzero(outside))
        allowed = f"Values between 0 and 1 whose sum is 1 within {SUM_TOLERANCE:g} are read"
        raise refused("rows are no probabilities", told, allowed)
