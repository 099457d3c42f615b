"""The family of probes hands over the quick probe as the model."""

from __future__ import annotations

from pathlib import Path

import pytest

from objektiv.features.backbones import BACKBONES
from objektiv.flow.run import Run
from tests.flow.conftest import TrainOn


def test_the_quick_probe_is_the_model(train_on: TrainOn, shapes: Path) -> None:
    """Its history is what was tried, nothing stands beside it but the baseline."""
    trained = train_on(shapes)
    made = trained.made

    assert (made.name, made.family, made.history.kind) == ("probe", "probe", "trials")
    assert made.history.rows[made.history.best]["strength"] == trained.probe.chosen.strength
    assert trained.judged.probe is None
    assert made.learnt_from == 48
    assert not (trained.run.folder / "probe.parquet").exists()


def test_metrics_tell_of_the_model(trained: Path) -> None:
    """metrics.json holds what a table of models needs: size, parameters, times."""
    model = Run(trained).metrics()["model"]
    files = [path for path in (trained / "model").rglob("*") if path.is_file()]

    assert (model["name"], model["family"]) == ("probe", "probe")
    assert model["bytes"] == sum(path.stat().st_size for path in files)
    assert model["weights_bytes"] == (trained / "model" / "model.onnx").stat().st_size
    assert model["weights_bytes"] == pytest.approx(4 * model["parameters"], rel=0.05)
    assert 0 < model["trainable"] < model["parameters"] < BACKBONES.get("lite0").parameters
    assert model["train_seconds"] > 0 and model["images_per_second"] > 0
