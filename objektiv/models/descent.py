"""Downhill for many problems at once, by L-BFGS with halved steps.

In: a loss that gives each problem's value and gradient, and a place to begin. Out: the place where
no entry of a problem's gradient is above its limit. A problem that has arrived stays where it is.
Source: Nocedal and Wright, Numerical Optimization, algorithms 7.4 and 3.1.
Try: `descend(lambda rows: lambda at: (np.square(at).sum((1, 2)), 2 * at), start, limit=limit,
rounds=100)`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

MEMORY = 10  # pairs of steps that approximate the curvature
SUFFICIENT = 1e-4  # share of the predicted decrease that a step must reach
HALVINGS = 12
EPSILON = 1e-12
FEWER = 0.75  # share of problems that still move, below which the others are put aside

Loss = Callable[[Floats], tuple[NDArray[np.float64], Floats]]


def descend(
    narrow: Callable[[NDArray[np.int64]], Loss], place: Floats, *, limit: Floats, rounds: int
) -> Floats:
    """Where L-BFGS ends for every problem; `narrow` gives the loss of some of them."""
    ended = place.copy()
    left = np.arange(len(place))
    loss = narrow(left)
    value, gradient = loss(place)
    steps: list[Floats] = []
    changes: list[Floats] = []
    for _ in range(rounds):
        moving = np.abs(gradient).max(axis=(1, 2)) > limit[left]
        if not moving.any():
            break
        if moving.sum() <= FEWER * len(left):  # those that have arrived would only cost time
            ended[left] = place
            left, loss = left[moving], narrow(left[moving])
            place, value, gradient = place[moving], value[moving], gradient[moving]
            steps, changes = ([pair[moving] for pair in pairs] for pairs in (steps, changes))
            moving = moving[moving]
        direction = _direction(gradient, steps, changes) * moving[:, None, None]
        moved, new_value, new_gradient = _search(loss, (place, value, gradient), direction)
        steps.append(moved - place)
        changes.append(new_gradient - gradient)
        del steps[:-MEMORY], changes[:-MEMORY]
        if not (new_value < value).any():
            break  # 32 bits tell no smaller value
        place, value, gradient = moved, new_value, new_gradient
    ended[left] = place
    return ended


def _dot(a: Floats, b: Floats) -> NDArray[np.float64]:
    return np.asarray(np.einsum("pdk,pdk->p", a, b, dtype=np.float64))


def _direction(gradient: Floats, steps: list[Floats], changes: list[Floats]) -> Floats:
    """Minus the approximate inverse curvature times the gradient: the two loops of L-BFGS."""
    q = gradient.copy()
    used = []
    for step, change in zip(reversed(steps), reversed(changes), strict=True):
        curvature = np.maximum(_dot(step, change), EPSILON)
        moving = _dot(step, step) > 0
        alpha = np.where(moving, _dot(step, q) / curvature, 0)
        q -= (alpha[:, None, None] * change).astype(np.float32)
        used.append((step, change, curvature, alpha, moving))
    if used:
        step, change, curvature, _, moving = used[0]
        gamma = np.where(moving, curvature / np.maximum(_dot(change, change), EPSILON), 1)
        q *= gamma[:, None, None].astype(np.float32)
    else:
        norm = np.sqrt(_dot(gradient, gradient))
        q /= np.maximum(norm, 1)[:, None, None].astype(np.float32)
    for step, change, curvature, alpha, moving in reversed(used):
        beta = np.where(moving, _dot(change, q) / curvature, 0)
        q += ((alpha - beta)[:, None, None] * step).astype(np.float32)
    return -q


def _search(
    loss: Loss, at: tuple[Floats, NDArray[np.float64], Floats], direction: Floats
) -> tuple[Floats, NDArray[np.float64], Floats]:
    """A step that lowers each problem's value enough; a problem that finds none stays."""
    place, value, gradient = at
    slope = _dot(gradient, direction)
    length = np.where(slope < 0, 1.0, 0.0)
    for _ in range(HALVINGS):
        moved = place + (length[:, None, None] * direction).astype(np.float32)
        new_value, new_gradient = loss(moved)
        good = (new_value <= value + SUFFICIENT * length * slope) | (length == 0)
        if good.all():
            return moved, new_value, new_gradient
        length = np.where(good, length, length / 2)
    length = np.where(good, length, 0.0)
    moved = place + (length[:, None, None] * direction).astype(np.float32)
    return (moved, *loss(moved))
