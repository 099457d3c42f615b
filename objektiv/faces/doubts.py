"""Doubts in words: why a picture is not answered, and what a model's promises are worth.

In: a Doubt, or an Unsure. Out: sentences for the terminal.
Try: `told_doubt(bundle.doubts(predicted)[0], bundle.classes)`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from objektiv.faces.words import percent, percent_range
from objektiv.judging.intervals import Interval, NotDefined
from objektiv.judging.unsure import Unsure
from objektiv.shipping.limits import Doubt

NAMED = 4  # possible classes


def told_doubt(doubt: Doubt | None, classes: Sequence[str]) -> str:
    """`unlike the pictures it learnt from: strangeness 8.13, limit 4.20`; empty without a doubt."""
    if doubt is None:
        return ""
    if doubt.why == "strange":
        return (
            f"unlike the pictures it learnt from: strangeness {doubt.strangeness:.2f}, "
            f"limit {doubt.limit:.2f}"
        )
    at = f"at a coverage of {100 * (doubt.coverage or 0):g} %"
    if doubt.why == "none":
        return f"no class is probable enough {at}"
    names = [classes[k] for k in doubt.possible]
    if len(names) > NAMED:
        names = [*names[: NAMED - 1], f"{len(names) - NAMED + 1} more"]
    both = "are both possible" if len(names) == 2 else "are possible"
    return f"{', '.join(names[:-1])} and {names[-1]} {both} {at}"


def unsure_lines(unsure: Unsure) -> Iterator[str]:
    """What became of the promises on the test part, a sentence each; none where none was made."""
    sets, strangers = unsure.sets, unsure.strangers
    if not isinstance(sets, NotDefined):
        answered = sets.one
        right = "" if sets.right_of_one is None else f", of them {_share(sets.right_of_one)} right"
        yield (
            f"Prediction sets that promise {100 * sets.rule.coverage:g} %: the true class is in "
            f"{_share(sets.covered)} of them; {percent(answered.estimate)} hold one class"
            f"{right}."
        )
        if sets.rule.always:
            few = ", ".join(sets.rule.always)
            yield f"Warning: too few held-out pictures of {few}, so it is always called possible."
        if sets.rule.warning:
            yield f"Warning: prediction sets were {sets.rule.warning}."
    if not isinstance(strangers, NotDefined):
        yield (
            f"Refused as unlike those learnt from: {_share(strangers.test)} of these pictures, "
            f"{100 * strangers.wanted:g} % were allowed."
        )


def _share(interval: Interval) -> str:
    return f"{percent(interval.estimate)} ({percent_range(interval)})"
