"""Fine-tuning as a family: it begins at a probe, and ships what was tested."""

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
from objektiv.flow.train_finetune import settle
from objektiv.flow.use import answers
from objektiv.shipping.bundle import load
from tests.flow import drawn


@pytest.mark.parametrize("wrong", [{"backbone": "VGG19"}, {"precision": "int8"}])
def test_what_cannot_be_fine_tuned_is_refused(shapes: Path, wrong: dict[str, str]) -> None:
    """Another backbone and 8-bit numbers are refused before an image is looked at."""
    settings = TrainSettings.model_validate({"model": "finetune", **wrong})
    with pytest.raises(UsageError, match=f"cannot be fine-tuned: .*{next(iter(wrong.values()))}"):
        settle(read(shapes, ReadSettings()), settings)


@pytest.mark.slow
def test_what_ships_is_what_was_tested(shapes: Path, bank: Path, tmp_path: Path) -> None:
    """One epoch on the shapes tells them apart, and the bundle says what the predictions say."""
    pytest.importorskip("torch", reason="needs objektiv[torch]")
    pytest.importorskip("lightning", reason="needs objektiv[torch]")
    values = {"model": "finetune", "size": 64, "epochs": 1, "batch": 16, "precision": "fp32"}
    settings = TrainSettings(**values, group=drawn.GROUP, out=tmp_path, bank=bank)

    run = train(shapes, settings, progress=Progress()).run

    test = Run(run.folder).predictions().only("test")
    said = list(answers(load(run.bundle), [shapes / id for id in test.ids]))
    probabilities = np.stack([a.probabilities for a in said if a.probabilities is not None])
    assert np.abs(probabilities - test.probabilities).max() < 1e-3
    assert test.strangeness is not None
    assert [a.strangeness for a in said] == pytest.approx(test.strangeness.tolist(), rel=0.01)
    assert run.scores().accuracy.estimate == 1
    assert run.metrics()["model"]["family"] == "finetune"
