"""Documents of a run: its report as PDF, and the course's three papers, ready to be written on.

In: ReportData. Out: report.pdf; and a new folder with status paper and final report (Word), talk
(PowerPoint), each as Markdown too, and their figures. In the language that is spoken.
Try: `objektiv report runs/cells-001 --pdf --deliverables --language de`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from objektiv.base import extras, files
from objektiv.base.language import spoken
from objektiv.faces.paper_facts import Facts
from objektiv.faces.paper_final import final_report
from objektiv.faces.paper_markdown import FIGURES, markdown
from objektiv.faces.paper_page import read_page
from objektiv.faces.paper_report import report_paper
from objektiv.faces.paper_status import status_paper
from objektiv.faces.paper_talk import talk
from objektiv.faces.papers import Paper
from objektiv.faces.report import ReportData, page

PDF = "report.pdf"
FOLDER = "deliverables"
STATUS, TALK, FINAL = "status_paper", "talk", "final_report"


def write_pdf(data: ReportData, path: Path) -> None:
    """Publish the report as PDF at `path`.

    Raises:
        MissingExtra: the extra `office` is not installed.
        MachineError: the file cannot be written.
    """
    extras.require("office", needed_by="a PDF")
    from objektiv.faces.paper_pdf import pdf

    files.write_bytes(path, pdf(report_paper(read_page(page(data))), language=spoken()))


def write_deliverables(data: ReportData, folder: Path) -> None:
    """Publish the three papers in a new folder; what somebody has written on is never overwritten.

    Raises:
        MissingExtra: the extra `office` is not installed.
        MachineError: the folder holds something, or cannot be written.
    """
    extras.require("office", needed_by="papers for Word and PowerPoint")
    facts = Facts(read_page(page(data)), data)
    files.publish_folder(folder, _contents(facts))


def _contents(facts: Facts) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of all files."""
    from objektiv.faces.paper_slides import slides
    from objektiv.faces.paper_word import word

    language = spoken()
    papers: dict[str, Paper] = {
        STATUS: status_paper(facts),
        TALK: talk(facts),
        FINAL: final_report(facts),
    }
    drawn: dict[str, bytes] = {}
    for name, paper in papers.items():
        if name == TALK:
            yield f"{name}.pptx", slides(paper, language=language)
        else:
            yield f"{name}.docx", word(paper, language=language)
        yield f"{name}.md", markdown(paper).encode()
        drawn |= {figure.file: figure.data for figure in paper.figures()}
    for file, data in drawn.items():
        yield f"{FIGURES}/{file}", data
