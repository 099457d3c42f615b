"""What `report` does: the report of a finished run made anew, in another language for one.

In: a run's folder. Out: a new numbered folder with report.html and the numbers of its figures;
nothing is overwritten.
Try: `objektiv report runs/cells-001 --language de`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from objektiv.base import files
from objektiv.base.language import speaking
from objektiv.faces.report import write_report
from objektiv.faces.story import report_data
from objektiv.faces.terminal import print_line
from objektiv.flow.finished import reopen
from objektiv.flow.run import REPORT, open_run
from objektiv.flow.settings import ReportSettings


def report(folder: Path, settings: ReportSettings) -> None:
    """Make the report of the run in `folder` anew and say where it is."""
    run = open_run(folder)
    done = reopen(run, data=settings.data)
    with speaking(settings.language):
        data = report_data(done)
        target = files.new_numbered_folder(settings.out or run.folder, "report")
        write_report(data, target / REPORT)
    print_line(f"Report: {target / REPORT}", sys.stdout)
