"""Which number a heat map takes apart, and when its end is believed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from objektiv.explaining import answer
from objektiv.explaining.answer import Heat, direction_of, linear_end
from objektiv.explaining.contributions import Part
from objektiv.explaining.sanity import Sanity
from objektiv.shipping.bundle import Bundle


def test_two_classes_are_told_apart_by_their_difference() -> None:
    """Of two the other counts against, of three only the class counts."""
    assert [v.tolist() if v is not None else v for v in direction_of(0, 2)[:1]] == [[1, -1]]
    assert direction_of(1, 2)[1] == 0
    assert direction_of(1, 3)[0].tolist() == [0, 1, 0]
    assert direction_of(1, 3)[1] is None


def test_an_end_whose_parts_do_not_sum_is_not_believed(
    bundles: Callable[[str], Bundle], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A graph that was read wrongly gives no exact heat."""
    read = answer.read_tail

    def wrong(*given: object, **named: object) -> object:
        tail = read(*given, **named)  # type: ignore[arg-type]
        return tail and replace(tail, bias=tail.bias + 0.01)

    assert linear_end(bundles("frozen")) is not None
    monkeypatch.setattr(answer, "read_tail", wrong)
    assert linear_end(bundles("frozen")) is None


def test_a_heat_tells_its_peak_its_stages_and_its_words() -> None:
    """The peak is the pixel that speaks most for the class."""
    heat = np.zeros((3, 4), np.float32)
    heat[1, 2], heat[0, 0] = 1, -5
    found = Heat(heat, 0, 1.5, 0.8, "contributions", parts=(Part("stem", 1.0), Part("rest", 0.5)))

    assert found.peak == (1, 2)
    assert found.stages == {"stem": 1.0, "rest": 0.5}
    assert found.told == Sanity().told == ()
