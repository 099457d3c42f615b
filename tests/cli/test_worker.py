"""The process behind a job: progress, stopping, and the result."""

from __future__ import annotations

from pathlib import Path

import pytest

from objektiv.base import files
from objektiv.base.errors import Cancelled
from objektiv.base.progress import CANCEL_FILE, Event
from objektiv.cli.worker import follower, work
from objektiv.studio.jobs import ASKED, Asked, read_job


def asked(folder: Path, *words: str) -> Path:
    """A job that waits for its process."""
    facts = Asked(title="A job", words=words, began=0.0)
    files.write_json(files.make_folder(folder) / ASKED, facts.model_dump(mode="json"))
    return folder


def test_the_progress_of_a_command_stands_in_the_job(
    tmp_path: Path, shapes: Path, bank: Path
) -> None:
    """A command that knows nothing of the studio is followed step by step."""
    folder = asked(
        tmp_path / "job", "explore", str(shapes), "--out", str(tmp_path), "--bank", str(bank)
    )

    assert work(folder) == 0

    event = read_job(folder).event()
    assert event is not None
    assert event.done == event.total > 0
    assert read_job(folder).state == "done"


def test_a_cancelled_job_stops_its_command(tmp_path: Path, shapes: Path, bank: Path) -> None:
    """It ends as if Ctrl-C had been pressed, and the result says so."""
    folder = asked(tmp_path / "job", "train", str(shapes), "--out", str(tmp_path))
    (folder / CANCEL_FILE).touch()

    assert work(folder) == Cancelled.exit_code
    assert read_job(folder).state == "stopped"


def test_a_follower_records_before_it_stops(tmp_path: Path) -> None:
    """The step that was stopped is the last one told."""
    (tmp_path / CANCEL_FILE).touch()

    with pytest.raises(Cancelled, match="look was stopped: 3 of 9 done"):
        follower(tmp_path)(Event("look", 3, 9, 1.0, finished=False))

    assert '"done": 3' in (tmp_path / "progress.jsonl").read_text()
