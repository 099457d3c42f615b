"""How right the product is with its default settings, beside the plain baseline.

Malaria: random 60/20/20 of seeds 0-4, and by patient in 5 folds. Pets and cats_dogs: 5-fold,
repeated 5 times. Every model is chosen and fitted by objektiv on what is not test; nothing is
tuned here. In: the folder of data sets; --bank keeps the features for the next time. Out: a table
of accuracies with intervals, and JSON with --out. Not a timing: a busy machine does no harm.
Try: `python -m benchmarks.accuracy --data ../shared/data --limit 600`.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from benchmarks import measure
from objektiv.base.progress import Progress
from objektiv.data import dataset as datasets
from objektiv.data import split as splits
from objektiv.data.dataset import Dataset
from objektiv.data.split import Split
from objektiv.features.look import Seen, look
from objektiv.flow.items import Items
from objektiv.flow.settings import TrainSettings
from objektiv.judging.intervals import Interval, paired_difference, proportion
from objektiv.judging.predictions import Predictions
from objektiv.models.choose import fit, fit_baseline

SEEDS, FOLDS, REPEATS = range(5), 5, 5
FAST: dict[str, Any] = {"size": 64, "precision": "int8"}  # of small pictures; chain.py times it
FAST_WORDS = tuple(word for name, value in FAST.items() for word in (f"--{name}", str(value)))
GROUP_SEED = 42  # of the folds by patient
GROUP = r"C\d+"
RANDOM, BY_PATIENT, SMALL_SETS, ABOVE_BASELINE = 0.956, 0.950, 0.975, 0.20

Pair = tuple[Predictions, Predictions]  # of the test items: model, plain baseline


def seen_of(folder: Path, settings: TrainSettings, limit: int | None) -> Seen:
    """All, or an even sample of the items, looked at through the bank."""
    dataset = datasets.read(folder, settings)
    rows = measure.even_sample(range(len(dataset.items)), limit)
    dataset = replace(dataset, items=dataset.items[rows])
    return look(dataset, settings, max_pixels=settings.max_pixels, progress=Progress())


def trained(seen: Seen, split: Split, settings: TrainSettings) -> Pair:
    """What `objektiv train` does between looking and packaging."""
    items = Items.of(seen, split)
    learning = items.learning()
    fits = (fit(*learning, settings=settings), fit_baseline(*learning, settings=settings))
    model, plain = (items.predictions(fitted).only("test") for fitted in fits)
    return model, plain


def random_splits(seen: Seen, settings: TrainSettings) -> Iterator[Pair]:
    """One pair a seed; patients are in several parts, as in the course."""
    for seed in SEEDS:
        chosen = settings.model_copy(update={"seed": seed})
        yield trained(seen, splits.split(seen.dataset, chosen), chosen)


def split_with(dataset: Dataset, test: Sequence[int], settings: TrainSettings) -> Split:
    """The rows `test` as test part; objektiv splits the rest, for choosing and fitting."""
    parts = np.full(len(dataset.items), "train", dtype="<U10")
    parts[test] = "test"
    items = dataset.items.with_columns(pl.Series("part", parts.tolist()))
    return splits.split(replace(dataset, items=items), settings)


def rows_by_group(dataset: Dataset) -> Iterator[Sequence[int]]:
    """The test rows of each fold; no group is in two folds."""
    items = dataset.items
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=GROUP_SEED)
    for _, test in folds.split(items["label"], items["label"], items["group"]):
        yield test


def tested_on(seen: Seen, test: Sequence[int], settings: TrainSettings) -> Pair:
    """Chosen and fitted by objektiv on what is not in the rows `test`."""
    return trained(seen, split_with(seen.dataset, test, settings), settings)


def folds_by_group(seen: Seen, settings: TrainSettings) -> Iterator[Pair]:
    """One pair a fold; no group is in two folds."""
    for test in rows_by_group(seen.dataset):
        yield tested_on(seen, test, settings)


def folds_of_items(seen: Seen, settings: TrainSettings, seed: int) -> Iterator[Pair]:
    """One pair a fold of one repeat."""
    labels = seen.dataset.items["label"]
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    for _, test in folds.split(labels, labels):
        yield tested_on(seen, test, settings.model_copy(update={"seed": seed}))


def pooled(pairs: Sequence[Pair]) -> Pair:
    """The test items of all folds as one; each item is in one fold."""
    model, plain = (one_of(side) for side in zip(*pairs, strict=True))
    return model, plain


def one_of(parts: Sequence[Predictions]) -> Predictions:
    """Predictions of different items as one."""
    return Predictions.from_table(pl.concat([part.to_table() for part in parts]))


def mean_of(intervals: Sequence[Interval]) -> Interval:
    """Means of the estimates and of both ends: repeats on the same items do not narrow them."""
    middle, low, high = np.mean([(i.estimate, i.low, i.high) for i in intervals], axis=0)
    return replace(intervals[0], estimate=float(middle), low=float(low), high=float(high))


def row_of(data: str, protocol: str, tests: Sequence[Pair], *, parts: Sequence[Pair]) -> Any:
    """One line of figures: each of `tests` has all its test items, `parts` show how they vary."""
    accuracy = mean_of([proportion(m.correct, m.group_numbers) for m, _ in tests])
    plain = mean_of([proportion(b.correct, b.group_numbers) for _, b in tests])
    apart = mean_of([paired_difference(m, b) for m, b in tests])
    several = [float(m.correct.mean()) for m, _ in parts]
    return {
        "data": data,
        "protocol": protocol,
        "items": len(tests[0][0]),
        "groups": accuracy.groups,
        "accuracy": float(np.mean(several)),
        "95 %": f"{accuracy.low:.3f} to {accuracy.high:.3f}",
        "lowest": min(several),
        "highest": max(several),
        "plain baseline": float(np.mean([b.correct.mean() for _, b in parts])),
        "baseline 95 %": f"{plain.low:.3f} to {plain.high:.3f}",
        "difference": apart.estimate,
        "difference 95 %": f"{apart.low:+.3f} to {apart.high:+.3f}",
    }


class Accuracies:
    """Rows and claims as they come, each with its seconds."""

    def __init__(self, data: Path, bank: Path, limit: int | None) -> None:
        self._data, self._bank, self._limit = data, bank, limit
        self.rows: list[measure.Row] = []
        self.claims: list[measure.Claim] = []

    def _seen(self, name: str, **options: Any) -> tuple[Seen, TrainSettings]:
        settings = TrainSettings(bank=self._bank, **options)
        return seen_of(self._data / name, settings, self._limit), settings

    @contextlib.contextmanager
    def _line(self) -> Iterator[list[Any]]:
        """Give it the row; it is kept with the seconds that it took."""
        start, made = time.monotonic(), list[Any]()
        yield made
        made[0]["seconds"] = round(time.monotonic() - start, 1)
        self.rows.append(made[0])
        print(made[0], flush=True)

    def malaria(self, data: str = "malaria", **options: Any) -> None:
        """Random and by patient; `data` names the rows."""
        with self._line() as line:
            pairs = list(random_splits(*self._seen("malaria", **options)))
            line += [row_of(data, "random 60/20/20, seeds 0-4", pairs, parts=pairs)]
        what = f"{data}, random 60/20/20, mean of seeds 0-4"
        self.claims.append(measure.at_least(what, line[0]["accuracy"], RANDOM))
        with self._line() as line:
            pairs = list(folds_by_group(*self._seen("malaria", group=GROUP, **options)))
            line += [row_of(data, "by patient, 5 folds", [pooled(pairs)], parts=pairs)]
        what = f"{data}, by patient, mean of 5 folds"
        self.claims.append(measure.at_least(what, line[0]["accuracy"], BY_PATIENT))

    def small(self, name: str) -> None:
        """Repeated folds of a small data set; the parts it came with are pooled."""
        with self._line() as line:
            seen, settings = self._seen(name, parts="new")
            repeats = [list(folds_of_items(seen, settings, seed)) for seed in range(REPEATS)]
            tests = [pooled(pairs) for pairs in repeats]
            line += [row_of(name, f"{FOLDS} folds, {REPEATS} repeats", tests, parts=tests)]
        found = line[0]
        what = f"{name}, repeated 5-fold"
        self.claims += [
            measure.at_least(f"{what}, mean", found["accuracy"], SMALL_SETS),
            measure.at_least(
                f"{what}, above the plain baseline", found["difference"], ABOVE_BASELINE
            ),
        ]


def main() -> None:
    """Measure, print, and write where asked."""
    parser = measure.parser(__doc__, rounds=1)
    parser.add_argument("--bank", type=Path, help="folder of features, to keep")
    arguments = parser.parse_args()
    result = measure.Result("Accuracy", "")
    with contextlib.ExitStack() as stack:
        temporary = stack.enter_context(tempfile.TemporaryDirectory())
        found = Accuracies(arguments.data, arguments.bank or Path(temporary), arguments.limit)
        found.malaria()
        found.malaria(f"malaria, {' '.join(FAST_WORDS)}", **FAST)
        found.small("pets")
        found.small("cats_dogs")
    result.rows, result.claims = found.rows, found.claims
    patients = found.rows[1]
    result.about = (
        "Default settings, every model chosen and fitted by objektiv on what is not test; "
        "accuracy is the mean over seeds, folds or repeats, lowest and highest of these; an "
        "interval is that of the pooled test items, or the mean of the repeats' intervals. The "
        "plain baseline is the same head on colours and size alone, the difference is paired "
        "item by item. On malaria by patient the baseline reaches "
        f"{patients['plain baseline']:.3f} and the model differs from it by "
        f"{100 * patients['difference']:+.1f} points ({patients['difference 95 %']}), so that "
        "figure says little about the network: colour decides most cells."
    )
    result.publish(arguments.out)


if __name__ == "__main__":
    main()
