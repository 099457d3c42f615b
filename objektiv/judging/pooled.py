"""Whole groups judged: a patient by all of the patient's cells, and which groups are worst.

In: test Predictions, held-out ones, the positive class and what is demanded. Out: Groups: a row a
group, and with a positive class a decision for each, by a share chosen on held-out groups.

What a group truly is: positive where at least one of its items is. Items can tell no other truth:
in the malaria data each infected patient has healthy cells too (3 to 89 % are infected), and 31 of
the 120 patients have no infected cell at all. Where every group holds a positive item, or none
does, there is nothing to tell apart and the decisions are not defined.
Try: `pooled(p.only("test"), p.held_out(), "ill", JudgeSettings()).decisions`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from objektiv.base.language import mark, say
from objektiv.base.names import natural_key
from objektiv.judging.intervals import Interval, NotDefined, proportion, share, wilson
from objektiv.judging.predictions import Predictions
from objektiv.judging.prevalence import Expected, expected
from objektiv.judging.settings import JudgeSettings
from objektiv.judging.spread import FEW_GROUPS
from objektiv.judging.threshold import Counts, Demand, Threshold, cut, demand_of

FEW_ITEMS = 10  # below this a group's own accuracy tells little
LISTED = 1_000  # groups that have a row, the worst
Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class GroupRow:
    """One group of the test part; the last four are None where no class is the positive one.

    `accuracy`: of its items, taken as independent. `share`: of its items that were called positive.
    `positives`: items that truly are.
    """

    group: str
    items: int
    right: int
    accuracy: Interval
    few: bool
    positives: int | None
    share: float | None
    truth: bool | None
    decision: bool | None


@dataclass(frozen=True)
class Decisions:
    """How groups were judged as a whole, each counting once.

    `threshold`: the share of items called positive from which on a group is; chosen on held-out
    groups for what is demanded of items, or else for the best balance. `mixed`: test groups that
    hold positive and other items. `prevalence`: what a decision is worth among groups of which so
    many are positive.
    """

    threshold: Threshold
    groups: int
    mixed: int
    sensitivity: Interval | NotDefined
    specificity: Interval | NotDefined
    counts: Counts
    prevalence: tuple[Expected | NotDefined, ...]
    warning: str | None


@dataclass(frozen=True)
class Groups:
    """`rows`: in natural order of names. `worst`: names, the least certain to be good first.

    `alone`: items without a group, which stand in no row. `left_out`: groups beyond LISTED.
    """

    rows: tuple[GroupRow, ...]
    worst: tuple[str, ...]
    decisions: Decisions | NotDefined
    alone: int
    left_out: int = 0


@dataclass(frozen=True)
class _Pool:
    """What each group adds up to, (groups,) each."""

    names: tuple[str, ...]
    items: NDArray[np.int64]
    right: NDArray[np.int64]
    positives: NDArray[np.int64]
    called: NDArray[np.int64]

    @property
    def shares(self) -> Numbers:
        return np.asarray(self.called / self.items)

    @property
    def truth(self) -> Flags:
        return self.positives > 0


def pooled(
    test: Predictions, held_out: Predictions | None, positive: str | None, settings: JudgeSettings
) -> Groups | NotDefined:
    """The groups of these test items; an item counts as the model's most probable class.

    Not by the operating point of items: what is asked of a cell so that none is missed alarms every
    healthy patient of many cells (docs/decisions/judging.md has figures).
    """
    pool = _pool(test, positive)
    if len(pool.names) < 2:
        return NotDefined(say("the test part has fewer than two groups"))
    decisions = _decisions(pool, held_out, positive, settings)
    limit = decisions.threshold.value if isinstance(decisions, Decisions) else None
    shares = [right / items for right, items in zip(pool.right, pool.items, strict=True)]
    highest = [wilson(share, items)[1] for share, items in zip(shares, pool.items, strict=True)]
    worst = sorted(range(len(shares)), key=lambda at: (highest[at], shares[at]))[:LISTED]
    return Groups(
        rows=tuple(_row(pool, at, positive, limit) for at in sorted(worst)),
        worst=tuple(pool.names[at] for at in worst),
        decisions=decisions,
        alone=len(test) - int(pool.items.sum()),
        left_out=len(shares) - len(worst),
    )


def _pool(predictions: Predictions, positive: str | None) -> _Pool:
    names = sorted({g for g in predictions.groups if g is not None}, key=natural_key)
    number = {name: at for at, name in enumerate(names)}
    place = np.array([number.get(g, -1) if g else -1 for g in predictions.groups], np.int64)
    inside = place >= 0
    k = predictions.classes.index(positive) if positive else -1

    def count(flags: Flags) -> NDArray[np.int64]:
        return np.bincount(place[inside & flags], minlength=len(names))

    return _Pool(
        tuple(names),
        items=count(np.ones_like(inside)),
        right=count(predictions.correct),
        positives=count(predictions.labels == k),
        called=count(predictions.predicted == k),
    )


def _row(pool: _Pool, at: int, positive: str | None, limit: float | None) -> GroupRow:
    items, right = int(pool.items[at]), int(pool.right[at])
    known = positive is not None
    return GroupRow(
        pool.names[at],
        items,
        right,
        accuracy=proportion(np.arange(items) < right, None),
        few=items < FEW_ITEMS,
        positives=int(pool.positives[at]) if known else None,
        share=float(pool.shares[at]) if known else None,
        truth=bool(pool.truth[at]) if known else None,
        decision=None if limit is None else bool(pool.shares[at] >= limit),
    )


def _decisions(
    pool: _Pool, held_out: Predictions | None, positive: str | None, settings: JudgeSettings
) -> Decisions | NotDefined:
    if positive is None:
        return NotDefined(say("no positive class is named"))
    known = _pool(held_out, positive) if held_out else None
    if known is None or len(known.names) < 2:
        return NotDefined(say("fewer than two groups beside the test part to choose a share on"))
    demand = demand_of(settings) or Demand("balance")
    threshold = cut(known.shares, known.truth, demand, positive=positive, what="group")
    if isinstance(threshold, NotDefined):
        return threshold
    truth, yes = pool.truth, pool.shares >= (threshold.value or 0.0)
    count = len(pool.names)
    return Decisions(
        threshold,
        groups=count,
        mixed=int(((pool.positives > 0) & (pool.positives < pool.items)).sum()),
        sensitivity=share(
            yes[truth], None, none=say("no test group has an item of {name}", name=positive)
        ),
        specificity=share(
            ~yes[~truth],
            None,
            none=say("no test group is without an item of {name}", name=positive),
        ),
        counts=Counts(
            found=int((yes & truth).sum()),
            missed=int((~yes & truth).sum()),
            alarmed=int((yes & ~truth).sum()),
            cleared=int((~yes & ~truth).sum()),
        ),
        prevalence=tuple(
            expected(truth, yes, None, positive=positive, prevalence=share)
            for share in settings.prevalence
        ),
        warning=_warning(count, len(known.names)),
    )


def _warning(tested: int, chosen_on: int) -> str | None:
    few = min(tested, chosen_on)
    if few >= FEW_GROUPS:
        return None
    if tested <= chosen_on:
        told = mark("only {groups} groups were tested: collect at least {few}")
    else:
        told = mark("only {groups} groups were used to choose the share: collect at least {few}")
    return say(told, groups=few, few=FEW_GROUPS)
