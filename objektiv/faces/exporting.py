"""What `export` and `verify` do and print: the commands about the file that ships.

In: checked options. Out: text on standard output, an exit code.
Try: `objektiv verify cells.objektiv --engine both`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from objektiv.base.errors import BundleError
from objektiv.base.progress import Progress
from objektiv.faces.terminal import print_line, print_table, terminal_listener
from objektiv.faces.words import count, percent
from objektiv.flow.export import Form
from objektiv.flow.export import export as export_step
from objektiv.flow.run import open_run, typed
from objektiv.flow.settings import ExportSettings
from objektiv.flow.shorter import Change
from objektiv.judging.conformal import SetScores
from objektiv.judging.intervals import NotDefined
from objektiv.judging.unsure import Refused
from objektiv.shipping.facts import SUFFIX
from objektiv.shipping.verify import Engine
from objektiv.shipping.verify import verify as rows_of


def export(run: Path, to: Path | None, settings: ExportSettings, *, form: Form) -> None:
    """Write a run's bundle, and say what other numbers changed and what to do with it."""
    opened = open_run(run)
    short = "" if settings.precision == "tested" else f"-{settings.precision}"
    name = f"{run.resolve().name}{short}"
    target = to or Path(f"{name}{SUFFIX}" if form == "file" else f"{name}-bundle")
    listener = Progress(terminal_listener(sys.stderr))
    done = export_step(opened, target, settings, form=form, progress=listener)
    size = f"{done.bytes / 1e6:.1f} MB"
    if done.bytes != done.bytes_before:
        size += f", {done.bytes_before / 1e6:.1f} MB as tested"
    if done.change:
        for line in _changed(done.change, settings):
            print_line(line, sys.stdout)
    print_line(f"Bundle: {done.path} ({done.weights}, {size})", sys.stdout)
    print_line(f"Next: objektiv predict IMAGES --bundle {typed(done.path)}", sys.stdout)


def _changed(change: Change, settings: ExportSettings) -> Iterator[str]:
    before, after, test = change.before, change.after, change.test
    yield (
        f"Of {after.scores.items:,} test pictures {percent(after.scores.accuracy.estimate)} are "
        f"right, as tested {percent(before.scores.accuracy.estimate)}: "
        f"{100 * test.estimate:+.1f} points (95 % interval {100 * test.low:+.1f} to "
        f"{100 * test.high:+.1f}, paired), {count(change.others, 'other answer')}."
    )
    yield (
        f"On {count(change.decided, 'held-out picture')}: {-change.loss:+.1f} points; a loss of "
        f"{settings.max_loss:g} is allowed."
    )
    strangers = [judged.unsure.strangers for judged in (before, after)]
    sets = [judged.unsure.sets for judged in (before, after)]
    for told, found in (("Refused as strange", strangers), ("True class in its set", sets)):
        shares = [_share(one) for one in found]
        if None not in shares:
            now, was = shares[1], shares[0]
            yield f"{told}: {now} of test pictures, as tested {was}; limits chosen anew."


def _share(found: Refused | SetScores | NotDefined) -> str | None:
    if isinstance(found, NotDefined):
        return None
    return percent((found.test if isinstance(found, Refused) else found.covered).estimate)


def verify(bundle: Path, engine: Engine) -> int:
    """Print every check of a bundle; the exit code is 4 where one has not passed."""
    rows = rows_of(bundle, engine=engine)
    told = [(row.check, row.found, row.allowed, "yes" if row.passed else "NO") for row in rows]
    print_table(("check", "found", "allowed", "passed"), told, stream=sys.stdout)
    failed = sum(not row.passed for row in rows)
    if not failed:
        print_line(f"All {len(rows)} checks passed.", sys.stdout)
        return 0
    print_line(
        f"{failed} of {len(rows)} checks did not pass: this machine does not compute what was "
        "tested. Run `objektiv doctor`; if the machine is sound, export the run again.",
        sys.stdout,
    )
    return BundleError.exit_code
