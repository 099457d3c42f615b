"""How often do tests of two models that are equally good raise a false alarm, when items come in
groups, and how often do they see a true difference?

Draws groups in which both models err more or less often, each model with groups of its own that
it finds hard. In: nothing. Out: a table, and JSON with --out.
Try: `python -m benchmarks.significance --repeats 500`.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import expit

from benchmarks.measure import Result, at_most
from objektiv.base import seeds
from objektiv.judging.significance import binomial_p, obuchowski_p

Numbers = NDArray[np.float64]
ITEMS = 40  # mean size of a group; sizes are log-normal
COMMON = 0.7  # share of items on which both models err for the same reason
HARD = 1.0  # standard deviation, in logits, of how hard groups are for both
GROUPS, OWN, GAINS = (5, 10, 24, 100), (0.0, 0.3, 0.6), (0.0, 0.4)
FLIPS = 1_999
LEVEL = 0.05


@dataclass(frozen=True)
class Draws:
    """Items that one model alone had right, and sizes, (repeats, groups)."""

    first: Numbers
    second: Numbers
    sizes: Numbers

    @property
    def won(self) -> Numbers:
        """What the first won more."""
        return self.first - self.second


def draw(rng: np.random.Generator, shape: tuple[int, int], *, own: float, gain: float) -> Draws:
    """Studies of `shape` (repeats, groups); `own`: spread of groups that one model finds hard."""
    sizes = np.maximum(3, rng.lognormal(math.log(ITEMS) - 0.245, 0.7, shape).round())
    common = rng.normal(2.5, HARD, shape)
    a, b = (expit(common + rng.normal(k, own, shape)) for k in (gain, 0.0))
    only_a = COMMON * np.maximum(a - b, 0) + (1 - COMMON) * a * (1 - b)
    only_b = COMMON * np.maximum(b - a, 0) + (1 - COMMON) * b * (1 - a)
    first = rng.binomial(sizes.astype(np.int64), only_a)
    rest = rng.binomial((sizes - first).astype(np.int64), only_b / (1 - only_a))
    return Draws(first.astype(np.float64), rest.astype(np.float64), sizes)


def items(d: Draws) -> Numbers:
    """McNemar's mid-p, as if there were no groups."""
    totals = zip(d.first.sum(1), d.second.sum(1), strict=True)
    return np.array([binomial_p(int(a), int(b))[1] for a, b in totals])


def ours(d: Draws) -> Numbers:
    """Obuchowski's test, as `objektiv compare` makes it."""
    return np.array([obuchowski_p(row, len(row)) for row in d.won])


def yang(d: Draws) -> Numbers:
    """Obuchowski's without the factor (K - 1) / K."""
    return _chi_squared(d.won)


def durkalski(d: Draws) -> Numbers:
    """Each group weighs the same, whatever its size."""
    return _chi_squared(d.won / d.sizes)


def student(d: Draws) -> Numbers:
    """Obuchowski's statistic against Student's t."""
    count = d.won.shape[1]
    squares = (d.won**2).sum(1)
    root = np.sqrt((count - 1) / count * d.won.sum(1) ** 2 / np.maximum(squares, 1e-9))
    return np.asarray(2 * stats.t.sf(root, count - 1))


def flips(d: Draws) -> Numbers:
    """Whole groups change sides at random: exact for any number of groups but few."""
    rng = seeds.generator(0, "flips")
    signs = rng.choice([-1.0, 1.0], (d.won.shape[1], FLIPS))
    far = np.abs(d.won @ signs) >= np.abs(d.won.sum(1, keepdims=True)) - 1e-9
    return np.asarray((1 + far.sum(1)) / (1 + FLIPS))


def _chi_squared(won: Numbers) -> Numbers:
    squares = (won**2).sum(1)
    return np.asarray(stats.chi2.sf(won.sum(1) ** 2 / np.maximum(squares, 1e-9), 1))


METHODS: dict[str, Callable[[Draws], Numbers]] = {
    "ours (Obuchowski)": ours,
    "Yang": yang,
    "Durkalski": durkalski,
    "Obuchowski, t": student,
    "sign flips": flips,
    "no groups": items,
}


def main() -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=2_000, help="studies a cell")
    parser.add_argument("--out", type=Path, help="new JSON file")
    arguments = parser.parse_args()
    result = Result(
        "significance",
        f"Share of studies in which two models are said to differ (p < {LEVEL}), "
        f"{arguments.repeats:,} studies a row; groups of {ITEMS} items on average.",
    )
    worst = 0.0
    for gain in GAINS:
        for count in GROUPS:
            for own in OWN:
                rng = seeds.generator(0, "significance", str(gain), count, str(own))
                drawn = draw(rng, (arguments.repeats, count), own=own, gain=gain)
                shares = {name: float((f(drawn) < LEVEL).mean()) for name, f in METHODS.items()}
                difference = "none" if gain == 0 else f"{gain} logits"
                row = {"difference": difference, "groups": count, "own spread": own}
                result.rows.append(row | {name: round(s, 3) for name, s in shares.items()})
                if gain == 0:
                    worst = max(worst, shares["ours (Obuchowski)"])
    result.claims.append(at_most("false alarms of ours, worst row", worst, 0.07))
    result.publish(arguments.out)


if __name__ == "__main__":
    main()
