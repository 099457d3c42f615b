"""Decisions in words: the operating point, what it means for people, whole groups, subgroups.

In: a Judgement. Out: sentences in the language that is spoken, and rows for the terminal.
Try: `operating_lines(judge(predictions, JudgeSettings(sensitivity=0.98)))`.
"""

from __future__ import annotations

from typing import Any, Literal, TextIO

from objektiv.base.language import tr, tr_count
from objektiv.faces.terminal import print_line, print_table
from objektiv.faces.words import count, percent, percent_range, points, points_range
from objektiv.flow.judge import Judgement
from objektiv.judging.intervals import Interval, NotDefined
from objektiv.judging.pooled import Decisions
from objektiv.judging.prevalence import Expected
from objektiv.judging.subgroups import Subgroup, Subgroups
from objektiv.judging.threshold import Threshold

WORST = 3  # groups that are named
What = Literal["pictures", "groups"]


def print_decisions(judgement: Judgement, stream: TextIO) -> None:
    """What was asked for beyond the scores: a threshold that was demanded, columns of subgroups."""
    if not isinstance(judgement.operating, NotDefined):
        if judgement.operating.threshold.way == "most probable":
            lines = []
        else:
            lines = [*operating_lines(judgement), *group_lines(judgement)]
    else:
        lines = [] if judgement.positive is None else operating_lines(judgement)
    for line in lines:
        print_line(line, stream)
    for found in judgement.subgroups:
        print_subgroups(found, stream)


def defined(value: Interval | NotDefined) -> str:
    """`97.2 % (95 % interval 87.3 to 99.4)`, or why there is none."""
    if isinstance(value, NotDefined):
        return undefined(value)
    return tr(
        "{share} (95 % interval {span})", share=percent(value.estimate), span=percent_range(value)
    )


def undefined(value: NotDefined) -> str:
    """`not defined: no test item is of ill`."""
    return tr("not defined: {reason}", reason=tr(value.reason))


def demand_told(threshold: Threshold) -> str:
    """What the threshold was chosen for, a phrase behind "chosen"."""
    if threshold.way == "costs" and threshold.costs:
        miss, alarm = threshold.costs
        return tr(
            "for the least cost, {miss:g} a miss and {alarm:g} an alarm", miss=miss, alarm=alarm
        )
    demanded = percent(threshold.demanded)
    if threshold.way == "sensitivity":
        return tr("for a sensitivity of {share}", share=demanded)
    if threshold.way == "specificity":
        return tr("for a specificity of {share}", share=demanded)
    return tr("for the best balance of sensitivity and specificity")


def operating_lines(judgement: Judgement) -> list[str]:
    """The threshold, how it came about, what it is worth on test, and what it means for people."""
    point = judgement.operating
    if isinstance(point, NotDefined):
        return [tr("Operating point not defined: {reason}.", reason=tr(point.reason))]
    lines = [*threshold_lines(point.threshold)]
    lines.append(
        tr(
            "On test: sensitivity {sensitivity}, specificity {specificity}.",
            sensitivity=defined(point.sensitivity),
            specificity=defined(point.specificity),
        )
    )
    return lines + [
        expected_line(found, point.threshold.positive, what="pictures")
        for found in judgement.prevalence
        if isinstance(found, Expected)
    ]


def threshold_lines(threshold: Threshold) -> list[str]:
    """From which probability on, chosen for what, and whether that was reached."""
    if threshold.value is None:
        return []
    if threshold.way == "given":
        return [
            tr(
                "Operating point: {name} from probability {value:.4f} on, as the bundle has it.",
                name=threshold.positive,
                value=threshold.value,
            )
        ]
    chosen = threshold.positives + threshold.negatives
    lines = [
        tr(
            "Operating point: {name} from probability {value:.4f} on, chosen {demand} on "
            "{pictures} that are not test (there sensitivity {sensitivity}, specificity "
            "{specificity}).",
            name=threshold.positive,
            value=threshold.value,
            demand=demand_told(threshold),
            pictures=tr_count("{number} picture||on", "{number} pictures||on", chosen),
            sensitivity=percent(threshold.sensitivity),
            specificity=percent(threshold.specificity),
        )
    ]
    if not threshold.reached:
        lines.append(
            tr("Warning: what was demanded is reached only by calling everything positive.")
            if threshold.way == "sensitivity"
            else tr("Warning: what was demanded is reached only by calling nothing positive.")
        )
    return lines


def expected_line(found: Expected, positive: str, *, what: What) -> str:
    """`Of 1,000 pictures, 5 % of them ill: 49 found, 1 missed; 94 called so for nothing, ...`."""
    counts = found.counts
    of = (
        tr("Of {total} pictures, {share:g} % of them {name}", **_mix(found, positive))
        if what == "pictures"
        else tr("Of {total} groups, {share:g} % of them {name}", **_mix(found, positive))
    )
    return tr(
        "{of}: {found} found, {missed} missed; {alarmed} called so for nothing, {cleared} cleared. "
        "Of those called {name} {ppv} are.",
        of=of,
        found=counts.found,
        missed=counts.missed,
        alarmed=counts.alarmed,
        cleared=counts.cleared,
        name=positive,
        ppv=defined(found.ppv),
    )


def _mix(found: Expected, positive: str) -> dict[str, Any]:
    return {"total": found.total, "share": 100 * found.prevalence, "name": positive}


def group_lines(judgement: Judgement) -> list[str]:
    """Whole groups as decided by the share of their pictures, and the worst of them."""
    groups = judgement.groups
    if isinstance(groups, NotDefined):
        return []
    lines = decision_lines(groups.decisions)
    if isinstance(groups.decisions, Decisions):
        lines += [
            expected_line(found, groups.decisions.threshold.positive, what="groups")
            for found in groups.decisions.prevalence
            if isinstance(found, Expected)
        ]
    rows = {row.group: row for row in groups.rows}
    worst = ", ".join(
        tr("{name} ({right} of {items} right)", name=n, right=rows[n].right, items=rows[n].items)
        for n in groups.worst[:WORST]
    )
    return [*lines, tr("Worst groups: {worst}.", worst=worst)]


def decision_lines(told: Decisions | NotDefined) -> list[str]:
    """How whole groups are decided, and how often that was right."""
    if isinstance(told, NotDefined):
        return [tr("Whole groups: not defined: {reason}.", reason=tr(told.reason))]
    threshold, counts = told.threshold, told.counts
    chosen = threshold.positives + threshold.negatives
    lines = [
        tr(
            "Whole groups: {name} where at least {value} of a group's pictures are called so, "
            "chosen {demand} on {groups} that are not test.",
            name=threshold.positive,
            value=percent(threshold.value),
            demand=demand_told(threshold),
            groups=tr_count("{number} group||on", "{number} groups||on", chosen),
        ),
        tr(
            "Of {tested}: {found} found, {missed} missed, {alarmed} called so for nothing, "
            "{cleared} cleared; sensitivity {sensitivity}, specificity {specificity}.",
            tested=tr_count("{number} test group||of", "{number} test groups||of", told.groups),
            found=counts.found,
            missed=counts.missed,
            alarmed=counts.alarmed,
            cleared=counts.cleared,
            sensitivity=defined(told.sensitivity),
            specificity=defined(told.specificity),
        ),
    ]
    return lines + ([tr("Warning: {warning}.", warning=tr(told.warning))] if told.warning else [])


def print_subgroups(found: Subgroups, stream: TextIO) -> None:
    """One table a column."""
    print(file=stream)
    head = (found.column, "items", "accuracy", "95 %", "against the rest", "95 %")
    print_table(head, [_row(row) for row in found.rows], stream=stream)
    if found.left_out:
        print_line(f"{count(found.left_out, 'rarer value')} not shown.", stream)
    if any(row.few for row in found.rows):
        print_line("(few) marks values with too few pictures to tell much.", stream)


def _row(row: Subgroup) -> tuple[str, ...]:
    apart = row.difference
    known = isinstance(apart, Interval)
    return (
        row.value + " (few)" * row.few,
        f"{row.items:,}",
        percent(row.accuracy.estimate),
        percent_range(row.accuracy),
        points(apart.estimate) if isinstance(apart, Interval) else "",
        points_range(apart) if known and isinstance(apart, Interval) else "",
    )
