"""Whole groups are judged by what their items add up to, each group counting once."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from objektiv.judging.intervals import Interval, NotDefined
from objektiv.judging.pooled import Decisions, Groups, pooled
from objektiv.judging.predictions import Predictions
from objektiv.judging.settings import JudgeSettings
from tests.judging.made import ill_or_well

USUAL = JudgeSettings()


def patients(*told: tuple[str, int, int, int]) -> Predictions:
    """Patients of (name, cells, truly ill cells, cells called ill); ill cells are called first."""
    chances, truth, groups = [], [], []
    for name, cells, ill, said in told:
        truth += [k < ill for k in range(cells)]
        chances += [0.9 if k < said else 0.1 for k in range(cells)]
        groups += [name] * cells
    return ill_or_well(chances, truth, groups=groups)


KNOWN = patients(
    *(
        (f"k{n}", 20, ill, said)
        for n, (ill, said) in enumerate(
            [(0, 0), (0, 1), (0, 2), (1, 3), (5, 6), (10, 12), (19, 20)]
        )
    )
)
TEST = patients(
    ("p1", 20, 0, 0), ("p2", 20, 0, 4), ("p10", 20, 1, 1), ("p3", 10, 8, 9), ("p4", 5, 2, 2)
)


def decided(settings: JudgeSettings = USUAL) -> tuple[Groups, Decisions]:
    """What is said of TEST by what was learnt of KNOWN."""
    found = pooled(TEST, KNOWN, "ill", settings)
    assert isinstance(found, Groups)
    assert isinstance(found.decisions, Decisions)
    return found, found.decisions


def test_the_share_is_chosen_on_held_out_groups() -> None:
    """Healthy ones have up to 2 of 20 called, ill ones at least 3: the share lies between."""
    _, decisions = decided()

    assert decisions.threshold.value == pytest.approx(0.125)
    assert (decisions.threshold.positives, decisions.threshold.negatives) == (4, 3)
    assert (decisions.threshold.sensitivity, decisions.threshold.specificity) == (1, 1)


def test_a_group_is_positive_that_holds_a_positive() -> None:
    """Truth is whether any item is positive; a group of one ill cell in 20 is ill."""
    groups, decisions = decided()
    rows = {row.group: row for row in groups.rows}

    assert [row.group for row in groups.rows] == ["p1", "p2", "p3", "p4", "p10"]
    assert {name: row.truth for name, row in rows.items()} == {
        "p1": False,
        "p2": False,
        "p3": True,
        "p4": True,
        "p10": True,
    }
    assert {name: row.decision for name, row in rows.items()} == {
        "p1": False,
        "p2": True,
        "p3": True,
        "p4": True,
        "p10": False,
    }
    assert decisions.mixed == 3
    counts = decisions.counts
    assert (counts.found, counts.missed, counts.alarmed, counts.cleared) == (2, 1, 1, 1)


def test_each_group_counts_once() -> None:
    """Sensitivity and specificity have Wilson's interval over groups, as SciPy has it."""
    _, decisions = decided()

    for value, hits, of in ((decisions.sensitivity, 2, 3), (decisions.specificity, 1, 2)):
        wanted = binomtest(hits, of).proportion_ci(method="wilson")
        assert isinstance(value, Interval)
        assert value.estimate == pytest.approx(hits / of)
        assert (value.low, value.high) == pytest.approx((wanted.low, wanted.high))


def test_a_group_has_its_own_accuracy() -> None:
    """Rows tell items, how many were right, and Wilson's interval of that, with few marked."""
    rows = {row.group: row for row in decided()[0].rows}
    wanted = binomtest(16, 20).proportion_ci(method="wilson")

    assert (rows["p2"].items, rows["p2"].right, rows["p2"].few) == (20, 16, False)
    assert (rows["p2"].accuracy.low, rows["p2"].accuracy.high) == pytest.approx(
        (wanted.low, wanted.high)
    )
    assert (rows["p4"].few, rows["p4"].share) == (True, 0.4)
    assert rows["p10"].positives == 1


def test_the_worst_are_those_least_likely_good() -> None:
    """4 of 20 wrong is worse than 1 of 10, and 0 wrong of 5 is not best for being few."""
    assert decided()[0].worst[:2] == ("p2", "p3")
    assert decided()[0].worst.index("p4") > 0


def test_what_is_demanded_of_items_is_demanded_of_groups() -> None:
    """A demanded specificity moves the share that makes a group positive."""
    loose = decided(JudgeSettings(sensitivity=0.7))[1].threshold
    strict = decided(JudgeSettings(sensitivity=1.0))[1].threshold

    assert loose.value == pytest.approx(0.225)  # three of four ill ones: from 6 of 20 on
    assert strict.value == pytest.approx(0.125)


def test_predictive_values_are_told_of_groups() -> None:
    """Each demanded prevalence has its expectation, with groups as what is counted."""
    told = decided(JudgeSettings(prevalence=(0.1, 0.5)))[1].prevalence

    assert [found.total for found in told if not isinstance(found, NotDefined)] == [1_000, 1_000]


def test_few_groups_are_warned_of() -> None:
    """Below 20 groups, tested or chosen on, a warning says so."""
    assert decided()[1].warning == "only 5 groups were tested: collect at least 20"


@pytest.mark.parametrize(
    ("test", "known", "positive", "reason"),
    [
        (TEST, None, "ill", "fewer than two groups beside the test part"),
        (TEST, KNOWN, None, "no positive class is named"),
        (TEST, patients(("a", 5, 1, 1), ("b", 5, 2, 2)), "ill", "no group of another kind"),
    ],
)
def test_what_cannot_be_decided_is_told(
    test: Predictions, known: Predictions | None, positive: str | None, reason: str
) -> None:
    """Rows stay, and the decisions say why there are none."""
    found = pooled(test, known, positive, USUAL)

    assert isinstance(found, Groups)
    assert len(found.rows) == 5
    assert isinstance(found.decisions, NotDefined)
    assert reason in found.decisions.reason
    assert {row.decision for row in found.rows} == {None}


def test_one_group_is_no_table() -> None:
    """Fewer than two groups in the test part is told as such."""
    alone = ill_or_well([0.1, 0.9], [0, 1])

    assert pooled(alone, KNOWN, "ill", USUAL) == NotDefined(
        "the test part has fewer than two groups"
    )
    one = patients(("a", 5, 1, 1))
    assert isinstance(pooled(one, KNOWN, "ill", USUAL), NotDefined)


def test_items_without_a_group_stand_aside() -> None:
    """They are counted, and stand in no row."""
    p = ill_or_well(np.full(5, 0.9), [1, 1, 0, 0, 1], groups=["a", "a", "b", "b", None])
    found = pooled(p, None, "ill", USUAL)

    assert isinstance(found, Groups)
    assert (len(found.rows), found.alone) == (2, 1)


def test_of_very_many_groups_the_worst_have_a_row() -> None:
    """Of 1,100 groups of one item 1,000 have a row, all wrong ones among them."""
    names = [f"g{k}" for k in range(1_100)]
    p = ill_or_well(np.where(np.arange(1_100) < 30, 0.9, 0.1), np.zeros(1_100), groups=names)
    found = pooled(p, None, "ill", USUAL)

    assert isinstance(found, Groups)
    assert (len(found.rows), found.left_out) == (1_000, 100)
    assert {row.group for row in found.rows if not row.right} == {f"g{k}" for k in range(30)}
