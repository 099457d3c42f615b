"""One page that says what a run found: a single HTML file that needs nothing from outside.

In: ReportData. Out: report.html with pictures, figures and style inside, for screens of every
width, light or dark, and for paper. It loads nothing, runs no script, and every name is escaped.
Try: `write_report(data, Path("report.html"))`.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from objektiv.base import files
from objektiv.data.dataset import Dataset
from objektiv.data.split import Split
from objektiv.faces import plots, sections, words
from objektiv.faces.lessons import Lesson
from objektiv.faces.pictures import class_samples, thumbnails
from objektiv.judging.calibration import reliability
from objektiv.judging.intervals import Interval
from objektiv.judging.metrics import Scores
from objektiv.judging.predictions import Predictions

TEMPLATES = Path(__file__).with_name("templates")
WIDE = 12  # classes from which the confusion matrix shows counts only


@dataclass(frozen=True, eq=False)
class ReportData:
    """What a report is made of.

    `predictions`, `baseline`: of all parts; test is what is scored. `difference`: accuracy of the
    model minus the baseline's, paired. `timings`: seconds of each step; all of them where one is
    called "total". `choices`: a mapping each for what was tried out-of-fold, such as blocks,
    strength, log_loss, accuracy and chosen (yes or no). `next_commands`: what to type next.
    `probe`: accuracy of the quick probe beside a network, and the model's minus it, paired.
    `lesson`: of a network that learnt by gradient.
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


def write_report(data: ReportData, path: Path) -> None:
    """Publish the page at `path`.

    Raises:
        UsageError: no prediction is in the part test.
        MachineError: the file cannot be written.
    """
    files.write_text(path, page(data))


def page(data: ReportData) -> str:
    """The page as text; the same data gives the same text."""
    test, baseline = data.predictions.only("test"), data.baseline.only("test")
    template = environment().get_template("report.html")
    return template.render(
        title=data.title,
        about=_about(data),
        notes=data.notes,
        next_commands=data.next_commands,
        scores=data.scores,
        lesson=data.lesson,
        **_result(data, test=test, baseline=baseline),
        **_judged(data, test=test),
        **_data(data),
        **_made(data, test=test),
    )


def _about(data: ReportData) -> str:
    items = data.dataset.items
    told = f"{words.count(len(items), 'picture')} of "
    told += words.count(len(data.dataset.classes), "class", plural="classes")
    groups = items["group"].drop_nulls().n_unique()
    return told + (f" from {words.count(groups, 'group')}" if groups else "")


def _result(data: ReportData, *, test: Predictions, baseline: Predictions) -> dict[str, Any]:
    """The head of the page: the sentence, what it means, and the baseline beside it."""
    accuracy = data.scores.accuracy
    share = words.percent(accuracy.estimate)
    before, _, after = words.headline(data.scores).partition(f": {share}")
    bars = [
        plots.Bar("this model", "model", accuracy),
        plots.Bar(words.BASELINE, "plain", data.baseline_scores.accuracy),
        plots.Bar("always the most frequent class", "none", words.most_frequent(data.scores)),
    ]
    if data.probe:
        bars.insert(1, plots.Bar("quick probe", "none", data.probe[0]))
    return {
        "headline": (before, share, after),
        "beside": words.beside_probe(data.probe[1]) if data.probe else "",
        "meaning": words.meaning(accuracy),
        "warning": accuracy.warning,
        "verdict": words.verdict(data.scores, data.baseline_scores, data.difference),
        "comparison": plots.comparison_plot(bars),
        "agreement": _agreement(test, baseline),
    }


def _agreement(test: Predictions, baseline: Predictions) -> str:
    plain = dict(zip(baseline.ids, baseline.correct.tolist(), strict=True))
    pairs = [(bool(own), plain[i]) for i, own in zip(test.ids, test.correct, strict=True)]
    both, alone = pairs.count((True, True)), pairs.count((True, False))
    other, neither = pairs.count((False, True)), pairs.count((False, False))
    return (
        f"Picture by picture: both right {both:,}, only this model {alone:,}, "
        f"only {words.BASELINE} {other:,}, both wrong {neither:,}."
    )


def _judged(data: ReportData, *, test: Predictions) -> dict[str, Any]:
    """Scores, confusion, reliability and the worst mistakes."""
    mistakes = sections.worst_mistakes(test)
    shown = thumbnails(data.dataset, [mistake.id for mistake in mistakes])
    wrong = int((~test.correct).sum())
    classes = len(test.classes)
    return {
        "score_lines": words.score_lines(data.scores, data.baseline_scores),
        "class_table": sections.class_table(data.scores),
        "matrix": sections.confusion(data.scores),
        "wide": classes > WIDE,
        "mix_ups": sections.mix_ups(data.scores) if classes > 2 and wrong else None,
        "reliability": plots.reliability_plot(reliability(test), classes=classes),
        "gap": f"{100 * data.scores.calibration_error:.1f}",
        "mistakes": list(zip(mistakes, shown, strict=True)),
        "wrong": wrong,
    }


def _data(data: ReportData) -> dict[str, Any]:
    """The pictures, their sizes, the split and the quarantine."""
    dataset = data.dataset
    sizes, one_size = None, ""
    if "width" in dataset.items.columns and len(dataset.items):
        widths, heights = (dataset.items[name].to_list() for name in ("width", "height"))
        cells = plots.size_cells(widths, heights)
        if len(set(zip(widths, heights, strict=True))) == 1:
            one_size = f"All pictures are {widths[0]:,} x {heights[0]:,} pixels."
        else:
            sizes = plots.sizes_plot(cells)
    folds = data.split.table["fold"].drop_nulls().n_unique()
    return {
        "samples": class_samples(dataset),
        "classes": len(dataset.classes),
        "sizes": sizes,
        "one_size": one_size,
        "size_table": sections.size_table(dataset) if sizes else None,
        "odd_table": sections.odd_table(dataset),
        "data_notes": [note for note in dataset.notes if note not in data.notes],
        "split_table": sections.split_table(dataset, data.split),
        "split_notes": [note for note in data.split.notes if note not in data.notes],
        "folds": folds,
        "quarantined": len(dataset.quarantine),
        "quarantine": sections.quarantine_tables(dataset),
    }


def _made(data: ReportData, *, test: Predictions) -> dict[str, Any]:
    """How it was made: choices, times, settings, machine, fingerprints."""
    machine = dict(data.machine)
    libraries = machine.pop("libraries", None)
    tables = [
        sections.facts_table("Settings", data.settings),
        sections.facts_table("Machine", machine),
        sections.facts_table("Libraries", libraries or {}),
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
    return environment


def _shown(value: Any) -> Any:
    """Text without marks that steer or turn it; what is markup already was made from such text."""
    return words.shown(value) if type(value) is str else value


def breakable(name: str) -> str:
    """A name as HTML, escaped, that may go on in a new line behind `/_-` and before its suffix."""
    return re.sub(r"([/_-])|(?=\.)", r"\1<wbr>", escape(words.shown(name)))


def typeset(text: str) -> str:
    """Our own phrases as a printer would set them: no break before %, a true minus, a cross."""
    text = re.sub(r"(?<=\d) (?=%|s\b|min\b|h\b)", "\u00a0", text)
    text = re.sub(r"(?<=\d) x (?=\d)", " \u00d7 ", text)
    return re.sub(r"(?<![\w.)-])-(?=\d)", "\u2212", text)
