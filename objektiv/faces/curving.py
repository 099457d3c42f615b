"""What `curve` prints: accuracy by number of images and by resolution, and what more would give.

In: checked options. Out: text on standard output, progress on standard error, a folder.
Try: `objektiv curve --help`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from objektiv.base.progress import Progress
from objektiv.faces.curve_page import (
    checked,
    coarse,
    headline,
    learning_table,
    pixels_table,
    write_curve_page,
)
from objektiv.faces.sections import Table
from objektiv.faces.terminal import print_line, print_table, terminal_listener
from objektiv.faces.words import duration
from objektiv.flow.curve import TABLE
from objektiv.flow.curve import curve as curve_step
from objektiv.flow.settings import CurveSettings


def curve(data: Path, settings: CurveSettings) -> None:
    """Measure, print, and write the page."""
    curved = curve_step(data, settings, progress=Progress(terminal_listener(sys.stderr)))
    page, out = write_curve_page(curved), sys.stdout
    _print(learning_table(curved))
    print_line(f"{headline(curved)}.", out)
    print_line(checked(curved), out)
    if curved.resolutions:
        print_line("", out)
        _print(pixels_table(curved))
        print_line(coarse(curved), out)
    print_line(f"Took {duration(curved.seconds)}.", out)
    print_line(f"Table: {curved.folder / TABLE}", out)
    print_line(f"Page: {page}", out)


def _print(table: Table) -> None:
    rows = [
        tuple(cell.replace("\n", " (") + ")" * ("\n" in cell) for cell in r) for r in table.rows
    ]
    print_table(table.head, rows, stream=sys.stdout)
