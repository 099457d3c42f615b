"""Training: what it learns, what it keeps, when it stops, and that it goes on exactly."""

from __future__ import annotations

import logging
import pickle
import random
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs objektiv[torch]")
pytest.importorskip("lightning", reason="needs objektiv[torch]")

import torch

from objektiv.base import lock, tensors
from objektiv.base.errors import Cancelled, MachineError, ModelError
from objektiv.base.progress import CANCEL_FILE, Event, Progress
from objektiv.training import checkpoint, fit, learner
from tests.training import tiny

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, fit.Learnt]:
    """The folder and the result of a training that nothing disturbed."""
    folder = tmp_path_factory.mktemp("unbroken")
    return folder, tiny.train(folder)


def _last(folder: Path) -> dict[str, np.ndarray]:
    return tensors.read(folder / checkpoint.FOLDER / checkpoint.LAST).arrays


def _without_seconds(learnt: fit.Learnt) -> list[object]:
    return [replace(epoch, seconds=0.0) for epoch in learnt.history]


def _same(left: fit.Learnt, right: fit.Learnt) -> bool:
    states = all(np.array_equal(left.state[n], right.state[n]) for n in left.state)
    return states and _without_seconds(left) == _without_seconds(right)


class Killed(BaseException):
    """Ends a training in the middle, as no part of it expects."""


def test_network_learns_and_its_best_epoch_is_kept(unbroken: tuple[Path, fit.Learnt]) -> None:
    """The colours are learnt; the state is that of the epoch with the best accuracy."""
    _, learnt = unbroken
    accuracies = [epoch.val_accuracy for epoch in learnt.history]

    assert len(learnt.history) == 4
    assert max(accuracies) > 0.9
    assert learnt.best_epoch == 1 + int(np.argmax(accuracies))
    assert learnt.stopped == "epochs"
    assert (learnt.parameters, learnt.trainable) == (267, 267)


def test_state_says_what_the_history_says(unbroken: tuple[Path, fit.Learnt]) -> None:
    """The kept state, put into a new network, has the accuracy that the history shows."""
    _, learnt = unbroken
    trainable, validation = tiny.Tiny(), tiny.lessons().validation
    module = trainable.module(0)
    trainable.load(module, learnt.state)
    module.eval()
    with torch.no_grad():
        said = module(torch.from_numpy(validation.squares[validation.rows])).argmax(1).numpy()

    accuracy = float((said == validation.labels[validation.rows]).mean())
    assert accuracy == learnt.history[learnt.best_epoch - 1].val_accuracy


def test_stages_wait_for_the_head(tmp_path: Path) -> None:
    """In the head's epochs the stage before it keeps its weights, and moves afterwards."""
    first = tiny.Tiny().module(7).convolution.weight.detach().numpy()
    alone = tiny.train(tmp_path / "a", tiny.SETTINGS.model_copy(update={"epochs": 1}))
    both = tiny.train(tmp_path / "b", tiny.SETTINGS.model_copy(update={"epochs": 2}))
    never = tiny.train(
        tmp_path / "c", tiny.SETTINGS.model_copy(update={"epochs": 2, "unfreeze": 0})
    )

    assert np.array_equal(alone.state["convolution.weight"], first)
    assert not np.array_equal(_last(tmp_path / "b")["network/network.convolution.weight"], first)
    assert np.array_equal(_last(tmp_path / "c")["network/network.convolution.weight"], first)
    assert (both.trainable, never.trainable) == (267, 27)


@pytest.mark.parametrize("events", [2, 7, 11, 20])
def test_broken_off_training_goes_on_to_the_same_weights(
    events: int,
    unbroken: tuple[Path, fit.Learnt],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Broken off at the beginning, within epochs and at an epoch's end, bits and history agree."""
    monkeypatch.setattr(learner, "SAVE_EVERY", 0.0)
    monkeypatch.setattr(learner, "SAVE_SHARE", 1e9)
    monkeypatch.setattr("objektiv.base.progress.WRITE_EVERY", 0.0)
    told = 0

    def break_off(event: Event) -> None:
        nonlocal told
        told += 1
        if told == events:
            raise Killed("in the middle")

    with pytest.raises(Killed, match="in the middle"):
        tiny.train(tmp_path, listener=break_off)
    learnt = tiny.train(tmp_path)

    assert _same(learnt, unbroken[1])
    left, right = _last(tmp_path), _last(unbroken[0])
    assert all(np.array_equal(left[name], right[name]) for name in right)
    assert len((tmp_path / "history.csv").read_text().splitlines()) == 1 + len(learnt.history)


@pytest.mark.slow
def test_killed_training_goes_on_to_the_same_weights(
    unbroken: tuple[Path, fit.Learnt], tmp_path: Path
) -> None:
    """A process that is killed again and again at random moments ends with the same bits."""
    moments = random.Random(4)
    kills = 0
    for _ in range(40):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.training.tiny", str(tmp_path)], cwd=REPOSITORY
        )
        stand = tmp_path / checkpoint.FOLDER / checkpoint.LAST
        before = stand.stat().st_mtime_ns if stand.exists() else 0
        while process.poll() is None and (not stand.exists() or stand.stat().st_mtime_ns == before):
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 0.3))
        if process.poll() is None:
            process.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
            kills += 1
        if process.wait() == 0:
            break
    learnt = tiny.train(tmp_path)

    assert kills >= 3
    assert _same(learnt, unbroken[1])


def test_finished_training_is_not_done_again(unbroken: tuple[Path, fit.Learnt]) -> None:
    """A second call in the folder of a finished training returns what it gave."""
    folder, learnt = unbroken
    before = (folder / checkpoint.FOLDER / checkpoint.LAST).stat().st_mtime_ns

    assert _same(tiny.train(folder), learnt)
    assert (folder / checkpoint.FOLDER / checkpoint.LAST).stat().st_mtime_ns == before


def test_threads_do_not_change_what_is_learnt(
    unbroken: tuple[Path, fit.Learnt], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches drawn by one thread or by five are the same."""
    lessons = tiny.lessons
    monkeypatch.setattr(tiny, "lessons", lambda: lessons(workers=5))

    assert _same(tiny.train(tmp_path), unbroken[1])


def test_another_training_is_not_gone_on_with(unbroken: tuple[Path, fit.Learnt]) -> None:
    """Other settings are refused, by name and with both values."""
    with pytest.raises(ModelError, match=r"learning_rate differs: 0.05 then, 0.02 now"):
        tiny.train(unbroken[0], tiny.SETTINGS.model_copy(update={"learning_rate": 0.02}))


def test_two_processes_do_not_share_a_folder(tmp_path: Path) -> None:
    """While one holds the folder, a second training is refused."""
    with (
        lock.only_process(tmp_path / checkpoint.FOLDER),
        pytest.raises(MachineError, match="another process works in"),
    ):
        tiny.train(tmp_path)


def test_patience_stops_and_keeps_the_best(tmp_path: Path) -> None:
    """Without a better epoch for as long as patience says, training stops."""
    update = {"epochs": 40, "patience": 2, "schedule": "constant"}
    learnt = tiny.train(tmp_path, tiny.SETTINGS.model_copy(update=update))

    assert learnt.stopped == "patience"
    assert len(learnt.history) == learnt.best_epoch + 2 < 40


def test_loss_that_is_no_number_stops(tmp_path: Path) -> None:
    """Weights that run away give an error that says what to try, and the best is kept."""
    update = {"learning_rate": 1e38, "optimizer": "sgd", "warmup": 3.9, "schedule": "constant"}
    with pytest.raises(ModelError, match="no longer a number.*--learning-rate 1e.37") as caught:
        tiny.train(tmp_path, tiny.SETTINGS.model_copy(update=update))

    assert caught.value.allowed.startswith("The best weights, of epoch 1, are kept")
    assert (tmp_path / checkpoint.FOLDER / checkpoint.BEST.format(1)).is_file()


def test_wish_to_stop_is_obeyed_and_gone_on_from(
    unbroken: tuple[Path, fit.Learnt], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cancel file ends the training after a checkpoint, from which it then goes on."""
    monkeypatch.setattr("objektiv.base.progress.WRITE_EVERY", 0.0)
    stops = 0

    def cancel(event: Event) -> None:
        nonlocal stops
        stops += event.step == "epoch 2 of 4"
        if stops == 3:
            (tmp_path / CANCEL_FILE).touch()

    progress = Progress(cancel, tmp_path)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    arguments = (tiny.Tiny(), tiny.lessons(), tiny.SETTINGS)
    with pytest.raises(Cancelled, match="epoch 2 of 4 was stopped"):
        fit.fit(*arguments, seed=7, folder=tmp_path, progress=progress)
    stands = checkpoint.read_stands(tmp_path / checkpoint.FOLDER / checkpoint.LAST)
    (tmp_path / CANCEL_FILE).unlink()
    learnt = fit.fit(*arguments, seed=7, folder=tmp_path, progress=Progress())
    torch.set_num_threads(threads)

    assert (stands["clock"]["epoch"], stands["clock"]["batch"]) == (1, 2)
    assert _same(learnt, unbroken[1])


def test_nothing_is_pickled_said_or_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither torch.save nor pickle is called, no socket opened, no word printed or logged."""

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("called")

    for place, name in ((torch, "save"), (torch, "load"), (socket, "socket")):
        monkeypatch.setattr(place, name, forbidden)
    for name in ("dump", "dumps", "load", "loads"):
        monkeypatch.setattr(pickle, name, forbidden)
    tiny.train(tmp_path, tiny.SETTINGS.model_copy(update={"epochs": 1}))

    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")
    files = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file())
    assert files == [
        "checkpoint/best-1.safetensors",
        f"checkpoint/{lock.LOCK_FILE}",
        "checkpoint/last.safetensors",
        "history.csv",
    ]
    assert logging.getLogger("lightning.pytorch").level < logging.CRITICAL


def test_batch_larger_than_the_data_is_said(tmp_path: Path) -> None:
    """A batch of more images than there are takes them all, with a note."""
    update = {"epochs": 1, "batch": 500}
    learnt = tiny.train(tmp_path, tiny.SETTINGS.model_copy(update=update))

    assert learnt.notes == (
        "Batches hold all 90 training images: 500 a batch are more than there are.",
    )


def test_device_that_is_not_there_is_refused() -> None:
    """Asking for a graphics card that the machine lacks says what there is."""
    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA card")
    with pytest.raises(MachineError, match="--device cuda. There is cpu"):
        fit.device_of(tiny.SETTINGS.model_copy(update={"device": "cuda"}))
