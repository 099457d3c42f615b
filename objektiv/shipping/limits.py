"""When a bundle's answer is to be doubted, and from which probability on its class is called.

In: limits that were chosen on items that the model had not learnt from. Out: a Doubt, or None, for
each picture. What is doubted is still told: the reader decides.
Try: `facts.limits.doubts(predicted.probabilities, predicted.strangeness)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from objektiv.base.settings import Strict
from objektiv.data.settings import LONGEST_CLASS

Name = Annotated[str, Field(min_length=1, max_length=LONGEST_CLASS)]
Share = Annotated[float, Field(ge=0, le=1)]

Why = Literal["strange", "several", "none"]


@dataclass(frozen=True)
class Doubt:
    """Why a model does not answer.

    `strange`: the picture is unlike those it learnt from, `strangeness` is above `limit`.
    `several`: more than one class is possible at the stated coverage; `possible` are their places,
    the most probable first. `none`: no class is.
    """

    why: Why
    strangeness: float | None = None
    limit: float | None = None
    coverage: float | None = None
    possible: tuple[int, ...] = ()


class Limits(Strict):
    """What was chosen on held-out items; None where it could not be.

    `strangeness` is exceeded by about the share `refused` of pictures like those it learnt from.
    A class is possible where its probability reaches its floor; the true one is, for about the
    share `coverage` of the pictures of each class.
    """

    strangeness: Annotated[float, Field(gt=0)] | None = None
    refused: Share | None = None
    coverage: Share | None = None
    floors: tuple[Share, ...] | None = None

    @model_validator(mode="after")
    def _come_together(self) -> Self:
        if (self.strangeness is None) != (self.refused is None):
            raise ValueError("strangeness and refused are told together")
        if (self.coverage is None) != (self.floors is None):
            raise ValueError("coverage and floors are told together")
        return self

    def doubts(
        self, probabilities: NDArray[Any], strangeness: NDArray[Any] | None
    ) -> tuple[Doubt | None, ...]:
        """Why not to answer, for each row of `probabilities` (pictures, classes).

        `strangeness`: (pictures,), or None where the model does not measure it.
        """
        rows = [None] * len(probabilities) if strangeness is None else strangeness.tolist()
        return tuple(self._doubt(p, s) for p, s in zip(probabilities, rows, strict=True))

    def _doubt(self, probabilities: NDArray[Any], strangeness: float | None) -> Doubt | None:
        if self.strangeness is not None and strangeness is not None:
            if not strangeness <= self.strangeness:  # NaN is strange
                return Doubt("strange", strangeness=float(strangeness), limit=self.strangeness)
        if self.floors is None:
            return None
        order = np.argsort(-probabilities, kind="stable")
        reached = probabilities >= np.array(self.floors)
        if not reached.any():
            return Doubt("none", coverage=self.coverage)
        reached[order[0]] = True  # where only a less probable class reaches its floor, both count
        possible = tuple(int(k) for k in order if reached[k])
        if len(possible) == 1:
            return None
        return Doubt("several", coverage=self.coverage, possible=possible)


class Decision(Strict):
    """The class that is looked for is called from this probability on."""

    positive: Name
    threshold: Share

    def called(self, probabilities: NDArray[Any], classes: Sequence[str]) -> NDArray[np.int64]:
        """The place of each picture's class, (pictures,)."""
        at = list(classes).index(self.positive)
        others = np.array(probabilities, np.float64)
        others[:, at] = -1.0
        rest = others.argmax(axis=1)
        return np.where(np.asarray(probabilities)[:, at] >= self.threshold, at, rest)
