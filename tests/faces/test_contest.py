"""What is said of a comparison is no more than was shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from objektiv.faces.contest import differing_told, first_differing, method, p_value, verdicts
from objektiv.flow.compare import Compared, Comparison
from objektiv.flow.ledger import Ledger
from objektiv.flow.opened import Opened
from objektiv.judging.metrics import score
from objektiv.judging.pairs import alone_right, compare_all
from tests.flow.test_ledger import look
from tests.judging.test_pairs import model


def compared(
    *rights: str, groups: int | None = None, looks: int = 1, differs: int = 0
) -> Comparison:
    """A comparison of models called a, b, ...; the last is apart if items differ."""
    names = tuple(f"g{k % groups}" for k in range(len(rights[0]))) if groups else None
    tests = [model(right, groups=names) for right in rights]
    rows = [
        Compared(
            Opened(Path(name), None, test, {}),
            name,
            test,
            scores := score(test),
            scores.sensitivity,
            "",
            tuple(alone_right(tests, k).tolist()),
        )
        for k, (name, test) in enumerate(zip("abcdef", tests, strict=False))
    ]
    ids = [f"<b>{k}.png" for k in range(differs)]
    table = pl.DataFrame({"id": ids, "what": ["only in this one"] * differs})
    apart = [Compared(**{**vars(rows[-1]), "name": "apart", "differs": table})] if differs else []
    record = Ledger("t", "d", looks=tuple(look(f"r-{k}") for k in range(looks)), place=Path("l"))
    return Comparison(tuple(rows), compare_all(tests), tuple(apart), "ill", record, None)


def test_a_difference_that_is_shown_is_told_so() -> None:
    """With its size, its interval and its p-value."""
    told = verdicts(compared("1" * 100, "1" * 80 + "0" * 20))

    assert told[0] == (
        "a is shown to be better than b (+20.0 points, 95 % interval +11.5 to +27.8; "
        "p below 0.0001)."
    )


def test_a_difference_that_may_be_luck_is_not_called_better() -> None:
    """Nor equal: the sentence on the method says so."""
    told = verdicts(compared("1" * 100, "1" * 98 + "00"))

    assert told[0].startswith("a is not shown to be better than b (+2.0 points")
    assert "not shown does not mean equal" in told[1]


def test_one_comparison_is_not_corrected_and_many_are() -> None:
    """The number of comparisons stands where there are several."""
    one, three = compared("1" * 50, "1" * 40 + "0" * 10), compared("1" * 50, "10" * 25, "01" * 25)

    assert "corrected" not in method(one).replace("uncorrected", "")
    assert "corrected for 3 comparisons (Holm)" in method(three)
    assert "a is the first of 3 by its accuracy on these very items" in verdicts(three)[3]


def test_few_groups_are_told_that_nothing_can_be_shown() -> None:
    """Of 32 ways to give five groups to two models the two extreme ones are more than 5 %."""
    told = method(compared("1" * 50, "1" * 10 + "0" * 40, groups=5))

    assert "5 groups" in told and "With 5 groups no test can show a difference" in told
    assert "no test can" not in method(compared("1" * 50, "1" * 10 + "0" * 40, groups=6))


def test_one_group_cannot_be_tested() -> None:
    """It is said why, and no p-value is made up."""
    found = compared("1" * 50, "1" * 10 + "0" * 40, groups=1)

    assert verdicts(found)[0] == (
        "Whether a is better than b cannot be tested: all items are of one group, so how groups "
        "differ cannot be seen."
    )
    assert p_value(found.pairs[0]) == "-"


@pytest.mark.parametrize(
    ("wins", "told"), [((40, 0), "below 0.0001"), ((15, 4), "0.012"), ((6, 5), "0.77")]
)
def test_p_values_have_two_digits(wins: tuple[int, int], told: str) -> None:
    """And never a nought."""
    a, b = "1" * wins[0] + "0" * wins[1], "0" * wins[0] + "1" * wins[1]

    assert p_value(compared(a, b).pairs[0]) == told


def test_looks_are_told_where_there_were_several() -> None:
    """One look is nothing to tell; three are."""
    assert not any("looked at" in told for told in verdicts(compared("10", "01")))
    assert any("looked at 3 times" in told for told in verdicts(compared("10", "01", looks=3)))


def test_items_that_differ_are_counted_and_the_first_ten_named() -> None:
    """How many, in which way, and what to do."""
    found = compared("10", "01", differs=12)
    told = differing_told(found)

    assert told[0] == (
        "apart was not tested on the items of a, and is not compared with it: 12 items differ "
        "(12 only in this one)."
    )
    assert "--split" in told[1]
    assert first_differing(found.others[0])[9] == ("<b>9.png", "only in this one")
    assert len(first_differing(found.others[0])) == 10


def test_a_random_world_of_equals_is_seldom_told_apart() -> None:
    """Of 200 pairs of equal models at most one in ten is said to differ."""
    rng = np.random.default_rng(3)
    found = 0
    for _ in range(200):
        both = ["".join("01"[int(v)] for v in rng.random(80) < 0.8) for _ in range(2)]
        (pair,) = compare_all([model(right) for right in both])
        found += pair.better is not None
    assert found <= 20
