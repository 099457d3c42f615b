"""What 8 bits cost and bring: speed, likeness of the features, and accuracy beside 32 bits.

Speed: the backbone alone, one core, interleaved rounds. Likeness: cosine of each block with its
32-bit form on cats_dogs, which the ranges were not measured on. Accuracy: both sides chosen and
fitted by objektiv on the same splits: malaria by patient and random, pets, cats_dogs; ImageNet
sample with the network's own last layer.
In: the folder of data sets; --bank keeps the features. Out: tables, and JSON with --out.
Try: `python -m benchmarks.int8 --data ../shared/data --limit 400`.
"""

from __future__ import annotations

import csv
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import accuracy, measure
from objektiv.data.images import decode, read_bytes, to_square
from objektiv.features.backbones import BACKBONES
from objektiv.features.direct import Direct
from objektiv.features.engine import BATCH, HINTS, backbone_graph
from objektiv.features.look import Seen
from objektiv.features.runtime import openvino
from objektiv.features.settings import Arithmetic
from objektiv.flow.settings import TrainSettings
from objektiv.judging.intervals import paired_difference

SIDES: tuple[Arithmetic, Arithmetic] = ("fp32", "int8")
SPEED_SIZE, LIKENESS_SIZE = 128, 224
RUNS = 8  # batches of one timing
FASTER, LESS, LIKENESS = 2.0, 0.01, 0.99
MAX_PIXELS = 50_000_000
SETS: dict[str, dict[str, Any]] = {
    "malaria": {"group": accuracy.GROUP, "size": 128},
    "pets": {},
    "cats_dogs": {},
}


def compiled(size: int, precision: Arithmetic) -> Any:
    """The backbone for BATCH squares on one core."""
    core = openvino.Core()
    model = core.read_model(backbone_graph("lite0", size=size, precision=precision))
    model.reshape([BATCH, size, size, 3])
    options = {
        "INFERENCE_PRECISION_HINT": HINTS[precision],
        "NUM_STREAMS": "1",
        "INFERENCE_NUM_THREADS": "1",
    }
    return core.compile_model(model, "CPU", options)


def squares(paths: Sequence[Path], size: int) -> NDArray[np.float32]:
    """The pictures as the network takes them."""
    read = (decode(read_bytes(p, name=p.name), name=p.name, max_pixels=MAX_PIXELS) for p in paths)
    return np.stack([to_square(picture.pixels, size=size, fit="letterbox") for picture in read])


def speeds(data: Path, rounds: int) -> dict[str, list[float]]:
    """Images a second of processor time, (rounds,) for each side."""
    batch = squares(measure.pictures(data / "malaria", BATCH), SPEED_SIZE)
    networks = {side: compiled(SPEED_SIZE, side) for side in SIDES}

    def timed(network: Any) -> float:
        start = time.process_time()  # not the wall: other processes take their part of the core
        for _ in range(RUNS):
            network(batch)
        return RUNS * BATCH / (time.process_time() - start)

    return measure.interleaved(
        {side: lambda n=network: timed(n) for side, network in networks.items()},  # type: ignore[misc]
        rounds=rounds,
    )


def likenesses(data: Path) -> Iterator[measure.Row]:
    """One row a block: the lowest and the median cosine of a picture's columns."""
    paths = measure.pictures(data / "cats_dogs" / "train", 12 * BATCH)
    pixels = squares(paths, LIKENESS_SIZE)
    found = []
    for side in SIDES:
        network = compiled(LIKENESS_SIZE, side)
        batches = (pixels[i : i + BATCH] for i in range(0, len(pixels), BATCH))
        found.append(np.concatenate([network(batch)[0] for batch in batches]))
    start = 0
    for block, width in BACKBONES.get("lite0").blocks.items():
        left, right = (side[:, start : start + width] for side in found)
        start += width
        lengths = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
        cosines = (left * right).sum(axis=1) / lengths
        ends = {"median": float(np.median(cosines)), "lowest": float(cosines.min())}
        yield {"what": f"cosine, {block}", **ends}


def tested(name: str, seen: Seen, settings: TrainSettings) -> dict[str, accuracy.Pair]:
    """All test items of each protocol."""
    if name != "malaria":
        return {"5 folds": accuracy.pooled([*accuracy.folds_of_items(seen, settings, 0)])}
    return {
        "by patient": accuracy.pooled([*accuracy.folds_by_group(seen, settings)]),
        "random, seed 0": next(accuracy.random_splits(seen, settings)),
    }


def accuracies(data: Path, bank: Path, limit: int | None) -> Iterator[measure.Row]:
    """One row for each set and protocol."""
    for name, options in SETS.items():
        sides = []
        for side in SIDES:
            settings = TrainSettings(bank=bank, precision=side, **options)
            seen = accuracy.seen_of(data / name, settings, limit)
            sides.append(tested(name, seen, settings))
        for protocol in sides[0]:
            full, short = (side[protocol][0] for side in sides)
            apart = paired_difference(short, full)
            yield {
                "data": name,
                "protocol": protocol,
                "items": len(full),
                "fp32": float(full.correct.mean()),
                "int8": float(short.correct.mean()),
                "difference": apart.estimate,
                "95 %": f"{apart.low:+.3f} to {apart.high:+.3f}",
                "other answers": int((full.predicted != short.predicted).sum()),
            }


def imagenet(data: Path) -> measure.Row:
    """The network's own classes on the ImageNet sample."""
    folder = data / "imagenet_sample"
    with (folder / "labels.csv").open(encoding="utf-8") as stream:
        rows = list(csv.reader(stream))
    return {"data": "imagenet_sample", **_direct(folder, rows)}


def _direct(folder: Path, rows: list[list[str]]) -> measure.Row:
    head, *body = rows
    file, label = head.index("file"), head.index("class_index")
    read = [(folder / row[file], int(row[label])) for row in body]
    pictures = [
        decode(read_bytes(p, name=p.name), name=p.name, max_pixels=MAX_PIXELS).pixels
        for p, _ in read
    ]
    labels = np.array([index for _, index in read])
    answers = {}
    for side in SIDES:
        network = Direct("lite0", precision=side)
        answers[side] = np.array([network.predict([p]).logits[0].argmax() for p in pictures])
    right: measure.Row = {side: float((found == labels).mean()) for side, found in answers.items()}
    other = int((answers["fp32"] != answers["int8"]).sum())
    return {
        "protocol": "own last layer",
        "items": len(labels),
        **right,
        "difference": right["int8"] - right["fp32"],
        "other answers": other,
    }


def main() -> None:
    """Measure, print, write."""
    parser = measure.parser(__doc__, rounds=8)
    parser.add_argument("--bank", type=Path, help="folder in which features are kept")
    options = parser.parse_args()
    result = measure.Result("8 bits beside 32", "Lite0, --precision int8 against fp32")
    found = speeds(options.data, options.rounds)
    ratios = [short / full for full, short in zip(*(found[s] for s in SIDES), strict=True)]
    for side in SIDES:
        spread = measure.spread(found[side], "median")
        result.rows.append({"what": f"images a second, one core, {side}", **spread})
    result.claims.append(
        measure.at_least("int8 times fp32", statistics.median(ratios), FASTER, unit="times")
    )
    likeness = list(likenesses(options.data))
    result.rows += likeness
    least = min(row["median"] for row in likeness)
    result.claims.append(measure.at_least("median cosine, worst block", least, LIKENESS))
    with tempfile.TemporaryDirectory() as folder:
        bank = options.bank or Path(folder)
        for row in (imagenet(options.data), *accuracies(options.data, bank, options.limit)):
            result.rows.append(row)
            print(row, flush=True)
            lost = -row["difference"]
            told = f"accuracy lost, {row['data']}, {row['protocol']}"
            result.claims.append(measure.at_most(told, lost, LESS))
    result.publish(options.out)


if __name__ == "__main__":
    main()
