"""The report as a paper: all that its page says, for people who want it on paper.

In: a Page. Out: a Paper.
Try: `report_paper(read_page(page(data))).sections[0].title`.
"""

from __future__ import annotations

from objektiv.base.language import tr
from objektiv.faces.paper_page import Page
from objektiv.faces.papers import Bullets, Paper, Section

LEFT_OUT = {"next"}  # commands are typed, not printed


def report_paper(page: Page) -> Paper:
    """Every section of the page, in its order."""
    sections = [Section(tr("The result"), page.head.blocks)]
    if page.notes:
        sections.append(Section(tr("Worth knowing"), (Bullets(page.notes),)))
    sections += [
        Section(part.title, part.blocks)
        for anchor, part in page.sections.items()
        if anchor not in LEFT_OUT
    ]
    return Paper(page.title, (page.about,), tuple(sections))
