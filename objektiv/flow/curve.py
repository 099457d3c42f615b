"""How accuracy grows with images, and how it falls with coarser pictures.

In: a folder of images and CurveSettings. Out: a Curved: accuracies of the head on features, learnt
from part of the images, judged on images of other groups; a power law with what more images may
give; and the same on pictures reduced to a few pixels. The test part is not used.
Try: `curve(Path("cells"), CurveSettings(group=r"C\\d+"), progress=Progress()).learning`.
"""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from objektiv.base import files, seeds
from objektiv.base.errors import DataError, SettingsError
from objektiv.base.progress import Progress
from objektiv.data import dataset as datasets
from objektiv.data import split as splits
from objektiv.data.dataset import Dataset
from objektiv.data.split import Split
from objektiv.features.look import Seen, choose_size, look
from objektiv.flow import run as names
from objektiv.flow.curve_law import Learning, law_of
from objektiv.flow.items import Items
from objektiv.flow.settings import CurveSettings
from objektiv.judging.intervals import Interval, bounded, difference
from objektiv.judging.spread import Mean
from objektiv.models.choose import Fitted, fit
from objektiv.models.heads import HEADS, Task, Variant
from objektiv.models.model import importance, matrix

TABLE = "curve.csv"
POINTS = 7  # numbers of images
SMALLEST = 10  # images
PER_CLASS = 4  # images of each class, where classes are many
TOGETHER = 60  # problems that are fitted at once
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]
Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Coarse:
    """Accuracy on pictures of so many pixels a side, out of fold."""

    pixels: int
    accuracy: Interval
    lost: Interval | None  # against pictures as they are, paired; None of these themselves


@dataclass(frozen=True, eq=False)
class Curved:
    """What `curve` found."""

    folder: Path
    dataset: Dataset
    items: int
    grouped: bool
    learning: Learning
    resolutions: tuple[Coarse, ...]
    size: int
    seconds: float


def curve(data: Path, settings: CurveSettings, *, progress: Progress) -> Curved:
    """Both curves, in a new folder.

    Raises:
        SettingsError: a resolution is not below the size at which the network looks.
        DataError: too few images to draw from.
    """
    began = time.monotonic()
    names.require_outside(data, settings.out, option="out")
    dataset = datasets.read(data, settings)
    datasets.require_trainable(dataset)
    size = choose_size(dataset, settings.size, max_pixels=settings.max_pixels)
    _check(settings.resolutions, size)
    seen = look(dataset, settings, max_pixels=settings.max_pixels, progress=progress)
    split = splits.split(seen.dataset, settings)
    bench = _Bench(Items.of(seen, split), settings)
    learning = _learning(bench, settings, progress)
    resolutions = _resolutions(dataset, split, bench, settings, progress=progress)
    folder = files.new_numbered_folder(settings.out, names.stem_of(data))
    curved = Curved(
        folder=folder,
        dataset=seen.dataset,
        items=len(bench.labels),
        grouped=bench.groups is not None,
        learning=learning,
        resolutions=resolutions,
        size=size,
        seconds=time.monotonic() - began,
    )
    _write(curved)
    return curved


def _check(resolutions: Sequence[int], size: int) -> None:
    if wrong := [str(pixels) for pixels in resolutions if pixels >= size]:
        raise SettingsError(
            "pictures are not reduced by this",
            value=f"--resolutions {','.join(wrong)}",
            allowed=f"Whole numbers below {size} pixels, at which the network looks",
            next="give smaller ones, or a larger --size",
        )


class _Bench:
    """What may be learnt from, and the head that all of it is best learnt with."""

    def __init__(self, items: Items, settings: CurveSettings) -> None:
        self.items = items
        self.features, self.truth = items.learning()
        self.labels, self.folds = self.truth.labels, self.truth.folds
        self.fitted: Fitted = fit(self.features, self.truth, settings=settings)
        judged = items.predictions(self.fitted)
        rows = [k for k, part in enumerate(judged.parts) if part != "test"]
        self.groups = judged.rows(rows).group_numbers
        blocks = self.fitted.chosen.blocks
        self._x = matrix(self.features, blocks)
        counts = importance(
            self.features, blocks, used=blocks, colour_weight=settings.colour_weight
        )
        self._variant = Variant(counts, self.fitted.chosen.strength)
        self._head, self._balanced = HEADS.get(settings.head), settings.class_weights == "balanced"

    def hits(self, masks: Flags, folds: Ints) -> Flags:
        """Whether each item of a fold is told right by what learnt from a mask.

        `masks` (problems, items) are learnt from, `folds` (problems,) are judged; the result is
        (problems, items), False outside of the fold.
        """
        found = np.zeros(masks.shape, np.bool_)
        classes = len(self.truth.classes)
        for first in range(0, len(masks), TOGETHER):
            rows = slice(first, first + TOGETHER)
            task = Task(self._x, self.labels, classes, masks[rows], balanced=self._balanced)
            linear = self._head(task, [self._variant])[0].linear
            for k, fold in enumerate(folds[rows].tolist()):
                judged = self.folds == fold
                logits = self._x[judged] @ linear.weights[k] + linear.bias[k]
                found[first + k, judged] = logits.argmax(axis=1) == self.labels[judged]
        return found


def _learning(bench: _Bench, settings: CurveSettings, progress: Progress) -> Learning:
    folds = np.unique(bench.folds)
    most = min(int((bench.folds != fold).sum()) for fold in folds)
    least = max(SMALLEST, PER_CLASS * len(bench.truth.classes))
    if most < 2 * least:
        raise DataError(
            "too few images to draw from",
            value=f"{most:,} to learn from",
            allowed=f"At least {2 * least:,} are needed for {len(bench.truth.classes)} classes",
            next="add images",
        )
    wanted = np.unique(np.geomspace(least, most, POINTS).astype(np.int64))
    rng = seeds.generator(settings.seed, "learning curve")
    hits = np.zeros((len(wanted), settings.draws, len(bench.labels)), np.bool_)
    images, groups = np.zeros(len(wanted)), np.zeros(len(wanted))
    with progress.step("learn from fewer images", total=len(wanted)) as step:
        orders = [[_order(bench, fold, rng) for fold in folds] for _ in range(settings.draws)]
        for place, many in enumerate(wanted.tolist()):
            masks = np.stack([_first(bench, order, many) for own in orders for order in own])
            told = bench.hits(masks, np.tile(folds, settings.draws))
            hits[place] = told.reshape(settings.draws, len(folds), -1).any(axis=1)
            images[place] = masks.sum(axis=1).mean()
            if bench.groups is not None:
                groups[place] = np.mean([len(np.unique(bench.groups[mask])) for mask in masks])
            step.advance()
    known = None if bench.groups is None else groups
    return law_of(hits, images, known, bench.groups, rng)


def _order(bench: _Bench, fold: int, rng: np.random.Generator) -> Ints:
    """Items outside a fold in the order of being drawn: whole groups, else classes by turns."""
    rows = np.flatnonzero(bench.folds != fold)
    if bench.groups is not None:
        keys = rng.random(int(bench.groups.max()) + 1)[bench.groups[rows]]
        return rows[np.argsort(keys, kind="stable")]
    keys = np.empty(len(rows))
    for label in np.unique(bench.labels[rows]):
        own = np.flatnonzero(bench.labels[rows] == label)
        keys[own] = (rng.permutation(len(own)) + rng.random(len(own))) / len(own)
    return rows[np.argsort(keys)]


def _first(bench: _Bench, order: Ints, many: int) -> Flags:
    """The first items of an order; the group of the last of them stays whole."""
    mask = np.zeros(len(bench.labels), np.bool_)
    stop = many
    if bench.groups is not None:
        own = bench.groups[order]
        while stop < len(order) and own[stop] == own[stop - 1]:
            stop += 1
        while stop < len(order) and len(np.unique(bench.labels[order[:stop]])) < 2:
            stop += 1
    mask[order[:stop]] = True
    return mask


def _resolutions(
    dataset: Dataset,
    split: Split,
    bench: _Bench,
    settings: CurveSettings,
    *,
    progress: Progress,
) -> tuple[Coarse, ...]:
    """Each resolution, learnt and judged alike; the last is what the network usually sees."""
    if not settings.resolutions:
        return ()
    side = choose_size(dataset, settings.size, max_pixels=settings.max_pixels)
    found = []
    whole = _correct(bench.fitted, bench.labels)
    for pixels in sorted(set(settings.resolutions)):
        seen: Seen = look(
            dataset, settings, max_pixels=settings.max_pixels, progress=progress,
            change=f"pixels-{pixels}",
        )  # fmt: skip
        features, truth = Items.of(seen, split).learning()
        correct = _correct(fit(features, truth, settings=settings), truth.labels)
        lost = difference(correct.astype(np.float64) - whole, bench.groups)
        found.append(Coarse(pixels, _share(correct, bench.groups), lost))
    return (*found, Coarse(side, _share(whole, bench.groups), None))


def _correct(fitted: Fitted, labels: Ints) -> Flags:
    return np.asarray(fitted.logits.argmax(axis=1) == labels)


def _share(correct: Flags, groups: Ints | None) -> Interval:
    mean = Mean(np.arange(len(correct)), correct.astype(np.float64))
    return bounded(float(correct.mean()), [mean], groups, most=len(correct))


def _write(curved: Curved) -> None:
    stream = io.StringIO()
    table = csv.writer(stream, lineterminator="\n")
    table.writerow(["kind", "at", "groups", "accuracy", "low", "high"])
    rows = [("images", p.images, p.groups, p.accuracy) for p in curved.learning.points]
    rows += [("pixels", r.pixels, None, r.accuracy) for r in curved.resolutions]
    for kind, at, groups, a in rows:
        table.writerow([kind, f"{at:g}", "" if groups is None else f"{groups:g}",
                        *(f"{v:.6f}" for v in (a.estimate, a.low, a.high))])  # fmt: skip
    for f in curved.learning.forecasts:
        figures = [f"{v:.6f}" for v in (f.accuracy, f.low, f.high)]
        table.writerow(["expected", f"{f.images:g}", "", *figures])
    files.write_text(curved.folder / TABLE, stream.getvalue())
