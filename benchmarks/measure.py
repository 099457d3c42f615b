"""What every benchmark needs: sides measured in turn, claims, one table, one JSON file.

In: sides as functions that return a figure, rows and claims. Out: text on the terminal and the
JSON that `scripts/benchmark_page.py` reads. Try: `interleaved({"a": f, "b": g}, rounds=3)`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from objektiv.base import files
from objektiv.base.machine import this_machine

REPOSITORY = Path(__file__).absolute().parents[1]
# The command line of this checkout, started in REPOSITORY, whatever is installed.
OBJEKTIV = (sys.executable, "-c", "from objektiv.cli.main import main; main()")
BUSY = 0.2  # cores that others keep busy, above which times are worth little

STAT = Path("/proc/stat")

Row = dict[str, Any]
Item = TypeVar("Item")


@dataclass(frozen=True)
class Claim:
    """A promise with its figure; a promise that does not hold is written down all the same."""

    what: str
    value: float
    target: str
    holds: bool


def at_least(what: str, value: float, limit: float, *, unit: str = "") -> Claim:
    """`value` should be `limit` or more."""
    return Claim(what, value, f"at least {limit:g} {unit}".strip(), bool(value >= limit))


def at_most(what: str, value: float, limit: float, *, unit: str = "") -> Claim:
    """`value` should be `limit` or less."""
    return Claim(what, value, f"at most {limit:g} {unit}".strip(), bool(value <= limit))


@dataclass
class Result:
    """One benchmark's figures; `load` is how many cores others kept busy before it began."""

    name: str
    about: str
    rows: list[Row] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    load: float = field(default_factory=lambda: _load())
    began: float = field(default_factory=time.monotonic)

    def as_dict(self) -> dict[str, Any]:
        """What the JSON file holds."""
        return {
            "name": self.name,
            "about": self.about,
            "machine": this_machine().as_dict(),
            "load_before": round(self.load, 2),
            "seconds": round(time.monotonic() - self.began),
            "rows": self.rows,
            "claims": [asdict(claim) for claim in self.claims],
        }

    def publish(self, out: Path | None) -> None:
        """Print everything, and write it where asked."""
        found = self.as_dict()
        print(f"\n{self.name}\n{this_machine()}")
        if self.load > BUSY:
            print(f"NOT QUIET: others kept {self.load:.1f} cores busy; times are worth little")
        print_table(self.rows)
        print_table(found["claims"])
        print(f"{found['seconds']} s")
        if out:
            files.make_folder(out.parent)
            files.write_json(out, found)


def _load() -> float:
    """Cores that were busy during one second; 0 where the system does not tell.

    Not the load average, which remembers minutes and counts what only waits.
    """
    if not STAT.exists():
        return 0.0
    before = _ticks()
    time.sleep(1)
    spent = [after - earlier for after, earlier in zip(_ticks(), before, strict=True)]
    idle = spent[3] + spent[4]  # idle, and waiting for a disk
    return (os.cpu_count() or 1) * (1 - idle / max(sum(spent), 1))


def _ticks() -> list[int]:
    """user, nice, system, idle, iowait, irq, softirq and steal of all cores together."""
    return [int(word) for word in STAT.read_text(encoding="ascii").split("\n")[0].split()[1:9]]


def print_table(rows: Sequence[Row]) -> None:
    """Columns as wide as their longest cell."""
    if not rows:
        return
    heads = list(dict.fromkeys(key for row in rows for key in row))
    cells = [heads, *([_shown(row.get(head)) for head in heads] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    print()
    for line in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)))


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "NO"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return "" if value is None else str(value)


def interleaved(sides: Mapping[str, Callable[[], float]], *, rounds: int) -> dict[str, list[float]]:
    """Every side once a round, in order (A B A B ...), so that a slow spell hits all of them.

    Returns what each side returned, (rounds,) each.
    """
    found: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(1, rounds + 1):
        for name, side in sides.items():
            found[name].append(side())
            print(f"round {number} of {rounds}, {name}: {found[name][-1]:.4g}", flush=True)
    return found


def spread(values: Sequence[float], unit: str) -> Row:
    """Median, lowest and highest as cells of a row."""
    return {
        unit: float(statistics.median(values)),
        "lowest": float(min(values)),
        "highest": float(max(values)),
        "rounds": len(values),
    }


def seconds_of(function: Callable[[], object]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def seconds_of_process(command: Sequence[str | Path]) -> float:
    """Wall seconds from start to end of a process in REPOSITORY that must succeed.

    Raises:
        RuntimeError: it ended with an error; its words are in the message.
    """
    start = time.perf_counter()
    done = subprocess.run(
        list(map(str, command)), cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return seconds


def pictures(folder: Path, limit: int | None) -> list[Path]:
    """The images of `folder`/CLASS, all or an even sample of about `limit`, in order of name."""
    found = sorted(p for p in folder.resolve().glob("*/*") if p.is_file() and p.name[0] != ".")
    if not found:
        raise SystemExit(f"no pictures in {folder}: --data must name the folder of the data sets")
    return even_sample(found, limit)


def even_sample(items: Sequence[Item], limit: int | None) -> list[Item]:
    """All, or `limit` of them at even distances."""
    if limit is None or limit >= len(items):
        return list(items)
    return [items[number * len(items) // limit] for number in range(limit)]


def class_folders(paths: Sequence[Path], target: Path) -> Path:
    """A folder of class folders that holds the files `paths` (as hard links where possible)."""
    for path in paths:
        files.make_folder(target / path.parent.name)
        _link(path, target / path.parent.name / path.name)
    return target


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk
        target.write_bytes(source.read_bytes())


def cycle(items: Sequence[Item], count: int) -> Iterator[Item]:
    """`count` things out of `items`, from the beginning again when they are used up."""
    return (items[number % len(items)] for number in range(count))


def parser(text: str | None, *, rounds: int) -> argparse.ArgumentParser:
    """The options that all benchmarks share."""
    made = argparse.ArgumentParser(
        description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    made.add_argument("--out", type=Path, help="JSON file to write")
    made.add_argument("--rounds", type=int, default=rounds, help="times each side is measured")
    made.add_argument("--limit", type=int, help="images of a data set, to try it; all by default")
    return made
