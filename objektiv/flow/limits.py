"""What a bundle is told about when not to answer, out of what was judged; and back.

In: a Judgement, or a bundle's facts. Out: Limits and a Decision for the bundle; what was chosen,
for judging another folder.
"""

from __future__ import annotations

from objektiv.judging.conformal import SetRule
from objektiv.judging.intervals import NotDefined
from objektiv.judging.unsure import Chosen, Unsure
from objektiv.shipping.facts import Facts
from objektiv.shipping.limits import Limits


def limits_of(unsure: Unsure) -> Limits:
    """The limits that were chosen on held-out items."""
    strange, sets = unsure.strangers, unsure.sets
    measured, promised = not isinstance(strange, NotDefined), not isinstance(sets, NotDefined)
    return Limits(
        strangeness=strange.limit if measured else None,
        refused=strange.wanted if measured else None,
        coverage=sets.rule.coverage if promised else None,
        floors=sets.rule.floors if promised else None,
    )


def chosen_of(facts: Facts) -> Chosen:
    """What a bundle's maker chose."""
    limits = facts.limits
    rule = None
    if limits.coverage is not None and limits.floors is not None:
        rule = SetRule(limits.coverage, True, facts.classes, limits.floors, (), 0, None)
    return Chosen(rule, limits.strangeness, limits.refused)
