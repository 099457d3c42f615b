"""A network of 267 weights with all that makes resuming hard, and pictures of three colours.

Try: `python -m tests.training.tiny FOLDER` trains it there, or goes on.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from objektiv.base.progress import Event, Listener, Progress
from objektiv.training import learner
from objektiv.training.fit import Learnt, Lessons, fit
from objektiv.training.pictures import Pictures, Squares, of_arrays
from objektiv.training.settings import FitSettings
from objektiv.training.trainable import Stage, State

ITEMS, TRAIN, SIZE, BATCH = 120, 90, 12, 16
SETTINGS = FitSettings(
    epochs=4, batch=BATCH, learning_rate=0.05, patience="off", schedule="one-cycle", head_epochs=1
)


class Net(torch.nn.Module):
    """Convolution, batch norm, dropout and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = torch.nn.Conv2d(3, 8, 3)
        self.norm = torch.nn.BatchNorm2d(8)
        self.dropout = torch.nn.Dropout(0.2)
        self.head = torch.nn.Linear(8, 3)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        x = pixels.permute(0, 3, 1, 2).float() / 255
        x = torch.relu(self.norm(self.convolution(x)))
        return self.head(self.dropout(x.mean((2, 3))))


class Tiny:
    """The network as a Trainable."""

    def module(self, seed: int) -> Net:
        torch.manual_seed(seed)
        return Net()

    def stages(self, module: torch.nn.Module) -> list[Stage]:
        first = [*module.convolution.parameters(), *module.norm.parameters()]
        return [Stage("first", first), Stage("head", [*module.head.parameters()])]

    def state(self, module: torch.nn.Module) -> State:
        return {name: value.numpy().copy() for name, value in module.state_dict().items()}

    def load(self, module: torch.nn.Module, state: Mapping[str, NDArray[np.float32]]) -> None:
        module.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()})


def pictures() -> Pictures:
    """Noise, brighter in the channel that is the label."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, ITEMS)
    squares = rng.integers(0, 100, (ITEMS, SIZE, SIZE, 3), dtype=np.uint8)
    squares[np.arange(ITEMS), :, :, labels] += 80
    return of_arrays(squares, labels)


def lessons(*, workers: int = 2) -> Lessons:
    """Ninety to learn from, mirrored at random, and thirty to judge by."""
    whole, rows = pictures(), np.arange(ITEMS)
    return Lessons(whole.only(rows[:TRAIN]), whole.only(rows[TRAIN:]), _mirrored, workers)


def _mirrored(square: Squares, out: Squares, epoch: int, row: int) -> None:
    out[:] = square[:, ::-1] if (epoch + row) % 2 else square


def train(
    folder: Path, settings: FitSettings = SETTINGS, *, listener: Listener | None = None
) -> Learnt:
    """One thread, so that sums have one order."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        progress = Progress(listener)
        return fit(Tiny(), lessons(), settings, seed=7, folder=folder, progress=progress)
    finally:
        torch.set_num_threads(threads)


if __name__ == "__main__":
    learner.SAVE_EVERY, learner.SAVE_SHARE = 0.0, 1e9  # a checkpoint a step

    def slowly(event: Event) -> None:
        time.sleep(0.02)

    train(Path(sys.argv[1]), listener=slowly)
