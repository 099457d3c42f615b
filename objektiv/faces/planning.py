"""What `plan` prints: a line a model, with the time, memory and disk that it would take here.

In: checked options. Out: a table on standard output.
Try: `objektiv plan cells`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from objektiv.base.machine import usable_memory
from objektiv.base.progress import Progress
from objektiv.faces.terminal import print_line, print_table, terminal_listener
from objektiv.faces.words import NONE, count, duration
from objektiv.flow.plan import Prospect
from objektiv.flow.plan import plan as plan_step
from objektiv.flow.run import typed
from objektiv.flow.settings import TrainSettings

HEAD = ("model", "what it is", "epochs", "time", "memory", "disk")


def plan(data: Path, settings: TrainSettings) -> None:
    """Measure, then print the table."""
    found = plan_step(data, settings, progress=Progress(terminal_listener(sys.stderr)))
    ready = [p for p in found.prospects if p.seconds is not None]
    print_line(f"{count(found.images, 'image')}; about, while nothing else runs:", sys.stdout)
    print_table(HEAD, [_cells(p) for p in ready], stream=sys.stdout)
    print()
    memory = usable_memory()
    for p in ready:
        if memory and (p.memory or 0) > memory:
            print_line(
                f"{p.model} needs more memory than is here; try a smaller --batch.", sys.stdout
            )
    for p in found.prospects:
        if p.note:
            print_line(f"{p.model}: {p.note}.", sys.stdout)
    print_line(
        "Fewer epochs where nothing gets better; or choose them by --budget 10m.", sys.stdout
    )
    print_line(f"Next: objektiv train {typed(data)} --model {ready[-1].model}", sys.stdout)


def _cells(p: Prospect) -> tuple[str, ...]:
    return (
        p.model,
        p.title,
        NONE if p.epochs is None else str(p.epochs),
        NONE if p.seconds is None else duration(p.seconds),
        _bytes(p.memory),
        _bytes(p.disk),
    )


def _bytes(size: int | None) -> str:
    if size is None:
        return NONE
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
