"""Doubts in words: what became of a model's promises.

In: an Unsure. Out: sentences for the terminal.
Try: `list(unsure_lines(judgement.unsure))`.
"""

from __future__ import annotations

from collections.abc import Iterator

from objektiv.faces.words import percent, percent_range
from objektiv.judging.intervals import Interval, NotDefined
from objektiv.judging.unsure import Unsure


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
