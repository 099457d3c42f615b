"""What `explore` prints and writes.

In: checked options. Out: a table of counts and sizes on standard output, a folder with the page,
the figures and the tables.
Try: `objektiv explore --help`.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from objektiv.base import files
from objektiv.base.progress import Progress
from objektiv.faces.explore_page import (
    CLASSES,
    about,
    class_facts,
    next_commands,
    save,
    span,
    usual,
)
from objektiv.faces.terminal import print_line, print_table, terminal_listener
from objektiv.faces.words import count
from objektiv.flow.explore import Explored
from objektiv.flow.explore import explore as explore_step
from objektiv.flow.run import require_outside, stem_of
from objektiv.flow.settings import ExploreSettings

PRINTED = 40  # classes


def explore(data: Path, settings: ExploreSettings) -> None:
    """Look at a dataset, print what it holds, and say where the page is."""
    if settings.labels is None:
        require_outside(data, settings.out, option="out")
    explored = explore_step(data, settings, progress=Progress(terminal_listener(sys.stderr)))
    folder = files.new_numbered_folder(settings.out, stem_of(data))
    try:
        page = save(explored, folder)
    except BaseException:  # also Ctrl-C: no half page stays
        shutil.rmtree(folder, ignore_errors=True)
        raise
    _print(explored)
    print_line(f"Page: {page}; its figures as PNG lie beside it.", sys.stdout)
    print_line(f"Next: {next_commands(explored)[0]}", sys.stdout)


def _print(explored: Explored) -> None:
    out = sys.stdout
    print_line(f"{about(explored)}.", out)
    print_line(usual(explored), out)
    table = class_facts(explored)
    parts = table.columns[1 : table.columns.index("quarantine")]
    aside = ["quarantine"] if table["quarantine"].sum() else []
    head = [
        "class",
        *("pictures" if p == "items" else p for p in parts),
        *("set aside",) * len(aside),
    ]
    rows = [
        (
            row["label"],
            *(f"{row[name]:,}" for name in [*parts, *aside]),
            *_sizes(row),
        )
        for row in table.head(PRINTED).iter_rows(named=True)
    ]
    print_table([*head, "median size", "width", "height"], rows, stream=out)
    if len(table) > PRINTED:
        print_line(f"{len(table) - PRINTED:,} more classes are in {CLASSES}.", out)
    for note in explored.seen.dataset.notes:
        print_line(f"Note: {note}", out)
    if explored.seen.dataset.quarantine.height:
        reasons = ", ".join(f"{n} {reason}" for reason, n in explored.facts.quarantine.iter_rows())
        files_aside = count(explored.seen.dataset.quarantine.height, "file")
        print_line(f"Set aside: {files_aside} ({reasons}); listed in quarantine.csv.", out)
    looked = count(explored.seen.looked, "image")
    seconds = sum(explored.timings.values())
    print_line(f"Took {seconds:.1f} s; looked at {looked} anew.", out)


def _sizes(row: dict[str, float | None]) -> tuple[str, str, str]:
    if row["width_median"] is None:
        return "-", "-", "-"
    return (
        f"{row['width_median']:.0f} x {row['height_median']:.0f}",
        span(str(row["width_least"]), str(row["width_most"])),
        span(str(row["height_least"]), str(row["height_most"])),
    )
