"""What a bundle is told about when not to answer, out of what was judged; and back.

In: a Judgement, or a bundle's facts. Out: Limits and a Decision for the bundle; what was chosen,
for judging another folder.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from objektiv.flow.judge import Judgement, judge
from objektiv.judging.conformal import SetRule
from objektiv.judging.intervals import NotDefined
from objektiv.judging.predictions import Predictions
from objektiv.judging.settings import JudgeSettings
from objektiv.judging.threshold import Threshold, demand_of
from objektiv.judging.unsure import Chosen, Unsure
from objektiv.shipping.facts import Facts
from objektiv.shipping.limits import Decision, Limits


def limits_of(unsure: Unsure) -> Limits:
    """The limits that were chosen on held-out items."""
    found: dict[str, Any] = {}
    if not isinstance(unsure.strangers, NotDefined):
        found |= {"strangeness": unsure.strangers.limit, "refused": unsure.strangers.wanted}
    if not isinstance(unsure.sets, NotDefined):
        found |= {"coverage": unsure.sets.rule.coverage, "floors": unsure.sets.rule.floors}
    return Limits(**found)


def decision_of(judgement: Judgement) -> Decision | None:
    """The threshold that was demanded; None where the most probable class is called."""
    point = judgement.operating
    if isinstance(point, NotDefined) or point.threshold.value is None:
        return None
    return Decision(positive=point.threshold.positive, threshold=point.threshold.value)


def threshold_of(facts: Facts, settings: JudgeSettings) -> Threshold | None:
    """The bundle's own threshold, unless another class is sought or something else demanded."""
    decision = facts.decision
    if decision is None or demand_of(settings):
        return None
    if settings.positive not in (None, decision.positive):
        return None
    return Threshold(decision.positive, decision.threshold, "given")


def chosen_of(facts: Facts) -> Chosen:
    """What a bundle's maker chose."""
    limits = facts.limits
    rule = None
    if limits.coverage is not None and limits.floors is not None:
        rule = SetRule(limits.coverage, True, facts.classes, limits.floors, (), 0, None)
    return Chosen(rule, limits.strangeness, limits.refused)


def judge_by(
    facts: Facts, predictions: Predictions, settings: JudgeSettings, *, columns: pl.DataFrame | None
) -> Judgement:
    """Judge what a bundle said by what its maker chose.

    Raises:
        UsageError: as of `judge`.
    """
    threshold, limits = threshold_of(facts, settings), chosen_of(facts)
    return judge(predictions, settings, columns=columns, threshold=threshold, limits=limits)
