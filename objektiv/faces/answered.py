"""What a model says about one picture, as JSON and in words: the same from command line and server.

In: an answer and the names of the classes. Out: plain values that JSON holds, or a phrase.
Try: `answered(answer, bundle.classes)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from objektiv.shipping.limits import Doubt

SHOWN_IN_JSON = 20  # classes; a network's own 1,000 would fill the screen
NAMED = 4  # possible classes


class Said(Protocol):
    """What is told of one picture that was read, such as `flow.use.Answer`."""

    @property
    def hash(self) -> str: ...
    @property
    def probabilities(self) -> NDArray[Any] | None: ...
    @property
    def strangeness(self) -> float | None: ...
    @property
    def called(self) -> int | None: ...
    @property
    def doubt(self) -> Doubt | None: ...
    @property
    def notes(self) -> tuple[str, ...]: ...


def order(said: Said, top: int) -> list[int]:
    """Places of the classes: the one that is called, then by probability."""
    places: list[int] = np.argsort(-np.asarray(said.probabilities), kind="stable").tolist()
    if said.called is not None:
        places.remove(said.called)
        places.insert(0, said.called)
    return places[:top]


def answered(said: Said, classes: Sequence[str], *, top: int = SHOWN_IN_JSON) -> dict[str, object]:
    """One picture's answer; probabilities of the `top` classes, rounded to six digits."""
    probabilities = np.asarray(said.probabilities, np.float64).tolist()
    places, doubt = order(said, top), said.doubt
    return {
        "sha256": said.hash,
        "class": classes[places[0]],
        "abstain": None if doubt is None else _told(doubt, classes),
        **({} if said.strangeness is None else {"strangeness": round(said.strangeness, 4)}),
        "probabilities": {classes[k]: round(probabilities[k], 6) for k in places},
        **({"notes": list(said.notes)} if said.notes else {}),
    }


def _told(doubt: Doubt, classes: Sequence[str]) -> dict[str, object]:
    told: dict[str, object] = {"reason": doubt.why, "message": told_doubt(doubt, classes)}
    if doubt.why == "strange":
        return told | {"limit": doubt.limit}
    return told | {"coverage": doubt.coverage, "possible": [classes[k] for k in doubt.possible]}


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
