"""Figures of the report, each with the numbers that it shows.

In: intervals, bins, sizes, curves. Out: a Figure: `<svg>` for the page, and a table for
figures/NAME.csv, in English and with decimal points, for programs.
Try: `write_figures([comparison(bars)], Path("runs/cells-001"))`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from objektiv.base import files
from objektiv.data.safe_names import FORMULA_SIGNS
from objektiv.faces import plots
from objektiv.faces.curves import answered_plot, curve_plot, threshold_plot
from objektiv.judging.answered import RiskCoverage
from objektiv.judging.calibration import ReliabilityBin
from objektiv.judging.curves import Curve
from objektiv.judging.intervals import Interval

FOLDER = "figures"  # beside the page
ENDS = ("estimate", "low", "high")
Value = str | float | int | None


@dataclass(frozen=True)
class Figure:
    """What is drawn, and the numbers in it."""

    name: str
    svg: str
    head: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]

    @property
    def file(self) -> str:
        """Where its numbers stand, from the page."""
        return f"{FOLDER}/{self.name}.csv"


def write_figures(figures: Iterable[Figure], folder: Path) -> None:
    """Publish the numbers of each below `folder`.

    Raises:
        MachineError: a file cannot be written.
    """
    for figure in figures:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(figure.head)
        writer.writerows([_harmless(cell) for cell in row] for row in figure.rows)
        files.make_folder(folder / FOLDER)
        files.write_text(folder / figure.file, text.getvalue())


def _harmless(cell: Value) -> Value:
    """A name that a spreadsheet would run gets a `'` before."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_SIGNS) else cell


def comparison(bars: Sequence[plots.Bar]) -> Figure:
    """Accuracies side by side."""
    rows = tuple((bar.key, *_ends(bar.share)) for bar in bars)
    return Figure("comparison", plots.comparison_plot(bars), ("model", *ENDS), rows)


def _ends(share: Interval | float | None) -> tuple[Value, ...]:
    if isinstance(share, Interval):
        return share.estimate, share.low, share.high
    return share, None, None


def reliability(
    bins: Sequence[ReliabilityBin], *, classes: int, name: str = "reliability"
) -> Figure:
    """Right answers against how sure the model was."""
    rows = tuple((b.centre, b.items, b.confidence, *_ends(b.accuracy)) for b in bins)
    head = ("bin_centre", "items", "mean_confidence", *ENDS)
    return Figure(name, plots.reliability_plot(bins, classes=classes), head, rows)


def sizes(cells: Sequence[plots.SizeCell]) -> Figure:
    """How large the pictures are."""
    rows = tuple((round(c.width, 1), round(c.height, 1), c.items) for c in cells)
    return Figure("sizes", plots.sizes_plot(cells), ("width", "height", "items"), rows)


def epochs(lines: Mapping[str, Sequence[float]], *, best: int, of: str) -> Figure:
    """What each epoch brought; `of` is loss or accuracy."""
    longest = max(map(len, lines.values()))
    rows = tuple(
        (k + 1, *(line[k] if k < len(line) else None for line in lines.values()))
        for k in range(longest)
    )
    drawn = curve_plot(lines, best=best, of=of)
    return Figure(of, drawn, ("epoch", *lines), rows)


def thresholds(
    name: str, curve: Curve, *, words: tuple[str, str], point: tuple[float, float] | None
) -> Figure:
    """Two shares at every threshold; `words`: of the axis across and the one up."""
    rows = tuple(zip(curve.thresholds, curve.x, curve.y, curve.low, curve.high, strict=True))
    head = {
        "roc": ("threshold", "false_alarms", "sensitivity", "low", "high"),
        "precision-recall": ("threshold", "recall", "precision", "low", "high"),
    }[curve.kind]
    drawn = threshold_plot(curve, across=words[0], up=words[1], point=point)
    return Figure(name, drawn, head, rows)


def answered(found: RiskCoverage, *, words: tuple[str, str]) -> Figure:
    """How right the surest are; `words`: of the axis across and the one up."""
    rows = tuple((p.share, p.items, p.confidence, *_ends(p.accuracy)) for p in found.points)
    head = ("answered", "items", "confidence_from", *ENDS)
    drawn = answered_plot(found, across=words[0], up=words[1])
    return Figure("answered", drawn, head, rows)
