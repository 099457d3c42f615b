"""How long a check takes with a warm bank, how many flipped labels it finds, and the shortcuts.

Malaria by patient. Flips: 5 % of the labels changed at random, the check's own ranking looked at;
seeds 0-4. Shortcuts: as the check probes them on its sample, and on all cells. In: the folder of
data sets; --bank keeps the features for the next time. Out: tables, and JSON with --out.
Try: `python -m benchmarks.check --data ../shared/data --limit 600`.
"""

from __future__ import annotations

import contextlib
import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks import measure
from objektiv.auditing.crossfit import assign_folds, out_of_fold
from objektiv.auditing.probes import Looks, Probes, network_columns, numbers_of, probe
from objektiv.auditing.suspects import find_suspects
from objektiv.base.progress import Progress
from objektiv.data import dataset as datasets
from objektiv.features.look import Seen, look
from objektiv.flow.check import check
from objektiv.flow.settings import CheckDataSettings
from objektiv.models.choose import Truth

GROUP = r"C\d+"
SEEDS, FLIPPED = range(5), 0.05
SECONDS, FOUND = 15, 0.75
ABOUT = (
    "6,000 malaria cells by patient. Flips: 5 % of the labels made wrong at "
    "random, seeds 0 to 4. Told from: balanced accuracy, out of fold, of what is "
    "seen alone, on all cells; of the way from guessing to the model."
)


def seen_of(folder: Path, settings: CheckDataSettings, limit: int | None) -> Seen:
    """All, or an even sample of the cells, looked at through the bank."""
    dataset = datasets.read(folder, settings)
    rows = measure.even_sample(range(len(dataset.items)), limit)
    dataset = replace(dataset, items=dataset.items[rows])
    return look(dataset, settings, max_pixels=settings.max_pixels, progress=Progress())


def flips_found(seen: Seen, seed: int) -> tuple[float, float]:
    """Shares of the flipped labels in the first 5 % of the ranking, and among the flagged."""
    items, classes = seen.dataset.items, seen.dataset.classes
    labels = numbers_of(items["label"], classes)
    random = np.random.default_rng(seed)
    flipped = random.choice(len(labels), round(FLIPPED * len(labels)), replace=False)
    labels[flipped] = (labels[flipped] + random.integers(1, len(classes), len(flipped))) % len(
        classes
    )
    truth = Truth(labels, assign_folds(items, labels), classes)
    x, importance = network_columns(seen.features)
    ids = items["id"].to_list()
    ranking = find_suspects(ids, out_of_fold(x, truth, [importance])[0], truth)
    wrong = {ids[row] for row in flipped.tolist()}
    first = set(ranking["id"].head(len(flipped)))
    flagged = set(ranking.filter(pl.col("flagged"))["id"])
    return len(wrong & first) / len(wrong), len(wrong & flagged) / len(wrong)


def shortcuts(seen: Seen, settings: CheckDataSettings) -> Probes:
    """All probes on all items."""
    own = settings.model_copy(update={"size": seen.size, "precision": seen.precision})
    views = [
        look(
            seen.dataset, own, max_pixels=own.max_pixels, progress=Progress(), change=change
        ).features
        for change in ("blur", "border")
    ]
    return probe(seen.dataset.items, seen.dataset.classes, Looks(seen.features, *views))


def probe_rows(probes: Probes) -> Iterator[measure.Row]:
    """A row a probe, the model first."""
    for name, interval, share in (
        ("the model", probes.model, 1.0),
        *((p.name, p.accuracy, p.share) for p in probes.probes),
    ):
        yield {
            "what": f"told from {name}",
            "items": probes.items,
            "share": interval.estimate,
            "lowest": interval.low,
            "highest": interval.high,
            "of the way": share,
        }


def main() -> None:
    """Measure, print, and write."""
    parser = measure.parser(__doc__, rounds=3)
    parser.add_argument("--bank", type=Path, help="feature bank to use and fill")
    options = parser.parse_args()
    result = measure.Result("Checking data", ABOUT)
    with contextlib.ExitStack() as stack:
        temporary = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        bank = options.bank or temporary / "bank"
        settings = CheckDataSettings(group=GROUP, bank=bank, out=temporary / "out")
        folder = options.data / "malaria"
        if options.limit:
            chosen = measure.pictures(folder, options.limit)
            folder = measure.class_folders(chosen, temporary / "malaria")
        check(folder, settings, progress=Progress())  # fills the bank
        times = [
            measure.seconds_of(lambda: check(folder, settings, progress=Progress()))
            for _ in range(options.rounds)
        ]
        result.rows.append({"what": "check, warm bank", **measure.spread(times, "seconds")})
        what = "seconds to check 6,000 cells, warm bank"
        result.claims.append(measure.at_most(what, statistics.median(times), SECONDS, unit="s"))
        seen = seen_of(folder, settings, None)
        found = [flips_found(seen, seed) for seed in SEEDS]
        for place, name in enumerate(("first 5 % of the ranking", "flagged")):
            values = [pair[place] for pair in found]
            what = f"flips in the {name}" if not place else f"flips {name}"
            result.rows.append({"what": what, **measure.spread(values, "share")})
        least = min(first for first, _ in found)
        what = "share of 5 % flips found in the first 5 %, worst of 5 seeds"
        result.claims.append(measure.at_least(what, least, FOUND))
        result.rows += list(probe_rows(shortcuts(seen, settings)))
    result.publish(options.out)


if __name__ == "__main__":
    main()
