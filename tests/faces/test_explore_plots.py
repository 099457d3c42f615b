"""Counts, sizes and colours as figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.container import BarContainer
from matplotlib.figure import Figure

from objektiv.auditing.facts import facts_of
from objektiv.faces import canvas
from objektiv.faces import explore_plots as plots
from tests.auditing.made import plain, seen
from tests.faces.found import coloured


def _bars(drawing: Figure) -> dict[str, list[float]]:
    """Widths of the bars by the name in the legend."""
    (axes,) = drawing.axes
    bars = [c for c in axes.containers if isinstance(c, BarContainer)]
    return {str(b.get_label()): [patch.get_width() for patch in b.patches] for b in bars}


def test_counts_are_stacked_by_part(tmp_path: Path) -> None:
    """Each part, what is in none, and what was set aside has its bars."""
    pictures = [plain("a", 1), plain("a", 2), plain("b", 3), plain("b", 4)]
    found = seen(tmp_path, pictures, parts=["train", "test", "train", None], aside=3)

    assert _bars(plots.counts(facts_of(found))) == {
        "train": [1, 1],
        "test": [1, 0],
        "in no part": [0, 1],
        "set aside": [3, 0],
    }


def test_counts_without_parts_are_one_bar(tmp_path: Path) -> None:
    """Nothing is stacked, and the names stand at the bars."""
    drawing = plots.counts(facts_of(seen(tmp_path, [plain("a", 1), plain("b", 2)])))

    assert _bars(drawing) == {"pictures": [1, 1]}
    assert [t.get_text() for t in drawing.axes[0].get_yticklabels()] == ["a", "b"]


def test_a_thousand_classes_are_a_curve(tmp_path: Path) -> None:
    """Names that nobody could read give way to the sizes; largest and smallest are named."""
    pictures = [plain(f"c{k:03d}", 1) for k in range(plots.NAMED + 1)] + [plain("c007", 2)]
    drawing = plots.counts(facts_of(seen(tmp_path, pictures)))
    (axes,) = drawing.axes

    assert axes.get_title(loc="left") == "largest: c007 2   smallest: c040 1"
    assert len(canvas.png(drawing)) > 1000


def test_sizes_have_a_panel_a_class(tmp_path: Path) -> None:
    """Each panel names its class and median; its dots are its sizes."""
    pictures = [plain("a", 1, (10, 20)), plain("a", 2, (30, 20)), plain("b", 3, (50, 90))]
    drawing = plots.sizes(facts_of(seen(tmp_path, pictures)))
    assert drawing is not None
    first, second = drawing.axes

    assert first.get_title() == "a\nmedian 20 × 20"
    assert second.get_title() == "b\nmedian 90 × 50"
    assert sorted(first.collections[1].get_offsets().tolist()) == [[20, 10], [20, 30]]
    assert second.collections[1].get_offsets().tolist() == [[90, 50]]


def test_pictures_of_one_size_need_no_figure(tmp_path: Path) -> None:
    """A figure with one dot would say nothing."""
    assert plots.sizes(facts_of(seen(tmp_path, [plain("a", 1), plain("b", 2)]))) is None


def test_of_many_classes_some_have_a_panel(tmp_path: Path) -> None:
    """No more than a page can show."""
    pictures = [plain(f"c{k}", 1, (10 + k, 9)) for k in range(20)]
    drawing = plots.sizes(facts_of(seen(tmp_path, pictures)))

    assert drawing is not None and len(drawing.axes) == plots.PANELS


@pytest.mark.parametrize(("pictures", "panels"), [(coloured(), 4), ([plain("a", 9)], 2)])
def test_colours_are_left_out_where_there_are_none(
    tmp_path: Path, pictures: list[tuple[str, np.ndarray]], panels: int
) -> None:
    """Grey pictures have brightness and contrast only."""
    drawing = plots.colours(facts_of(seen(tmp_path, pictures)))

    assert len(drawing.axes) == panels
    assert len(canvas.svg(drawing, told="x")) > 1000


def test_dots_of_the_colours_are_medians(tmp_path: Path) -> None:
    """Two classes of known brightness stand where they should."""
    drawing = plots.colours(facts_of(seen(tmp_path, [plain("a", 40), plain("b", 200)])))
    (line,) = drawing.axes[0].lines

    assert np.allclose(np.asarray(line.get_xdata(), float), [40, 200], atol=0.01)
