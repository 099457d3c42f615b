"""One page that says what a run found: a single HTML file that needs nothing from outside.

In: ReportData. Out: report.html with pictures, figures and style inside, for screens of every
width, light or dark, and for paper. It loads nothing, runs no script, and every name is escaped.
Try: `write_report(data, Path("report.html"))`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from objektiv.base import files
from objektiv.base.language import Told, spoken, tr, tr_count
from objektiv.data.dataset import Dataset
from objektiv.data.split import Split
from objektiv.faces import figures, judged, plots, sections, words
from objektiv.faces.data_part import data_part
from objektiv.faces.doubt_part import doubt_part
from objektiv.faces.figures import Figure
from objektiv.faces.lessons import Lesson
from objektiv.faces.scored import scored_part
from objektiv.flow.judge import Judgement
from objektiv.judging.intervals import Interval
from objektiv.judging.metrics import Scores
from objektiv.judging.predictions import Predictions

TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True, eq=False)
class ReportData:
    """What a report is made of.

    `predictions`, `baseline`: of all parts; test is what is scored. `difference`: accuracy of the
    model minus the baseline's, paired. `timings`: seconds of each step; all of them where one is
    called "total". `choices`: a mapping each for what was tried out-of-fold, such as blocks,
    strength, log_loss, accuracy and chosen (yes or no). `next_commands`: what to type next.
    `probe`: accuracy of the quick probe beside a network, and the model's minus it, paired.
    `lesson`: of a network that learnt by gradient. `honesty`: what the ledger says, in sentences.
    """

    title: str
    dataset: Dataset
    split: Split
    predictions: Predictions
    baseline: Predictions
    scores: Scores
    baseline_scores: Scores
    difference: Interval
    timings: dict[str, float]
    choices: list[dict[str, Any]]
    settings: dict[str, Any]
    machine: dict[str, Any]
    notes: list[str]
    next_commands: list[str]
    probe: tuple[Interval, Interval] | None = None
    lesson: Lesson | None = None
    judgement: Judgement | None = None
    honesty: tuple[str, ...] = ()
    pictures: bool = True  # whether the files of the pictures are there to be shown


def write_report(data: ReportData, path: Path) -> None:
    """Publish the page at `path`, and beside it the numbers of its figures.

    Raises:
        UsageError: no prediction is in the part test.
        MachineError: the file cannot be written.
    """
    parts = _parts(data)
    figures.write_figures(figures_of(parts), path.parent)
    files.write_text(path, _rendered(parts))


def page(data: ReportData) -> str:
    """The page as text; the same data gives the same text."""
    return _rendered(_parts(data))


def _rendered(parts: Mapping[str, Any]) -> str:
    return environment().get_template("report.html").render(parts)


def figures_of(parts: Mapping[str, Any]) -> list[Figure]:
    """All figures of a page."""
    found = [part for part in parts.values() if isinstance(part, Figure)]
    decision, lesson = parts["decision"], parts.get("lesson")
    found += [drawn for drawn, _ in decision.curves] if decision else []
    found += parts["doubt"].figures if parts["doubt"] else ()
    return [*found, *(lesson.curves if lesson else ())]


def _parts(data: ReportData) -> dict[str, Any]:
    """What the template is filled with."""
    test, baseline = data.predictions.only("test"), data.baseline.only("test")
    parts = {
        "title": data.title,
        "about": _about(data),
        "notes": data.notes,
        "next_commands": data.next_commands,
        "lesson": data.lesson,
        "honesty": data.honesty,
        **decided(data.judgement, data.scores),
        **_result(data, test=test, baseline=baseline),
        **_judged(data, test=test),
        **data_part(data.dataset, data.split, notes=data.notes, pictures=data.pictures),
        **_made(data, test=test),
    }
    return parts | {"sections": _sections(parts)}


def _about(data: ReportData) -> str:
    items, classes = data.dataset.items, len(data.dataset.classes)
    groups = items["group"].drop_nulls().n_unique()
    told = tr_count("of {number} class", "of {number} classes", classes)
    told = f"{words.pictures(len(items))} {told}"
    return told + (
        tr_count(" from {number} group", " from {number} groups", groups) if groups else ""
    )


def decided(found: Judgement | None, scores: Scores) -> dict[str, Any]:
    """What follows from the scores for one picture, for whole groups, for some of them."""
    return {
        "sought": scores.positive,
        "decision": judged.decision_part(found) if found else None,
        "whole_groups": judged.group_part(found) if found else None,
        "subgroups": judged.subgroup_tables(found) if found else [],
        "doubt": doubt_part(found.unsure, classes=len(scores.classes)) if found else None,
    }


def judged_sections(parts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Where links lead to what was judged, and what they are called."""
    return [
        *([("decision", tr("Decision"))] if parts["decision"] else []),
        *([("groups", tr("Whole groups"))] if parts["whole_groups"] else []),
        *([("subgroups", tr("Worse for some?"))] if parts["subgroups"] else []),
        ("scores", tr("Scores")),
        ("confusion", tr("Confusion")),
        ("reliability", tr("Reliability")),
        *([("doubt", tr("When not to answer"))] if parts["doubt"] else []),
        ("mistakes", tr("Mistakes")),
        *([("honesty", tr("Honesty"))] if parts["honesty"] else []),
    ]


def _sections(parts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Where the page's own links lead, and what they are called."""
    found = [
        *judged_sections(parts),
        ("pictures", tr("Pictures")),
        ("split", tr("Split")),
        ("quarantine", tr("Quarantine")),
    ]
    if parts["lesson"]:
        found += [("curves", tr("Curves")), ("network", tr("Network"))]
    if parts["choices"]:
        found.append(("head", tr("Head")))
    return [*found, ("made", tr("How it was made")), ("next", tr("Next"))]


def _result(data: ReportData, *, test: Predictions, baseline: Predictions) -> dict[str, Any]:
    """The head of the page: the sentence, what it means, and the baseline beside it."""
    accuracy = data.scores.accuracy
    frequent = words.most_frequent(data.scores)
    plain = data.baseline_scores.accuracy
    bars = [
        plots.Bar(tr("this model"), "model", accuracy, "model"),
        plots.Bar(tr(words.BASELINE), "plain", plain, "baseline"),
        plots.Bar(tr("always the most frequent class"), "none", frequent, "most_frequent"),
    ]
    if data.probe:
        bars.insert(1, plots.Bar(tr("quick probe"), "none", data.probe[0], "probe"))
    return {
        "headline": words.headline_parts(data.scores),
        "beside": words.beside_probe(data.probe[1]) if data.probe else "",
        "meaning": words.meaning(accuracy),
        "warning": accuracy.warning,
        "verdict": words.verdict(data.scores, data.baseline_scores, data.difference),
        "comparison": figures.comparison(bars),
        "agreement": _agreement(test, baseline),
    }


def _agreement(test: Predictions, baseline: Predictions) -> str:
    plain = dict(zip(baseline.ids, baseline.correct.tolist(), strict=True))
    pairs = [(bool(own), plain[i]) for i, own in zip(test.ids, test.correct, strict=True)]
    both, alone = pairs.count((True, True)), pairs.count((True, False))
    other, neither = pairs.count((False, True)), pairs.count((False, False))
    return tr(
        "Picture by picture: both right {both}, only this model {alone}, only {baseline} {other}, "
        "both wrong {neither}.",
        both=both,
        alone=alone,
        baseline=tr(words.BASELINE),
        other=other,
        neither=neither,
    )


def _judged(data: ReportData, *, test: Predictions) -> dict[str, Any]:
    """Scores, confusion, reliability and the worst mistakes."""
    return scored_part(
        test,
        data.scores,
        baseline=data.baseline_scores,
        judgement=data.judgement,
        dataset=data.dataset if data.pictures else None,
    )


def _made(data: ReportData, *, test: Predictions) -> dict[str, Any]:
    """How it was made: choices, times, settings, machine, fingerprints."""
    machine = dict(data.machine)
    libraries = machine.pop("libraries", None)
    tables = [
        sections.facts_table(tr("Settings"), data.settings),
        sections.facts_table(tr("Machine"), machine),
        sections.facts_table(tr("Libraries"), libraries or {}),
    ]
    longest = max(data.timings.values(), default=0.0) or 1.0
    return {
        "choices": sections.choices_table(data.choices),
        "timing": sections.timing_table(data.timings),
        "shares": [s / longest for name, s in data.timings.items() if name != "total"],
        "facts": [table for table in tables if table.rows],
        "fingerprints": sections.fingerprints(data.dataset, data.split, test),
    }


@functools.cache
def environment() -> Environment:
    """Where templates are found and how text gets into them: escaped, unless said otherwise."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters["type"] = typeset
    environment.filters["breakable"] = breakable
    environment.filters["percent"] = words.percent
    environment.filters["whole"] = words.whole
    environment.filters["capital"] = capital
    environment.globals |= {"_": tr, "_count": tr_count, "spoken": spoken}
    return environment


def _shown(value: Any) -> Any:
    """Text without marks that steer or turn it; what is markup already was made from such text."""
    value = tr(value) if isinstance(value, Told) else value
    return words.shown(value) if type(value) is str else value


def capital(text: str) -> str:
    """A phrase as a sentence begins."""
    text = tr(text)
    return text[:1].upper() + text[1:]


def breakable(name: str) -> str:
    """A name as HTML, escaped, that may go on in a new line behind `/_-` and before its suffix."""
    return re.sub(r"([/_-])|(?=\.)", r"\1<wbr>", escape(words.shown(name)))


def typeset(text: str) -> str:
    """Our own phrases as a printer would set them: no break beside %, a true minus, a cross."""
    text = re.sub(r"(?<=\d) (?=%|s\b|min\b|h\b)", "\u00a0", text)
    text = re.sub(r"(?<=\d)-%-(?=\w)", "\u2011%\u2011", text)
    text = re.sub(r"(?<=\d) x (?=\d)", " \u00d7 ", text)
    return re.sub(r"(?<![\w.)-])-(?=\d)", "\u2212", text)
