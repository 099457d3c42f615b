"""Change squares a little so that a network names them wrongly: FGSM, PGD and the square attack.

In: squares, labels, and an oracle: a loss with its gradient, or for the square attack the logits
alone. Out: squares that differ from the given ones by at most the strength, within 0 to 255. This
file knows neither torch nor any network.
Source: Goodfellow, Shlens, Szegedy (2015, arXiv:1412.6572), FGSM; Madry, Makelov, Schmidt, Tsipras,
Vladu (2018, arXiv:1706.06083), PGD; Andriushchenko, Croce, Flammarion, Hein (2020,
arXiv:1912.00049), the square attack in the maximum norm.
Try: `pgd(squares, labels, oracle, aim=Aim(Ball("linf", 4.0)))`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from objektiv.base import seeds
from objektiv.explaining.attack_settings import Norm

WHITE = 255.0
PER_STEP = 2.5  # steps of pgd together reach so many times the strength, as Madry et al. have it
FIRST_SHARE = 0.3  # of the square that the first squares of colour cover
# after these shares of all questions the squares have half the area (Andriushchenko et al.)
HALVED = (0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8)

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]
Oracle = Callable[[Floats, Labels], tuple[Floats, Floats]]  # losses (n,), and their gradients
Scores = Callable[[Floats], Floats]  # logits (n, classes)


@dataclass(frozen=True)
class Ball:
    """What may be changed: in `linf` no value by more than `strength` grey levels; in `l2` the root
    of the mean square of all changes of a square is at most that."""

    norm: Norm
    strength: float

    def within(self, moved: Floats, start: Floats) -> Floats:
        """The nearest squares in the ball around `start`, and in 0 to 255."""
        change = moved - start
        if self.norm == "linf":
            change = np.clip(change, -self.strength, self.strength)
        else:
            size = np.maximum(lengths(change), 1e-12)
            change = change * np.minimum(1, self.strength / size)[:, None, None, None]
        # the range last: it only brings each value nearer to the start, so the ball still holds
        return np.asarray(np.clip(start + change, 0, WHITE), np.float32)

    def direction(self, gradient: Floats) -> Floats:
        """The steepest change of size 1; none where the gradient is none."""
        if self.norm == "linf":
            return np.asarray(np.sign(gradient), np.float32)
        size = lengths(gradient)
        unit = gradient / np.where(size > 0, size, 1)[:, None, None, None]
        return np.asarray(unit, np.float32)

    def anywhere(self, start: Floats, random: np.random.Generator) -> Floats:
        """Any place in the ball."""
        if self.norm == "linf":
            moved = random.uniform(-self.strength, self.strength, start.shape)
        else:
            moved = random.standard_normal(start.shape)
            away = self.strength * random.uniform(0, 1, len(start))
            moved *= (away / lengths(moved))[:, None, None, None]
        return self.within(start + moved.astype(np.float32), start)


def lengths(change: NDArray[np.floating]) -> Floats:
    """Root of the mean square of each square's change, (n,), grey levels."""
    flat = change.reshape(len(change), -1).astype(np.float64)
    return np.asarray(np.sqrt((flat**2).mean(axis=1)), np.float32)


@dataclass(frozen=True)
class Aim:
    """What is wanted, and within which ball: any other class than the labels, or, `targeted`, the
    labels themselves."""

    ball: Ball
    targeted: bool = False

    @property
    def sign(self) -> int:
        """Up the loss, or down."""
        return -1 if self.targeted else 1


def fgsm(squares: Floats, labels: Labels, oracle: Oracle, *, aim: Aim) -> Floats:
    """One step of the whole strength along the gradient."""
    ball = aim.ball
    _, gradient = oracle(squares, labels)
    return ball.within(squares + aim.sign * ball.strength * ball.direction(gradient), squares)


def pgd(
    squares: Floats,
    labels: Labels,
    oracle: Oracle,
    *,
    aim: Aim,
    steps: int = 10,
    start: Floats | None = None,
) -> Floats:
    """Steps along the gradient, each brought back into the ball.

    `start`: where it begins, in the ball; by default at the squares themselves.
    """
    ball, now = aim.ball, squares if start is None else start
    size = PER_STEP * ball.strength / steps
    for _ in range(steps):
        _, gradient = oracle(now, labels)
        now = ball.within(now + aim.sign * size * ball.direction(gradient), squares)
    return now


def square(
    squares: Floats,
    labels: Labels,
    scores: Scores,
    *,
    aim: Aim,
    queries: int = 1000,
    seed: int = 0,
) -> Floats:
    """Squares of colour at random places, each kept where it brings the network nearer to the aim.

    Asks for logits alone, at most `queries` times a square; stops where the aim is reached.
    """
    ball, random = aim.ball, seeds.generator(seed, "square attack")
    count, side = len(squares), squares.shape[1]
    stripes = random.choice([-1.0, 1.0], (count, 1, side, 3)).astype(np.float32)
    best = ball.within(squares + ball.strength * stripes, squares)
    worth = _margin(scores(best), labels, aim)
    for number in range(1, queries):
        open_ones = np.flatnonzero(worth < 0)
        if not len(open_ones):
            break
        edge = _edge(number / queries, side)
        tried = best[open_ones]
        for place in range(len(open_ones)):
            row, column = random.integers(0, side - edge + 1, 2)
            own = squares[open_ones[place], row : row + edge, column : column + edge]
            colour = ball.strength * random.choice([-1.0, 1.0], 3)
            tried[place, row : row + edge, column : column + edge] = own + colour
        tried = ball.within(tried, squares[open_ones])
        found = _margin(scores(tried), labels[open_ones], aim)
        wins = found > worth[open_ones]
        best[open_ones[wins]], worth[open_ones[wins]] = tried[wins], found[wins]
    return best


def _edge(share: float, side: int) -> int:
    """Pixels a side of the squares after a share of all questions."""
    halved = sum(share > limit for limit in HALVED)
    return max(1, min(side, round(math.sqrt(FIRST_SHARE / 2**halved) * side)))


def _margin(logits: Floats, labels: Labels, aim: Aim) -> Floats:
    """How far the aim is reached: above 0 where it is."""
    rows = np.arange(len(labels))
    own = logits[rows, labels]
    rest = logits.copy()
    rest[rows, labels] = -np.inf
    return np.asarray(aim.sign * (rest.max(axis=1) - own), np.float32)
