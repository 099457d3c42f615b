"""A network from nothing, trained end to end; the run of the fixture `learnt`."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs objektiv[torch]")
pytest.importorskip("lightning", reason="needs objektiv[torch]")

from objektiv.base.progress import Progress
from objektiv.base.settings import read_yaml
from objektiv.data.dataset import read
from objektiv.data.images import decode
from objektiv.data.settings import ReadSettings
from objektiv.flow.run import Run
from objektiv.flow.settings import TrainSettings
from objektiv.flow.train import train
from objektiv.flow.train_network import LARGEST, settle
from objektiv.flow.use import answers
from objektiv.judging.predictions import Predictions
from objektiv.shipping.bundle import load


def test_what_ships_is_what_was_tested(learnt: Path, shapes: Path) -> None:
    """The loaded bundle says of every test picture what the run's predictions say."""
    test = Run(learnt).predictions().only("test")
    said = list(answers(load(learnt / "model"), [shapes / id for id in test.ids]))
    probabilities = np.stack([a.probabilities for a in said if a.probabilities is not None])

    assert len(said) == len(test) == 12
    assert np.abs(probabilities - test.probabilities).max() < 1e-4


def test_no_picture_that_was_learnt_from_is_predicted(learnt: Path) -> None:
    """Predictions are of validation and test; those of the probe beside it are of all."""
    assert set(Run(learnt).predictions().parts) == {"validation", "test"}
    assert set(Predictions.load(learnt / "probe.parquet").parts) == {"train", "validation", "test"}


def test_the_probe_beside_it_is_the_quick_probe(learnt: Path, trained: Path) -> None:
    """It predicts what a run of the probe alone predicts on the same split."""
    beside = Predictions.load(learnt / "probe.parquet")

    np.testing.assert_allclose(
        beside.probabilities, Run(trained).predictions().probabilities, atol=1e-6
    )


def test_the_run_holds_what_a_network_tells(learnt: Path) -> None:
    """Parameters as counted by hand, differences to both, a history of its epochs, a forecast."""
    metrics = Run(learnt).metrics()
    with (learnt / "history.csv").open() as stream:
        history = list(csv.DictReader(stream))

    # 4 filters of 3x3x3, pooled to 12x12x4, 8 units, one sigmoid
    assert metrics["model"]["parameters"] == 4 * 28 + 8 * (12 * 12 * 4 + 1) + 9
    assert metrics["model"]["family"] == "network"
    assert {"difference", "difference_to_probe"} <= metrics.keys()
    assert [row["epoch"] for row in history] == ["1", "2"]
    assert metrics["forecast"]["trained_epochs"] == 2
    assert metrics["forecast"]["predicted_seconds"] > 0


def test_nothing_of_the_training_stays(learnt: Path) -> None:
    """Checkpoints and the lock are gone when a run has come to its end."""
    assert {path.name for path in learnt.iterdir()} & {"checkpoint", "in_use.lock"} == set()


def test_a_run_is_replayed_from_its_settings(learnt: Path, shapes: Path, tmp_path: Path) -> None:
    """The same settings.yaml gives the same probabilities, bit for bit."""
    settings = read_yaml(TrainSettings, learnt / "settings.yaml").model_copy(
        update={"out": tmp_path}
    )

    again = train(shapes, settings, progress=Progress())

    one, two = (Run(f).predictions().probabilities for f in (learnt, again.run.folder))
    np.testing.assert_array_equal(one, two)


def test_settings_are_saved_as_they_were_resolved(learnt: Path) -> None:
    """What was open is decided in settings.yaml."""
    settings = read_yaml(TrainSettings, learnt / "settings.yaml")

    assert (settings.size, settings.epochs, settings.budget) == (24, 2, None)


def test_an_open_size_is_that_of_the_pictures(shapes: Path) -> None:
    """`auto` is the usual longer side, at most 128 pixels."""
    dataset = read(shapes, ReadSettings())
    settled = settle(dataset, TrainSettings(model="cnn"))

    squares = (
        decode(Path(p).read_bytes(), name=p, max_pixels=10**6) for p in dataset.items["path"]
    )
    sides = [max(square.pixels.shape) for square in squares]
    assert settled.size == int(np.ceil(np.median(sides))) <= LARGEST


def test_the_model_names_itself_in_its_bundle(learnt: Path) -> None:
    """The bundle says that the network began with random weights."""
    facts = json.loads((learnt / "model" / "bundle.json").read_text())

    assert facts["backbone"]["name"] == "cnn"
    assert facts["backbone"]["licence"] == "own"
