"""Decisions in words: the operating point, what it means for people, whole groups, subgroups.

In: a Judgement. Out: sentences and rows of text for the terminal.
Try: `operating_lines(judge(predictions, JudgeSettings(sensitivity=0.98)))`.
"""

from __future__ import annotations

from typing import TextIO

from objektiv.faces.terminal import print_line, print_table
from objektiv.faces.words import count, percent, percent_range, points, points_range
from objektiv.flow.judge import Judgement
from objektiv.judging.intervals import Interval, NotDefined
from objektiv.judging.pooled import Decisions
from objektiv.judging.prevalence import Expected
from objektiv.judging.subgroups import Subgroup, Subgroups
from objektiv.judging.threshold import Threshold

WORST = 3  # groups that are named


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
        return f"not defined: {value.reason}"
    return f"{percent(value.estimate)} (95 % interval {percent_range(value)})"


def demand_told(threshold: Threshold) -> str:
    """What the threshold was chosen for, a phrase behind "chosen"."""
    if threshold.way == "costs" and threshold.costs:
        miss, alarm = threshold.costs
        return f"for the least cost, {miss:g} a miss and {alarm:g} an alarm"
    if threshold.demanded is not None:
        return f"for a {threshold.way} of {percent(threshold.demanded)}"
    return "for the best balance of sensitivity and specificity"


def operating_lines(judgement: Judgement) -> list[str]:
    """The threshold, how it came about, what it is worth on test, and what it means for people."""
    point = judgement.operating
    if isinstance(point, NotDefined):
        return [f"Operating point not defined: {point.reason}."]
    threshold = point.threshold
    lines = []
    if threshold.way == "given" and threshold.value is not None:
        place = f"from probability {threshold.value:.4f} on, as the bundle tells"
        lines = [f"Operating point: {threshold.positive} {place}."]
    elif threshold.value is not None:
        chosen = count(threshold.positives + threshold.negatives, "picture")
        lines += [
            f"Operating point: {threshold.positive} from probability {threshold.value:.4f} on, "
            f"chosen {demand_told(threshold)} on {chosen} that are not test (there sensitivity "
            f"{percent(threshold.sensitivity)}, specificity {percent(threshold.specificity)})."
        ]
        if not threshold.reached:
            kind = "everything" if threshold.way == "sensitivity" else "nothing"
            lines.append(f"Warning: what was demanded is reached only by calling {kind} positive.")
    lines.append(
        f"On test: sensitivity {defined(point.sensitivity)}, "
        f"specificity {defined(point.specificity)}."
    )
    return lines + [
        expected_line(found, threshold.positive, what="pictures")
        for found in judgement.prevalence
        if isinstance(found, Expected)
    ]


def expected_line(found: Expected, positive: str, *, what: str) -> str:
    """`Of 1,000 pictures, 5 % of them ill: 49 found, 1 missed; 94 called so for nothing, ...`."""
    counts = found.counts
    return (
        f"Of {found.total:,} {what}, {100 * found.prevalence:g} % of them {positive}: "
        f"{counts.found:,} found, {counts.missed:,} missed; {counts.alarmed:,} called so for "
        f"nothing, {counts.cleared:,} cleared. Of those called {positive} "
        f"{defined(found.ppv)} are."
    )


def group_lines(judgement: Judgement) -> list[str]:
    """Whole groups as decided by the share of their pictures, and the worst of them."""
    groups = judgement.groups
    if isinstance(groups, NotDefined):
        return []
    lines = []
    told = groups.decisions
    if isinstance(told, Decisions):
        threshold, counts = told.threshold, told.counts
        lines.append(
            f"Whole groups: {threshold.positive} where at least {percent(threshold.value)} of a "
            f"group's pictures are called so, chosen {demand_told(threshold)} on "
            f"{count(threshold.positives + threshold.negatives, 'group')} that are not test. "
            f"Of {count(told.groups, 'test group')}: {counts.found} found, {counts.missed} missed, "
            f"{counts.alarmed} called so for nothing, {counts.cleared} cleared; "
            f"sensitivity {defined(told.sensitivity)}, specificity {defined(told.specificity)}."
        )
        if told.warning:
            lines.append(f"Warning: {told.warning}.")
        lines += [
            expected_line(found, threshold.positive, what="groups")
            for found in told.prevalence
            if isinstance(found, Expected)
        ]
    else:
        lines.append(f"Whole groups: not defined: {told.reason}.")
    rows = {row.group: row for row in groups.rows}
    worst = ", ".join(
        f"{name} ({rows[name].right} of {rows[name].items} right)" for name in groups.worst[:WORST]
    )
    return [*lines, f"Worst groups: {worst}."]


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
