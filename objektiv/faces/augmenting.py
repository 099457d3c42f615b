"""What `augment` prints and writes.

In: checked options. Out: the recommended ranges on standard output, a folder with the page, the
figures, the evidence and the settings.
Try: `objektiv augment --help`.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from objektiv.base import files
from objektiv.base.progress import Progress
from objektiv.faces.augment_page import EVIDENCE, YAML, about, commands, save, share, summary, told
from objektiv.faces.terminal import print_line, print_table, terminal_listener
from objektiv.faces.words import duration
from objektiv.flow.augment import Augmentation, operators_on
from objektiv.flow.augment import augment as augment_step
from objektiv.flow.run import require_outside, stem_of
from objektiv.flow.settings import AugmentDataSettings


def augment(data: Path, settings: AugmentDataSettings) -> None:
    """Try the operators, print what is recommended, and say where the page is."""
    if settings.labels is None:
        require_outside(data, settings.out, option="out")
    found = augment_step(data, settings, progress=Progress(terminal_listener(sys.stderr)))
    folder = files.new_numbered_folder(settings.out, stem_of(data))
    try:
        page = save(found, folder)
    except BaseException:  # also Ctrl-C: no half page stays
        shutil.rmtree(folder, ignore_errors=True)
        raise
    _print(found, page)


def _print(found: Augmentation, page: Path) -> None:
    out = sys.stdout
    print_line(f"{about(found)}.", out)
    table = summary(found)
    print_table(table.head, table.rows, stream=out)
    name = "The settings asked for" if found.asked else "The recommended settings"
    far, ends = share(found.together.far).split("\n")
    print_line(f"{name}: {told(found.chosen)}. Drawn at random, {far} of the views ({ends}) lie "
               "further out than 95 % of the pictures do; by half a pixel moved, "
               f"{share(found.control.far).partition(chr(10))[0]}.", out)  # fmt: skip
    print_line("This is evidence, not proof: look at the pictures.", out)
    print_line(f"Took {duration(found.seconds)}.", out)
    print_line(f"Page: {page}; beside it {YAML} and {EVIDENCE}.", out)
    if operators_on(found.recommended):
        print_line(f"Next: {commands(found, page.with_name(YAML))[0]}", out)
