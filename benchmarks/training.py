"""Fine-tuning a whole pretrained network: images a second against plain torch with timm.

In: nothing but the packages. Out: a row a side, a row for going on after a stop, JSON with --out.
Both sides train EfficientNet-Lite0 with AdamW in 32-bit floats on the same batches of 128 pixels;
plain torch is measured in each of its memory formats and its best one counts.
Try: `python -m benchmarks.training`.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import timm
import torch

from benchmarks import measure
from objektiv.base.errors import Cancelled
from objektiv.base.progress import CANCEL_FILE, Event, Progress
from objektiv.features.lite0 import BLOCK_WIDTHS
from objektiv.features.weights import read_state
from objektiv.models.model import Probe
from objektiv.training.finetune import FineTuned
from objektiv.training.fit import Lessons, fit
from objektiv.training.optimizers import Rules
from objektiv.training.pictures import of_arrays
from objektiv.training.settings import FitSettings

SIZE, BATCH, STEPS = 128, 32, 3  # pixels, images a step, steps a measurement
TIMES, RESUMING = 2.0, 5.0  # what is claimed: times as many images, seconds
SETTINGS = FitSettings(
    epochs=2, batch=BATCH, optimizer="adamw", learning_rate=1e-5, patience="off", device="cpu"
)
FORMATS = {"channels first": torch.contiguous_format, "channels last": torch.channels_last}

Step = Callable[[], object]


def plain(norm: str, layout: str) -> Step:
    """timm's network, trained as its users would; frozen normalisation is in `eval`."""
    network = timm.create_model("tf_efficientnet_lite0", pretrained=False, num_classes=2)
    network = network.to(memory_format=FORMATS[layout]).train()
    if norm == "frozen":
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.eval().requires_grad_(requires_grad=False)
    learning = [p for p in network.parameters() if p.requires_grad]
    images = torch.randn(BATCH, 3, SIZE, SIZE).contiguous(memory_format=FORMATS[layout])
    return _step(network, torch.optim.AdamW(learning, lr=1e-5, foreach=True), images)


def ours(norm: str) -> Step:
    """The network of `objektiv train --model finetune`, from bytes on, with its own optimizer."""
    tuned = FineTuned(read_state("efficientnet-lite0"), _probe(), batch_norm=norm)  # type: ignore[arg-type]
    network = tuned.module(0).train()
    groups = [stage.parameters for stage in tuned.stages(network)]
    images = torch.randint(0, 256, (BATCH, SIZE, SIZE, 3), dtype=torch.uint8)
    return _step(network, Rules(groups, SETTINGS), images)


def _probe() -> Probe:
    weights = np.zeros((sum(BLOCK_WIDTHS.values()), 2), np.float32)
    return Probe(("a", "b"), tuple(BLOCK_WIDTHS), weights, np.zeros(2, np.float32), 1.0)


def _step(network: torch.nn.Module, optimizer: torch.optim.Optimizer, images: torch.Tensor) -> Step:
    labels = torch.arange(BATCH) % 2

    def step() -> None:
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network(images), labels).backward()
        optimizer.step()

    return step


def throughput(rounds: int) -> dict[str, list[float]]:
    """Images a second of every side, round by round."""
    steps = {f"plain, {n}, {f}": plain(n, f) for n in ("trained", "frozen") for f in FORMATS}
    steps |= {f"objektiv, {n}": ours(n) for n in ("trained", "frozen")}
    for step in steps.values():
        step()

    def side(step: Step) -> Callable[[], float]:
        return lambda: BATCH * STEPS / measure.seconds_of(lambda: [step() for _ in range(STEPS)])

    return measure.interleaved({name: side(s) for name, s in steps.items()}, rounds=rounds)


def resuming(folder: Path) -> float:
    """Seconds from the call that goes on after a stop until its epoch begins."""
    rng = np.random.default_rng(0)
    squares = rng.integers(0, 256, (5 * BATCH, SIZE, SIZE, 3), dtype=np.uint8)
    pictures = of_arrays(squares, np.arange(len(squares)) % 2)
    rows = np.arange(len(squares))
    lessons = Lessons(pictures.only(rows[BATCH:]), pictures.only(rows[:BATCH]))
    tuned = FineTuned(read_state("efficientnet-lite0"), _probe(), batch_norm="frozen")
    told: list[float] = []

    def stop(event: Event) -> None:
        if event.step == "epoch 2 of 2" and event.done:
            (folder / CANCEL_FILE).touch()

    def listen(event: Event) -> None:
        told.append(time.perf_counter())

    try:
        progress = Progress(stop, folder)
        fit(tuned, lessons, SETTINGS, seed=0, folder=folder, progress=progress)
    except Cancelled:
        (folder / CANCEL_FILE).unlink()
    start = time.perf_counter()
    fit(tuned, lessons, SETTINGS, seed=0, folder=folder, progress=Progress(listen))
    return told[0] - start


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="JSON file to write")
    parser.add_argument("--rounds", type=int, default=7, help="times each side is measured")
    arguments = parser.parse_args()
    result = measure.Result(
        "Fine-tuning",
        f"EfficientNet-Lite0 whole, {SIZE} pixels, batches of {BATCH}, AdamW, 32-bit floats, "
        f"{torch.get_num_threads()} threads: images a second with batch normalisation trained and "
        "frozen, all sides in turn in one process.",
    )
    found = throughput(arguments.rounds)
    result.rows = [{"side": n} | measure.spread(v, "images/s") for n, v in found.items()]
    middle = {name: statistics.median(values) for name, values in found.items()}
    for norm in ("trained", "frozen"):
        best = max(v for n, v in middle.items() if n.startswith(f"plain, {norm}"))
        times = middle[f"objektiv, {norm}"] / best
        what = f"times the best plain torch, batch normalisation {norm}"
        result.claims.append(measure.at_least(what, times, TIMES))
    with tempfile.TemporaryDirectory() as folder:
        seconds = resuming(Path(folder))
    result.rows.append(
        {"side": "going on after a stop, until the epoch begins", "seconds": seconds}
    )
    result.claims.append(measure.at_most("going on after a stop", seconds, RESUMING, unit="s"))
    result.publish(arguments.out)


if __name__ == "__main__":
    main()
