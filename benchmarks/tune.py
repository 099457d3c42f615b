"""Two hundred heads on the malaria bank: how long, and whether the winner's figures are right.

All cells of malaria, five folds by patient, features from a warm bank. The search against the
same heads fitted one by one from the beginning (a few of them, others by their mean), and the
winner's log loss out of fold against what `fit` gives with its settings. In: the folder of
data sets; --bank keeps the features. Out: tables, and JSON with --out.
Try: `python -m benchmarks.tune --data ../shared/data --limit 600 --rounds 1`.
"""

from __future__ import annotations

import contextlib
import statistics
import tempfile
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks import measure
from objektiv.auditing.crossfit import assign_folds
from objektiv.auditing.probes import numbers_of
from objektiv.base.progress import Progress
from objektiv.data import dataset as datasets
from objektiv.features.look import Features, look
from objektiv.flow.settings import TrainSettings
from objektiv.models.choose import Truth, fit
from objektiv.models.search import Honest, Searched, heads_of, honest, search
from objektiv.models.settings import ProbeSettings

GROUP = r"C\d+"
HEADS, SECONDS, AGREE = 200, 60, 1e-3
ALONE = 4  # heads fitted one by one
ABOUT = (
    "All cells of malaria with five folds by patient and a warm bank. One by one: a few of the "
    "same heads, each fitted alone from the beginning at the same tolerance, the "
    "others by their mean. What the winner gains over the head that `objektiv train` chooses by "
    "itself is judged on patients that had no say in its choice (bootstrap)."
)


def learning(folder: Path, bank: Path, limit: int | None) -> tuple[Features, Truth, list[str]]:
    """All, or an even sample of the cells: features, truth with folds by patient, and patients."""
    settings = TrainSettings(group=GROUP, bank=bank)
    dataset = datasets.read(folder, settings)
    rows = measure.even_sample(range(len(dataset.items)), limit)
    dataset = replace(dataset, items=dataset.items[rows])
    seen = look(dataset, settings, max_pixels=settings.max_pixels, progress=Progress())
    items, classes = seen.dataset.items, seen.dataset.classes
    labels = numbers_of(items["label"], classes)
    truth = Truth(labels, assign_folds(items, labels), classes)
    return seen.features, truth, items["group"].to_list()


def alone(features: Features, truth: Truth, head: ProbeSettings) -> Searched:
    """One head as the search first fits it, but begun at zero and sharing nothing."""
    return search(features, truth, [head], finalists=0)


def main() -> None:
    """Measure, print, and write."""
    parser = measure.parser(__doc__, rounds=3)
    parser.add_argument("--bank", type=Path, help="feature bank to use and fill")
    options = parser.parse_args()
    result = measure.Result("Searching heads", ABOUT)
    with contextlib.ExitStack() as stack:
        temporary = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder, bank = options.data / "malaria", options.bank or temporary
        features, truth, patients = learning(folder, bank, options.limit)
    heads = heads_of(features, truth, ProbeSettings())
    times, busy = [], []
    for _ in range(options.rounds):
        start, began = time.perf_counter(), time.process_time()
        found = search(features, truth, heads)
        times.append(time.perf_counter() - start)
        busy.append(time.process_time() - began)
    what = f"{len(heads)} heads, {len(truth.labels):,} items, {features.values.shape[1]:,} columns"
    result.rows.append({"what": what, **measure.spread(times, "seconds")})
    result.rows.append({"what": "processor seconds of it", **measure.spread(busy, "seconds")})
    some = measure.even_sample(heads, ALONE)
    seconds = [measure.seconds_of(partial(alone, features, truth, head)) for head in some]
    total = statistics.mean(seconds) * len(heads)
    result.rows.append({"what": "the same heads one by one", "seconds": total, "rounds": 1})
    plain = fit(features, truth, settings=heads[found.best]).chosen
    apart = abs(plain.log_loss - float(found.log_loss[found.best]))
    standard = fit(features, truth, settings=ProbeSettings())
    right = standard.logits.argmax(axis=1) == truth.labels
    groups = np.unique(patients, return_inverse=True)[1]
    result.rows += rows_of(found, honest(found, right, groups), float(right.mean()))
    many = f"seconds for {len(heads)} heads (at least {HEADS} asked for)"
    result.claims += [
        measure.at_least("heads that compete", len(heads), HEADS),
        measure.at_most(many, statistics.median(times), SECONDS, unit="s"),
        measure.at_most("winner's log loss against the plain fit of it", apart, AGREE),
    ]
    result.publish(options.out)


def rows_of(found: Searched, worth: Honest | None, standard: float) -> list[measure.Row]:
    """The winner, and what it is worth."""
    head = found.heads[found.best]
    name = f"{'+'.join(head.blocks)}, strength {head.strength:g}, colours {head.colour_weight:g}"
    shown = float(found.correct[found.best].mean())
    rows = [
        {"what": f"winner: {name}", "accuracy": shown, "log loss": found.log_loss[found.best]},
        {"what": "chosen by `fit` alone", "accuracy": standard},
    ]
    if worth is not None:
        rows += [
            {"what": "winner, to be expected", "accuracy": worth.accuracy,
             "log loss": worth.log_loss},
            {"what": "gained, to be expected", "accuracy": worth.gain, "lowest": worth.low,
             "highest": worth.high},
        ]  # fmt: skip
    return rows


if __name__ == "__main__":
    main()
