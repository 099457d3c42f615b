"""The learning curve draws fairly."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from objektiv.flow.curve import _first, _order


def _bench(labels: list[int], folds: list[int], groups: list[int] | None) -> Any:
    own = None if groups is None else np.array(groups)
    return cast(Any, SimpleNamespace(labels=np.array(labels), folds=np.array(folds), groups=own))


def test_groups_are_drawn_whole_and_never_from_the_judged_fold() -> None:
    """Each group is in or out, and the fold that is judged gives nothing."""
    groups = np.repeat(np.arange(10), 6)
    bench = _bench([0, 1] * 30, (groups % 5).tolist(), groups.tolist())
    rng = np.random.default_rng(1)
    for many in (6, 7, 20, 48):
        mask = _first(bench, _order(bench, 2, rng), many)
        assert not mask[bench.folds == 2].any()
        assert all(mask[groups == g].all() or not mask[groups == g].any() for g in range(10))
        assert many <= mask.sum() < many + 6


def test_classes_take_turns_where_there_are_no_groups() -> None:
    """The first eight of two classes are about four each, though one is rare."""
    bench = _bench([0] * 80 + [1] * 20, [0, 1] * 50, None)
    for seed in range(10):
        mask = _first(bench, _order(bench, 0, np.random.default_rng(seed)), 25)
        assert mask.sum() == 25 and 4 <= bench.labels[mask].sum() <= 6
