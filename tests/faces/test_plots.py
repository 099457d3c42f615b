"""The figures: well-formed, at the right places, with every name escaped."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import pytest

from objektiv.faces import plots
from objektiv.judging.calibration import ReliabilityBin, reliability
from objektiv.judging.intervals import Interval
from tests.faces.conftest import MakeReport


def _interval(estimate: float, low: float, high: float) -> Interval:
    return Interval(estimate, low, high, "by hand", None, None)


def _dots(svg: str, style: str) -> list[ElementTree.Element]:
    return [c for c in ElementTree.fromstring(svg).iter("circle") if c.get("class") == style]


def test_comparison_puts_shares_on_one_axis() -> None:
    """A dot's distance from the right edge is its distance from 100 %."""
    bars = [
        plots.Bar("model", "model", _interval(0.95, 0.9, 0.97)),
        plots.Bar("plain", "plain", 0.90),
    ]

    svg = plots.comparison_plot(bars)

    (model,), (plain,) = _dots(svg, "dot model"), _dots(svg, "dot plain")
    right = plots.WIDTH - 12
    assert (right - float(plain.get("cx", 0))) == pytest.approx(
        2 * (right - float(model.get("cx", 0))), abs=0.2
    )


@pytest.mark.parametrize("lowest", [0.0, 0.04, 0.5, 0.89, 0.985, 0.9999, 1.0])
def test_comparison_holds_all_shares(lowest: float) -> None:
    """Whatever the lowest share, everything lies inside the figure and the axis ends at 100 %."""
    svg = plots.comparison_plot([plots.Bar("a", "model", _interval(lowest, lowest, 1.0))])

    places = [float(x) for x in re.findall(r'\b(?:cx|x1|x2)="([\d.-]+)"', svg)]
    assert min(places) >= 0
    assert max(places) <= plots.WIDTH
    assert ">100 %<" in svg


def test_names_are_escaped() -> None:
    """A name with markup is text, in what is seen and in what is read aloud."""
    svg = plots.comparison_plot([plots.Bar('<b onload="x">', "model", 0.5)])

    root = ElementTree.fromstring(svg)
    assert root.find(".//b") is None
    assert '<b onload="x">' in (root.get("aria-label") or "")


def test_reliability_draws_each_bin_that_has_items() -> None:
    """A point and a bar for a bin with items, with the count in words, nothing for an empty one."""
    bins = (
        ReliabilityBin(0.55, 0, None, None),
        ReliabilityBin(0.75, 40, 0.74, _interval(0.7, 0.6, 0.8)),
        ReliabilityBin(0.95, 1200, 0.97, _interval(0.96, 0.95, 0.98)),
    )

    svg = plots.reliability_plot(bins, classes=2)

    dots = _dots(svg, "dot model")
    assert len(dots) == svg.count("<rect") == 2
    assert "1,200 pictures: 97.0 % sure on average, 96.0 % right" in ElementTree.tostring(
        dots[1], encoding="unicode"
    )


def test_reliability_point_on_the_diagonal_lies_on_the_line() -> None:
    """A bin that is right as often as it is sure lies on the dashed line."""
    svg = plots.reliability_plot(
        (ReliabilityBin(0.8, 10, 0.8, _interval(0.8, 0.7, 0.9)),), classes=2
    )

    (dot,) = _dots(svg, "dot model")
    (line,) = (
        e for e in ElementTree.fromstring(svg).iter("line") if e.get("class") == "line ideal"
    )
    x1, y1, x2, y2 = (float(line.get(k, 0)) for k in ("x1", "y1", "x2", "y2"))
    share = (float(dot.get("cx", 0)) - x1) / (x2 - x1)
    assert float(dot.get("cy", 0)) == pytest.approx(y1 + share * (y2 - y1), abs=0.2)


def test_reliability_of_predictions_is_well_formed(make_report: MakeReport) -> None:
    """The bins that judging makes can be drawn, all pictures of them counted."""
    test = make_report().predictions.only("test")

    svg = plots.reliability_plot(reliability(test), classes=2)

    counts = re.findall(r"<title>([\d,]+) pictures?:", svg)
    assert sum(map(int, counts)) == len(test)


def test_size_cells_count_every_picture() -> None:
    """Pictures are neither lost nor counted twice, and a cell stands where its pictures are."""
    widths, heights = [100, 100, 101, 400], [100, 100, 101, 50]

    cells = plots.size_cells(widths, heights)

    assert [c.items for c in cells] == [3, 1]
    assert cells[0].width == pytest.approx(math.exp((2 * math.log(100) + math.log(101)) / 3))
    assert cells[1].height == pytest.approx(50)


@pytest.mark.parametrize("sizes", [[(1, 1)], [(28, 28)], [(1, 30_000), (30_000, 1)], [(640, 480)]])
def test_sizes_of_every_kind_can_be_drawn(sizes: list[tuple[int, int]]) -> None:
    """One pixel or thirty thousand: the figure is well-formed and shows each size."""
    svg = plots.sizes_plot(plots.size_cells(*zip(*sizes, strict=True)))

    assert len(_dots(svg, "cloud")) == len(sizes)
    assert "nan" not in svg


def test_no_pictures_have_no_cells() -> None:
    """Nothing to draw is an empty tuple."""
    assert plots.size_cells([], []) == ()
