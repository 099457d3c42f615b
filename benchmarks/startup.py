"""How soon the program answers, how large its install is, and what memory extraction takes.

Objektiv is installed without extras into an environment of its own, as a user does; its program is
timed there. In: the folder of data sets. Out: a table, and JSON with --out.
Try: `python -m benchmarks.startup --data ../shared/data --limit 400 --rounds 2`.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks import measure
from benchmarks.environments import install, program, python_with

HELP_SECONDS, PREDICT_SECONDS, INSTALL_MB, GROWTH_MB = 0.5, 2.0, 900, 50
LEARNT_FROM = 60  # cells of the small model that predicts
MEGABYTE = 1e6
WITHOUT = ("torch", "tensorflow", "keras", "jax")


def size_of_packages(python: Path) -> tuple[float, list[str]]:
    """Megabytes of site-packages without bytecode, and which of WITHOUT are installed."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    folder = Path(subprocess.check_output([python, "-c", code], text=True).strip())
    kept = [
        path
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc" and "__pycache__" not in path.parts
    ]
    found = [name for name in WITHOUT if (folder / name).exists()]
    return sum(path.stat().st_size for path in kept) / MEGABYTE, found


def bundle_of(objektiv: Path, paths: Sequence[Path], work: Path) -> Path:
    """A bundle that the installed program trained on a few cells."""
    folder = measure.class_folders(measure.even_sample(paths, LEARNT_FROM), work / "cells")
    options: list[str | Path] = ["--bank", work / "bank", "--out", work / "runs"]
    measure.seconds_of_process([objektiv, "train", folder, *options])
    (run,) = (work / "runs").iterdir()
    target = work / "cells.objektiv"
    measure.seconds_of_process([objektiv, "export", run, "--to", target])
    return target


def peaks(folder: Path, count: int) -> dict[str, float]:
    """Megabytes that a new process held at most; see benchmarks.peak_memory."""
    command = [sys.executable, "-m", "benchmarks.peak_memory", str(folder.resolve()), str(count)]
    said = subprocess.check_output(command, cwd=measure.REPOSITORY, text=True)
    return {name: found / MEGABYTE for name, found in json.loads(said).items()}


def add_install_and_start(
    result: measure.Result, paths: Sequence[Path], python: Path, *, rounds: int
) -> None:
    """Rows and claims of the installed program."""
    objektiv = program(python.parents[1], "objektiv")
    with tempfile.TemporaryDirectory() as temporary:
        bundle = bundle_of(objektiv, paths, Path(temporary))
        commands: dict[str, list[str | Path]] = {
            "objektiv --help": [objektiv, "--help"],
            "objektiv predict, one image": [objektiv, "predict", paths[0], "--bundle", bundle],
        }
        sides = {name: partial(measure.seconds_of_process, c) for name, c in commands.items()}
        found = measure.interleaved(sides, rounds=rounds)
    size, unwanted = size_of_packages(python)
    for name, limit in zip(found, (HELP_SECONDS, PREDICT_SECONDS), strict=True):
        spread = measure.spread(found[name], "value")
        result.rows.append({"what": name, "unit": "s", **spread})
        middle = statistics.median(found[name])
        result.claims.append(measure.at_most(name, middle, limit, unit="s"))
    result.rows.append({"what": "base install", "unit": "MB", "value": size})
    result.claims += [
        measure.at_most("base install without bytecode", size, INSTALL_MB, unit="MB"),
        measure.at_most(f"of {', '.join(WITHOUT)} in it", len(unwanted), 0),
    ]


def add_memory(result: measure.Result, folder: Path, most: int, *, rounds: int) -> None:
    """Rows and the claim about extraction on a quarter of the images and on all."""
    counts = (most // 4, most)
    found: dict[str, list[float]] = {}
    for _ in range(rounds):
        for count in counts:
            for name, megabytes in peaks(folder, count).items():
                found.setdefault(f"{name}, {count:,} images", []).append(megabytes)
    for name, several in found.items():
        row = {"what": f"peak memory, {name}", "unit": "MB"}
        result.rows.append({**row, **measure.spread(several, "value")})
    small, large = (statistics.median(found[f"looked, {count:,} images"]) for count in counts)
    what = f"growth of peak memory of extraction from {counts[0]:,} to {counts[1]:,} images"
    result.claims.append(measure.at_most(what, large - small, GROWTH_MB, unit="MB"))


def main() -> None:
    """Measure, print, and write where asked."""
    parser = measure.parser(__doc__, rounds=5)
    parser.add_argument(
        "--environment", type=Path, help="environment to install objektiv in, to keep"
    )
    arguments = parser.parse_args()
    folder = arguments.data / "malaria"
    paths = measure.pictures(folder, arguments.limit)
    result = measure.Result(
        "Start, size and memory",
        "Each time is that of a new process of a program installed without extras; `predict` "
        "loads a bundle and verifies its golden images. Peak memory: `looked` when all images "
        "were through the network and in an empty bank, `gathered` when their features also "
        "stood in memory for the head, `started` before the first image.",
    )
    here = str(measure.REPOSITORY)
    with python_with([here], arguments.environment) as python:
        install(python, ["--force-reinstall", "--no-deps", here])  # a kept one may hold an old one
        add_install_and_start(result, paths, python, rounds=arguments.rounds)
    add_memory(result, folder, len(paths), rounds=min(arguments.rounds, 3))
    result.publish(arguments.out)


if __name__ == "__main__":
    main()
