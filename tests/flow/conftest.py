"""Training without the last step, for tests of what comes before it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from objektiv.base.progress import Progress
from objektiv.data.dataset import Dataset
from objektiv.data.split import Split
from objektiv.flow import train as step
from objektiv.flow.settings import TrainSettings
from objektiv.flow.trained import Shipped, Trained
from tests.flow import drawn

TrainOn = Callable[..., Trained]


@pytest.fixture
def train_on(tmp_path: Path, bank: Path, trained: Path, monkeypatch: pytest.MonkeyPatch) -> TrainOn:
    """`train_on(folder, seed=3, ...)`: a run in `tmp_path/runs` whose bundle is not made.

    The bank knows the shapes already (that is why `trained` is asked for).
    """

    def no_bundle(*_: object) -> Shipped:
        return Shipped(0.0, bytes=1, weights_bytes=1, numbers=1, images_per_second=1.0)

    monkeypatch.setattr(step, "package", no_bundle)

    def run(
        data: Path | Dataset,
        *,
        given: Split | None = None,
        progress: Progress | None = None,
        **settings: Any,
    ) -> Trained:
        values = {"out": tmp_path / "runs", "bank": bank, "precision": "fp32", **settings}
        chosen = TrainSettings(**values)
        return step.train(data, chosen, split=given, progress=progress or Progress())

    return run


@pytest.fixture
def copied(shapes: Path, tmp_path: Path) -> Path:
    """Eight discs and eight stripes of the shapes, in a folder that a test may change."""
    for kind in drawn.CLASSES:
        (tmp_path / "data" / kind).mkdir(parents=True)
        for path in sorted((shapes / kind).iterdir())[:8]:
            (tmp_path / "data" / kind / path.name).write_bytes(path.read_bytes())
    return tmp_path / "data"
