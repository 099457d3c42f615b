"""What `explain` prints and writes.

In: a bundle or a run, pictures and checked options. Out: a line a picture on standard output; the
maps as PNG, the numbers as JSON and one page in a new numbered folder; an exit code.
Try: `objektiv explain --help`.
"""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from objektiv.base import files
from objektiv.base.errors import DataError
from objektiv.base.language import Told, speaking, tr
from objektiv.base.progress import Progress
from objektiv.explaining.overlay import overlay, png
from objektiv.faces.explain_page import as_json, page, short
from objektiv.faces.terminal import print_line, print_table, terminal_listener
from objektiv.faces.words import count
from objektiv.flow.explain import Explained, kin_of
from objektiv.flow.explain import explain as explain_step
from objektiv.flow.run import METRICS, open_run, stem_of
from objektiv.flow.settings import ExplainSettings
from objektiv.flow.use import pictures_in
from objektiv.shipping.bundle import load

PAGE, NUMBERS = "explain.html", "explain.json"
ON_THE_PAGE = 60  # pictures; more would make a page that no browser likes


def explain(model: Path, images: Sequence[Path], settings: ExplainSettings) -> int:
    """Explain pictures, write everything down and say where; 3 if no picture could be read."""
    paths = pictures_in(images)
    progress = Progress(terminal_listener(sys.stderr))
    kin, notes = None, list[Told]()
    if (model / METRICS).is_file():
        run = open_run(model)
        bundle = load(run.bundle)
        found = kin_of(run, settings, progress=progress) if settings.neighbours else None
        kin, notes = (None, [found]) if isinstance(found, Told) else (found, [])
    else:
        bundle = load(model)
    explained = explain_step(bundle, paths, settings, kin=kin)
    first = next(explained)  # a wrong name is told before a folder is made
    folder = files.new_numbered_folder(settings.out, stem_of(model))
    try:
        told = _Told(bundle.classes)
        for number, one in enumerate(chain([first], explained), 1):
            told.add(one)
            if one.heat is not None and one.picture is not None:
                name = f"{number:03d}-{stem_of(one.path)}.png"
                files.write_bytes(folder / name, png(overlay(one.picture, one.heat.map)))
        if not told.rows:
            shutil.rmtree(folder, ignore_errors=True)
            return DataError.exit_code
        files.write_json(folder / NUMBERS, told.numbers)
        with speaking(settings.language):
            said = [tr(note) for note in notes]
            text = page(told.shown, classes=bundle.classes, title=folder.name, notes=said, kin=kin)
        files.write_text(folder / PAGE, text)  # last, so that it means finished
    except BaseException:  # also Ctrl-C: no half page stays
        shutil.rmtree(folder, ignore_errors=True)
        raise
    _print(told, folder, notes)
    return 0


@dataclass
class _Told:
    """What is kept of each picture: of the first also its pixels."""

    classes: Sequence[str]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    numbers: list[dict[str, Any]] = field(default_factory=list)
    shown: list[Explained] = field(default_factory=list)
    doubts: Counter[str] = field(default_factory=Counter)

    def add(self, one: Explained) -> None:
        self.numbers.append(as_json(one, self.classes))
        if one.heat is None:
            print_line(f"objektiv: {one.error}", sys.stderr)
            return
        sure = f"{one.heat.probability:.3f}"
        name = self.classes[one.heat.label]
        self.rows.append((str(one.path), name, sure, one.heat.kind, *short(one)))
        self.doubts.update(one.heat.sanity.doubts)
        if len(self.shown) < ON_THE_PAGE:
            self.shown.append(one)


def _print(told: _Told, folder: Path, notes: Sequence[str]) -> None:
    head = ("image", "class", "probability", "heat", "outside the object", "alike", "largest parts")
    print_table(head, told.rows, stream=sys.stdout)
    for note in notes:
        print_line(f"Note: {note}", sys.stdout)
    for doubt, number in sorted(told.doubts.items()):
        print_line(f"Note: of {count(number, 'map')} {doubt}.", sys.stdout)
    if len(told.rows) > ON_THE_PAGE:
        print_line(f"The page shows the first {count(ON_THE_PAGE, 'picture')}.", sys.stdout)
    print_line(f"Page: {folder / PAGE}; maps as PNG and {NUMBERS} beside it.", sys.stdout)
