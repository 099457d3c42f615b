"""What `tune` prints: the best ten, what the winner is worth, and where everything is.

In: checked options. Out: text on standard output, progress on standard error, a folder.
Try: `objektiv tune --help`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from objektiv.base.progress import Progress
from objektiv.faces.terminal import print_line, print_table, terminal_listener
from objektiv.faces.tune_page import about, board, expected, next_commands, told, write_tune_page
from objektiv.faces.words import duration
from objektiv.flow.settings import TuneSettings
from objektiv.flow.tune import BOARD
from objektiv.flow.tune import tune as tune_step

TOP = 10


def tune(data: Path, settings: TuneSettings) -> None:
    """Search, print the leaderboard, and write the page."""
    progress = Progress(terminal_listener(sys.stderr))
    tuned = tune_step(data, settings, progress=progress)
    page, out = write_tune_page(tuned), sys.stdout
    print_line(f"{about(tuned)}:", out)
    table = board(tuned, most=TOP)
    rows = [(*row[:-2], *row[-2].split("\n"), row[-1]) for row in table.rows]
    print_table((*table.head[:-1], "95 %", table.head[-1]), rows, stream=out)
    print_line("", out)
    print_line(expected(tuned), out)
    for trial in tuned.failed[:TOP]:
        print_line(f"Not trained: trial {trial.number}: {trial.failed}", out)
    print_line(f"Winner on test: {told(tuned.winner.scores().accuracy)}", out)
    print_line(f"Took {duration(tuned.seconds)}.", out)
    print_line(f"Leaderboard: {tuned.folder / BOARD}", out)
    print_line(f"Page: {page}", out)
    print_line(f"Winner: {tuned.winner.folder}", out)
    print_line(f"Next: {next_commands(tuned)[0]}", out)
