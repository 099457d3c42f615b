"""How long judging 27,558 predictions takes, whether its AUC is right, and what a report weighs.

Predictions of 200 drawn groups; all scores, the whole judgement, and 2,000 draws of groups. The AUC
and its interval against one computed pair by pair, with the ends as roots of Wilson's equation.
The report: of a training on malaria by patient with every cell several times under other names, so
that there are 27,558 pictures. In: the folder of data sets. Out: tables, and JSON with --out.
Try: `python -m benchmarks.judging --data ../shared/data --limit 600`.
"""

from __future__ import annotations

import functools
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import measure
from objektiv.base import files, seeds
from objektiv.base.progress import Progress
from objektiv.faces.report import write_report
from objektiv.faces.story import report_data
from objektiv.flow.finished import finished
from objektiv.flow.judge import judge
from objektiv.flow.settings import TrainSettings
from objektiv.flow.train import train
from objektiv.judging.calibration import softmax
from objektiv.judging.metrics import auc, score
from objektiv.judging.predictions import Predictions
from objektiv.judging.ranges import ranges
from objektiv.judging.resampling import DRAWS, draws
from objektiv.judging.settings import JudgeSettings
from objektiv.judging.spread import NORMAL_QUANTILE

ITEMS, GROUPS, GROUP = 27_558, 200, r"C\d+"
SECONDS, REPORT_SECONDS, REPORT_BYTES, EXACT = 5.0, 10.0, 5_000_000, 1e-9
SHARE = 0.8  # of the items are learnt from, as in a run
POSITIVE = "ill"
ABOUT = (
    f"{ITEMS:,} predictions of {GROUPS} drawn groups. Scores: all of `score` and `ranges`. Draws: "
    f"{DRAWS:,}, each with every score. Judgement: what a run and an evaluation make of them. "
    "Report: of a training on as many malaria cells (6,000 different ones)."
)


def drawn(items: int, groups: int, *, test: float = 1.0) -> Predictions:
    """Predictions of two classes by a model that is mostly right; `test`: share of that part."""
    rng = seeds.generator(0, "judging", items, groups)
    group = np.sort(rng.integers(0, groups, items))
    labels = (rng.random(items) < rng.beta(1.5, 1.5, groups)[group]).astype(np.int64)
    signal = np.where(labels == 0, 2.0, -2.0) + rng.normal(0, 0.6, groups)[group]
    signal = signal + rng.normal(0, 1.0, items)
    logits = np.stack([signal, -signal], axis=1)
    names = tuple(map(str, range(items)))
    return Predictions(
        ids=names,
        hashes=names,
        parts=tuple("test" if g < test * groups else "train" for g in group),
        folds=(None,) * items,
        groups=tuple(map(str, group)),
        labels=labels,
        classes=(POSITIVE, "well"),
        logits=logits,
        probabilities=softmax(logits),
    )


def pair_by_pair(scores: NDArray[np.float64], truth: NDArray[np.bool_]) -> list[float]:
    """AUC and the ends of its interval by DeLong's variance, from all pairs.

    The ends solve (p - auc)^2 = z^2 p (1 - p) / n with n = auc (1 - auc) / variance.
    """
    won = scores[truth][:, None] - scores[~truth][None, :]
    won = (won > 0) + 0.5 * (won == 0)
    area = float(won.mean())
    ill, well = won.mean(axis=1), won.mean(axis=0)
    variance = ill.var() / len(ill) + well.var() / len(well)
    n = min(area * (1 - area) / variance, 3 * min(won.shape))
    z = NORMAL_QUANTILE**2 / n
    ends = np.roots([1 + z, -2 * area - z, area**2])
    return [area, *sorted(map(float, ends))]


def furthest() -> float:
    """Largest difference of an AUC or an end of its interval, over sizes and ties."""
    apart = 0.0
    for seed, (items, ties) in enumerate([(100, 0), (100, 10), (1_000, 0), (4_000, 50)]):
        rng = seeds.generator(seed, "areas")
        truth = rng.random(items) < 0.3
        values = 1 / (1 + np.exp(-rng.normal(np.where(truth, 1.0, -0.5), 1.2)))
        values = np.round(values * ties) / ties if ties else values
        p = drawn(items, items)
        rows = np.stack([values, 1 - values], axis=1)
        alone = Predictions(
            **{name: getattr(p, name) for name in ("ids", "hashes", "parts", "folds", "classes")},
            groups=(None,) * items,
            labels=np.where(truth, 0, 1),
            logits=rows,
            probabilities=rows,
        )
        found = auc(alone, positive=POSITIVE)
        if found is None:
            raise RuntimeError("a class is absent")
        own = [found.estimate, found.low, found.high]
        apart = max(apart, *map(abs, np.subtract(own, pair_by_pair(values, truth))))
    return float(apart)


def times(result: measure.Result, rounds: int, items: int) -> None:
    """How long each part takes."""
    p, of_run = drawn(items, GROUPS), drawn(items, GROUPS, test=1 - SHARE)
    settings = JudgeSettings(sensitivity=0.98)

    def all_scores() -> None:
        score(p, positive=POSITIVE)
        ranges(p, positive=POSITIVE)

    sides = {
        "all scores": all_scores,
        "2,000 draws of groups": lambda: draws(p, positive=POSITIVE),
        "judgement, all of them test": lambda: judge(p, settings),
        "judgement, a fifth of them test": lambda: judge(of_run, settings),
    }
    measured = {name: functools.partial(measure.seconds_of, side) for name, side in sides.items()}
    found = measure.interleaved(measured, rounds=rounds)
    for name, values in found.items():
        result.rows.append({"what": name, "items": items, **measure.spread(values, "seconds")})
    both = [a + b for a, b in zip(*list(found.values())[:2], strict=True)]
    told = f"all scores and {DRAWS:,} draws of groups, {items:,} predictions"
    result.claims.append(measure.at_most(told, statistics.median(both), SECONDS, unit="s"))
    extra = statistics.median(found["judgement, a fifth of them test"])
    told = "what judging adds to a training on as many"
    result.claims.append(measure.at_most(told, extra, 1.5, unit="s"))


def report(result: measure.Result, data: Path, items: int, folder: Path) -> None:
    """Weight and time of a report of so many pictures."""
    cells = measure.pictures(data / "malaria", items)
    for number, path in enumerate(measure.cycle(cells, items)):
        copy = folder / "cells" / path.parent.name / f"{path.stem}_{number // len(cells)}.png"
        files.make_folder(copy.parent)
        copy.hardlink_to(path) if path.stat().st_dev == folder.stat().st_dev else copy.write_bytes(
            path.read_bytes()
        )
    settings = TrainSettings(
        group=GROUP, bank=folder / "bank", out=folder / "runs", sensitivity=0.98
    )
    trained = train(folder / "cells", settings, progress=Progress())
    start = time.perf_counter()
    write_report(report_data(finished(trained)), trained.run.report)
    seconds, weight = time.perf_counter() - start, trained.run.report.stat().st_size
    result.rows.append({"what": "report", "items": items, "seconds": seconds, "bytes": weight})
    told = f"report of {items:,} pictures"
    result.claims.append(measure.at_most(f"seconds of a {told}", seconds, REPORT_SECONDS, unit="s"))
    result.claims.append(measure.at_most(f"bytes of a {told}", weight, REPORT_BYTES))


def main() -> None:
    """Measure, print, and write."""
    options = measure.parser(__doc__, rounds=5).parse_args()
    result = measure.Result("Judging", ABOUT)
    items = options.limit or ITEMS
    times(result, options.rounds, items)
    told = "AUC and its interval against pair by pair, furthest"
    result.claims.append(measure.at_most(told, furthest(), EXACT))
    with tempfile.TemporaryDirectory() as name:
        report(result, options.data, items, Path(name))
    result.publish(options.out)


if __name__ == "__main__":
    main()
