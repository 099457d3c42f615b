"""What the report shows of a Judgement: decisions, curves, whole groups, subgroups.

In: a Judgement. Out: sentences, tables and figures for the page, in the language that is spoken.
Try: `decision_part(judge(predictions, JudgeSettings(sensitivity=0.98)))`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from objektiv.base.language import tr
from objektiv.faces import figures
from objektiv.faces.decisions import (
    decision_lines,
    defined,
    demand_told,
    expected_line,
    threshold_lines,
    undefined,
)
from objektiv.faces.figures import Figure
from objektiv.faces.sections import Table
from objektiv.faces.words import (
    NONE,
    ScoreLine,
    number,
    number_range,
    percent,
    percent_range,
    points,
    points_range,
    whole,
)
from objektiv.flow.judge import Judgement
from objektiv.judging.curves import Curve
from objektiv.judging.intervals import Interval, NotDefined
from objektiv.judging.pooled import Decisions, GroupRow, Groups
from objektiv.judging.prevalence import Expected
from objektiv.judging.subgroups import Subgroup, Subgroups
from objektiv.judging.threshold import OperatingPoint

WORST = 10  # groups that are shown first


@dataclass(frozen=True)
class DecisionPart:
    """The section on one picture: `chosen` whether a threshold was demanded."""

    chosen: bool
    summary: str  # what the threshold is worth, one sentence
    lines: tuple[str, ...]
    counts: Table | None
    expected: Table | None
    curves: tuple[tuple[Figure, str], ...]  # with what stands below


@dataclass(frozen=True)
class GroupPart:
    """The section on whole groups."""

    lines: tuple[str, ...]
    expected: Table | None
    worst: Table
    rows: Table


def with_ranges(lines: Sequence[ScoreLine], judgement: Judgement) -> list[ScoreLine]:
    """The lines of the scores, with the intervals that only a Judgement has."""
    ranges = judgement.ranges
    found = {
        tr("macro F1"): percent_range(ranges.macro_f1),
        tr("Brier score"): number_range(ranges.brier),
        tr("calibration error"): percent_range(judgement.calibration_error),
    }
    return [replace(line, model_range=found.get(line.name, line.model_range)) for line in lines]


def decision_part(judgement: Judgement) -> DecisionPart | None:
    """None where no class is sought."""
    name, point = judgement.positive, judgement.operating
    if name is None:
        return None
    curves = _curves(judgement, name)
    if isinstance(point, NotDefined):
        told = tr("Operating point not defined: {reason}.", reason=tr(point.reason))
        return DecisionPart(True, told, (told,), None, None, curves)
    used = point.threshold
    if used.value is None:
        lines = [tr("A picture is called {name} where that is the most probable class.", name=name)]
    elif used.way == "given":
        lines = threshold_lines(used)
    else:
        lines = [
            tr(
                "A picture is called {name} from a probability of {value:.4f} on, which was chosen "
                "{demand}.",
                name=name,
                value=used.value,
                demand=demand_told(used),
            ),
            *threshold_lines(used)[1:],
        ]
    summary = tr(
        "At its threshold it finds {sensitivity} of {name} and clears {specificity} of the others.",
        sensitivity=defined(point.sensitivity),
        name=name,
        specificity=defined(point.specificity),
    )
    found = [one for one in judgement.prevalence if isinstance(one, Expected)]
    if found:  # the one in the middle in words, all in the table
        lines.append(expected_line(found[len(found) // 2], name, what="pictures"))
    return DecisionPart(
        used.value is not None,
        summary,
        tuple(lines),
        _counts(point),
        _expected(found, name, of=tr("pictures||of")),
        curves,
    )


def _counts(point: OperatingPoint) -> Table:
    """The four kinds of answers on the test pictures, and the shares made of them."""
    name, counts = point.threshold.positive, point.counts
    rows = (
        (
            tr("truly {label}", label=name),
            whole(counts.found),
            whole(counts.missed),
            f"{_cell(point.sensitivity)}\n{tr('sensitivity')}",
        ),
        (
            tr("truly something else"),
            whole(counts.alarmed),
            whole(counts.cleared),
            f"{_cell(point.specificity)}\n{tr('specificity')}",
        ),
    )
    head = ("", tr("called {name}", name=name), tr("not called so"), tr("of those, right"))
    foot = (tr("of those, right"), _cell(point.precision), _cell(point.cleared_right), "")
    return Table(tr("Answers on the test pictures"), head, rows, foot)


def _cell(value: Interval | NotDefined) -> str:
    if isinstance(value, NotDefined):
        return f"{NONE}\n{undefined(value)}"
    return f"{percent(value.estimate)}\n{percent_range(value)}"


def _expected(found: Sequence[Expected | NotDefined], name: str, *, of: str) -> Table | None:
    """What happens where the sought class is as rare as in life."""
    rows = tuple(
        (
            tr(
                "{share:g} % of {total} {of}",
                share=round(100 * one.prevalence, 4),
                total=one.total,
                of=of,
            ),
            whole(one.counts.found),
            whole(one.counts.missed),
            whole(one.counts.alarmed),
            whole(one.counts.cleared),
            _cell(one.ppv),
            _cell(one.npv),
        )
        for one in found
        if isinstance(one, Expected)
    )
    if not rows:
        return None
    head = (
        tr("if {name} are", name=name),
        tr("found||counts"),
        tr("missed||counts"),
        tr("false alarms"),
        tr("cleared||counts"),
        tr("alarms that are right"),
        tr("clearances that are right"),
    )
    caption = tr("What to expect where {name} is rarer or more frequent than here", name=name)
    return Table(caption, head, rows)


def _curves(judgement: Judgement, name: str) -> tuple[tuple[Figure, str], ...]:
    point, found = judgement.operating, []
    if isinstance(judgement.roc, Curve):
        words = (tr("false alarms, % of the others"), tr("found, % of {name}", name=name))
        at = _place(point, "roc")
        drawn = figures.thresholds("roc", judgement.roc, words=words, point=at)
        told = tr(
            "ROC curve: every threshold at once. Area (AUC) {area}; guessing lies on the dashed "
            "line.",
            area=_area(judgement.roc.area),
        )
        found.append((drawn, told))
    if isinstance(judgement.precision_recall, Curve):
        words = (tr("found, % of {name}", name=name), tr("alarms that are right, %"))
        at = _place(point, "precision-recall")
        curve = judgement.precision_recall
        drawn = figures.thresholds("precision_recall", curve, words=words, point=at)
        told = tr(
            "Precision against recall, for the share of {name} among these pictures. Average "
            "precision {area}; guessing lies on the dashed line.",
            name=name,
            area=_area(curve.area),
        )
        found.append((drawn, told))
    return tuple(found)


def _place(point: OperatingPoint | NotDefined, kind: str) -> tuple[float, float] | None:
    """Where the threshold lies on a curve."""
    if isinstance(point, NotDefined):
        return None
    found, cleared, right = point.sensitivity, point.specificity, point.precision
    if kind == "roc" and isinstance(found, Interval) and isinstance(cleared, Interval):
        return 1 - cleared.estimate, found.estimate
    if kind != "roc" and isinstance(found, Interval) and isinstance(right, Interval):
        return found.estimate, right.estimate
    return None


def _area(area: Interval | NotDefined) -> str:
    if isinstance(area, NotDefined):
        return undefined(area)
    return tr(
        "{value} (95 % interval {span})", value=number(area.estimate), span=number_range(area)
    )


def group_part(judgement: Judgement) -> GroupPart | None:
    """None where there are no groups to tell apart."""
    groups = judgement.groups
    if isinstance(groups, NotDefined):
        return None
    rows = {row.group: row for row in groups.rows}
    told, expected = groups.decisions, None
    if isinstance(told, Decisions):
        name = told.threshold.positive
        expected = _expected(told.prevalence, name, of=tr("groups||of"))
    worst = [rows[name] for name in groups.worst[:WORST]]
    lines = decision_lines(told) if judgement.positive else []
    return GroupPart(
        tuple(lines),
        expected,
        _group_table(tr("The groups with the lowest accuracy"), worst, groups),
        _group_table(tr("All groups of the test part"), groups.rows, groups),
    )


def _group_table(caption: str, rows: Sequence[GroupRow], groups: Groups) -> Table:
    sought = any(row.share is not None for row in rows)
    decided = isinstance(groups.decisions, Decisions)
    head = [tr("group"), tr("pictures"), tr("accuracy")]
    head += [tr("truly so"), tr("called so")] if sought else []
    head += [tr("decision"), tr("right||decision")] if decided else []
    return Table(caption, tuple(head), tuple(_group_row(row, groups) for row in rows))


def _group_row(row: GroupRow, groups: Groups) -> tuple[str, ...]:
    few = "\n" + tr("few pictures") if row.few else ""
    cells = [row.group, whole(row.items) + few, _cell(row.accuracy)]
    if row.share is not None:
        cells += [percent((row.positives or 0) / row.items), percent(row.share)]
    if isinstance(groups.decisions, Decisions):
        cells += [
            tr("yes") if row.decision else tr("no"),
            tr("yes") if row.decision == row.truth else tr("no"),
        ]
    return tuple(cells)


def subgroup_tables(judgement: Judgement) -> list[Table]:
    """One a column that was asked for."""
    return [_subgroup_table(found, judgement.positive) for found in judgement.subgroups]


def _subgroup_table(found: Subgroups, positive: str | None) -> Table:
    caption = tr("Scores by {column}", column=found.column)
    if found.left_out:
        caption += tr("; {number} rarer values are not shown", number=found.left_out)
    head = [found.column, tr("pictures"), tr("accuracy"), tr("against the rest")]
    head += [tr("sensitivity"), tr("specificity")] if positive else []
    return Table(caption, tuple(head), tuple(_subgroup_row(r, positive) for r in found.rows))


def _subgroup_row(row: Subgroup, positive: str | None) -> tuple[str, ...]:
    apart = row.difference
    few = "\n" + tr("few pictures") if row.few else ""
    beside = NONE
    if isinstance(apart, Interval):
        beside = f"{points(apart.estimate)}\n{points_range(apart)}"
    cells = [tr(row.value), whole(row.items) + few, _cell(row.accuracy), beside]
    return (*cells, *((_cell(row.sensitivity), _cell(row.specificity)) if positive else ()))
