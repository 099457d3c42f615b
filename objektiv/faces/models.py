"""What `objektiv models` does and prints: pretrained networks listed, added and removed.

In: checked options. Out: tables and what to do next, on standard output.
Try: `objektiv models`.
"""

from __future__ import annotations

import sys

from objektiv.base.places import MODELS
from objektiv.base.progress import Progress
from objektiv.faces.terminal import print_line, print_table, terminal_listener
from objektiv.features import store
from objektiv.features.entry import Entry
from objektiv.flow.models import Row, listed, measured
from objektiv.models.recipes import RECIPES
from objektiv.zoo.add import add as add_network
from objektiv.zoo.settings import IMAGENET, AddSettings

NOT_KNOWN = "-"
SHOWN = 5  # classes told of a new network


def list_all(*, measure: bool) -> None:
    """Print every pretrained network, and what can be trained by name."""
    out, rows = sys.stdout, listed()
    head = ["backbone", "MB", "parameters", "pixels", "depth", "top-1", "top-5", "licence", "state"]
    speeds: dict[str, float | str] = {}
    if measure:
        speeds = measured(rows, progress=Progress(terminal_listener(sys.stderr)))
        head.insert(8, "images/s")
    print_table(head, [_cells(row, speeds, measure=measure) for row in rows], stream=out)
    for row in rows:
        if row.problem or isinstance(speeds.get(row.name), str):
            print_line(f"Note: {row.problem or speeds[row.name]}", out)
    print_line("Top-1 and top-5: on ImageNet, as published. Depth: layers, as Keras counts.", out)
    print_line(f"Store: {MODELS.folder()}", out)
    print()
    recipes = [RECIPES.get(name) for name in RECIPES]
    cells = [(recipe.name, recipe.title, recipe.family, recipe.origin) for recipe in recipes]
    print_table(("model", "title", "family", "origin"), cells, stream=out)
    waiting = next((row for row in rows if row.command and row.name == "MobileNetV2"), None)
    print_line("Next: objektiv train DATA --model NAME --backbone NAME", out)
    if waiting:
        print_line(f"To make a network ready: {waiting.command}; timm's as timm:NAME", out)


def _cells(row: Row, speeds: dict[str, float | str], *, measure: bool) -> list[str]:
    state = "ready" if row.ready else "damaged" if row.problem else row.command.split("`")[1]
    cells = [
        row.name,
        f"{row.megabytes:,.1f}",
        f"{row.parameters:,}",
        str(row.size or NOT_KNOWN),
        str(row.depth or NOT_KNOWN),
        f"{row.top1:.3f}" if row.top1 else NOT_KNOWN,
        f"{row.top5:.3f}" if row.top5 else NOT_KNOWN,
        row.licence or NOT_KNOWN,
        "ready, random weights" if row.random else state,
    ]
    if measure:
        speed = speeds.get(row.name)
        cells.insert(8, f"{speed:,.1f}" if isinstance(speed, float) else NOT_KNOWN)
    return cells


def add(name: str, settings: AddSettings) -> None:
    """Make a network ready, and say what is known of it."""
    out = sys.stdout
    print_line(f"Making {name}; large networks take a minute or two.", sys.stderr)
    entry = add_network(name, settings)
    print_line(f"{entry.title}: {entry.parameters:,} parameters, {entry.bytes / 1e6:,.1f} MB.", out)
    print_line(f"Weights: {entry.origin}; licence: {entry.licence}; SHA-256 {entry.sha256}.", out)
    print_line(f"Input: {_input(entry)}.", out)
    blocks = ", ".join(f"{p.name} {p.channels}" for p in entry.found.stages)
    print_line(
        f"Features from: {blocks}, {entry.found.final.name} {entry.found.final.channels}.", out
    )
    print_line(f"Classes: {_classes(entry)}.", out)
    if entry.random:
        print_line("Note: random weights have learnt nothing; they serve to try things.", out)
    print_line(f"Next: objektiv predict IMAGES --backbone {name}", out)


def _input(entry: Entry) -> str:
    sides = f"from {entry.found.smallest} pixels on" if entry.found.any_size else "no other size"
    mean, std = (", ".join(f"{n:.6g}" for n in numbers) for numbers in (entry.mean, entry.std))
    return (
        f"squares of {entry.size} pixels ({sides}), {entry.colours}, "
        f"(pixels * {entry.scale:.6g} - ({mean})) / ({std})"
    )


def _classes(entry: Entry) -> str:
    if entry.classes == IMAGENET:
        return "the 1,000 of ImageNet"
    first, more = ", ".join(entry.classes[:SHOWN]), len(entry.classes) - SHOWN
    return f"{first}" + f" and {more:,} more" * (more > 0)


def remove(name: str) -> None:
    """Delete a network from the store; says what that freed."""
    freed = store.remove(name)
    print_line(f"Removed {name}: {freed / 1e6:,.1f} MB.", sys.stdout)
