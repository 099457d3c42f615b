"""Stock of 27,558 files, and a split with folders of links, beside split-folders copying.

In: the folder of data sets (the malaria cells are copied under other names until there are as many
as in the full set); a virtual environment with split-folders is made, or used again. Out: a table
and JSON with --out. Try: `python -m benchmarks.manifest --data ../shared/data --limit 2000`.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import measure
from benchmarks.environments import python_with
from objektiv.base import files
from objektiv.data import split as splits
from objektiv.data.dataset import read
from objektiv.data.hand_on import By, hand_on
from objektiv.data.manifest import take_stock
from objektiv.data.settings import ReadSettings, SplitSettings

REQUIREMENTS = ("split-folders==0.6.1",)
FILES = 27_558
STOCK_SECONDS, TIMES = 5, 10
PIXELS: int = ReadSettings.model_fields["max_pixels"].default
COURSE = {"train": 16_534, "validation": 5_512, "test": 5_512}
# Its own time, without starting Python; the seed and ratios of the course.
THEIRS = """
import json, sys, time
import splitfolders
start = time.perf_counter()
splitfolders.ratio(sys.argv[1], output=sys.argv[2], seed=1337, ratio=(0.6, 0.2, 0.2))
print(json.dumps(time.perf_counter() - start))
"""


def many_cells(paths: Sequence[Path], folder: Path, count: int) -> Path:
    """`count` files, half of each class, by copying cells under other names as often as needed."""
    for label in sorted({path.parent.name for path in paths}):
        own = [path for path in paths if path.parent.name == label]
        files.make_folder(folder / label)
        for number in range(count // 2):
            again, place = divmod(number, len(own))
            source = own[place]
            shutil.copyfile(source, folder / label / f"{source.stem}_{again}{source.suffix}")
    return folder


def stock(folder: Path) -> float:
    """Seconds to find the files and take stock of them."""
    return measure.seconds_of(
        lambda: take_stock(read(folder, ReadSettings()), max_pixels=PIXELS).items.height
    )


def ours(folder: Path, target: Path, by: By) -> float:
    """Seconds to find the files, split them and fill folders; making room is not counted."""

    def run() -> None:
        dataset = read(folder, ReadSettings())
        hand_on(dataset, splits.split(dataset, SplitSettings()), target, by=by)

    return _emptied(target, lambda: measure.seconds_of(run))


def theirs(python: Path, folder: Path, target: Path) -> float:
    """Seconds that split-folders takes, by its own clock."""

    def run() -> float:
        command: list[str | Path] = [python, "-c", THEIRS, folder, target]
        said = subprocess.check_output(command, text=True, stderr=subprocess.DEVNULL)
        return float(json.loads(said.splitlines()[-1]))

    return _emptied(target, run)


def _emptied(target: Path, run: Callable[[], float]) -> float:
    try:
        return run()
    finally:
        shutil.rmtree(target, ignore_errors=True)


def counts(folder: Path) -> dict[str, int]:
    """Images in each part of the course's split."""
    table = splits.split(read(folder, ReadSettings()), SplitSettings()).table
    return dict(table.group_by("part").len().iter_rows())


def main() -> None:
    """Measure, print, and write where asked."""
    parser = measure.parser(__doc__, rounds=3)
    parser.add_argument("--environment", type=Path, help="environment with split-folders, to keep")
    arguments = parser.parse_args()
    wanted = arguments.limit or FILES
    result = measure.Result(
        "Stock of files, and split into folders",
        f"{wanted:,} files: malaria cells copied under other names, in the system's cache. "
        "`stock`: find the files, hash, bytes and dimensions of each, as one table. `objektiv`: "
        "find, split by class and fill folders. split-folders 0.6.1: `ratio`, which copies; its "
        "time without the start of Python.",
    )
    paths = measure.pictures(arguments.data / "malaria", None)
    with (
        python_with(REQUIREMENTS, arguments.environment) as python,
        tempfile.TemporaryDirectory() as temporary,
    ):
        folder = many_cells(paths, Path(temporary) / "cells", wanted)
        target = Path(temporary) / "parted"
        sides: dict[str, Callable[[], float]] = {
            "stock": lambda: stock(folder),
            "objektiv, hard links": lambda: ours(folder, target, "hardlink"),
            "objektiv, symbolic links": lambda: ours(folder, target, "symlink"),
            "objektiv, copies": lambda: ours(folder, target, "copy"),
            "split-folders, copies": lambda: theirs(python, folder, target),
        }
        found = measure.interleaved(sides, rounds=arguments.rounds)
        course = counts(folder)
    for side, seconds in found.items():
        result.rows.append({"side": side, **measure.spread(seconds, "s")})
    pairs = zip(found["split-folders, copies"], found["objektiv, hard links"], strict=True)
    times = float(statistics.median(copying / linking for copying, linking in pairs))
    result.claims = [
        measure.at_most(
            f"stock of {wanted:,} files", statistics.median(found["stock"]), STOCK_SECONDS, unit="s"
        ),
        measure.at_least(
            "split and folders of hard links against split-folders copying",
            times,
            TIMES,
            unit="times",
        ),
    ]
    if wanted == FILES:
        off = sum(abs(course[part] - number) for part, number in COURSE.items())
        result.claims.append(
            measure.at_most("images by which the parts miss the course's counts", off, 0)
        )
    result.publish(arguments.out)


if __name__ == "__main__":
    main()
