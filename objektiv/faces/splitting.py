"""What `split` prints: how many images and groups are where, and what a random split would claim.

In: checked options. Out: text on standard output, progress on standard error.
Try: `objektiv split --help`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from objektiv.auditing.honest import Honest
from objektiv.base.progress import Progress
from objektiv.data.folders import PARTS
from objektiv.data.grouping import Suggestion
from objektiv.data.hand_on import HandedOn
from objektiv.data.settings import ReadSettings
from objektiv.faces.terminal import print_line, print_table, terminal_listener
from objektiv.faces.words import count, percent, percent_range, points, points_range
from objektiv.flow.run import typed
from objektiv.flow.settings import DivideSettings
from objektiv.flow.split import Divided, divide


def split(data: Path, settings: DivideSettings, *, honest: bool, near_copies: bool) -> None:
    """Split, print the counts, and say what comes next."""
    progress = Progress(terminal_listener(sys.stderr))
    divided = divide(data, settings, honest=honest, near_copies=near_copies, progress=progress)
    _print_counts(divided)
    for note in notes(divided):
        print_line(note, sys.stdout)
    if divided.suggestion:
        print_line(suggestion_line(divided.suggestion), sys.stdout)
    if divided.honest:
        print_line(honest_line(divided.honest), sys.stdout)
    elif honest:
        print_line(
            "No group or copy belongs together here: a random split is the honest one.", sys.stdout
        )
    print_line(f"Split: {settings.out}", sys.stdout)
    if divided.handed_on:
        print_line(handed_line(divided.handed_on, settings.by), sys.stdout)
    if divided.arrays:
        shapes = (f"{name} {' x '.join(map(str, shape))}" for name, shape in divided.arrays.items())
        print_line(f"Arrays: {settings.arrays} ({', '.join(shapes)})", sys.stdout)
    print_line(f"Next: {next_command(data, settings)}", sys.stdout)


def _print_counts(divided: Divided) -> None:
    table = divided.dataset.items.select("id", "label", "group").join(
        divided.split.table, on="id", maintain_order="left"
    )
    rows = []
    classes = [(label, table.filter(table["label"] == label)) for label in divided.dataset.classes]
    for name, items in (*classes, ("all", table)):
        numbers = [int((items["part"] == part).sum()) for part in PARTS]
        rows.append((name, *(f"{number:,}" for number in (*numbers, len(items)))))
    if table["group"].is_not_null().any():
        grouped = table.drop_nulls("group")
        numbers = [grouped.filter(grouped["part"] == part)["group"].n_unique() for part in PARTS]
        rows.append(("groups", *(f"{number:,}" for number in (*numbers, sum(numbers)))))
    print_table(("class", *PARTS, "all"), rows, stream=sys.stdout)
    folds = int(table["fold"].n_unique()) - 1  # null is the fold of test
    times = divided.settings.repeats
    again = f", drawn {times} times" if times > 1 else ""
    print_line(f"{folds} folds inside train and validation{again}.", sys.stdout)


def notes(divided: Divided) -> list[str]:
    """What a person must know of the data and the split, a sentence each."""
    told = [f"Note: {note}" for note in (*divided.dataset.notes, *divided.split.notes)]
    copies = len(divided.dataset.items) - divided.dataset.items["hash"].n_unique()
    if copies:
        told.append(
            f"Note: {count(copies, 'exact copy', plural='exact copies')} of other files; each "
            "stays with its original."
        )
    if divided.near_copies is None:
        told.append(
            "Note: near copies were not looked for; --near-copies does, and keeps them whole."
        )
    elif divided.near_copies:
        near = count(divided.near_copies, "image")
        told.append(f"Note: {near} have copies, near or exact; each set stays in one part.")
    if aside := len(divided.dataset.quarantine):
        reasons = divided.dataset.quarantine["reason"].value_counts(sort=True).iter_rows()
        shown = ", ".join(f"{number:,} {reason}" for reason, number in reasons)
        told.append(f"Set aside: {count(aside, 'file')} ({shown}).")
    return told


def suggestion_line(found: Suggestion) -> str:
    """What the names show, and the option that would obey it."""
    across = f", {found.spanning:,} with images of several classes" if found.spanning else ""
    return (
        f"The file names show {found.groups:,} groups ({', '.join(found.examples)}, ...) of "
        f"{found.smallest:,} to {found.largest:,} images{across}. If images of one group are alike "
        f"(a patient, a slide, a film), split anew with --group '{found.pattern}'."
    )


def honest_line(found: Honest) -> str:
    """Both claims with their intervals, and the difference."""
    far = found.difference
    verdict = "would flatter" if far.low > 0 else "may not flatter here"
    return (
        f"A random split {verdict}: it claims {percent(found.random.estimate)} right "
        f"({percent_range(found.random)}), the honest one {percent(found.honest.estimate)} "
        f"({percent_range(found.honest)}), a difference of {points(far.estimate)} points "
        f"({points_range(far)}). Measured on all {found.items:,} images in {found.folds} folds; "
        f"{found.clusters:,} groups and sets of copies stay whole."
    )


def handed_line(made: HandedOn, by: str) -> str:
    """Where the folders are, and what could not be linked."""
    line = f"Folders: {made.folder} ({count(made.files, 'file')} by {by})"
    if made.copied:
        line += f"; {made.copied:,} could not be linked ({made.why}) and were copied"
    return line


def next_command(data: Path, settings: DivideSettings) -> str:
    """How to train on this split, with the options that read the data the same way."""
    words = [f"objektiv train {typed(data)}"]
    for name in ReadSettings.model_fields:
        value = getattr(settings, name)
        if value != ReadSettings.model_fields[name].default:
            shown = typed(value) if isinstance(value, Path) else value
            quoted = f"'{shown}'" if name == "group" else shown
            words.append(f"--{name.replace('_', '-')} {quoted}")
    return " ".join([*words, f"--split {typed(settings.out)}"])
