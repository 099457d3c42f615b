"""Look at objektiv itself: what the bank holds, and what this machine and installation can do.

In: options. Out: tables on standard output.
Try: `objektiv doctor`.
"""

from __future__ import annotations

import sqlite3
import sys
import time
from pathlib import Path

from objektiv.base.extras import EXTRAS, install_command, missing_packages
from objektiv.base.machine import this_machine
from objektiv.base.places import BANK
from objektiv.faces.terminal import print_line, print_table
from objektiv.features.backbones import BACKBONES
from objektiv.features.bank import prune, views
from objektiv.features.engine import resolve_precision
from objektiv.features.weights import KNOWN, read_state


def bank(folder: Path | None, prune_days: float | None) -> None:
    """List the views of a bank, or delete those not used for so many days."""
    place = folder or BANK.folder()
    if prune_days is not None:
        gone = prune(place, unused_days=prune_days)
        freed = sum(view.bytes for view in gone)
        print_line(f"Deleted {len(gone)} views, {freed / 1e6:,.1f} MB, from {place}.", sys.stdout)
        return
    found = views(place)
    rows = [
        (
            view.folder.name,
            str(view.description.get("backbone")),
            f"{view.description.get('size')} {view.description.get('fit')}",
            str(view.description.get("precision")),
            f"{view.images:,}",
            f"{view.bytes / 1e6:,.1f} MB",
            f"{(time.time() - view.used) / 86400:.1f} days ago",
        )
        for view in found
    ]
    print_line(f"Bank: {place}", sys.stdout)
    if not rows:
        print_line("It is empty; `objektiv train` fills it.", sys.stdout)
        return
    head = ("view", "backbone", "pixels", "precision", "images", "size", "used")
    print_table(head, rows, stream=sys.stdout)
    print_line("Next: objektiv bank --prune 30 deletes what 30 days did not need", sys.stdout)


def doctor() -> None:
    """Everything one needs to know for a report of a problem."""
    machine = this_machine()
    print_line(f"Machine: {machine}", sys.stdout)
    print_line(f"Instruction sets: {' '.join(machine.instruction_sets) or 'not told'}", sys.stdout)
    print_line(f"Precision of `--precision auto`: {resolve_precision('auto')}", sys.stdout)
    print_line(f"Bank: {BANK.folder()}", sys.stdout)
    print_line(f"SQLite, for stored predictions: {sqlite3.sqlite_version}", sys.stdout)
    print()
    print_table(("library", "version"), list(machine.libraries.items()), stream=sys.stdout)
    print()
    rows = []
    for name in dict.fromkeys(("lite0", *BACKBONES)):
        backbone = BACKBONES.get(name)
        for known, weights in KNOWN.items():
            if weights is backbone.weights:
                read_state(known)  # fails with what to do where it is missing
        rows.append((name, backbone.title, f"{backbone.parameters:,}", backbone.weights.licence))
    print_table(("backbone", "title", "parameters", "licence"), rows, stream=sys.stdout)
    print()
    extras = []
    for name in EXTRAS:
        missing = missing_packages(name)
        state = f"missing: {install_command(name)}" if missing else "installed"
        extras.append((name, EXTRAS.get(name).gives, state))
    print_table(("extra", "gives", "state"), extras, stream=sys.stdout)
