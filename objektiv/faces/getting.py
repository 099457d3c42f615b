"""What `get` does and prints: origin, licence, citation, size, images a class, the next command.

In: checked options. Out: text on standard output, progress on standard error, a new folder.
Try: `objektiv get --help`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from objektiv.base.progress import Progress
from objektiv.faces.terminal import print_line, print_table, terminal_listener
from objektiv.faces.words import count
from objektiv.flow.get import Got, Source
from objektiv.flow.get import get as get_step
from objektiv.flow.run import typed
from objektiv.intake.catalog import CATALOG, Entry
from objektiv.intake.settings import GetSettings

SHOWN = 40  # classes in the table; more would fill screens


def get(what: str, settings: GetSettings, source: Path | None) -> None:
    """Get the dataset, say whose it is before a long download, and what came."""
    out = sys.stdout
    if what in CATALOG:
        _print_entry(CATALOG.get(what), download=source is None)
    got = get_step(what, settings, source=source, progress=Progress(terminal_listener(sys.stderr)))
    for used in got.sources:
        print_line(source_line(used), out)
    for note in got.notes:
        print_line(f"Note: {note}.", out)
    _print_counts(got)
    print_line(f"Next: {next_command(got)}", out)


def _print_entry(entry: Entry, *, download: bool) -> None:
    lines = [entry.title, f"Origin: {entry.origin}", f"Licence: {entry.licence}"]
    lines.append(f"Cite: {entry.citation}")
    if download:
        lines.append(f"Download: {count(len(entry.files), 'file')}, {megabytes(entry.size)}")
    for line in lines:
        print_line(f"{line}.", sys.stdout)


def _print_counts(got: Got) -> None:
    out, counts = sys.stdout, got.counts
    classes = count(len(counts), "class", plural="classes")
    images = count(sum(counts.values()), "image")
    print_line(f"{got.folder}: {images} in {classes}.", out)
    if counts:
        rows = [(label, f"{number:,}") for label, number in [*counts.items()][:SHOWN]]
        print_table(("class", "images"), rows, stream=out)
    if len(counts) > SHOWN:
        print_line(f"and {len(counts) - SHOWN:,} more classes", out)


def source_line(source: Source) -> str:
    """`cell_images.zip: 353.5 MB, SHA-256 0a94... (as published)`."""
    parts = [] if source.bytes is None else [megabytes(source.bytes)]
    if source.sha256:
        parts.append(f"SHA-256 {source.sha256}")
    told = f"{', '.join(parts)} ({source.checked})" if parts else source.checked
    return f"{source.name}: {told}."


def megabytes(size: int) -> str:
    """`353.5 MB`, `5.1 kB`."""
    return f"{size / 1e6:,.1f} MB" if size >= 100_000 else f"{size / 1e3:,.1f} kB"


def next_command(got: Got) -> str:
    """What to type next."""
    group = f' --group "{got.entry.group}"' if got.entry and got.entry.group else ""
    return f"objektiv explore {typed(got.folder)}{group}"
