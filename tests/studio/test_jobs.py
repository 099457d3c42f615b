"""Jobs: processes that are followed by their files."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from objektiv.base import files
from objektiv.base.errors import UsageError
from objektiv.base.progress import PROGRESS_FILE, Event, record
from objektiv.studio.jobs import ASKED, RESULT, Asked, Job, Result, jobs, read_job, start
from objektiv.studio.projects import Project
from scripts import order

LONG = 60.0  # seconds for a process of the test to end


def ended(job: Job) -> Job:
    """The job after its process has ended."""
    last = time.monotonic() + LONG
    while (now := read_job(job.folder)).state == "running" and time.monotonic() < last:
        time.sleep(0.05)
    return now


def asked(folder: Path, *, began: float = 0.0, words: tuple[str, ...] = ("check", "cells")) -> Job:
    """A job that nobody works on."""
    files.make_folder(folder)
    facts = Asked(title="Check", words=words, began=began)
    files.write_json(folder / ASKED, facts.model_dump(mode="json"))
    return read_job(folder)


def test_a_job_runs_its_command(home: Path, project: Project) -> None:
    """It ends as the command does, and what the command said is kept."""
    job = ended(start(project.folder / "jobs", ["models", "--help"], title="Help"))

    assert job.state == "done"
    assert "Usage: objektiv models" in "\n".join(job.said())


def test_a_command_that_fails_is_a_job_that_failed(home: Path, project: Project) -> None:
    """The message of the command stands in what it said."""
    job = ended(start(project.folder / "jobs", ["train", "nowhere"], title="Train"))

    assert job.state == "failed"
    assert "there is no such" in "\n".join(job.said())


def test_a_job_outlives_who_started_it(home: Path, project: Project) -> None:
    """The studio may end while a command runs."""
    program = (
        "import sys; from pathlib import Path; from objektiv.studio.jobs import start; "
        "print(start(Path(sys.argv[1]), ['models', '--help'], title='Help').folder)"
    )
    command = [sys.executable, "-c", program, str(project.folder / "jobs")]
    folder = subprocess.check_output(command, text=True, cwd=order.REPOSITORY).strip()

    assert ended(read_job(Path(folder))).state == "done"


def test_a_second_job_waits(project: Project) -> None:
    """One job at a time in a project: the running one is named."""
    asked(project.folder / "jobs" / "check-001", began=time.time())

    with pytest.raises(UsageError, match="another job of this project is running: Check"):
        start(project.folder / "jobs", ["check", "cells"], title="Check again")


def test_a_job_whose_process_is_gone_has_died(tmp_path: Path) -> None:
    """It holds no lock and left no result."""
    assert asked(tmp_path / "job").state == "died"


@pytest.mark.parametrize(
    ("code", "state"), [(0, "done"), (1, "found"), (3, "failed"), (130, "stopped")]
)
def test_an_exit_code_is_a_state(tmp_path: Path, code: int, state: str) -> None:
    """A result tells how it ended and when."""
    job = asked(tmp_path / "job")
    files.write_json(job.folder / RESULT, Result(exit_code=code, ended=12.5).model_dump())

    assert read_job(job.folder).state == state
    assert read_job(job.folder).seconds == 12.5


def test_a_torn_line_of_progress_is_passed_over(tmp_path: Path) -> None:
    """The last whole line counts."""
    job = asked(tmp_path / "job")
    event = Event("look", 3, 9, 1.0, finished=False)
    record(event, job.folder)
    with (job.folder / PROGRESS_FILE).open("a") as stream:
        stream.write('{"step": "lo')

    assert job.event() == event


def test_jobs_are_listed_newest_first(tmp_path: Path) -> None:
    """The one that was asked last comes first."""
    first = asked(tmp_path / "a", began=1.0)
    time.sleep(0.02)
    second = asked(tmp_path / "b", began=2.0)

    assert [job.name for job in jobs(tmp_path)] == [second.name, first.name]


def test_a_folder_without_a_job_is_refused(tmp_path: Path) -> None:
    """The name is told."""
    with pytest.raises(UsageError, match="no such job: elsewhere"):
        read_job(tmp_path / "elsewhere")
