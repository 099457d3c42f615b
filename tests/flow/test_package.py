"""What ships is what was tested: the bundle of a run says what its predictions say."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from objektiv.base import files
from objektiv.base.errors import ModelError
from objektiv.flow import package as step
from objektiv.flow import train as training
from objektiv.flow.run import Run
from objektiv.flow.use import answers
from objektiv.models.pooled import Pooled
from objektiv.shipping.assemble import model_graph
from objektiv.shipping.bundle import load
from tests.flow.conftest import TrainOn


def test_the_bundle_says_what_the_predictions_say(trained: Path, shapes: Path) -> None:
    """For every test picture the loaded bundle is within 0.001 of the run's probabilities."""
    test = Run(trained).predictions().only("test")
    said = list(answers(load(trained / "model"), [shapes / id for id in test.ids]))
    probabilities = np.stack([a.probabilities for a in said if a.probabilities is not None])

    assert len(said) == 12
    assert [answer.hash for answer in said] == list(test.hashes)
    assert np.abs(probabilities - test.probabilities).max() < 1e-3


def test_the_run_tells_how_far_its_bundle_is_off(trained: Path) -> None:
    """metrics.json holds the largest difference of a probability, and it is small."""
    assert 0 <= Run(trained).metrics()["shipped_difference"] < 1e-3


def test_the_bundle_knows_its_run(trained: Path) -> None:
    """Hashes of the split and of all images, settings and scores travel with the bundle."""
    facts = load(trained / "model").facts.provenance
    run = Run(trained)
    hashes = "\n".join(sorted(run.predictions().hashes))

    assert facts.data == files.sha256(hashes.encode())
    assert facts.split == files.sha256((trained / "split.csv").read_bytes())
    assert facts.scores["accuracy"] == run.metrics()["test"]["accuracy"]
    assert facts.settings["group"] == r"g\d+"


def test_no_path_of_this_machine_travels(trained: Path, shapes: Path) -> None:
    """The bundle's facts name neither the folder of the data nor that of the run or bank."""
    text = (trained / "model" / "bundle.json").read_text(encoding="utf-8")

    assert json.loads(text)
    assert str(shapes.parent.parent) not in text
    assert not {"out", "bank", "split"} & set(json.loads(text)["provenance"]["settings"])


def test_a_bundle_that_says_something_else_is_refused(
    train_on: TrainOn, copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run whose bundle differs from what was tested is no finished run."""

    def wrong(model: Pooled, **options: Any) -> bytes:
        probe = model.probe
        turned = replace(probe, bias=probe.bias[::-1] + 3, weights=-probe.weights)
        return model_graph(replace(model, probe=turned), **options)

    monkeypatch.setattr(training, "package", step.package)
    monkeypatch.setattr(step, "model_graph", wrong)

    with pytest.raises(ModelError, match="does not say what was tested: a probability differs by"):
        train_on(copied)
    folder = tmp_path / "runs" / "data-001"
    assert not (folder / "metrics.json").exists() and not (folder / "model").exists()
    assert (folder / "predictions.parquet").is_file()
