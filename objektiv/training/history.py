"""What each epoch gave, which was the best, and whether to stop.

In: logits of the validation images, epoch by epoch. Out: figures, history.csv, the best epoch.
Patience has Keras' meaning: so many epochs without a better value, then stop.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from objektiv.base import files
from objektiv.judging.calibration import softmax
from objektiv.training.settings import FitSettings, Monitor
from objektiv.training.trainable import State

HISTORY = "history.csv"
SMALLEST = 1e-7  # a probability below counts as this, as Keras has it


@dataclass(frozen=True)
class Epoch:
    """One pass over the training images; `epoch` counts from 1."""

    epoch: int
    train_loss: float  # mean over the epoch, while the weights moved
    train_accuracy: float  # likewise
    val_loss: float
    val_accuracy: float
    val_balanced_accuracy: float
    val_macro_f1: float
    learning_rate: float  # of the head, at the last step
    seconds: float


@dataclass(frozen=True, eq=False)
class Learnt:
    """What came out."""

    state: State  # of the best epoch
    history: tuple[Epoch, ...]
    best_epoch: int  # counts from 1
    stopped: Literal["epochs", "patience"]
    parameters: int
    trainable: int  # of them, that learnt in some epoch
    device: str
    precision: str
    notes: tuple[str, ...]


def figures(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> dict[str, float]:
    """The validation figures of an Epoch from logits (items, classes) and labels (items,)."""
    classes = logits.shape[1]
    right = softmax(logits)[np.arange(len(labels)), labels]
    pairs = labels * classes + logits.argmax(axis=1)
    confusion = np.bincount(pairs, minlength=classes**2).reshape(classes, classes)
    hits, truly, said = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    present = truly > 0
    either = (truly + said) > 0
    return {
        "val_loss": float(-np.log(np.maximum(right, SMALLEST)).mean()),
        "val_accuracy": float(hits.sum() / len(labels)),
        "val_balanced_accuracy": float((hits[present] / truly[present]).mean()),
        "val_macro_f1": float((2 * hits[either] / (truly + said)[either]).mean()),
    }


def is_better(value: float, than: float | None, monitor: Monitor) -> bool:
    """Whether a figure beats the best so far; a loss is better where it is smaller."""
    if than is None:
        return True
    return value < than if monitor.endswith("loss") else value > than


def best(history: Sequence[Epoch], monitor: Monitor) -> int:
    """The place in `history` of the best epoch, the first of equals."""
    found = 0
    for place, epoch in enumerate(history):
        if is_better(getattr(epoch, monitor), getattr(history[found], monitor), monitor):
            found = place
    return found


def is_over(history: Sequence[Epoch], settings: FitSettings) -> bool:
    """Whether patience has run out."""
    if settings.patience == "off" or not history:
        return False
    return len(history) - 1 - best(history, settings.monitor) >= settings.patience


def save(history: Sequence[Epoch], folder: Path) -> None:
    """Publish history.csv, one row an epoch."""
    stream = io.StringIO()
    names = [field.name for field in fields(Epoch)]
    table = csv.DictWriter(stream, names, lineterminator="\n")
    table.writeheader()
    table.writerows(asdict(epoch) for epoch in history)
    files.write_text(folder / HISTORY, stream.getvalue())


def of_rows(rows: Sequence[Mapping[str, Any]]) -> tuple[Epoch, ...]:
    """A history from plain mappings, as a checkpoint keeps it."""
    return tuple(Epoch(**dict(row)) for row in rows)
