"""A search ranks by validation, judges the winner on test, and goes on where it was cut off."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from objektiv.base.errors import DataError, ModelError, SettingsError, UsageError
from objektiv.base.progress import Progress
from objektiv.flow import trials
from objektiv.flow.settings import TuneSettings
from objektiv.flow.tune import Tuned, tune
from objektiv.judging.predictions import Predictions
from tests.flow import drawn
from tests.flow.conftest import TrainOn

GRID = "blocks: [[colours], [stem, stage1, colours]]\nstrength: [1, 10]\n"
RUNS = "fit: [letterbox, stretch]\nstrength: [3]\nblocks: [[colours]]\n"


@pytest.fixture
def settings(tmp_path: Path, bank: Path, train_on: TrainOn) -> Any:
    """TuneSettings for the shapes, with a grid of this text; no run gets a bundle."""
    del train_on  # fills the bank and leaves bundles away

    def made(grid: str = "", **values: Any) -> TuneSettings:
        if grid:
            values["grid"] = tmp_path / "grid.yaml"
            values["grid"].write_text(grid, encoding="utf-8")
        own = {"group": drawn.GROUP, "out": tmp_path / "tunes", "bank": bank, "precision": "fp32"}
        return TuneSettings(**{**own, **values})

    return made


def _tune(data: Path, settings: TuneSettings) -> Tuned:
    return tune(data, settings, progress=Progress())


def _board(tuned: Tuned) -> list[dict[str, str]]:
    with (tuned.folder / "leaderboard.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_heads_are_ranked_and_the_winner_is_a_run(shapes: Path, settings: Any) -> None:
    """A grid of head settings: four rows in order of log loss; the winner has the best's blocks."""
    tuned = _tune(shapes, settings(GRID))
    board = _board(tuned)

    assert tuned.kind == "heads" and len(board) == 4
    losses = [float(row["log_loss"]) for row in board]
    assert losses == sorted(losses)
    chosen = tuned.winner.metrics()["chosen"]
    assert chosen["blocks"] == list(tuned.rows[0].values["blocks"])
    assert chosen["strength"] == tuned.rows[0].values["strength"]
    assert chosen["log_loss"] == pytest.approx(losses[0], abs=1e-3)


def test_trials_of_other_settings_are_runs_on_one_split(shapes: Path, settings: Any) -> None:
    """A setting that is not the head's makes a run a trial, all of them judged on the same items;
    test items have no part in the ranking."""
    tuned = _tune(shapes, settings(RUNS))

    assert tuned.kind == "runs" and len(tuned.rows) == 2
    told = [row.run.predictions() for row in tuned.rows if row.run]
    assert told[0].parts == told[1].parts
    own = [k for k, part in enumerate(told[0].parts) if part != "test"]
    assert len(tuned.rows[0].correct) == len(own)
    for row, predictions in zip(tuned.rows, told, strict=True):
        judged = predictions.rows(own)
        assert row.accuracy.estimate == pytest.approx(judged.correct.mean())
    assert tuned.winner == tuned.rows[0].run
    assert {row["run"] for row in _board(tuned)} == {"t0000-001", "t0001-001"}


def _cut_off(tuned: Tuned) -> Path:
    """As after kill -9: the second trial half done, nothing published."""
    (tuned.folder / "trials" / "t0001-001" / "metrics.json").unlink()
    (tuned.folder / "leaderboard.csv").unlink()
    return tuned.folder


def test_a_search_goes_on_and_repeats_nothing(shapes: Path, settings: Any) -> None:
    """The finished trial stays as it is, the half one is trained anew, the ranking is the same."""
    whole = _tune(shapes, settings(RUNS))
    first = whole.folder / "trials" / "t0000-001" / "metrics.json"
    before = first.stat().st_mtime_ns
    again = _tune(shapes, TuneSettings(resume=_cut_off(whole)))

    assert first.stat().st_mtime_ns == before
    assert [r.values for r in again.rows] == [r.values for r in whole.rows]
    assert [r.log_loss for r in again.rows] == pytest.approx([r.log_loss for r in whole.rows])
    assert sorted(p.name for p in (whole.folder / "trials").iterdir()) == ["t0000-001", "t0001-001"]


def test_other_data_and_other_settings_are_refused(
    shapes: Path, settings: Any, tmp_path: Path
) -> None:
    """A search goes on with its own pictures and settings."""
    folder = _tune(shapes, settings(GRID)).folder
    other = drawn.draw(tmp_path / "other", count=20)

    with pytest.raises(DataError, match="other pictures"):
        _tune(other, TuneSettings(resume=folder))
    with pytest.raises(UsageError, match="--strength"):
        _tune(shapes, TuneSettings(resume=folder, strength=3))
    with pytest.raises(UsageError, match="no search"):
        _tune(shapes, TuneSettings(resume=tmp_path))


@pytest.mark.parametrize("damage", ["{", "{}", '{"format": 2}', '{"format": 1, "search": null}'])
def test_a_damaged_record_is_a_data_error(shapes: Path, tmp_path: Path, damage: str) -> None:
    """tune.json that was cut or changed is refused by name."""
    (tmp_path / "tune.json").write_text(damage, encoding="utf-8")

    with pytest.raises(DataError, match="tune.json"):
        _tune(shapes, TuneSettings(resume=tmp_path))


def test_a_trial_that_cannot_be_trained_does_not_stop_the_others(
    shapes: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands in the leaderboard with its reason, and is not tried again."""
    real, calls = trials.train, []

    def sometimes(data: Path, own: Any, **more: Any) -> Any:
        calls.append(own.name)
        if own.fit == "stretch":
            raise ModelError("weights became NaN", value="nan", allowed="x", next="y")
        return real(data, own, **more)

    monkeypatch.setattr(trials, "train", sometimes)
    tuned = _tune(shapes, settings(RUNS))

    assert [t.number for t in tuned.failed] == [1] and "NaN" in _board(tuned)[-1]["failed"]
    _tune(shapes, TuneSettings(resume=tuned.folder))
    assert calls == ["t0000", "t0001"]


def test_nothing_but_failures_is_an_error(
    shapes: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no trial works the first reason is told."""

    def never(*_: Any, **__: Any) -> None:
        raise ModelError("weights became NaN", value="nan", allowed="x", next="y")

    monkeypatch.setattr(trials, "train", never)
    with pytest.raises(ModelError, match="not one of 2 trials"):
        _tune(shapes, settings(RUNS))


def test_values_that_do_not_go_together_are_refused_at_once(shapes: Path, settings: Any) -> None:
    """An unknown block, model or combination is told before anything is trained."""
    with pytest.raises(UsageError, match="colours"):
        _tune(shapes, settings("blocks: [[colous]]\n"))
    with pytest.raises(UsageError, match="did you mean"):
        _tune(shapes, settings("model: [simple-cn]\n"))
    with pytest.raises(UsageError, match="--grid"):
        _tune(shapes, settings(search=3))
    with pytest.raises(SettingsError, match="fit: a list"):
        _tune(shapes, settings("fit: []\n"))


def test_optuna_chooses_trials_and_goes_on(shapes: Path, settings: Any) -> None:
    """A search of two trials becomes one of three; the first two are not trained again."""
    pytest.importorskip("optuna", reason="the extra tune is not installed")
    grid = "strength: {low: 0.1, high: 100, log: true}\nblocks: [[colours], [stem]]\n"
    first = _tune(shapes, settings(grid, search=2))
    before = json.loads((first.folder / "tune.json").read_text("utf-8"))["trials"]
    more = _tune(shapes, TuneSettings(resume=first.folder, search=3))
    after = json.loads((first.folder / "tune.json").read_text("utf-8"))["trials"]

    assert after[:2] == before and len(more.rows) == 3
    assert all(0.1 <= row.values["strength"] <= 100 for row in more.rows)


@pytest.mark.slow
def test_processes_give_what_one_process_gives(shapes: Path, settings: Any) -> None:
    """Two jobs rank as one does, and the environment is as before."""
    one = _tune(shapes, settings(RUNS))
    before = dict(os.environ)
    two = _tune(shapes, settings(RUNS, jobs=2))

    assert dict(os.environ) == before
    assert [r.values for r in two.rows] == [r.values for r in one.rows]
    for a, b in zip(one.rows, two.rows, strict=True):
        np.testing.assert_allclose(a.log_loss, b.log_loss, rtol=1e-4)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_search_goes_on(shapes: Path, settings: Any, tmp_path: Path, bank: Path) -> None:
    """A process killed after its first trial: that trial is kept, the others follow."""
    grid = settings("strength: [1, 3, 10]\nfit: [letterbox, stretch]\n").grid
    program = "from objektiv.cli.main import main\nmain()\n"
    words = ["tune", str(shapes), "--grid", str(grid), "--out", str(tmp_path / "killed")]
    words += ["--bank", str(bank), "--group", drawn.GROUP, "--precision", "fp32"]
    process = subprocess.Popen([sys.executable, "-c", program, *words])
    done = tmp_path / "killed" / "shapes-001" / "trials" / "t0000-001" / "metrics.json"
    limit = time.monotonic() + 120
    while not done.exists() and process.poll() is None and time.monotonic() < limit:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = done.stat().st_mtime_ns
    tuned = _tune(shapes, TuneSettings(resume=tmp_path / "killed" / "shapes-001"))

    assert done.stat().st_mtime_ns == before
    assert len(tuned.rows) == 6 and not tuned.failed


def test_the_luck_of_the_best_is_told(shapes: Path, settings: Any) -> None:
    """What is to be expected of the winner is a share, and rests on groups left out."""
    tuned = _tune(shapes, settings(GRID))

    assert tuned.honest is not None and 0 <= tuned.honest.accuracy <= 1
    assert isinstance(tuned.winner.predictions(), Predictions)
