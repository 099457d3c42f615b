"""Progress of long steps, and how they are stopped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from objektiv.base import progress
from objektiv.base.errors import Cancelled, MachineError
from objektiv.base.progress import Event, Progress


@pytest.fixture
def every(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell every count, not only one each half second."""
    monkeypatch.setattr(progress, "WRITE_EVERY", 0.0)


@pytest.mark.usefixtures("every")
def test_a_listener_hears_each_count_and_the_end() -> None:
    """A listener is told each count, and once at the end that the step is finished."""
    heard: list[Event] = []
    with Progress(heard.append).step("features", total=3) as step:
        step.advance()
        step.advance(2)

    assert [(e.step, e.done, e.total, e.finished) for e in heard] == [
        ("features", 1, 3, False),
        ("features", 3, 3, False),
        ("features", 3, 3, True),
    ]
    assert all(e.seconds >= 0 for e in heard)


def test_a_fast_step_tells_little() -> None:
    """Ten thousand quick counts make a handful of events, not ten thousand."""
    heard: list[Event] = []
    with Progress(heard.append).step("features", total=10_000) as step:
        for _ in range(10_000):
            step.advance()

    assert len(heard) < 20
    assert (heard[-1].done, heard[-1].finished) == (10_000, True)


@pytest.mark.usefixtures("every")
def test_progress_is_kept_in_the_folder(tmp_path: Path) -> None:
    """Each event is one line of JSON in progress.jsonl, of all steps of a run in turn."""
    told = Progress().in_folder(tmp_path)
    for name in ("read", "features"):
        with told.step(name, total=1) as step:
            step.advance()

    lines = (tmp_path / "progress.jsonl").read_text(encoding="utf-8").splitlines()

    assert [(e["step"], e["finished"]) for e in map(json.loads, lines)] == [
        ("read", False),
        ("read", True),
        ("features", False),
        ("features", True),
    ]


@pytest.mark.usefixtures("every")
def test_a_cancel_file_stops_the_step(tmp_path: Path) -> None:
    """A file called cancel ends the step with what is done and how to go on."""
    with pytest.raises(Cancelled) as caught:
        with Progress().in_folder(tmp_path).step("features", total=9) as step:
            step.advance(4)
            (tmp_path / "cancel").touch()
            step.advance()

    assert str(caught.value) == (
        "features was stopped: 5 of 9 done. What is done is kept. "
        "Next: run the same command again to go on from there"
    )
    assert caught.value.exit_code == 130


def test_progress_that_cannot_be_written_is_the_machines_fault(tmp_path: Path) -> None:
    """A disk that refuses progress.jsonl ends the step with a MachineError that names the file."""
    (tmp_path / "progress.jsonl").mkdir()  # as good as a full disk: it cannot be opened

    with pytest.raises(MachineError, match=r"cannot write .*progress\.jsonl: .* Next: free"):
        with Progress().in_folder(tmp_path).step("features", total=1) as step:
            step.advance()


@pytest.mark.usefixtures("every")
def test_a_step_that_fails_is_not_finished() -> None:
    """An error inside a step goes through, and the step is never told as finished."""
    heard: list[Event] = []
    with pytest.raises(ZeroDivisionError, match="division"):
        with Progress(heard.append).step("features", total=2) as step:
            step.advance()
            _ = 1 / 0

    assert [e.finished for e in heard] == [False]


def test_without_listener_or_folder_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A step nobody listens to leaves no file and prints nothing."""
    monkeypatch.chdir(tmp_path)
    with Progress().step("features", total=1) as step:
        step.advance()

    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr() == ("", "")
