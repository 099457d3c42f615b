"""What `export` and `verify` do and print: the commands about the file that ships.

In: checked options. Out: text on standard output, an exit code.
Try: `objektiv verify cells.objektiv --engine both`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from objektiv.base.errors import BundleError
from objektiv.faces.terminal import print_line, print_table
from objektiv.flow import use
from objektiv.flow.run import open_run, typed
from objektiv.shipping.verify import Engine
from objektiv.shipping.verify import verify as rows_of


def export(run: Path, to: Path | None) -> None:
    """Write a run's bundle as one file and say what to do with it."""
    opened = open_run(run)
    target = use.export(opened, to or Path(f"{run.resolve().name}.objektiv"))
    print_line(f"Bundle: {target} ({target.stat().st_size / 1e6:.1f} MB)", sys.stdout)
    print_line(f"Next: objektiv predict IMAGES --bundle {typed(target)}", sys.stdout)


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
