"""What `report` does: the report of a finished run made anew, in another language for one.

In: a run's folder. Out: a new numbered folder with report.html and the numbers of its figures, and
if asked the report as PDF and the course's papers; nothing is overwritten.
Try: `objektiv report runs/cells-001 --language de --pdf --deliverables`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from objektiv.base import extras, files
from objektiv.base.language import speaking
from objektiv.faces.deliverables import FOLDER, PDF, write_deliverables, write_pdf
from objektiv.faces.report import write_report
from objektiv.faces.story import report_data
from objektiv.faces.terminal import print_line
from objektiv.flow.finished import reopen
from objektiv.flow.run import REPORT, open_run
from objektiv.flow.settings import ReportSettings


def report(folder: Path, settings: ReportSettings, *, pdf: bool, deliverables: bool) -> None:
    """Make the report of the run in `folder` anew and say where it is.

    Raises:
        MissingExtra: documents are asked for, and the extra `office` is not installed.
    """
    run = open_run(folder)
    if pdf or deliverables:  # before anything is written
        extras.require("office", needed_by="--pdf" if pdf else "--deliverables")
    done = reopen(run, data=settings.data)
    with speaking(settings.language):
        data = report_data(done)
        target = files.new_numbered_folder(settings.out or run.folder, "report")
        write_report(data, target / REPORT)
        if pdf:
            write_pdf(data, target / PDF)
        if deliverables:
            write_deliverables(data, target / FOLDER)
    print_line(f"Report: {target / REPORT}", sys.stdout)
    if pdf:
        print_line(f"PDF: {target / PDF}", sys.stdout)
    if deliverables:
        print_line(f"To write on: {target / FOLDER}", sys.stdout)
