"""Run every benchmark, one after the other, timings first while the machine is quiet.

In: the folder of data sets. Out: a JSON file for each in benchmarks/results, and what holds.
Try: `python -m benchmarks.all --data ../shared/data --environment ~/keras-environment`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from benchmarks import measure
from objektiv.base import files

RESULTS = measure.REPOSITORY / "benchmarks" / "results"
TIMINGS = (
    *("startup", "manifest", "extraction", "chain", "keras", "augment", "int8", "video"),
    *("tune", "zoo", "training", "recipes", "networks", "finetune", "judging", "scratch"),
    "serving",
)
OTHERS = (
    "check",
    "copies",
    "explore",
    "accuracy",
    "abstaining",
    "parity",
    "smear",
    "interval_coverage",
    "significance",
    "heat",
    "attack",
    "dream",
)
WITH_KERAS = ("chain", "keras", "augment", "recipes")
OWN_DATA = (
    "smear",
    "interval_coverage",
    "significance",
    "zoo",
    "training",
    "heat",
    "dream",
)  # they draw it


def command(name: str, arguments: argparse.Namespace) -> list[str]:
    """How one benchmark is started."""
    words = [sys.executable, "-m", f"benchmarks.{name}", "--out", str(_result(name, arguments))]
    if name in OWN_DATA:
        return words
    words += ["--data", str(arguments.data.resolve())]
    for option in ("limit", "rounds"):
        if getattr(arguments, option) is not None:
            words += [f"--{option}", str(getattr(arguments, option))]
    if name in WITH_KERAS and arguments.environment:
        words += ["--environment", str(arguments.environment.resolve())]
    return words


def _result(name: str, arguments: argparse.Namespace) -> Path:
    folder: Path = arguments.results.resolve()
    return folder / f"{name}.json"


def main() -> int:
    """Run, then list every claim; 1 where a program failed (not where a claim does not hold)."""
    names = (*TIMINGS, *OTHERS)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for the JSON files")
    parser.add_argument("--environment", type=Path, help="environment with TensorFlow, to keep")
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="not all")
    parser.add_argument("--limit", type=int, help="images of a data set, to try it")
    parser.add_argument("--rounds", type=int, help="times each side is measured")
    arguments = parser.parse_args()
    failed, claims = [], []
    for name in arguments.only:
        print(f"\n=== {name}", flush=True)
        done = subprocess.run(command(name, arguments), cwd=measure.REPOSITORY, check=False)
        if done.returncode:
            failed.append(name)
            continue
        path = _result(name, arguments)
        found = files.parse_json(path.read_bytes(), name=str(path))
        claims += [{"benchmark": name, **claim} for claim in found["claims"]]
    measure.print_table(claims)
    print(f"\nfailed: {', '.join(failed) or 'none'}; next: python -m scripts.docs")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
