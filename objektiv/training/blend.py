"""Between where fine-tuning began and where it ended: how far to go, as validation says.

In: the states of one network at both ends, and what judges a state. Out: the share of the way that
judges best, and the state there. Weights on the straight line between a pretrained network and its
fine-tuned copy are often better than both ends, and unusual pictures throw them off less.
Source: Wortsman et al., Robust fine-tuning of zero-shot models, CVPR 2022.
Try: `choose(begin, end, lambda state: loss_of(state)).share`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from objektiv.training.trainable import State

SHARES = (1.0, 0.75, 0.5, 0.25)  # of the way; at 0 nothing would have been fine-tuned


@dataclass(frozen=True, eq=False)
class Blend:
    """One state on the line; `loss` is what it was judged by, the least of those tried."""

    share: float
    state: State
    loss: float


def between(begin: State, end: State, share: float) -> State:
    """The state at `share` of the way from `begin`, at 0, to `end`, at 1."""
    return {
        name: np.asarray(begin[name] + share * (end[name] - begin[name]), np.float32)
        for name in end
    }


def choose(begin: State, end: State, loss: Callable[[State], float]) -> Blend:
    """The best of SHARES; `loss` judges a state, less is better, the farther one wins a tie."""
    best: Blend | None = None
    for share in SHARES:
        state = end if share == 1 else between(begin, end, share)
        found = Blend(share, state, loss(state))
        if best is None or found.loss < best.loss:
            best = found
    if best is None:
        raise ValueError("there is no share to try")
    return best
