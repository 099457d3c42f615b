"""The status paper of the course, about four pages: the problem, the way, who does what, how far.

In: Facts. Out: a Paper; what the run knows stands in it, the rest is asked for.
Try: `status_paper(Facts(read_page(page(data)), data)).prompts()`.
"""

from __future__ import annotations

from objektiv.base.language import tr
from objektiv.faces.paper_facts import STEPS, Facts
from objektiv.faces.papers import Paper, Paragraph, Prompt, Section
from objektiv.faces.sections import Table


def status_paper(facts: Facts) -> Paper:
    """The paper, its texts in the language that is spoken."""
    return Paper(
        tr("Status paper: {title}", title=facts.subject),
        (tr("Names, course, date: to be filled in"), facts.page.about),
        (*_why(facts), *_way(facts), *_state(facts)),
        numbered=True,
    )


def _why(facts: Facts) -> tuple[Section, ...]:
    return (
        Section(
            tr("The problem"),
            (
                Prompt(
                    tr(
                        "What is to be recognised, in which pictures, and who needs the answer? "
                        "End with one question that your project answers. (half a page)"
                    )
                ),
                facts.about,
            ),
        ),
        Section(
            tr("Why it is a problem, and what a solution is worth"),
            (
                facts.costs,
                Prompt(
                    tr(
                        "How is it done today, how long does it take, and how good is that? What "
                        "would change with a solution, in time, money or health? (half a page)"
                    )
                ),
            ),
        ),
        Section(
            tr("How success is measured"),
            (
                Paragraph(
                    tr(
                        "Accuracy alone is not enough: where 90 % of the pictures are of one "
                        "class, naming it always is right in 90 % of the cases. So these scores "
                        "are looked at:"
                    )
                ),
                facts.metrics,
                Prompt(
                    tr(
                        "Which of these scores decides here, and which value would be good enough? "
                        "Say why."
                    )
                ),
            ),
        ),
    )


def _way(facts: Facts) -> tuple[Section, ...]:
    """The seven steps of the workflow."""
    get, clean, split, choose, learn, validate, deploy = map(tr, STEPS)
    return (
        Section(
            tr("The way along the workflow"),
            (Prompt(tr("One sentence on each step below: what you did, and why that way.")),),
        ),
        Section(get, (facts.about, *facts.part("pictures").figures[:1]), level=2),
        Section(clean, (facts.aside, facts.augmentation), level=2),
        Section(split, facts.first_table("split"), level=2),
        Section(choose, (facts.method, Prompt(tr("Why this method, and which others?"))), level=2),
        Section(learn, facts.part("curves").figures or facts.first_table("head"), level=2),
        Section(validate, (facts.headline, facts.verdict), level=2),
        Section(
            deploy,
            (
                Prompt(
                    tr(
                        "Where will the model run, who will use it, how will its quality be "
                        "checked there, and when will it be trained anew?"
                    )
                ),
            ),
            level=2,
        ),
    )


def _state(facts: Facts) -> tuple[Section, ...]:
    head = (tr("step"), tr("who"), tr("until when"), tr("state"))
    tasks = Table("", head, tuple((tr(step), "", "", "") for step in STEPS), names=4)
    return (
        Section(
            tr("Who does what"),
            (Prompt(tr("Fill in names and dates, and add what is missing.")), tasks),
        ),
        Section(
            tr("Where we stand"),
            (
                facts.headline,
                *facts.comparison,
                Prompt(tr("What is done, what is under way, what has not begun?")),
            ),
        ),
        Section(
            tr("Problems"),
            (
                *facts.warnings,
                Prompt(
                    tr(
                        "What is in the way, what have you tried against it, and what do you need "
                        "from others?"
                    )
                ),
            ),
        ),
    )
