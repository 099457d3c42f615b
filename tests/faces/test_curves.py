"""Curves over epochs and points on two axes."""

from __future__ import annotations

import re

import numpy as np

from objektiv.faces.curves import Point, curve_plot, scatter_plot
from objektiv.judging.intervals import proportion


def _points(svg: str) -> list[list[tuple[float, float]]]:
    return [
        [tuple(map(float, pair.split(","))) for pair in found.split()]  # type: ignore[misc]
        for found in re.findall(r'points="([^"]*)"', svg)
    ]


def test_a_curve_falls_where_its_values_fall() -> None:
    """Epochs go to the right at equal steps, smaller losses stand lower."""
    (first, second) = _points(
        curve_plot({"training": [0.9, 0.5, 0.3], "validation": [0.8, 0.6, 0.7]}, best=1, of="loss")
    )

    assert [x for x, _ in first] == [x for x, _ in second]
    assert first[0][1] < first[1][1] < first[2][1]  # down the page
    assert second[1][1] > second[2][1] > second[0][1]


def test_shares_are_told_in_percent() -> None:
    """An axis of accuracy never passes 100."""
    svg = curve_plot({"validation": [0.8, 1.0]}, best=1, of="accuracy")

    marks = [float(m) for m in re.findall(r">([0-9.]+)</text>", svg)]
    assert 100 in marks and max(marks) == 100
    assert "accuracy, %" in svg


def test_one_epoch_can_be_drawn() -> None:
    """A training of one epoch has a curve of one point."""
    assert _points(curve_plot({"validation": [0.5]}, best=0, of="loss"))[0]


def test_what_costs_more_stands_further_right() -> None:
    """On a logarithmic axis, with the better one above."""
    better = proportion(np.array([True] * 19 + [False]))
    worse = proportion(np.array([True] * 10 + [False] * 10))
    svg = scatter_plot(
        [Point("a <b>", 10.0, better), Point("c", 1000.0, worse)], across="training, seconds"
    )

    centres = re.findall(r'<circle class="dot model" cx="([0-9.]+)" cy="([0-9.]+)"', svg)
    (x1, y1), (x2, y2) = ((float(x), float(y)) for x, y in centres)
    assert x1 < x2 and y1 < y2
    assert "a &lt;b&gt;" in svg
