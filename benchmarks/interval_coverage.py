"""How often do 95 % intervals hold the truth, for items alone and for items that come in groups?

Items alone: exactly, over all numbers of right ones. Groups: draws ones whose accuracies differ,
judges each draw by several methods, and counts; `promised` has 20 to 200 groups that differ as
malaria patients do, and 1,000 studies a cell. In: nothing. Out: a table, and JSON with --out.
Try: `python -m benchmarks.interval_coverage --repeats 20 --studies 50`.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, gammaln, logit, stdtrit
from scipy.stats import binom

from objektiv.base import files, seeds
from objektiv.base.machine import this_machine
from objektiv.judging import metrics
from objektiv.judging.calibration import softmax
from objektiv.judging.intervals import Interval, paired_difference, proportion, wilson
from objektiv.judging.predictions import Predictions

Numbers = NDArray[np.float64]
Integers = NDArray[np.int64]
Ends = tuple[float, float]

ITEMS = 40  # mean size of a group; sizes are log-normal, so the largest of ten is about 100
RESAMPLES = 400
METHODS = ("ours", "bootstrap", "logit t", "posterior", "no groups")
GROUPS, ACCURACIES, LIKENESSES = (5, 10, 24, 100), (0.8, 0.95, 0.99), (0.05, 0.15, 0.3)
# What is promised. In malaria being right has an intra-class correlation of 0.03 among patients
# (0.08 for infected cells alone), and the logarithms of their sizes a deviation of 0.6.
ALONE, SHARES_ALONE = (100, 300, 1_000, 3_000, 10_000), (0.5, 0.8, 0.9, 0.95, 0.98, 0.99)
MANY_GROUPS, SHARES_GROUPED, REAL_LIKENESS = (20, 50, 100, 200), (0.5, 0.8, 0.95, 0.99), (0.03, 0.1)


@dataclass(frozen=True)
class Draw:
    """`correct` of `sizes` items in each group, (groups,)."""

    sizes: Integers
    correct: Integers


# --- worlds: how accuracies differ among groups, all with the same mean and likeness -------------


def _sizes(rng: np.random.Generator, groups: int) -> Integers:
    drawn = rng.lognormal(math.log(ITEMS) - 0.245, 0.7, groups)
    return np.maximum(3, np.round(drawn)).astype(np.int64)


def beta(rng: np.random.Generator, groups: int, accuracy: float, likeness: float) -> Draw:
    """Accuracies from a beta distribution."""
    total = 1 / likeness - 1
    sizes = _sizes(rng, groups)
    chances = rng.beta(accuracy * total, (1 - accuracy) * total, groups)
    return Draw(sizes, rng.binomial(sizes, chances))


def normal(rng: np.random.Generator, groups: int, accuracy: float, likeness: float) -> Draw:
    """Logits of accuracies from a normal distribution."""
    centre, spread = _normal(accuracy, likeness)
    sizes = _sizes(rng, groups)
    return Draw(sizes, rng.binomial(sizes, expit(rng.normal(centre, spread, groups))))


@functools.cache
def _normal(accuracy: float, likeness: float) -> Ends:
    """Mean and standard deviation of the logits that give this accuracy and likeness."""
    points, weights = np.polynomial.hermite_e.hermegauss(80)
    weights = weights / weights.sum()

    def centre(spread: float) -> float:
        return float(brentq(lambda c: weights @ expit(c + spread * points) - accuracy, -30, 60))

    def gap(spread: float) -> float:
        second = weights @ expit(centre(spread) + spread * points) ** 2
        return float(second - accuracy**2 - likeness * accuracy * (1 - accuracy))

    spread = float(brentq(gap, 1e-3, 12))
    return centre(spread), spread


def two_kinds(rng: np.random.Generator, groups: int, accuracy: float, likeness: float) -> Draw:
    """A fifth of the groups is hard (fewer where the others would be above 1), the rest alike."""
    hard = min(0.2, (1 - accuracy) / (likeness * accuracy + 1 - accuracy))
    apart = math.sqrt(likeness * accuracy * (1 - accuracy) / (hard * (1 - hard)))
    sizes = _sizes(rng, groups)
    easy = min(1.0, accuracy + hard * apart)
    chances = np.where(rng.random(groups) < hard, easy - apart, easy)
    return Draw(sizes, rng.binomial(sizes, chances))


def large_are_hard(rng: np.random.Generator, groups: int, accuracy: float, likeness: float) -> Draw:
    """The larger the group, the more errors; `accuracy` is that of a group of mean size."""
    sizes = _sizes(rng, groups)
    noise = rng.normal(0, 10 * likeness, groups)
    chances = expit(logit(accuracy) - np.log(sizes / ITEMS) + noise)
    return Draw(sizes, rng.binomial(sizes, chances))


World = Callable[[np.random.Generator, int, float, float], Draw]


# --- methods: what is compared ------------------------------------------------------------------


def ours(draw: Draw) -> Ends:
    """What objektiv reports."""
    groups = np.repeat(np.arange(len(draw.sizes)), draw.sizes)
    within = np.arange(len(groups)) - np.repeat(draw.sizes.cumsum() - draw.sizes, draw.sizes)
    found = proportion(within < np.repeat(draw.correct, draw.sizes), groups)
    return found.low, found.high


def ignoring_groups(draw: Draw) -> Ends:
    """Wilson, as if items were independent."""
    items = int(draw.sizes.sum())
    return wilson(int(draw.correct.sum()) / items, items)


def bootstrap(draw: Draw, rng: np.random.Generator) -> Ends:
    """Percentiles of resampled groups."""
    count = len(draw.sizes)
    times = rng.multinomial(count, np.full(count, 1 / count), RESAMPLES)
    shares = (times @ draw.correct) / (times @ draw.sizes)
    low, high = np.quantile(shares, [0.025, 0.975])
    return float(low), float(high)


def logit_t(draw: Draw) -> Ends:
    """Between-group variance of the ratio estimator, t quantile, on the logit scale."""
    count, items = len(draw.sizes), int(draw.sizes.sum())
    share = min(max(draw.correct.sum() / items, 0.5 / items), 1 - 0.5 / items)
    residual = draw.correct - draw.correct.sum() / items * draw.sizes
    variance = count / (count - 1) * float(residual @ residual) / items**2
    error = math.sqrt(max(variance, share * (1 - share) / items)) / (share * (1 - share))
    half = float(stdtrit(count - 1, 0.975)) * error
    high = 1.0 if draw.correct.sum() == items else float(expit(logit(share) + half))
    return float(expit(logit(share) - half)), high


SHARES = expit(np.linspace(-8, 8, 97))
BETWEEN = (1 / (1 - (1 - (np.arange(12) + 0.5) / 12) ** 0.25)) - 1  # quantiles of Beta(1, 4)
GOOD, BAD = SHARES[:, None] * BETWEEN, (1 - SHARES[:, None]) * BETWEEN


@functools.cache
def _log_rising(which: str, most: int) -> Numbers:
    """log(base (base + 1) ... (base + n - 1)) for n to `most`: (most + 1, shares, likenesses)."""
    base = {"good": GOOD, "bad": BAD, "both": GOOD + BAD}[which]
    return np.asarray(gammaln(base + np.arange(most + 1)[:, None, None]) - gammaln(base))


def posterior(draw: Draw) -> Ends:
    """Beta-binomial posterior of the mean accuracy, Beta(1, 4) believed of the likeness."""
    height = 0.5 * np.log(SHARES * (1 - SHARES))[:, None]
    wrong, most = draw.sizes - draw.correct, 100 * (1 + int(draw.sizes.max()) // 100)
    height = height + _log_rising("good", most)[draw.correct].sum(axis=0)
    height = height + _log_rising("bad", most)[wrong].sum(axis=0)
    height = height - _log_rising("both", most)[draw.sizes].sum(axis=0)
    mass = np.exp(height - height.max()).sum(axis=1).cumsum()
    low, high = np.interp([0.025, 0.975], mass / mass[-1], SHARES)
    return float(low), float(high) if wrong.any() else 1.0


# --- counting -----------------------------------------------------------------------------------


def truth(world: World, accuracy: float, likeness: float) -> float:
    """The share of correct items in the whole world."""
    if world is not large_are_hard:
        return accuracy
    draw = world(seeds.generator(1, "truth"), 200_000, accuracy, likeness)
    return float(draw.correct.sum() / draw.sizes.sum())


def accuracy_row(
    world: World, groups: int, accuracy: float, likeness: float, *, repeats: int
) -> dict[str, Any]:
    """Coverage in percent of each method in one cell, and the mean widths of two."""
    rng = seeds.generator(0, world.__name__, groups, str(accuracy), str(likeness))
    true = truth(world, accuracy, likeness)
    ends: dict[str, list[Ends]] = {}
    for _ in range(repeats):
        draw = world(rng, groups, accuracy, likeness)
        found = (
            ours(draw),
            bootstrap(draw, rng),
            logit_t(draw),
            posterior(draw),
            ignoring_groups(draw),
        )
        for name, pair in zip(METHODS, found, strict=True):
            ends.setdefault(name, []).append(pair)
    row: dict[str, Any] = {
        "score": "accuracy",
        "world": world.__name__.replace("_", " "),
        "groups": groups,
        "truth": round(true, 3),
        "likeness": likeness,
    }
    for name, pairs in ends.items():
        row[name] = round(100 * float(np.mean([a <= true <= b for a, b in pairs])), 1)
    row["width"] = round(float(np.mean([b - a for a, b in ends["ours"]])), 3)
    return row


def alone_rows() -> Iterator[dict[str, Any]]:
    """Exact coverage of a proportion of items alone, as `wilson` has it; nothing is drawn."""
    for items in ALONE:
        ends = np.array([wilson(right / items, items) for right in range(items + 1)])
        for share in SHARES_ALONE:
            held = (ends[:, 0] <= share) & (share <= ends[:, 1])
            found = binom.pmf(np.arange(items + 1), items, share) @ held
            yield {
                "score": "accuracy",
                "world": "items alone, exactly",
                "items": items,
                "truth": share,
                "ours": round(100 * float(found), 1),
            }


def promised_rows(studies: int) -> Iterator[dict[str, Any]]:
    """Coverage of ours for 20 to 200 groups that differ as patients do."""
    for world in (beta, normal):
        for groups, accuracy, likeness in itertools.product(
            MANY_GROUPS, SHARES_GROUPED, REAL_LIKENESS
        ):
            rng = seeds.generator(2, world.__name__, groups, str(accuracy), str(likeness))
            ends = [ours(world(rng, groups, accuracy, likeness)) for _ in range(studies)]
            yield {
                "score": "accuracy",
                "world": f"promised, {world.__name__}",
                "groups": groups,
                "truth": accuracy,
                "likeness": likeness,
                "ours": round(100 * float(np.mean([a <= accuracy <= b for a, b in ends])), 1),
                "width": round(float(np.mean([b - a for a, b in ends])), 3),
            }


def scored_world(rng: np.random.Generator, groups: int, *, alone: bool) -> tuple[Predictions, ...]:
    """Two models' predictions of the same items, two classes; groups differ in both and in mix."""
    sizes = np.ones(groups, dtype=np.int64) if alone else _sizes(rng, groups)
    group = np.repeat(np.arange(groups), sizes)
    labels = (rng.random(len(group)) < rng.beta(3, 3, groups)[group]).astype(np.int64)
    signal = np.where(labels == 1, 1.8, -1.8) + rng.normal(0, 0.6, groups)[group]
    signal = signal + rng.normal(0, 1.0, len(group))
    names = tuple(map(str, range(len(group))))
    made = []
    for noise in (0.3, 0.9):
        score = signal + rng.normal(0, noise / 2, groups)[group] + rng.normal(0, noise, len(group))
        logits = np.stack([-score, score], axis=1)
        made.append(
            Predictions(
                ids=names,
                hashes=names,
                parts=("test",) * len(group),
                folds=(None,) * len(group),
                groups=tuple(map(str, group)),
                labels=labels,
                classes=("a", "b"),
                logits=logits,
                probabilities=softmax(logits),
            )
        )
    return tuple(made)


SCORES: dict[str, Callable[[Predictions, Predictions], Interval | None]] = {
    "balanced accuracy": lambda a, b: metrics.balanced_accuracy(a),
    "recall of a class": lambda a, b: metrics.class_scores(a)[0].recall,
    "AUC": lambda a, b: metrics.auc(a),
    "log loss": lambda a, b: metrics.log_loss(a),
    "difference of two models": paired_difference,
}


def other_rows(repeats: int) -> Iterator[dict[str, Any]]:
    """Coverage of the other scores, by groups and for independent items."""
    whole = scored_world(seeds.generator(1, "whole"), 200_000, alone=True)
    # Items of the whole world, each of a group of its own, drawn as often as its group is large:
    # sizes do not depend on anything here, so the truth is the same.
    true = {name: of(*whole) for name, of in SCORES.items()}
    for groups, alone in ((60, True), (500, True), *((g, False) for g in GROUPS)):
        rng = seeds.generator(0, "scores", groups, int(alone))
        hits: dict[str, list[bool]] = {name: [] for name in SCORES}
        for _ in range(repeats):
            drawn = scored_world(rng, groups, alone=alone)
            for name, of in SCORES.items():
                found, wanted = of(*drawn), true[name]
                if found and wanted:
                    hits[name].append(found.low <= wanted.estimate <= found.high)
        for name, held in hits.items():
            wanted = true[name]
            yield {
                "score": name,
                "world": "independent items" if alone else "scores",
                "groups": groups,
                "truth": round(wanted.estimate, 3) if wanted else None,
                "ours": round(100 * float(np.mean(held)), 1),
            }


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Over the cells of accuracy: mean, extremes, and how many cells are within 93-97 %."""
    cells = [row for row in rows if row["score"] == "accuracy" and "no groups" in row]
    told: dict[str, Callable[[Numbers], float]] = {
        "mean": lambda found: float(found.mean()),
        "lowest": lambda found: float(found.min()),
        "highest": lambda found: float(found.max()),
        "percent within 93-97": lambda found: 100 * float(((found >= 93) & (found <= 97)).mean()),
    }
    return [
        {
            "score": f"accuracy, {len(cells)} cells: {what}",
            **{m: round(of(np.array([row[m] for row in cells])), 1) for m in METHODS},
        }
        for what, of in told.items()
    ]


def promises(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Mean, extremes and cells within 93-97 % of items alone and of 20 to 200 groups."""
    for told, start in (("items alone", "items alone"), ("20 to 200 groups", "promised")):
        found = np.array([row["ours"] for row in rows if row["world"].startswith(start)])
        inside = 100 * float(((found >= 93) & (found <= 97)).mean())
        for what, value, low, high in (
            ("mean", float(found.mean()), 93, 97),
            ("lowest cell", float(found.min()), 93, 100),
            ("highest cell", float(found.max()), 0, 97),
            ("cells within 93-97 %", inside, 100, 100),
        ):
            yield {
                "what": f"coverage, {told}, {len(found)} cells: {what}",
                "value": round(value, 1),
                "target": f"{low} to {high} %" if low < 100 else "all",
                "holds": low <= value <= high,
            }


def claims(totals: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is wanted of the intervals of accuracy by groups, and whether it held."""
    mean, lowest = totals[0], totals[1]
    further = min(abs(mean[m] - 95) for m in METHODS if m != "ours")
    return [
        {
            "what": "coverage of 95 % intervals with groups, mean of all cells",
            "value": mean["ours"],
            "target": "93-97 %",
            "holds": 93 <= mean["ours"] <= 97,
        },
        {
            "what": "the same, lowest of all cells",
            "value": lowest["ours"],
            "target": "at least 93 %",
            "holds": lowest["ours"] >= 93,
        },
        {
            "what": "distance of the mean from 95, against the best other method",
            "value": round(abs(mean["ours"] - 95), 1),
            "target": f"at most {further:.1f}",
            "holds": abs(mean["ours"] - 95) <= further,
        },
    ]


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=200, help="draws a cell")
    parser.add_argument("--studies", type=int, default=1_000, help="draws a promised cell")
    parser.add_argument("--out", type=Path, help="JSON file to write")
    arguments = parser.parse_args()
    start = time.monotonic()
    worlds: tuple[World, ...] = (beta, normal, two_kinds, large_are_hard)
    rows = [
        accuracy_row(world, groups, accuracy, likeness, repeats=arguments.repeats)
        for world in worlds
        for groups in GROUPS
        for accuracy in ACCURACIES
        for likeness in (LIKENESSES if world is beta else LIKENESSES[1:2])
    ]
    totals = summary(rows)
    kept = [*alone_rows(), *promised_rows(arguments.studies)]
    rows = [*totals, *kept, *rows, *other_rows(arguments.repeats)]
    heads = list(dict.fromkeys(key for row in rows for key in row))
    print(" | ".join(heads))
    for row in rows:
        print(" | ".join(str(row.get(head, "")) for head in heads))
    held = [*promises(kept), *claims(totals)]
    result = {
        "name": "Coverage of 95 % intervals with few groups",
        "about": f"Percent of {arguments.repeats} draws whose interval held the truth; groups of "
        f"{ITEMS} items on average, of uneven size. `no groups` is Wilson's interval as if items "
        "were independent, `posterior` the beta-binomial one; `width` is that of ours.",
        "machine": this_machine().as_dict(),
        "rows": rows,
        "claims": held,
    }
    for claim in held:
        print(f"{claim['what']}: {claim['value']} (wanted {claim['target']})")
    print(f"{time.monotonic() - start:.0f} s")
    if arguments.out:
        files.write_json(arguments.out, result)


if __name__ == "__main__":
    main()
