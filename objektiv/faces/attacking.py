"""What `attack` prints and writes.

In: paths and checked options. Out: accuracy against strength on standard output; a folder with the
page, the pictures and the curves.
Try: `objektiv attack --help`.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from objektiv.base import files
from objektiv.base.language import speaking
from objektiv.base.progress import Progress
from objektiv.explaining.attack_settings import AttackSettings
from objektiv.explaining.robustness import Robustness, check, examine
from objektiv.faces.attack_page import about, headline, save, tables
from objektiv.faces.terminal import print_line, print_table, terminal_listener
from objektiv.faces.words import count
from objektiv.flow.looking import pictured, subject_of


def attack(paths: Sequence[Path], settings: AttackSettings, *, backbone: str | None) -> None:
    """Change pictures at each strength, print what the model still gets right, write the page."""
    subject, images, typed = subject_of(paths, backbone=backbone)
    check(subject, settings)
    given, refused = pictured(images, subject, most=settings.pictures, seed=settings.seed)
    found = examine(subject, given, settings, progress=Progress(terminal_listener(sys.stderr)))
    page = write(found, typed=typed)
    out = sys.stdout
    print_line(f"{about(found)}.", out)
    if found.own:
        print_line(f"Note: no folder names the class of {count(found.own, 'picture')}; for them "
                   "the model's own answer without change counts as right.", out)  # fmt: skip
    for table in tables(found):
        print_line(f"{table.caption}:", out)
        rows = [tuple(cell.replace("\n", " (", 1) + ")" * ("\n" in cell) for cell in row)
                for row in table.rows]  # fmt: skip
        print_table(table.head, rows, stream=out)
    print_line(f"{headline(found)}.", out)
    for told in refused:
        print_line(f"objektiv: {told}", sys.stderr)
    print_line(f"Page: {page}; beside it the pictures as PNG and curves.csv.", out)


def write(found: Robustness, *, typed: str) -> Path:
    """Write the page into a new folder below the settings' one; returns the page."""
    name = "".join(c if c.isalnum() else "-" for c in Path(found.subject.name).stem.lower())
    folder = files.new_numbered_folder(found.settings.out, f"{found.settings.method}-{name}")
    try:
        with speaking(found.settings.language):
            return save(found, folder, typed=typed)
    except BaseException:  # also Ctrl-C: no half page stays
        shutil.rmtree(folder, ignore_errors=True)
        raise
