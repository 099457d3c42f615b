"""Every two of several models on the same test items: who is better, and is it more than luck?

In: Predictions of the same items. Out: a Pair for every two, p-values corrected for their number,
and the items that one model alone had right.
Try: `compare_all([a, b, c])[0].corrected`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from objektiv.judging.intervals import Interval, difference
from objektiv.judging.predictions import Predictions
from objektiv.judging.significance import LEVEL, PairTest, holm, mcnemar


@dataclass(frozen=True)
class Pair:
    """Two models, by their places; `difference`: accuracy of `a` minus that of `b`.

    `both`, `neither`: items that both or none had right; `same`: items that both called the same.
    `corrected`: the p-value after Holm's correction for all pairs, None where it is not defined.
    """

    a: int
    b: int
    difference: Interval
    test: PairTest
    both: int
    neither: int
    same: int
    corrected: float | None

    @property
    def better(self) -> int | None:
        """The place of the model that is shown to be better, if one is."""
        if self.corrected is None or self.corrected >= LEVEL or self.difference.estimate == 0:
            return None
        return self.a if self.difference.estimate > 0 else self.b

    def to_dict(self) -> dict[str, Any]:
        """A mapping that is JSON."""
        return asdict(self) | {"test": self.test.to_dict(), "better": self.better}


def in_one_order(predictions: Sequence[Predictions]) -> list[Predictions]:
    """The same items in the order of the first; ids must be the same."""
    if not predictions:
        return []
    first, *others = predictions
    found = [first]
    for p in others:
        place = {name: k for k, name in enumerate(p.ids)}
        found.append(p.rows([place[name] for name in first.ids]))
    return found


def compare_all(predictions: Sequence[Predictions]) -> tuple[Pair, ...]:
    """Every two, the earlier place first; groups are those of the first of all.

    The items and their order must be the same, see `in_one_order`.
    """
    if not predictions:
        return ()
    groups = predictions[0].group_numbers
    correct = [p.correct for p in predictions]
    said = [_names(p) for p in predictions]
    places = list(combinations(range(len(predictions)), 2))
    tests = [mcnemar(correct[a], correct[b], groups) for a, b in places]
    corrected = holm([test.p for test in tests])
    return tuple(
        Pair(
            a,
            b,
            difference(correct[a].astype(np.float64) - correct[b], groups),
            test,
            both=int((correct[a] & correct[b]).sum()),
            neither=int((~correct[a] & ~correct[b]).sum()),
            same=int((said[a] == said[b]).sum()),
            corrected=p,
        )
        for (a, b), test, p in zip(places, tests, corrected, strict=True)
    )


def alone_right(predictions: Sequence[Predictions], place: int) -> NDArray[np.int64]:
    """Rows that only this one of several models had right, those it was surest of first."""
    correct = np.stack([p.correct for p in predictions])
    rows = np.flatnonzero(correct[place] & (correct.sum(axis=0) == 1))
    own = predictions[place]
    sure = own.probabilities[rows, own.labels[rows]]
    return np.asarray(rows[np.argsort(-sure, kind="stable")])


def _names(p: Predictions) -> NDArray[np.str_]:
    """What each item was called, by name: two models may have their classes in another order."""
    return np.array(p.classes)[p.predicted]
