"""What the model card says beyond plain scores: the operating point, whole groups, the ledger.

In: a Judgement and a Ledger. Out: sections of Markdown, "" where there is nothing to tell.
Try: `decision(judge(predictions, JudgeSettings(sensitivity=0.98)))`.
"""

from __future__ import annotations

from objektiv.base.language import figure, tr, tr_count
from objektiv.flow.card_markdown import harmless, listed, score_row, section, share, table
from objektiv.flow.judge import Judgement
from objektiv.flow.ledger import Ledger
from objektiv.judging.intervals import NotDefined
from objektiv.judging.pooled import Decisions
from objektiv.judging.prevalence import Expected
from objektiv.judging.threshold import Threshold
from objektiv.judging.unsure import Unsure

RUNS = 10  # that are named


def decision(judgement: Judgement) -> str:
    """The threshold, its test result, and what a call is worth where positives are rarer."""
    point = judgement.operating
    if isinstance(point, NotDefined):
        if judgement.positive is None:
            return ""
        told = tr("not defined: {reason}", reason=harmless(tr(point.reason)))
        return section(tr("Operating point"), told)
    name = harmless(point.threshold.positive)
    rows = [
        score_row(tr("sensitivity for {name}", name=name), point.sensitivity),
        score_row(tr("specificity for {name}", name=name), point.specificity),
        score_row(tr("accuracy"), point.accuracy),
    ]
    head = [tr("on the test part"), tr("value"), tr("95 % interval")]
    expected = [_expected(found) for found in judgement.prevalence if isinstance(found, Expected)]
    return section(
        tr("Operating point"),
        _threshold(point.threshold),
        table(head, rows),
        tr(
            "What a call is worth depends on how often {name} occurs. If the pictures look as "
            "they do here and only the mix is another:",
            name=name,
        )
        if expected
        else "",
        table(_expected_head(name), expected) if expected else "",
    )


def _threshold(threshold: Threshold) -> str:
    """From which probability on, chosen for what, and whether that was reached."""
    name = harmless(threshold.positive)
    if threshold.value is None:
        return tr("A picture is called {name} where that is the most probable class.", name=name)
    told = tr(
        "A picture is called {name} from a probability of {value:.4f} on. This was chosen on "
        "{items} pictures that are not test, {demand}.",
        name=name,
        value=threshold.value,
        items=threshold.positives + threshold.negatives,
        demand=_demand(threshold),
    )
    if threshold.reached:
        return told
    return f"{told} **{tr('What was demanded was not reached there by any useful threshold.')}**"


def _demand(threshold: Threshold) -> str:
    if threshold.way == "costs" and threshold.costs:
        miss, alarm = threshold.costs
        return tr(
            "for the least cost, {miss:g} a miss and {alarm:g} an alarm", miss=miss, alarm=alarm
        )
    demanded = share(threshold.demanded or 0.0)
    if threshold.way == "sensitivity":
        return tr("for a sensitivity of {share}", share=demanded)
    if threshold.way == "specificity":
        return tr("for a specificity of {share}", share=demanded)
    return tr("for the best balance of sensitivity and specificity")


def _expected_head(name: str) -> list[str]:
    return [
        tr("of so many"),
        tr("are {name}", name=name),
        tr("found"),
        tr("missed"),
        tr("alarmed for nothing"),
        tr("cleared"),
        tr("of those called {name} so many are", name=name),
    ]


def _expected(found: Expected) -> list[str]:
    counts = found.counts
    numbers = (counts.found, counts.missed, counts.alarmed, counts.cleared)
    worth = score_row("", found.ppv)[1:]
    return [
        figure(found.total),
        share(found.prevalence),
        *map(figure, numbers),
        f"{worth[0]} ({worth[1]})" if worth[1] else worth[0],
    ]


def groups_as_a_whole(judgement: Judgement) -> str:
    """Sensitivity and specificity where each group counts once; nothing without decisions."""
    found = judgement.groups
    if isinstance(found, NotDefined) or not isinstance(found.decisions, Decisions):
        return ""
    decisions = found.decisions
    name = harmless(decisions.threshold.positive)
    told = tr(
        "Each group (a patient, a slide, a part) counts once; it is {name} where at least one of "
        "its pictures truly is, and is called so where at least {share} of its pictures are.",
        name=name,
        share=share(decisions.threshold.value or 0.0),
    )
    rows = [
        score_row(tr("sensitivity for {name}", name=name), decisions.sensitivity),
        score_row(tr("specificity for {name}", name=name), decisions.specificity),
    ]
    head = [
        tr_count("on {number} test group", "on {number} test groups", decisions.groups),
        tr("value"),
        tr("95 % interval"),
    ]
    warning = f"**{harmless(tr(decisions.warning))}**" if decisions.warning else ""
    return section(tr("Whole groups"), told, table(head, rows), warning)


def doubts(unsure: Unsure) -> str:
    """When the model does not answer, and what became of its promises on test."""
    rows, told = [], []
    if not isinstance(sets := unsure.sets, NotDefined):
        told.append(
            tr(
                "For each picture a set of possible classes is told, which for each class is to "
                "hold the true one in {share} of the cases. A picture with several possible "
                "classes, or none, gets no answer.",
                share=share(sets.rule.coverage),
            )
        )
        rows += [
            score_row(tr("the true class is in the set"), sets.covered),
            score_row(tr("sets of one class, which are answers"), sets.one),
            score_row(tr("of these answers right"), sets.right_of_one),
        ]
    if not isinstance(strangers := unsure.strangers, NotDefined):
        told.append(
            tr(
                "A picture whose strangeness is above {limit:.4g} gets no answer either; the limit "
                "was chosen so that {share} of genuine pictures are refused.",
                limit=strangers.limit,
                share=share(strangers.wanted),
            )
        )
        rows.append(score_row(tr("genuine pictures refused as strange"), strangers.test))
    if not rows:
        return ""
    head = [tr("on the test part"), tr("value"), tr("95 % interval")]
    return section(tr("When it does not answer"), *told, table(head, rows))


def honesty(ledger: Ledger) -> str:
    """How often this test part was looked at, and what was audited; no date, no place."""
    return section(tr("Honesty ledger"), listed(_looks(ledger), *_audits(ledger)))


def _looks(ledger: Ledger) -> str:
    if not ledger.place:
        return tr("No ledger is kept of these data, so nobody knows how often they were looked at.")
    if ledger.times <= 1:
        return tr("This run was the first that looked at this test part, as far as is on record.")
    names = [harmless(name) for name in ledger.runs]
    told = ", ".join(names[-RUNS:])
    if len(names) > RUNS:
        told += tr(" and {more} more", more=len(names) - RUNS)
    return tr(
        "When this card was written, this test part had been looked at {times} times, by {runs}. "
        "The best of several looks is luckier than it will be on new pictures.",
        times=ledger.times,
        runs=told,
    )


def _audits(ledger: Ledger) -> list[str]:
    told = []
    if check := ledger.check:
        findings = [found for found in check.findings if found.severity != "note"]
        told.append(
            tr(
                "The data were checked: {pictures} pictures, {findings} findings, {aside} files "
                "set aside.",
                pictures=check.items,
                findings=len(findings),
                aside=sum(check.quarantined.values()),
            )
        )
        if check.probes and check.model is not None:
            worst = max(check.probes, key=lambda probe: probe.accuracy)
            told.append(
                tr(
                    "The strongest shortcut that was tried, {name}, told {probe} of the labels "
                    "right without looking at the content; a model {model} (each class weighing "
                    "alike).",
                    name=harmless(worst.name),
                    probe=share(round(worst.accuracy, 3)),
                    model=share(round(check.model, 3)),
                )
            )
    if found := ledger.honesty:
        told.append(
            tr(
                "A random split would have claimed {random:.3f}; with groups kept whole it is "
                "{honest:.3f} (difference {difference:+.3f}, 95 % interval {low:+.3f} to "
                "{high:+.3f}).",
                random=found.random.estimate,
                honest=found.honest.estimate,
                difference=found.difference.estimate,
                low=found.difference.low,
                high=found.difference.high,
            )
        )
    told += [
        tr("Not on record: `objektiv {command}` of these data.", command=command)
        for command in ledger.wanting
    ]
    return told
