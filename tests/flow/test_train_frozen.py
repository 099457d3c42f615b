"""Frozen networks as a family, without torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from objektiv.base.errors import UsageError
from objektiv.base.progress import Progress
from objektiv.data.dataset import read
from objektiv.data.settings import ReadSettings
from objektiv.flow.run import Run
from objektiv.flow.settings import TrainSettings
from objektiv.flow.train import train
from objektiv.flow.train_frozen import settle
from objektiv.flow.use import answers
from objektiv.shipping.bundle import load
from tests.flow import drawn

MODEL = {"model": "mobilenetv2-frozen", "backbone": "lite0", "size": 32, "precision": "fp32"}


def test_what_ships_is_what_was_tested(shapes: Path, bank: Path, tmp_path: Path) -> None:
    """The bundle says what the predictions say, and the history has its epochs."""
    values = {**MODEL, "epochs": 2, "views": 1, "batch": 16, "patience": "off"}
    settings = TrainSettings(**values, group=drawn.GROUP, out=tmp_path, bank=bank)

    run = train(shapes, settings, progress=Progress()).run

    test = Run(run.folder).predictions().only("test")
    said = list(answers(load(run.bundle), [shapes / id for id in test.ids]))
    probabilities = np.stack([a.probabilities for a in said if a.probabilities is not None])
    assert np.abs(probabilities - test.probabilities).max() < 1e-4
    assert len((run.folder / "history.csv").read_text().splitlines()) == 3
    # the last map of a picture of 32 pixels is one pixel of 1,280 channels; one sigmoid behind it
    assert run.metrics()["model"]["trainable"] == 1281


def test_a_budget_is_refused(shapes: Path) -> None:
    """Its epochs are not chosen by time."""
    with pytest.raises(UsageError, match="no such thing: --budget"):
        settle(read(shapes, ReadSettings()), TrainSettings(**MODEL, budget="5m"))
