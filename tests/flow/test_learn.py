"""Going on after a break, budgets, and two processes on one folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs objektiv[torch]")
pytest.importorskip("lightning", reason="needs objektiv[torch]")

from objektiv.base.errors import Cancelled, MachineError, UsageError
from objektiv.base.lock import only_process
from objektiv.base.progress import Event, Progress
from objektiv.base.settings import read_yaml
from objektiv.flow.run import Run
from objektiv.flow.settings import TrainSettings
from objektiv.flow.train import resume, train
from tests.flow import drawn


def _settings(out: Path, bank: Path, **values: Any) -> TrainSettings:
    return TrainSettings(**{**drawn.NETWORK, "out": out, "bank": bank, "epochs": 2, **values})


def _interrupted(event: Event) -> None:
    if event.step.startswith("epoch 2"):
        raise KeyboardInterrupt


def test_a_training_that_was_stopped_goes_on_to_the_same_model(
    shapes: Path, bank: Path, learnt: Path, tmp_path: Path
) -> None:
    """Ctrl-C names the command that goes on, and that gives what an unbroken run gave."""
    settings = _settings(tmp_path, bank, rotation=20)
    with pytest.raises(Cancelled, match=r"train .*shapes --resume .*shapes-001"):
        train(shapes, settings, progress=Progress(_interrupted))
    (folder,) = tmp_path.iterdir()

    again = resume(shapes, folder, progress=Progress())

    whole, broken = (Run(f).predictions().probabilities for f in (learnt, again.run.folder))
    np.testing.assert_array_equal(whole, broken)
    assert "ended early" in (folder / "log.txt").read_text()


def test_a_finished_run_does_not_go_on(shapes: Path, learnt: Path) -> None:
    """There is nothing left to train."""
    with pytest.raises(UsageError, match="the run came to its end"):
        resume(shapes, learnt, progress=Progress())


def test_a_folder_in_use_is_refused(shapes: Path, bank: Path, tmp_path: Path) -> None:
    """A second process that would go on with a run is told to wait."""
    settings = _settings(tmp_path, bank)
    with pytest.raises(Cancelled, match="--resume"):
        train(shapes, settings, progress=Progress(_interrupted))
    (folder,) = tmp_path.iterdir()

    with only_process(folder), pytest.raises(MachineError, match="another process works in"):
        resume(shapes, folder, progress=Progress())


def test_a_budget_decides_the_epochs(shapes: Path, bank: Path, tmp_path: Path) -> None:
    """Of very many epochs so many are trained as fit in, and the run's settings say so."""
    run = train(
        shapes, _settings(tmp_path, bank, epochs=100_000, budget="25s"), progress=Progress()
    ).run
    kept = read_yaml(TrainSettings, run.folder / "settings.yaml")

    assert 1 <= kept.epochs < 100_000
    assert kept.budget is None
    assert run.metrics()["forecast"]["epochs"] == kept.epochs


def test_a_budget_for_nothing_is_refused(shapes: Path, bank: Path, tmp_path: Path) -> None:
    """Where not one epoch fits in, the least budget is told and no run stays."""
    with pytest.raises(UsageError, match="too small for one epoch: --budget 0.1s"):
        train(shapes, _settings(tmp_path, bank, budget="0.1s"), progress=Progress())

    assert list(tmp_path.iterdir()) == []
