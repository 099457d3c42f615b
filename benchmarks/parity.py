"""One bundle, every way to use it: the same answers? And what 16 and 8 bits change and weigh.

A probe is trained on malaria by patient and exported in fp32, fp16 and int8. 500 of its pictures
are written as JPEG, PNG, WEBP, TIFF and BMP, a hundred each. Python is the reference; beside it
answer the command line (`predict --json`), the server over loopback, ONNX Runtime on the same
pixels, and the example that has only ONNX Runtime, NumPy and Pillow, which decodes by itself.
Differences are those of probabilities. What shorter numbers cost is what `export` itself measured
on all test pictures.
In: the folder of data sets; --bank keeps features. Out: tables, and JSON with --out. No timing.
Try: `python -m benchmarks.parity --data ../shared/data --limit 600`.
"""

from __future__ import annotations

import json
import runpy
import subprocess
import tempfile
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks import measure
from objektiv.base.progress import Progress
from objektiv.data.images import decode, read_bytes
from objektiv.flow.export import Exported, export
from objektiv.flow.run import Run
from objektiv.flow.settings import ExportSettings, TrainSettings
from objektiv.flow.train import train
from objektiv.flow.use import answers
from objektiv.shipping import ort
from objektiv.shipping.bundle import load
from objektiv.shipping.facts import MODEL, Weights
from objektiv.shipping.members import read_members

GROUP, PICTURES, MAX_PIXELS = r"C\d+", 500, 50_000_000
FORMATS = {".jpg": "JPEG", ".png": "PNG", ".webp": "WEBP", ".tiff": "TIFF", ".bmp": "BMP"}
SAME, LOSS, MEGABYTES = 1e-3, 0.5, 5.0
KINDS: tuple[Weights, ...] = ("fp32", "fp16", "int8")
EXAMPLE = measure.REPOSITORY / "examples" / "plain_onnxruntime.py"

Table = NDArray[np.float64]  # (pictures, classes)


def write_formats(paths: Sequence[Path], folder: Path) -> list[Path]:
    """Each picture in one of the formats, by turns."""
    written = []
    for number, path in enumerate(paths):
        suffix, name = list(FORMATS.items())[number % len(FORMATS)]
        target = folder / f"{number:04d}{suffix}"
        pixels = decode(read_bytes(path, name=path.name), name=path.name, max_pixels=MAX_PIXELS)
        Image.fromarray(pixels.pixels).save(target, format=name)
        written.append(target)
    return written


def by_python(bundle: Path, paths: Sequence[Path]) -> Table:
    """`objektiv.predict`, in batches."""
    found = [answer.probabilities for answer in answers(load(bundle), paths)]
    return np.array(found, np.float64)


def by_command(bundle: Path, paths: Sequence[Path]) -> Table:
    """`objektiv predict FOLDER --json` in a process of its own."""
    command = [*measure.OBJEKTIV, "predict", str(paths[0].parent), "--bundle", str(bundle)]
    said = subprocess.check_output([*command, "--json"], cwd=measure.REPOSITORY, text=True)
    classes = load(bundle).classes
    rows = {Path(row["file"]).name: row for row in map(json.loads, said.splitlines())}
    told = [rows[path.name]["probabilities"] for path in paths]
    return np.array([[row[name] for name in classes] for row in told])


def by_onnxruntime(bundle: Path, paths: Sequence[Path]) -> Table:
    """The whole graph in ONNX Runtime on the pixels that objektiv decodes."""
    _, members = read_members(bundle)
    read = (decode(read_bytes(p, name=p.name), name=p.name, max_pixels=MAX_PIXELS) for p in paths)
    said = ort.run_whole_graph(members[MODEL], [picture.pixels for picture in read])
    return said.probabilities.astype(np.float64)


def by_example(bundle: Path, paths: Sequence[Path]) -> Table:
    """examples/plain_onnxruntime.py, which decodes with Pillow and knows nothing of objektiv."""
    predict = runpy.run_path(str(EXAMPLE))["predict"]
    return np.array([list(predict(bundle, path).values()) for path in paths])


def by_server(bundle: Path, paths: Sequence[Path]) -> Table:
    """`objektiv serve` on loopback, in a process of its own: each file as the body of a request."""
    command = [*measure.OBJEKTIV, "serve", str(bundle), "--port", "0", "--log", "refused"]
    classes = load(bundle).classes
    with subprocess.Popen(
        command, cwd=measure.REPOSITORY, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            line = server.stdout.readline() if server.stdout else ""
            address = line.removeprefix("Serving at ").partition(" ")[0]
            told = [asked(f"{address}/v1/predict?top={len(classes)}", path) for path in paths]
        finally:
            server.terminate()
    return np.array([[row[name] for name in classes] for row in told])


def asked(address: str, path: Path) -> dict[str, float]:
    """The probabilities that the server tells for one file."""
    kind = f"image/{FORMATS[path.suffix].lower()}"
    request = urllib.request.Request(address, path.read_bytes(), {"content-type": kind})
    with urllib.request.urlopen(request, timeout=60) as answer:
        found: dict[str, float] = json.load(answer)["predictions"][0]["probabilities"]
    return found


WAYS: Mapping[str, Callable[[Path, Sequence[Path]], Table]] = {
    "command line": by_command,
    "server": by_server,
    "ONNX Runtime": by_onnxruntime,
    "ONNX Runtime and Pillow alone": by_example,
}
SHORT_WAYS = ("ONNX Runtime",)  # of shorter numbers: the others read what Python reads


def compared(kind: Weights, bundle: Path, paths: Sequence[Path]) -> Iterator[measure.Row]:
    """A row for each way: the largest difference from Python, and classes that are others."""
    reference = by_python(bundle, paths)
    for name in WAYS if kind == "fp32" else SHORT_WAYS:
        found = WAYS[name](bundle, paths)
        yield {
            "bundle": kind,
            "way": name,
            "pictures": len(paths),
            "largest difference": float(np.abs(found - reference).max()),
            "other classes": int((found.argmax(axis=1) != reference.argmax(axis=1)).sum()),
        }


def shortened(kind: Weights, done: Exported) -> measure.Row:
    """What an export says of itself."""
    row: measure.Row = {"bundle": kind, "megabytes": done.bytes / 1e6}
    if done.change is None:
        return row
    test, change = done.change.test, done.change
    return row | {
        "test pictures": change.after.scores.items,
        "accuracy, points": 100 * test.estimate,
        "95 %": f"{100 * test.low:+.1f} to {100 * test.high:+.1f}",
        "other answers": change.others,
        "held-out, points": -change.loss,
    }


def exported(run: Run, work: Path) -> dict[Weights, Exported]:
    """A bundle in each kind of numbers; what they cost is told, not refused."""
    settings = {k: ExportSettings(precision=k, max_loss=100) for k in KINDS}
    return {k: export(run, work / f"{k}.objektiv", s) for k, s in settings.items()}


def main() -> None:
    """Train, export, ask every way, print, write."""
    parser = measure.parser(__doc__, rounds=1)
    parser.add_argument("--bank", type=Path, help="folder in which features are kept")
    options = parser.parse_args()
    result = measure.Result("Parity", "the same bundle in every way it can be used; malaria")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        found = measure.pictures(options.data / "malaria", options.limit)
        cells = measure.class_folders(found, work / "malaria")
        settings = TrainSettings(
            group=GROUP, bank=options.bank or work / "bank", out=work / "runs", precision="fp32"
        )
        done = exported(train(cells, settings, progress=Progress()).run, work)
        (work / "formats").mkdir()
        paths = write_formats(measure.even_sample(found, PICTURES), work / "formats")
        for kind in KINDS:
            result.rows += compared(kind, done[kind].path, paths)
        worst = [row for row in result.rows if row["bundle"] == "fp32"]
        result.rows += [shortened(kind, done[kind]) for kind in KINDS]
    differences = [row["largest difference"] for row in worst]
    others = sum(row["other classes"] for row in worst)
    lost = done["int8"].change
    result.claims += [
        measure.at_most("largest difference of a probability, fp32", max(differences), SAME),
        measure.at_most("other classes, fp32", others, 0),
        measure.at_most("int8, size", done["int8"].bytes / 1e6, MEGABYTES, unit="MB"),
        measure.at_most(
            "int8, accuracy lost on malaria",
            -100 * lost.test.estimate if lost else 0.0,
            LOSS,
            unit="points",
        ),
    ]
    result.publish(options.out)


if __name__ == "__main__":
    main()
