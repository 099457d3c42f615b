"""Networks from Keras as our graphs, against timm's of the same name and Keras' own export.

In: nothing; weights are drawn. Out: a table of images a second in OpenVINO, and JSON with --out.
Needs the extras zoo and torch. `--export` is the process in which Keras runs.
Try: `python -m benchmarks.zoo --rounds 3 --only MobileNetV2`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import measure
from objektiv.base.machine import usable_cores
from objektiv.features.engine import BATCH
from objektiv.features.runtime import openvino

SIZE = 224
TIMM = {
    "MobileNetV2": "mobilenetv2_100",
    "ResNet50": "resnet50",
    "DenseNet121": "densenet121",
    "EfficientNetB0": "efficientnet_b0",
}
SHARE = 0.8  # of timm's speed, at least


def export(name: str, folder: Path) -> None:
    """Write the network's graph and Keras' own export, from one model in Keras' process."""
    from objektiv.zoo import keras_process
    from objektiv.zoo.keras_graph import write_graph
    from objektiv.zoo.table import KERAS

    row = KERAS.get(name)
    model, _ = keras_process.build(row, "random")
    graph, _ = write_graph(model, padding_by_size=row.family.padding_by_size)
    (folder / "network.onnx").write_bytes(graph.to_bytes(name))
    model.export(str(folder / "keras.xml"), format="openvino", verbose=False)


def exported(name: str, folder: Path) -> None:
    """Let a process of its own do it: Keras chooses its backend once."""
    subprocess.run(
        [sys.executable, "-m", "benchmarks.zoo", "--export", str(folder), "--only", name],
        cwd=measure.REPOSITORY,
        env={**os.environ, "KERAS_BACKEND": "openvino", "KERAS_HOME": str(folder)},
        check=True,
        capture_output=True,
    )


def side(path: Path, shape: tuple[int, ...], batches: int) -> Callable[[], tuple[float, float]]:
    """Images a second, and processor seconds an image, of a graph as features/engine.py runs it."""
    cores = usable_cores()
    model = openvino.Core().read_model(path)
    try:
        model.reshape(shape)
    except RuntimeError:  # Keras' export of EfficientNet takes single pictures only
        shape, batches = (1, *shape[1:]), batches * shape[0]
        model.reshape(shape)
    options = {
        "INFERENCE_PRECISION_HINT": "f32",
        "NUM_STREAMS": str(cores),
        "INFERENCE_NUM_THREADS": str(cores),
    }
    queue = openvino.AsyncInferQueue(
        openvino.Core().compile_model(model, "CPU", options), 2 * cores
    )
    pictures = np.random.default_rng(0).normal(0, 1, shape).astype(np.float32)
    run = partial(_run, queue, pictures, batches)
    run()
    return run


def _run(queue: Any, pictures: Any, batches: int) -> tuple[float, float]:
    began, used = time.perf_counter(), time.process_time()
    for _ in range(batches):
        queue.start_async({0: pictures})
    queue.wait_all()
    images = batches * len(pictures)
    return images / (time.perf_counter() - began), (time.process_time() - used) / images


def rows(name: str, *, rounds: int, batches: int) -> tuple[list[measure.Row], float]:
    """One network's table, and our share of timm's speed."""
    from objektiv.zoo.timm_graph import convert_timm

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "timm").mkdir()
        exported(name, folder)
        convert_timm(TIMM[name], weights="random", folder=folder / "timm")
        sides = {
            "objektiv": side(folder / "network.onnx", (BATCH, 3, SIZE, SIZE), batches),
            "timm": side(folder / "timm" / "network.onnx", (BATCH, 3, SIZE, SIZE), batches),
            "Keras' export": side(folder / "keras.xml", (BATCH, SIZE, SIZE, 3), batches),
        }
        found: dict[str, list[tuple[float, float]]] = {what: [] for what in sides}
        for _ in range(rounds):
            for what, run in sides.items():
                found[what].append(run())
    made = []
    for what, values in found.items():
        pairs = zip(values, found["timm"], strict=True)
        made.append(
            {
                "network": name,
                "graph": what,
                **measure.spread([speed for speed, _ in values], "images/s"),
                "times timm": statistics.median(a[0] / b[0] for a, b in pairs),
                "processor ms an image": 1000 * statistics.median(used for _, used in values),
            }
        )
        print(made[-1], flush=True)
    return made, float(made[0]["times timm"])


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="JSON file to write")
    parser.add_argument("--rounds", type=int, default=7, help="times each side is measured")
    parser.add_argument("--batches", type=int, default=12, help="of a measurement")
    parser.add_argument("--only", nargs="+", choices=TIMM, default=list(TIMM), help="not all")
    parser.add_argument("--export", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.export:
        return export(arguments.only[0], arguments.export)
    result = measure.Result(
        "Networks from Keras",
        f"Images a second of {SIZE} x {SIZE} pixels in OpenVINO, 32 bits, batches of {BATCH}, a "
        "stream a core; from arrays, decoding and compiling are not counted. objektiv: the graph "
        "that `convert_keras` writes; timm: the network of the same paper, by `convert_timm`; "
        "Keras' export: `model.export(format='openvino')` of the same model. Drawn weights.",
    )
    for name in arguments.only:
        made, share = rows(name, rounds=arguments.rounds, batches=arguments.batches)
        result.rows += made
        result.claims.append(
            measure.at_least(f"{name}: our graph against timm's", share, SHARE, unit="times")
        )
    result.publish(arguments.out)
    return None


if __name__ == "__main__":
    main()
