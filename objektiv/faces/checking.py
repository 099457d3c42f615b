"""What `check` does and prints.

In: checked options. Out: text on standard output, a page and tables in a new folder, an exit code.
Try: `objektiv check --help`.
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import TextIO

from objektiv.base.progress import Progress
from objektiv.faces.check_page import about, headline, next_commands, probes_table, write_check_page
from objektiv.faces.terminal import columns, print_line, print_table, terminal_listener
from objektiv.faces.words import duration
from objektiv.flow.check import DataCheck, Fixing
from objektiv.flow.check import check as check_step
from objektiv.flow.settings import CheckDataSettings

WIDEST = 100  # characters of a line of text


def check(data: Path, settings: CheckDataSettings, *, fixing: Fixing) -> int:
    """Check, print the findings, and say where everything is; 1 where one is an error."""
    progress = Progress(terminal_listener(sys.stderr))
    found = check_step(data, settings, fixing=fixing, progress=progress)
    write_check_page(found)
    _print(found, sys.stdout)
    return 1 if found.checked.errors else 0


def _print(found: DataCheck, out: TextIO) -> None:
    print_line(f"{about(found)}: {headline(found)}.", out)
    for note in found.checked.dataset.notes:
        print_line(f"Note: {note}", out)
    width = max(40, min(WIDEST, columns(out) - 1))
    for finding in found.checked.findings:
        print_line("", out)
        print_line(f"{finding.severity.upper()}: {finding.title}", out)
        for line in textwrap.wrap(finding.evidence, width - 2, break_long_words=False):
            print_line(f"  {line}", out)
        print_line(f"  > {found.command(finding)}", out)
    if found.checked.probes:
        print_line("", out)
        table = probes_table(found.checked.probes)
        rows = [(row[0], *row[1].split("\n"), *row[2:]) for row in table.rows]
        print_table((table.head[0], table.head[1], "95 %", table.head[2]), rows, stream=out)
    cleaned = found.checked.cleaned
    print_line("", out)
    if found.manifest:
        told = f"{len(cleaned.kept):,} pictures kept, {len(cleaned.left_out):,} files left out"
        print_line(f"Cleaned table: {found.manifest} ({told})", out)
    for note in cleaned.notes if found.manifest else ():
        print_line(f"Note: {note}", out)
    print_line(f"Took {duration(found.seconds)}.", out)
    print_line(f"Page: {found.page}", out)
    print_line(f"Next: {next_commands(found)[0]}", out)
