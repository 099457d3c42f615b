"""Figures of an epoch, the best epoch, and patience."""

from __future__ import annotations

import csv
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics

from objektiv.training import history
from objektiv.training.history import Epoch
from objektiv.training.settings import FitSettings


def _epochs(*accuracies: float) -> list[Epoch]:
    return [Epoch(n, 1.0, 0.5, 1 - a, a, a, a, 0.1, 2.0) for n, a in enumerate(accuracies, start=1)]


def test_figures_are_those_of_scikit_learn() -> None:
    """Loss, accuracy, balanced accuracy and macro F1 agree, with a class that is never said."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 200)
    logits = rng.normal(size=(200, 4)) + 2 * np.eye(4)[labels]
    logits[:, 3] -= 50  # neither present nor said
    found = history.figures(logits, labels)
    powers = np.exp(logits)
    said = logits.argmax(axis=1)

    assert found["val_loss"] == pytest.approx(
        metrics.log_loss(labels, powers / powers.sum(1, keepdims=True), labels=range(4))
    )
    assert found["val_accuracy"] == pytest.approx(metrics.accuracy_score(labels, said))
    assert found["val_balanced_accuracy"] == pytest.approx(
        metrics.balanced_accuracy_score(labels, said)
    )
    assert found["val_macro_f1"] == pytest.approx(metrics.f1_score(labels, said, average="macro"))


def test_best_is_the_first_of_equals() -> None:
    """An equal value later does not replace the best."""
    assert history.best(_epochs(0.5, 0.9, 0.7, 0.9), "val_accuracy") == 1
    assert history.best(_epochs(0.5, 0.9, 0.95), "val_loss") == 2
    assert history.best(_epochs(0.5, 0.9), "train_loss") == 0


@pytest.mark.parametrize(
    ("accuracies", "over"),
    [((0.5, 0.6), False), ((0.5, 0.4), False), ((0.5, 0.4, 0.5), True), ((0.5, 0.4, 0.6), False)],
)
def test_patience_counts_epochs_without_a_better_value(
    accuracies: tuple[float, ...], over: bool
) -> None:
    """Two epochs without a better value are the end where patience is two, as in Keras."""
    epochs = _epochs(*accuracies)

    assert history.is_over(epochs, FitSettings(patience=2)) is over
    assert history.is_over(epochs, FitSettings(patience="off")) is False


def test_history_is_a_table(tmp_path: Path) -> None:
    """One row an epoch, written anew each time, and back again."""
    epochs = _epochs(0.5, 0.75)
    history.save(epochs[:1], tmp_path)
    history.save(epochs, tmp_path)
    with (tmp_path / history.HISTORY).open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))

    assert [row["val_accuracy"] for row in rows] == ["0.5", "0.75"]
    assert history.of_rows([asdict(epoch) for epoch in epochs]) == tuple(epochs)
