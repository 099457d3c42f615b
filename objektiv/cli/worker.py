"""One command of objektiv as a job of the studio: the process behind `studio.jobs.start`.

In: the folder of a job. Out: the command's own files, its progress in the job's folder, and
result.json. The command knows nothing of the studio: what it can do, you can type.
Try: `python -m objektiv.cli.worker JOB`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import NoReturn

from objektiv.base import files
from objektiv.base.errors import Cancelled
from objektiv.base.lock import only_process
from objektiv.base.progress import CANCEL_FILE, Event, Listener, followed_by, record
from objektiv.cli.exits import run
from objektiv.cli.main import app
from objektiv.studio.jobs import RESULT, Result, read_job


def work(folder: Path) -> int:
    """Run the command of the job in `folder`; returns its exit code."""
    job = read_job(folder)
    with only_process(folder, wait=5.0), followed_by(follower(folder)):
        code = run(app, list(job.asked.words))
        result = Result(exit_code=code, ended=time.time())
        files.write_json(folder / RESULT, result.model_dump(mode="json"))
    return code


def follower(folder: Path) -> Listener:
    """What writes progress into a job's folder, and stops the command once it is cancelled."""

    def follow(event: Event) -> None:
        record(event, folder)
        if (folder / CANCEL_FILE).exists():
            raise Cancelled(
                f"{event.step} was stopped",
                value=f"{event.done} of {event.total} done",
                allowed="What is done is kept",
                next="start it again to go on from there",
            )

    return follow


def main() -> NoReturn:
    """Do the job that is named on the command line."""
    sys.exit(work(Path(sys.argv[1])))


if __name__ == "__main__":
    main()
