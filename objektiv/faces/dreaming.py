"""What `dream` prints and writes.

In: a model, a class or channel, and checked options. Out: a line on standard output; a folder with
the page, the pictures and the film.
Try: `objektiv dream --help`.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from objektiv.base import files
from objektiv.base.language import speaking
from objektiv.base.progress import Progress
from objektiv.explaining.attack_settings import DreamSettings
from objektiv.explaining.dream import Dream, Wish
from objektiv.explaining.dream import dream as look_for
from objektiv.faces.dream_page import FILM, IDEAL, headline, save, table
from objektiv.faces.terminal import print_line, print_table, terminal_listener
from objektiv.flow.looking import subject_of


def dream(
    bundle: Path | None, wish: Wish, settings: DreamSettings, *, backbone: str | None
) -> None:
    """Look for the ideal picture, say how sure the network is of it, write the page."""
    subject, _, _ = subject_of([bundle] if bundle else [], backbone=backbone)
    found = look_for(subject, wish, settings, progress=Progress(terminal_listener(sys.stderr)))
    page = write(found)
    out = sys.stdout
    print_line(f"{headline(found)}.", out)
    shown = table(found)
    print_table(shown.head, shown.rows, stream=out)
    print_line(f"Page: {page}; beside it {IDEAL} and {FILM}.", out)


def write(found: Dream) -> Path:
    """Write the page into a new folder below the settings' one; returns the page."""
    stem = "".join(c if c.isalnum() else "-" for c in found.title.lower())[:40]
    folder = files.new_numbered_folder(found.settings.out, stem)
    try:
        with speaking(found.settings.language):
            return save(found, folder)
    except BaseException:  # also Ctrl-C: no half page stays
        shutil.rmtree(folder, ignore_errors=True)
        raise
