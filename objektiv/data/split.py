"""Name every item train, validation or test, and its fold; what belongs together stays together.

In: a Dataset and SplitSettings. Out: a Split, kept as split.csv with the columns id, part and fold.
Items of one group (a patient) and copies of one picture form a cluster that is never divided,
classes keep their shares, and parts that the data came with are kept.
Try: `split(dataset, SplitSettings(seed=1)).save(Path("split.csv"))`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from objektiv.base import files, seeds
from objektiv.base.errors import DataError
from objektiv.base.language import mark, say
from objektiv.data.clusters import EXAMPLES, Ints, refuse_straddling
from objektiv.data.dataset import Dataset, require_trainable
from objektiv.data.division import Pool, into_folds, into_parts
from objektiv.data.folders import PARTS
from objektiv.data.safe_names import FORMULA_SIGNS
from objektiv.data.settings import RepeatSettings, SplitSettings

Names = NDArray[np.str_]
SCHEMA = {"id": pl.String, "part": pl.String, "fold": pl.Int64}


@dataclass(frozen=True)
class Split:
    """Which part and fold each item is in.

    `table` has the columns id, part and fold; fold counts from 0 and is null for test. Folds drawn
    again are the columns fold_2, fold_3, ... `notes` are sentences about what could not be done as
    asked.
    """

    table: pl.DataFrame
    notes: tuple[str, ...] = ()

    def ids(self, part: str) -> tuple[str, ...]:
        """The ids of the items in `part`, in the order of the dataset."""
        return tuple(self.table.filter(pl.col("part") == part)["id"])

    def save(self, path: Path) -> None:
        """Publish split.csv; the notes are not kept in it."""
        table = self.table.with_columns(unformulated("id"))
        files.write_text(path, table.select(*SCHEMA, *_further(table)).write_csv())

    @classmethod
    def load(cls, path: Path) -> Split:
        """Read a split.csv; `check` then compares it with a dataset.

        Raises:
            DataError: the file cannot be read, or its ids, parts or folds are not those of a split.
        """
        try:
            text = pl.read_csv(path.read_bytes(), infer_schema=False, empty_string_is_null=False)
            if missing := [name for name in SCHEMA if name not in text.columns]:
                raise ValueError(f"no column {', '.join(missing)}")
            folds = [pl.col(name) for name in ("fold", *_further(text))]
            table = text.select(
                pl.col("id").str.strip_prefix("./"),
                "part",
                *(pl.when(fold != "").then(fold).str.to_integer(dtype=pl.Int64) for fold in folds),
            )
        except (OSError, ValueError, pl.exceptions.PolarsError) as error:
            raise _bad_file(path, " ".join(str(error).split())[:200]) from error
        if mistake := _mistake(table):
            raise _bad_file(path, mistake)
        return cls(table)


def unformulated(column: str) -> pl.Expr:
    """The paths of a column, with ./ before those that a spreadsheet would run."""
    runs = pl.col(column).str.slice(0, 1).is_in(FORMULA_SIGNS)
    return pl.when(runs).then("./" + pl.col(column)).otherwise(column).alias(column)


def _further(table: pl.DataFrame) -> list[str]:
    """The columns of folds that were drawn again."""
    return [name for name in table.columns if re.fullmatch(r"fold_\d+", name)]


def _bad_file(path: Path, mistake: str) -> DataError:
    return DataError(
        f"{path} cannot be used as a split",
        value=mistake,
        allowed="A table with the columns id, part (train, validation or test) and fold (a whole "
        "number from 0, empty for test) is read",
        next="use the split.csv of a run, or leave --split away to split anew",
    )


def _mistake(table: pl.DataFrame) -> str | None:
    twice = table["id"].filter(table["id"].is_duplicated()).unique(maintain_order=True)
    if len(twice):
        return f"{len(twice)} ids stand in it more than once, e.g. {_examples(twice)}"
    unknown = table.filter(~pl.col("part").is_in(PARTS))["part"].unique(maintain_order=True)
    if len(unknown):
        return f"unknown part {_examples([repr(part) for part in unknown])}"
    if absent := [part for part in PARTS if part not in set(table["part"])]:
        return f"no item is in {' or '.join(absent)}"
    needed = (pl.col("part") != "test").cast(pl.Int64)
    for fold in ("fold", *_further(table)):
        given = (pl.col(fold) >= 0).fill_null(False).cast(pl.Int64)
        wrong = table.filter((needed != given) | (pl.col(fold) < 0))["id"]
        if len(wrong):
            what = f"lack their {fold}, or have one and are test"
            return f"{len(wrong)} items {what}, e.g. {_examples(wrong)}"
        if table[fold].drop_nulls().n_unique() < 2:
            return f"all items are in one {fold}"
    return None


def split(dataset: Dataset, settings: SplitSettings) -> Split:
    """Divide `dataset` into parts and folds; the same seed gives the same split.

    Parts that the data came with are kept; a validation or test part that is missing is drawn from
    train. Lone items are divided exactly (largest remainder per class), clusters nearly.

    Raises:
        DataError: a class is in too few images or groups, or the parts that the data came with
            cannot be kept.
    """
    require_trainable(dataset)
    pool = Pool.of(dataset)
    parts, notes = _given(dataset, pool.labels)
    source = "train" if (parts != "").any() else ""
    wanted = [part for part in PARTS if part not in parts or part == "train"]
    if len(wanted) > 1:
        rows = np.flatnonzero(parts == source)
        ratios = {part: settings.ratios[PARTS.index(part)] for part in wanted}
        rng = seeds.generator(settings.seed, "split", *wanted)
        chosen = into_parts(pool.rows(rows), ratios, rng=rng)
        parts[rows] = np.array(wanted, dtype=parts.dtype)[chosen]
        if source:
            drawn = int((parts[rows] != "train").sum())
            notes.append(
                say(
                    "The data came without {parts}: {drawn} items were drawn from train.",
                    parts=" and ".join(wanted[1:]),
                    drawn=drawn,
                )
            )
    folds = _folds(pool, parts, settings)
    count = len(set(folds)) - 1
    if count < settings.folds:
        notes.append(
            say(
                "{folds} folds instead of {wanted}, so that every fold holds every class.",
                folds=count,
                wanted=settings.folds,
            )
        )
    columns = {"id": dataset.items["id"], "part": parts.tolist(), "fold": folds}
    return Split(pl.DataFrame(columns, schema=SCHEMA), tuple(notes))


def repeated(made: Split, dataset: Dataset, settings: RepeatSettings) -> Split:
    """`made` with further folds, drawn anew, in the columns fold_2, fold_3, ...

    Raises:
        DataError: `made` is not of this dataset.
    """
    check(made, dataset)
    table = dataset.items.select("id").join(made.table, on="id", maintain_order="left")
    pool, parts = Pool.of(dataset), table["part"].to_numpy().astype(np.str_)
    further = [
        pl.Series(f"fold_{number}", _folds(pool, parts, settings, repeat=number), pl.Int64)
        for number in range(2, settings.repeats + 1)
    ]
    return Split(table.with_columns(further), made.notes)


def _folds(
    pool: Pool, parts: Names, settings: SplitSettings, *, repeat: int = 0
) -> list[int | None]:
    """The fold of each item, None for test."""
    rows = np.flatnonzero(parts != "test")
    folds: list[int | None] = [None] * len(parts)
    for row, fold in zip(rows, into_folds(pool.rows(rows), settings, repeat=repeat), strict=True):
        folds[row] = int(fold)
    return folds


def check(split: Split, dataset: Dataset) -> None:
    """Compare a loaded split with the dataset it is to be used on.

    Raises:
        DataError: an id is unknown or missing, or a group or exact copies are in several places.
    """
    here, there = set(dataset.items["id"]), set(split.table["id"])
    for ids, what in ((there - here, "not in the data"), (here - there, "not in the split")):
        if ids:
            aside = len(ids & set(dataset.quarantine["id"]))
            raise DataError(
                f"the split does not fit the data: {len(ids)} ids are {what}",
                value=_examples(sorted(ids)) + f" ({aside} of them in quarantine)" * bool(aside),
                allowed="A split names each image of the data exactly once",
                next="use the data the split was made for, or leave --split away to split anew",
            )
    table = dataset.items.select("id").join(split.table, on="id", maintain_order="left")
    for fold in ("fold", *_further(table)):
        places = [
            part if number is None else f"{part} fold {number}"
            for part, number in table.select("part", fold).iter_rows()
        ]
        refuse_straddling(dataset.items, places, next="leave --split away to split anew")


def _examples(values: Sequence[str] | pl.Series) -> str:
    return ", ".join(list(values)[:EXAMPLES]) + ", ..." * (len(values) > EXAMPLES)


def _given(dataset: Dataset, labels: Ints) -> tuple[Names, list[str]]:
    """The parts the data came with, "" where it named none, and notes on classes they lack."""
    parts = np.array(dataset.items["part"].fill_null("").to_list(), dtype="<U10")
    if not (parts != "").any():
        return parts, []
    held = {part: set(labels[parts == part].tolist()) for part in PARTS if part in parts}
    lacking = [
        (part, name)
        for part in held
        for number, name in enumerate(dataset.classes)
        if number not in held[part]
    ]
    if (parts == "").any() or "train" not in parts:
        told = {part or "no part": int((parts == part).sum()) for part in np.unique(parts)}
        raise DataError(
            "the parts the data came with cannot be used",
            value=", ".join(f"{count} images in {part}" for part, count in told.items()),
            allowed="Either no image names its part, or all do and some are in train",
            next="name the missing parts, or split anew with --parts new",
        )
    refuse_straddling(
        dataset.items,
        parts.tolist(),
        next="split anew with --parts new; it keeps groups and copies whole",
    )
    if unlearnable := [name for part, name in lacking if part == "train"]:
        raise DataError(
            "the train part that the data came with lacks a class",
            value=_examples(unlearnable),
            allowed="Each class needs images to learn from in train",
            next="add images of it to train, or split anew with --parts new",
        )
    sentence = mark("The {part} part holds no image of class {name}.")
    return parts, [say(sentence, part=part, name=name) for part, name in lacking]
