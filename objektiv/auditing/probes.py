"""Shortcut probes: how well the label can be told without looking at what it means.

In: features of the pictures, of the same pictures blurred and of their borders alone, and the
files' sizes. Out: for each way of not looking its balanced accuracy out of fold, beside that of
the model on the same pictures, the same folds and the same head. Where a probe comes near the
model, the model may have learnt the same shortcut.
Try: `probe(sample, Looks(plain, blurred, borders))`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from objektiv.auditing.crossfit import Floats, assign_folds, out_of_fold
from objektiv.auditing.findings import Finding, no_items
from objektiv.base import seeds
from objektiv.features.descriptors import COLOURS, COLUMNS
from objektiv.features.look import SIZE, Features
from objektiv.judging.intervals import Interval
from objektiv.judging.metrics import balanced_accuracy
from objektiv.judging.predictions import Predictions
from objektiv.models.choose import Truth
from objektiv.models.model import PLAIN, importance, matrix

MOST = 2_000  # pictures; blurring and covering so many takes seconds, and all fits stay short
FEW_STRENGTH = 10.0  # C times columns: a few columns are not as easily overfitted as thousands
MODEL = "the model"


@dataclass(frozen=True)
class Kind:
    """One way of not looking: from `share` of what the model knows on, it is a finding."""

    name: str
    share: float
    advice: str
    command: str


_SEE = "objektiv explore {data}"
# Sizes, files and borders are never what a label means; colour and coarse shape may well be.
KINDS = (
    Kind("file size and dimensions", 0.25, "How the files were made differs by class", _SEE),
    Kind("dimensions", 0.25, "The classes differ in size", "objektiv train {data} --fit stretch"),
    Kind("whole-picture colours", 0.8, "Light or stain may do the model's work", _SEE),
    Kind("foreground colours", 0.8, "The object's colour may do the model's work", _SEE),
    Kind("blurred pictures", 0.8, "Coarse colour and shape do the model's work", _SEE),
    Kind("borders", 0.5, "What surrounds the object tells the class", _SEE),
)
STRICT = 0.5  # from a limit below it a finding is a warning, else a note


@dataclass(frozen=True)
class Probe:
    """What one probe reached; `share` is its part of the way from guessing to the model."""

    name: str
    accuracy: Interval  # balanced: the mean of the classes' recalls
    share: float


@dataclass(frozen=True)
class Probes:
    """All probes, on so many items; `chance` is what guessing reaches."""

    model: Interval
    probes: tuple[Probe, ...]
    chance: float
    items: int


@dataclass(frozen=True, eq=False)
class Looks:
    """The same items looked at in three ways, in one order."""

    plain: Features
    blurred: Features
    borders: Features


def draw_sample(items: pl.DataFrame, *, most: int = MOST) -> pl.DataFrame:
    """At most so many items, classes in proportion, in their order; the same every time."""
    if len(items) <= most:
        return items
    rng = seeds.generator(0, "probe sample")
    keys = pl.Series("key", rng.random(len(items)))
    # The rank inside the class, divided by its size: the first share of each class is taken.
    place = pl.col("key").rank("ordinal") / pl.len()
    drawn = items.with_columns(keys).with_columns(place.over("label").alias("place"))
    kept = drawn.with_row_index("row").sort("place", maintain_order=True).head(most).sort("row")
    return kept.select(items.columns)


def probe(items: pl.DataFrame, classes: Sequence[str], looks: Looks) -> Probes:
    """All KINDS on `items`, whose rows are those of `looks`; columns as in a Dataset with facts."""
    labels = numbers_of(items["label"], classes)
    truth = Truth(labels, assign_folds(items, labels), tuple(classes))
    x, importances = _plain_columns(items, looks.plain)
    found = out_of_fold(x, truth, importances, strength=FEW_STRENGTH)
    for features in (looks.blurred, looks.borders, looks.plain):
        columns, importance = network_columns(features)
        found += out_of_fold(columns, truth, [importance])
    *others, model = [balanced_accuracy(predictions_of(items, truth, told)) for told in found]
    chance = 1 / len(classes)
    room = max(model.estimate - chance, 1e-9)
    probes = tuple(
        Probe(kind.name, accuracy, max(0.0, accuracy.estimate - chance) / room)
        for kind, accuracy in zip(KINDS, others, strict=True)
    )
    return Probes(model, probes, chance, len(items))


def numbers_of(labels: pl.Series, classes: Sequence[str]) -> NDArray[np.int64]:
    """The place of each label in `classes`."""
    index = {name: number for number, name in enumerate(classes)}
    return np.array([index[label] for label in labels], np.int64)


def network_columns(features: Features) -> tuple[Floats, Floats]:
    """What the model sees: all blocks of the network and the colours; and their importance."""
    blocks = [b.name for b in features.blocks if b.name not in PLAIN] + [COLOURS]
    return matrix(features, blocks), importance(features, blocks, used=blocks)


def _plain_columns(items: pl.DataFrame, features: Features) -> tuple[Floats, list[Floats]]:
    """The columns of the first four of KINDS side by side, and which of them each one sees."""
    bytes = np.array([_size_of(path) for path in items["path"]], np.float32)
    size = features.block(SIZE)
    files = _curved(np.column_stack([np.log(bytes + 1), size]))
    whole, rest = _colour_columns()
    colours = features.block(COLOURS)
    parts = [files, _curved(size), colours[:, whole], colours[:, rest]]
    number = np.repeat(np.arange(len(parts)), [part.shape[1] for part in parts])
    masks = [(number == k).astype(np.float32) for k in range(len(parts))]
    return np.concatenate(parts, axis=1), masks


def _colour_columns() -> tuple[list[int], list[int]]:
    """Places in COLOURS of means and deviations of the whole picture, and of the foreground's.

    The others of the whole picture find a few dark dots: they are about the object.
    """
    whole = [
        k for k, name in enumerate(COLUMNS) if name.startswith(("whole mean", "whole deviation"))
    ]
    return whole, [k for k, name in enumerate(COLUMNS) if name.startswith("foreground")]


def _curved(x: Floats) -> Floats:
    """Columns, their squares and products: a class may lie between two sizes of another."""
    centred = (x - x.mean(axis=0)) / (x.std(axis=0) + 1e-6)
    first, second = np.triu_indices(x.shape[1])
    return np.concatenate([centred, centred[:, first] * centred[:, second]], axis=1)


def _size_of(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:  # it was there when it was looked at
        return 0


def predictions_of(
    items: pl.DataFrame, truth: Truth, probabilities: NDArray[np.float64]
) -> Predictions:
    """Out-of-fold probabilities as Predictions, so that what judges models judges these."""
    return Predictions(
        ids=tuple(items["id"]),
        hashes=tuple(items["hash"]),
        parts=("train",) * len(items),
        folds=tuple(truth.folds.tolist()),
        groups=tuple(items["group"]),
        labels=truth.labels,
        classes=truth.classes,
        logits=np.log(np.maximum(probabilities, 1e-12)),
        probabilities=probabilities,
    )


def probe_findings(probes: Probes) -> list[Finding]:
    """A finding for each probe that knows more than its limit, and surely more than guessing."""
    found = []
    for kind, own in zip(KINDS, probes.probes, strict=True):
        if own.share < kind.share or own.accuracy.low <= probes.chance:
            continue
        evidence = (
            f"From {kind.name} alone {_percent(own.accuracy)} of {probes.items:,} pictures are "
            f"told right (each class counting the same), by the model "
            f"{_percent(probes.model)}; guessing gives {100 * probes.chance:.0f} %. {kind.advice}."
        )
        found.append(
            Finding(
                f"shortcut-{kind.name.split()[0]}",
                "warning" if kind.share < STRICT else "note",
                f"The label shows in {kind.name}",
                evidence,
                no_items(),
                kind.command,
            )
        )
    return found


def _percent(share: Interval) -> str:
    return f"{100 * share.estimate:.1f} % ({100 * share.low:.1f} to {100 * share.high:.1f})"
