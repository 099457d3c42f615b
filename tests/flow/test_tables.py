"""The tables that a training leaves."""

from __future__ import annotations

import json
from pathlib import Path

from tests.flow.conftest import TrainOn


def test_a_probe_tells_its_trials_and_no_forecast(train_on: TrainOn, shapes: Path) -> None:
    """history.csv has a row a trial; only networks are predicted before they train."""
    trained = train_on(shapes)
    folder = trained.run.folder
    metrics = json.loads((folder / "metrics.json").read_text())

    rows = (folder / "history.csv").read_text().splitlines()
    assert len(rows) == 1 + len(trained.made.history.rows)
    assert "forecast" not in metrics and "probe" not in metrics
    assert metrics["model"]["name"] == "probe"
