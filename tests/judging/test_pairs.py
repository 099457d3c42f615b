"""Every two of several models on the same items."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from objektiv.judging.intervals import paired_difference
from objektiv.judging.pairs import alone_right, compare_all, in_one_order
from objektiv.judging.predictions import Predictions
from objektiv.judging.significance import holm, mcnemar


def model(
    right: str, *, groups: tuple[str | None, ...] | None = None, sure: float = 0.9
) -> Predictions:
    """Predictions of ill and well; `right` has a 1 for each item that is right."""
    items = len(right)
    labels = np.arange(items) % 2
    said = np.where([c == "1" for c in right], labels, 1 - labels)
    probabilities = np.full((items, 2), 1 - sure)
    probabilities[np.arange(items), said] = sure
    return Predictions(
        ids=tuple(f"{k}.png" for k in range(items)),
        hashes=("",) * items,
        parts=("test",) * items,
        folds=(None,) * items,
        groups=groups or (None,) * items,
        labels=labels,
        classes=("ill", "well"),
        logits=np.log(probabilities),
        probabilities=probabilities,
    )


def test_a_pair_counts_all_items() -> None:
    """Both, one alone, none; and how many were called the same."""
    (pair,) = compare_all([model("1111100"), model("1100110")])

    assert (pair.both, pair.test.only_a, pair.test.only_b, pair.neither) == (3, 2, 1, 1)
    assert pair.same == 4
    assert pair.difference.estimate == pytest.approx(1 / 7)


def test_differences_are_those_of_two_models_alone() -> None:
    """Interval and p-value of a pair are what paired_difference and mcnemar say."""
    groups = tuple(f"g{k % 9}" for k in range(90))
    rng = np.random.default_rng(1)
    words = ["".join("10"[int(v)] for v in rng.random(90) < share) for share in (0.1, 0.2, 0.4)]
    models = [model(word, groups=groups) for word in words]
    pairs = compare_all(models)

    assert [(p.a, p.b) for p in pairs] == [(0, 1), (0, 2), (1, 2)]
    numbers = models[0].group_numbers
    tests = [mcnemar(models[p.a].correct, models[p.b].correct, numbers) for p in pairs]
    assert [p.test for p in pairs] == tests
    assert [p.difference for p in pairs] == [
        paired_difference(models[p.a], models[p.b]) for p in pairs
    ]
    assert [p.corrected for p in pairs] == holm([test.p for test in tests])


def test_better_is_who_wins_after_correction() -> None:
    """The first, the second, or nobody."""
    best, worst = model("1" * 60), model("1" * 40 + "0" * 20)
    (first,) = compare_all([best, worst])
    (second,) = compare_all([worst, best])
    (nobody,) = compare_all([best, model("1" * 58 + "00")])

    assert (first.better, second.better, nobody.better) == (0, 1, None)
    assert first.to_dict()["better"] == 0


def test_a_difference_of_one_group_makes_nobody_better() -> None:
    """With one group no p-value is defined, so nobody is shown to be better."""
    groups = ("g",) * 60
    best, worst = model("1" * 60, groups=groups), model("1" * 40 + "0" * 20, groups=groups)
    (pair,) = compare_all([best, worst])

    assert (pair.corrected, pair.better) == (None, None)


def test_items_are_put_into_one_order() -> None:
    """The same items in another order, with their classes in another order too."""
    first = model("110")
    turned = replace(
        first,
        classes=("well", "ill"),
        labels=1 - first.labels,
        logits=first.logits[:, ::-1],
        probabilities=first.probabilities[:, ::-1],
    ).rows([2, 0, 1])
    both = in_one_order([first, turned])

    assert both[1].ids == first.ids
    (pair,) = compare_all(both)
    assert (pair.same, pair.test.only_a, pair.test.only_b) == (3, 0, 0)


def test_alone_right_are_the_surest_first() -> None:
    """Items that the other two have wrong, by the probability of their label."""
    own = model("1110")
    probabilities = own.probabilities.copy()
    probabilities[0] = [0.6, 0.4]
    own = replace(own, probabilities=probabilities)

    assert alone_right([own, model("0100"), model("0001")], 0).tolist() == [2, 0]
    assert alone_right([own, model("0100"), model("0001")], 1).tolist() == []


def test_nothing_to_compare_gives_nothing() -> None:
    """One model has no pair."""
    assert (compare_all([]), compare_all([model("10")]), in_one_order([])) == ((), (), [])
