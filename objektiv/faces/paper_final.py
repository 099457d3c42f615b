"""The final report of the course, about twelve pages, from the introduction to the bibliography.

In: Facts. Out: a Paper: the run's figures and tables stand where they belong, the text is asked
for with the length that it may have.
Try: `final_report(Facts(read_page(page(data)), data)).prompts()`.
"""

from __future__ import annotations

from objektiv.base.language import tr
from objektiv.faces.paper_facts import Facts
from objektiv.faces.papers import Block, Paper, Prompt, Section
from objektiv.faces.sections import Table


def final_report(facts: Facts) -> Paper:
    """The report, its texts in the language that is spoken."""
    return Paper(
        tr("Report: {title}", title=facts.subject),
        (facts.page.about, tr("Names, course, date: to be filled in")),
        (
            *_begin(facts),
            *_approach(facts),
            *_implementation(facts),
            *_results(facts),
            *_end(facts),
        ),
        numbered=True,
        contents=True,
    )


def _chapter(title: str, *blocks: Block) -> Section:
    return Section(title, blocks)


def _part(title: str, *blocks: Block) -> Section:
    return Section(title, blocks, level=2)


def _begin(facts: Facts) -> tuple[Section, ...]:
    head = (tr("work"), tr("data"), tr("method"), tr("result"), tr("what we do differently"))
    return (
        _chapter(
            tr("Introduction"),
            Prompt(
                tr(
                    "The problem, who has it, and the question that this report answers; what a "
                    "wrong answer costs; how the report is built. (one page)"
                )
            ),
            facts.costs,
            facts.about,
        ),
        _chapter(
            tr("Related work"),
            Prompt(
                tr(
                    "Three to five works on this question or on this kind of pictures: what they "
                    "did, on which data, how well, and whether they were tested as strictly as "
                    "here. (one page and a half)"
                )
            ),
            Table(tr("Related work"), head, tuple(("", "", "", "", "") for _ in range(4)), names=5),
        ),
    )


def _approach(facts: Facts) -> tuple[Section, ...]:
    pictures = facts.part("pictures")
    return (
        _chapter(
            tr("Approach"),
            Prompt(
                tr(
                    "The workflow in your own words: get, prepare, split, choose, train, validate, "
                    "deploy; and why in this order. (half a page)"
                )
            ),
        ),
        _part(
            tr("The data"),
            facts.about,
            Prompt(
                tr(
                    "Where the pictures come from, how they were made and named, and what you "
                    "notice in them. (half a page)"
                )
            ),
            *[f for f in pictures.figures if f.file.endswith(".jpg")][:2],
            *pictures.tables,
        ),
        _part(
            tr("Train, validation, test"),
            *facts.all("split"),
            Prompt(
                tr(
                    "Why a test part, and why whole groups (patients, objects, videos) in one "
                    "part? What would a random split have claimed? (`objektiv split --honest` "
                    "tells) (a third of a page)"
                ).replace("`", "")
            ),
        ),
        _part(
            tr("The method"),
            facts.method,
            Prompt(
                tr(
                    "How it works: convolution, pooling, features, classifier; what was trained "
                    "and what was taken over from a pretrained network. With a drawing of your "
                    "own. (one page and a half)"
                )
            ),
        ),
        _part(
            tr("How it was judged"),
            facts.metrics,
            Prompt(
                tr(
                    "Explain two of these scores with the figures of the confusion matrix, and "
                    "what a 95 % interval promises. (half a page)"
                )
            ),
        ),
    )


def _implementation(facts: Facts) -> tuple[Section, ...]:
    return (
        _chapter(
            tr("Implementation"),
            Prompt(tr("The tools, the machine, and how others can repeat it. (a third of a page)")),
        ),
        _part(
            tr("Preparation"),
            facts.aside,
            facts.augmentation,
            *facts.sights("quarantine"),
            Prompt(
                tr(
                    "What was cleaned and changed, and which changes of a picture can occur in "
                    "reality. (half a page)"
                )
            ),
        ),
        _part(
            tr("Modelling"),
            *facts.sights("network", "head"),
            *facts.part("curves").figures,
            Prompt(
                tr(
                    "Which settings were tried, what you expected of each, and what came out. "
                    "(one page)"
                )
            ),
        ),
        _part(
            tr("Visualisation"),
            Prompt(
                tr("Which figures you made, what each shows, and why in this form. (half a page)")
            ),
        ),
    )


def _results(facts: Facts) -> tuple[Section, ...]:
    return (
        _chapter(tr("Results"), facts.headline, facts.verdict, *facts.comparison),
        _part(
            tr("The scores"),
            *facts.sights("scores"),
            Prompt(tr("What do these scores say about your question? (half a page)")),
        ),
        *_decision(facts),
        _part(
            tr("Mistakes"),
            *facts.sights("confusion"),
            *facts.part("mistakes").figures[:1],
            Prompt(
                tr(
                    "Which mistakes are dangerous, which are harmless, and what do the pictures "
                    "that were wrong share? (half a page)"
                )
            ),
        ),
        _part(
            tr("Can its probabilities be believed?"),
            *facts.part("reliability").figures[:1],
            Prompt(tr("Is the model too sure or too unsure, and does it matter? (a few lines)")),
        ),
        *_careful(facts),
        _part(
            tr("Comparison"),
            Prompt(
                tr(
                    "Other settings and models beside this one (`objektiv compare` makes table and "
                    "figures): hypothesis, figure, finding. Is the best one shown to be better? "
                    "(one page)"
                ).replace("`", "")
            ),
        ),
    )


def _decision(facts: Facts) -> tuple[Section, ...]:
    """Where the line is drawn and what is said of whole groups, where one class is looked for."""
    decision, groups = facts.part("decision"), facts.part("groups")
    prompt = Prompt(
        tr(
            "Which mistake is worse here, and where should the line be drawn? What does it mean "
            "for the people concerned? (half a page)"
        )
    )
    found = []
    if decision.blocks:
        sights: tuple[Block, ...] = (*decision.tables, *decision.figures[:1])
        found.append(_part(decision.title, *decision.sentences, *sights, prompt))
    if groups.blocks:
        found.append(_part(groups.title, *groups.sentences, *facts.worst_groups))
    return tuple(found)


def _careful(facts: Facts) -> tuple[Section, ...]:
    """When it does not answer, and how often the test part was looked at."""
    doubt, honesty = facts.part("doubt"), facts.part("honesty")
    prompt = Prompt(tr("What happens to a picture that gets no answer? (a few lines)"))
    found = []
    if doubt.blocks:
        found.append(_part(doubt.title, *doubt.sentences, *doubt.figures[:1], prompt))
    if honesty.blocks:
        found.append(_part(honesty.title, *honesty.sentences))
    return tuple(found)


def _end(facts: Facts) -> tuple[Section, ...]:
    return (
        _chapter(
            tr("Reflection"),
            *facts.warnings,
            Prompt(
                tr(
                    "What went well, what did not, what surprised you, and what would you do "
                    "differently? Where must the result not be trusted? (one page)"
                )
            ),
        ),
        _chapter(
            tr("Outlook"),
            Prompt(
                tr(
                    "What would come next: more data, another method, use in practice with "
                    "continuous checking of its quality. (half a page)"
                )
            ),
        ),
        _chapter(
            tr("Bibliography"),
            facts.literature,
            Prompt(
                tr(
                    "These are the works behind the scores and the network of this run. Add where "
                    "the data come from, and all that you cite."
                )
            ),
        ),
        _chapter(tr("Appendix: how it was made"), *facts.sights("made")),
    )
