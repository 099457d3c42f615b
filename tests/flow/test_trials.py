"""Trials: half ones are removed, processes share the cores, verdicts leave test out."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from objektiv.flow.run import Run
from objektiv.flow.trials import THREADS, finished, log_loss, verdicts, workers


def _threads() -> dict[str, str | None]:
    return {name: os.environ.get(name) for name in THREADS}


def test_half_a_run_is_removed_and_a_finished_one_found(tmp_path: Path) -> None:
    """Only a folder with metrics.json counts."""
    for name in ("t0003-001", "t0003-002"):
        (tmp_path / name).mkdir()
    (tmp_path / "t0003-002" / "metrics.json").touch()
    found = finished(tmp_path, "t0003")

    assert found == Run(tmp_path / "t0003-002") and not (tmp_path / "t0003-001").exists()
    assert finished(tmp_path, "t0004") is None


def test_processes_divide_the_cores() -> None:
    """Each process gets its share of threads; afterwards the environment is as before."""
    before = _threads()
    with workers(2) as pool:
        share = pool.submit(_threads).result()

    assert set(share.values()) == {str(max(1, (os.cpu_count() or 1) // 2))}
    assert _threads() == before


def test_verdicts_are_of_items_outside_test(trained: Path) -> None:
    """One run: its losses and hits are those of its predictions that are not test."""
    predictions = Run(trained).predictions()
    rows = [k for k, part in enumerate(predictions.parts) if part != "test"]
    found = verdicts([Run(trained)])
    own = predictions.rows(rows)
    right = own.probabilities[np.arange(len(rows)), own.labels]

    assert found.losses.shape == (1, len(rows))
    assert found.correct.sum() == own.correct.sum()
    np.testing.assert_allclose(found.losses.mean(), -np.log(right).mean(), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(log_loss(Run(trained)), -np.log(right).mean(), rtol=1e-5, atol=1e-7)
