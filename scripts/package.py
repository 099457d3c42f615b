"""Build the wheel and the source archive, look at every file in them, and use the wheel.

In: this working copy; `build` and all base dependencies installed for the Python that runs this.
Out: dist/*.whl and dist/*.tar.gz, or the first thing that is wrong and exit code 1. The wheel is
built from the source archive, so that one is whole. Then it is installed into a fresh environment,
which borrows the dependencies of this one, and goes the whole way: demo, verify, predict.
Try: `python -m scripts.package` (about 30 s), or `--no-use` to build and look only.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from scripts import order

DIST = order.REPOSITORY / "dist"
MOST_BYTES = {".whl": 3_000_000, ".gz": 12_000_000}
KINDS = {".py", ".html", ".json", ".css", ".js", ".svg", ".txt"}  # of files that we ship
NEEDED = (
    "objektiv/__init__.py",
    "objektiv/py.typed",
    "objektiv/base/german.json",
    "objektiv/features/imagenet_classes.txt",
    "objektiv/features/lite0_ranges.json",
    "objektiv/faces/templates/report.html",
    "objektiv/faces/templates/report.css",
    "objektiv/studio/templates/frame.html",
    "objektiv/studio/static/studio.css",
    "objektiv/studio/static/studio.js",
)
IN_DIST_INFO = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}
# What the source archive has beside the package: all that its tests look at.
IN_SOURCES = {
    *("objektiv", "tests", "scripts", "docs", "benchmarks", "examples", "changelog.d", ".ci"),
    *("README.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE", "pyproject.toml", "PKG-INFO"),
    *("Dockerfile", ".dockerignore", ".gitignore"),
}
NEVER = re.compile(
    r"(^|/)(__pycache__|\.git|\.venv|\.hypothesis|\.\w+_cache|runs|bank|dist|shared)(/|$)"
    r"|\.(pyc|pyo|onnx|objektiv|sqlite3?|db|pem|key|parquet|safetensors|log)$"
    r"|\.tmp-|(^|/)(\.env|id_rsa|\.netrc|\.pypirc)"
)


def wrong_in_wheel(names: Iterable[str], *, present: Iterable[str]) -> list[str]:
    """What is in a wheel and should not be, or is not and should.

    `present`: files of the package in the working copy, as `objektiv/...`.
    """
    own, expected = set(names), {name for name in present if not NEVER.search(name)}
    info = {name.partition(".dist-info/")[2] for name in own if ".dist-info/" in name}
    package = {name for name in own if ".dist-info/" not in name}
    strange = {n for n in package if PurePosixPath(n).suffix not in KINDS}
    strange -= {"objektiv/py.typed", "objektiv/scratch/cars.csv"}
    return [
        *(f"missing: {name}" for name in sorted((expected | set(NEEDED)) - package)),
        *(f"not in the working copy: {name}" for name in sorted(package - expected)),
        *(f"not of a kind that is shipped: {name}" for name in sorted(strange)),
        *(f"metadata: {name}" for name in sorted(info ^ IN_DIST_INFO)),
    ]


def wrong_in_sources(names: Iterable[str]) -> list[str]:
    """The same for a source archive, whose names begin with one folder of its own."""
    own = {name.partition("/")[2] for name in names}
    top = {name.partition("/")[0] for name in own}
    return [
        *(f"missing: {name}" for name in sorted(set(NEEDED) - own)),
        *(f"missing: {name}" for name in sorted(IN_SOURCES - top)),
        *(f"not for others: {name}" for name in sorted(top - IN_SOURCES)),
        *(f"not for others: {name}" for name in sorted(own) if NEVER.search(name)),
    ]


def build(out: Path) -> tuple[Path, Path]:
    """The wheel and the source archive, newly made in the empty folder `out`."""
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-m", "build", "--outdir", str(out), str(order.REPOSITORY)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"the build failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return next(out.glob("*.whl")), next(out.glob("*.tar.gz"))


def look(wheel: Path, sources: Path) -> list[str]:
    """All that is wrong with the two files."""
    root = order.REPOSITORY
    present = (p.relative_to(root).as_posix() for p in order.PACKAGE.rglob("*") if p.is_file())
    with zipfile.ZipFile(wheel) as opened:
        wrong = [f"{wheel.name}: {w}" for w in wrong_in_wheel(opened.namelist(), present=present)]
    with tarfile.open(sources) as archive:
        members = archive.getmembers()
    wrong += [f"{sources.name}: no plain file: {m.name}" for m in members if not m.isfile()]
    wrong += [f"{sources.name}: {w}" for w in wrong_in_sources(m.name for m in members)]
    for path in (wheel, sources):
        size, most = path.stat().st_size, MOST_BYTES[path.suffix]
        print(f"{path.name}: {size:,} bytes, at most {most:,}")
        wrong += [f"{path.name}: {size:,} bytes"] * (size > most)
    return wrong


def use(wheel: Path, work: Path) -> None:
    """Install the wheel without its dependencies beside those of this Python, and work with it."""
    subprocess.run([sys.executable, "-m", "venv", str(work / "venv")], check=True)
    bin_folder = work / "venv" / ("Scripts" if os.name == "nt" else "bin")
    python = str(bin_folder / "python")
    _run(work, python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", str(wheel))
    tell = "import sysconfig; print(sysconfig.get_path('purelib'))"
    own = Path(_run(work, python, "-c", tell).strip())
    # Behind its own folder, and as a plain path, so that no other objektiv comes first.
    borrowed = dict.fromkeys([sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])
    (own / "borrowed.pth").write_text("\n".join(borrowed) + "\n", encoding="utf-8")
    found = _run(work, python, "-c", "import objektiv; print(objektiv.__file__)").strip()
    if not Path(found).resolve().is_relative_to(own.resolve()):
        raise SystemExit(f"not the wheel was used but {found}")
    program = str(bin_folder / "objektiv")
    demo = ("--patients", "6", "--cells", "12", "--folder", "demo", "--bank", "bank")
    for words in (["--help"], ["doctor"], ["demo", *demo]):
        _run(work, program, *words)
    run = next((work / "demo" / "runs").iterdir())
    picture = next(p for p in sorted((work / "demo").rglob("*.png")) if "runs" not in p.parts)
    _run(work, program, "export", str(run), "--to", "demo.objektiv")
    _run(work, program, "verify", "demo.objektiv")
    print(_run(work, program, "predict", str(picture), "--bundle", "demo.objektiv").strip())


def _run(work: Path, *words: str) -> str:
    """What a program of the new environment prints; it sees nothing of this working copy."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "OBJEKTIV"))}
    done = subprocess.run(
        words, cwd=work, env=kept, capture_output=True, text=True, timeout=300, check=False
    )
    if done.returncode != 0:
        told = f"{done.stdout[-2000:]}{done.stderr[-2000:]}"
        raise SystemExit(f"{' '.join(words)} ended with {done.returncode}:\n{told}")
    return done.stdout


def main(words: list[str]) -> int:
    """Build, look, use; 1 where something is wrong."""
    wheel, sources = build(DIST)
    if wrong := look(wheel, sources):
        print("\n".join(wrong), file=sys.stderr)
        return 1
    if "--no-use" not in words:
        with tempfile.TemporaryDirectory() as work:
            use(wheel, Path(work))
    print(f"the package is sound: {wheel}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
