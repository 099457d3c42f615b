"""Before training: what each model would take, or what it lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from objektiv.base import extras
from objektiv.base.progress import Progress
from objektiv.flow.plan import plan
from objektiv.flow.settings import TrainSettings


@pytest.mark.slow
def test_more_epochs_take_longer(shapes: Path) -> None:
    """A frozen network is measured without torch, beside the probe."""
    values = {"model": "mobilenetv2-frozen", "backbone": "lite0", "size": 64, "precision": "fp32"}
    found = [
        plan(shapes, TrainSettings(**values, epochs=epochs), progress=Progress()).prospects
        for epochs in (1, 1000)
    ]

    assert [p.model for p in found[0]] == ["probe", "mobilenetv2-frozen"]
    (probe, short), (_, long) = found
    assert short.seconds and long.seconds and probe.seconds
    assert long.seconds > 5 * short.seconds
    assert short.memory and short.disk and probe.memory and probe.disk


def test_what_is_missing_is_told(shapes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without torch a network has no time, and the command that installs it."""
    monkeypatch.setattr(extras, "_is_installed", lambda package: package != "torch")

    found = plan(shapes, TrainSettings(model="cnn"), progress=Progress()).prospects[1]

    assert found.seconds is None
    assert 'pip install "objektiv[torch]"' in found.note


@pytest.mark.slow
def test_a_network_is_rehearsed(shapes: Path) -> None:
    """Where torch is, a network has a time and needs memory that grows with its batch."""
    pytest.importorskip("torch", reason="needs objektiv[torch]")
    pytest.importorskip("lightning", reason="needs objektiv[torch]")
    values = {"model": "cnn", "size": 24, "filters": (4,), "dense": (8,), "device": "cpu"}

    small, large = (
        plan(shapes, TrainSettings(**values, batch=batch), progress=Progress()).prospects[1]
        for batch in (1, 32)
    )

    assert small.seconds and large.seconds
    assert (small.memory or 0) < (large.memory or 0)
