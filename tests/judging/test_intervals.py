"""Intervals agree with published values and hold what they promise when items come in groups."""

from __future__ import annotations

import json

import numpy as np
import pytest
from numpy.typing import NDArray

from objektiv.base.errors import DataError
from objektiv.judging.intervals import (
    above_zero,
    bounded,
    difference,
    paired_difference,
    proportion,
    wilson,
)
from objektiv.judging.predictions import Predictions
from objektiv.judging.spread import Mean


def outcomes(correct: list[int], sizes: list[int]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Items of groups, the first `correct` of each group right."""
    right = [i < k for k, size in zip(correct, sizes, strict=True) for i in range(size)]
    return np.array(right), np.repeat(np.arange(len(sizes)), sizes)


def predictions_of(correct: NDArray[np.bool_], *, groups: NDArray[np.int64] | None) -> Predictions:
    """Predictions of two classes, all of the first, right where told."""
    items = len(correct)
    rows = np.where(correct[:, None], [0.9, 0.1], [0.2, 0.8])
    return Predictions(
        ids=tuple(f"{i}.png" for i in range(items)),
        hashes=("",) * items,
        parts=("test",) * items,
        folds=(None,) * items,
        groups=(None,) * items if groups is None else tuple(map(str, groups)),
        labels=np.zeros(items, dtype=np.int64),
        classes=("a", "b"),
        logits=np.log(rows),
        probabilities=rows,
    )


@pytest.mark.parametrize(
    ("right", "items", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_has_the_published_values(right: int, items: int, low: float, high: float) -> None:
    """Four examples agree with those of Newcombe (Statistics in Medicine 17, 1998, p. 857)."""
    assert wilson(right / items, items) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("right", [0, 1, 37, 40])
def test_independent_items_get_wilson(right: int) -> None:
    """Without groups a proportion has exactly Wilson's interval and no warning."""
    found = proportion(np.arange(40) < right, None)

    assert (found.low, found.high) == wilson(right / 40, 40)
    assert (found.method, found.groups, found.warning) == ("Wilson", None, None)


def test_groups_that_are_alike_leave_the_interval_nearly_as_it_is() -> None:
    """Many groups with the same share of errors widen the interval little."""
    correct, groups = outcomes([9] * 200, [10] * 200)
    found = proportion(correct, groups)
    low, high = wilson(0.9, 2000)

    assert 1 <= (found.high - found.low) / (high - low) < 1.15


def test_groups_that_differ_count_as_so_many_items() -> None:
    """Where each group is all right or all wrong, 200 groups of 10 tell what 200 items tell."""
    correct, groups = outcomes([10] * 160 + [0] * 40, [10] * 200)
    found = proportion(correct, groups)
    low, high = wilson(0.8, 200)

    assert (found.low, found.high) == pytest.approx((low, high), abs=0.003)


def test_more_items_in_few_groups_do_not_help_without_end() -> None:
    """Five groups of a million items are still five groups."""
    wide = proportion(*outcomes([90, 80, 95, 85, 90], [100] * 5))
    wider = proportion(*outcomes([9000, 8000, 9500, 8500, 9000], [10000] * 5))

    assert wider.high - wider.low > 0.7 * (wide.high - wide.low)


@pytest.mark.parametrize("sizes", [[30], [30, 30], [100] * 5, [5, 400, 20]])
@pytest.mark.parametrize("share", [0.0, 1.0])
def test_no_error_at_all_still_leaves_room(sizes: list[int], share: float) -> None:
    """Where all are right the interval ends at 1 and reaches below what Wilson would say."""
    found = proportion(*outcomes([int(share * n) for n in sizes], sizes))
    low, high = wilson(share, sum(sizes))

    assert found.low <= share <= found.high
    assert found.high - found.low > 1.3 * (high - low)


@pytest.mark.parametrize(
    ("count", "warning"),
    [(1, "all items are of one group"), (2, "only 2 groups"), (19, "only 19 groups: collect")],
)
def test_few_groups_carry_a_warning(count: int, warning: str) -> None:
    """Below twenty groups the interval says that it stands on few."""
    found = proportion(*outcomes([8] * count, [10] * count))

    assert found.groups == count and warning in (found.warning or "")


def test_twenty_groups_carry_no_warning() -> None:
    """From twenty groups on there is no warning."""
    assert proportion(*outcomes([8] * 20, [10] * 20)).warning is None


def test_a_video_for_each_class_keeps_the_interval_wide() -> None:
    """Where each class is one group, differences nobody saw are believed, not taken as none."""
    values = np.tile([1.0, 1, 1, 1, 0], 200)
    means = [Mean(np.arange(k * 100, k * 100 + 100), values[:100], weight=0.1) for k in range(10)]
    lone = bounded(0.8, means, np.arange(1000) // 100, most=1000)
    mixed = bounded(0.8, means, np.arange(1000) // 5 % 10, most=1000)

    assert lone.groups == mixed.groups == 10
    assert lone.high - lone.low > 2.5 * (mixed.high - mixed.low)


def test_logarithmic_interval_is_the_delta_method() -> None:
    """Without groups the ends are the mean times and over exp(1.96 standard error / mean)."""
    values = np.random.default_rng(0).exponential(0.3, 200)
    found = above_zero([Mean(np.arange(200), values)], None, most=36)
    factor = np.exp(1.959964 * values.std() / np.sqrt(200) / values.mean())

    assert found.estimate == pytest.approx(values.mean())
    assert (found.low, found.high) == pytest.approx(
        (values.mean() / factor, values.mean() * factor)
    )


def test_logarithmic_interval_ends_at_most() -> None:
    """No interval reaches beyond the worst possible value."""
    found = above_zero([Mean(np.arange(3), np.array([0.0, 0.0, 30.0]))], np.zeros(3, int), most=36)

    assert 0 <= found.low <= 10 <= found.high <= 36


def test_difference_without_groups_is_that_of_bonett_and_price() -> None:
    """The ends follow their formula, worked out here by hand for 12 gained, 3 lost of 100."""
    values = np.repeat([1.0, -1.0, 0.0], [12, 3, 85])
    found = difference(values, None)
    up, down = 13 / 102, 4 / 102
    half = 1.959964 * np.sqrt((up + down - (up - down) ** 2) / 102)

    assert found.estimate == pytest.approx(0.09)
    assert (found.low, found.high) == pytest.approx((up - down - half, up - down + half), abs=1e-3)


def test_models_that_never_differ_still_have_an_interval() -> None:
    """Two equal models differ by 0, and the interval has a width around it."""
    correct = np.arange(50) < 40
    p = predictions_of(correct, groups=np.arange(50) // 10)
    found = paired_difference(p, p)

    assert found.estimate == 0 and found.low < 0 < found.high
    assert found.groups == 5 and found.low == pytest.approx(-found.high)


def test_the_better_model_is_seen_whatever_the_order() -> None:
    """Rows of the second model may stand in another order; pairs are made by id."""
    right = np.arange(100) < 95
    a, b = (predictions_of(x, groups=None) for x in (right, np.arange(100) < 70))
    turned = b.rows(list(range(99, -1, -1)))
    found = paired_difference(a, turned)

    assert found == paired_difference(a, b)
    assert found.estimate == pytest.approx(0.25) and found.low > 0.15


def test_pairs_are_narrower_than_two_intervals() -> None:
    """Items that both models get right or wrong do not widen the difference."""
    a, b = np.arange(400) < 300, np.arange(400) < 308
    found = paired_difference(predictions_of(b, groups=None), predictions_of(a, groups=None))
    single = proportion(a, None)

    assert found.high - found.low < 0.5 * (single.high - single.low)
    assert found.low > 0


def test_other_items_cannot_be_compared() -> None:
    """Predictions of other ids are refused with a count and an example."""
    a = predictions_of(np.arange(5) < 4, groups=None)

    with pytest.raises(DataError, match=r"2 ids are only in one, e\.g\. 3\.png.*the same ids"):
        paired_difference(a, a.rows([0, 1, 2]))
    with pytest.raises(DataError, match="no items"):
        paired_difference(a.rows([]), a.rows([]))


def test_other_labels_cannot_be_compared() -> None:
    """Predictions that disagree about the truth are refused."""
    a = predictions_of(np.arange(5) < 4, groups=None)
    table = a.to_table()
    b = Predictions.from_table(table.with_columns(label=table["label"].replace("a", "b")))

    with pytest.raises(DataError, match=r"5 labels differ, e\.g\. of 0\.png"):
        paired_difference(a, b)


def test_an_interval_is_json() -> None:
    """An interval becomes JSON without NaN."""
    found = proportion(*outcomes([3, 3], [3, 3])).to_dict()

    assert json.loads(json.dumps(found, allow_nan=False)) == found


@pytest.mark.parametrize("count", [5, 10, 24])
@pytest.mark.parametrize(("accuracy", "likeness"), [(0.8, 0.15), (0.95, 0.1), (0.99, 0.15)])
def test_coverage_with_few_groups(count: int, accuracy: float, likeness: float) -> None:
    """Of 250 draws of uneven groups, intervals hold the truth in about 95 %.

    91 and 100 are what 250 draws of the coverages in the decision, 95 to 99 %, may give.
    """
    rng = np.random.default_rng([count, int(1000 * accuracy)])
    total = 1 / likeness - 1
    held = 0
    for _ in range(250):
        sizes = np.maximum(3, rng.lognormal(np.log(40) - 0.245, 0.7, count).astype(int))
        chances = rng.beta(accuracy * total, (1 - accuracy) * total, count)
        found = proportion(*outcomes(rng.binomial(sizes, chances).tolist(), sizes.tolist()))
        held += found.low <= accuracy <= found.high

    assert 0.91 <= held / 250 <= 1
