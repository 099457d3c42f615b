"""The talk of the course, 20 to 25 minutes: a slide each, with its minutes and what to say.

In: Facts. Out: a Paper whose sections are slides.
Try: `sum(s.minutes for s in talk(Facts(read_page(page(data)), data)).sections)`.
"""

from __future__ import annotations

from objektiv.base.language import tr
from objektiv.faces.paper_facts import Facts
from objektiv.faces.papers import Block, Bullets, Paper, Paragraph, Prompt, Section
from objektiv.faces.report import capital


def talk(facts: Facts) -> Paper:
    """The slides, their texts in the language that is spoken."""
    return Paper(
        capital(facts.subject),
        (facts.page.about, tr("Names, course, date: to be filled in")),
        (*_question(facts), *_data(facts), *_model(facts), *_result(facts), *_end(facts)),
    )


def _slide(title: str, minutes: float, *blocks: Block, notes: tuple[str, ...] = ()) -> Section:
    return Section(title, blocks, minutes=minutes, notes=notes)


def _question(facts: Facts) -> tuple[Section, ...]:
    return (
        _slide(
            tr("The question"),
            2,
            Prompt(tr("One sentence: what is to be recognised, and who needs the answer?")),
            *facts.part("pictures").figures[:1],
            notes=(tr("Begin with one picture and ask the audience what it shows."),),
        ),
        _slide(
            tr("Why it matters"),
            2,
            facts.costs,
            Prompt(tr("How is it done today, and what would a solution be worth?")),
        ),
    )


def _data(facts: Facts) -> tuple[Section, ...]:
    pictures = facts.part("pictures")
    return (
        _slide(
            tr("The data"),
            2,
            facts.about,
            Prompt(tr("Where do the pictures come from, and who named them?")),
            *pictures.tables[:1],
        ),
        _slide(
            tr("What the pictures look like"),
            1.5,
            Prompt(tr("What do you notice: size, shape, colour? What marks each class?")),
            *pictures.figures[1:2],
        ),
        _slide(
            tr("Cleaning and preparing"),
            1.5,
            facts.aside,
            facts.augmentation,
            Prompt(
                tr("Which changes of a picture can occur in reality, and which would be wrong?")
            ),
        ),
        _slide(
            tr("Train, validation, test"),
            1,
            Bullets(
                (
                    tr("Train: what the model learns from"),
                    tr("Validation: what settings are chosen by"),
                    tr("Test: looked at once, at the end"),
                )
            ),
            *facts.first_table("split"),
            notes=(
                tr(
                    "Pictures of one patient or object must never be in two parts: the model would "
                    "recognise the patient, not what he has."
                ),
            ),
        ),
    )


def _model(facts: Facts) -> tuple[Section, ...]:
    return (
        _slide(
            tr("The method"),
            2,
            facts.method,
            Prompt(
                tr("How does it work? Draw it: picture, layers, features, answer. Name one rival.")
            ),
        ),
        _slide(
            tr("Training"),
            2,
            Prompt(tr("What was varied, what did you expect, and what came out?")),
            *(facts.part("curves").figures or facts.first_table("head")),
        ),
    )


def _result(facts: Facts) -> tuple[Section, ...]:
    return (
        _slide(
            tr("The result"),
            2,
            facts.headline,
            *facts.comparison,
            notes=(facts.verdict.text, tr("Say what the interval means before you go on.")),
        ),
        _slide(tr("The scores"), 1, facts.short_scores, notes=facts.metrics.items),
        _slide(
            tr("Which mistakes it makes"),
            2,
            Prompt(tr("Which class is taken for which, and what may be the reason?")),
            *facts.first_table("confusion"),
            *facts.part("mistakes").figures[:1],
        ),
        *_decision(facts),
        _slide(
            tr("Can its probabilities be believed?"),
            1,
            Paragraph(tr("When the model is 80 % sure, it should be right in 80 % of the cases.")),
            *facts.part("reliability").figures[:1],
        ),
        *_doubt(facts),
    )


def _doubt(facts: Facts) -> tuple[Section, ...]:
    """When it does not answer."""
    part = facts.part("doubt")
    if not part.blocks:
        return ()
    prompt = Prompt(tr("What happens to a picture that gets no answer?"))
    notes = tuple(p.text for p in part.sentences[1:])
    return (_slide(part.title, 1, prompt, *part.figures[:1], notes=notes),)


def _decision(facts: Facts) -> tuple[Section, ...]:
    """Where the line is drawn, where one class is looked for."""
    part = facts.part("decision")
    if not part.blocks:
        return ()
    return (
        _slide(
            part.title,
            1.5,
            Prompt(tr("Which mistake is worse here, and where should the line be drawn?")),
            *part.tables[-1:],
            notes=tuple(p.text for p in part.sentences[1:]),
        ),
    )


def _end(facts: Facts) -> tuple[Section, ...]:
    return (
        _slide(
            tr("Limits"),
            1,
            *facts.warnings[:2],
            Prompt(tr("On which pictures was it not tested, and where must it not be used?")),
        ),
        _slide(
            tr("Outlook"),
            1,
            Prompt(
                tr(
                    "Where could it run, how would its quality be checked there, and what would "
                    "you do with one more month?"
                )
            ),
        ),
        _slide(tr("Questions"), 0.5, facts.headline),
    )
