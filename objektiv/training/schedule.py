"""The learning rate at each step, and which stages learn in which epoch: functions of time alone.

In: settings and a step. Out: factors. That nothing is counted on makes a resumed training equal.
Try: `rate(FitSettings(schedule="cosine"), step=50, steps_an_epoch=10)`.
"""

from __future__ import annotations

import math

from objektiv.training.settings import FitSettings

RISE = 0.3  # of one-cycle's time, as Smith and Topin (2018) and torch have it
FIRST = 1 / 25  # of the rate where one-cycle begins, likewise


def rate(settings: FitSettings, *, step: int, steps_an_epoch: int) -> float:
    """The learning rate of a step (0 is the first), before stages have their own shares."""
    return settings.learning_rate * _factor(settings, step, steps_an_epoch)


def _factor(settings: FitSettings, step: int, steps_an_epoch: int) -> float:
    warming = round(settings.warmup * steps_an_epoch)
    if step < warming:
        return (step + 1) / (warming + 1)
    steps = max(settings.epochs * steps_an_epoch - warming, 1)
    passed = min((step - warming) / steps, 1.0)
    if settings.schedule == "cosine":
        return _fall(passed)
    if settings.schedule == "one-cycle":
        if passed < RISE:
            return 1 - (1 - FIRST) * _fall(passed / RISE)
        return _fall((passed - RISE) / (1 - RISE))
    if settings.schedule == "step":
        return 0.01 if passed >= 0.75 else 0.1 if passed >= 0.5 else 1.0
    return 1.0


def _fall(passed: float) -> float:
    """From 1 to 0 along half a cosine."""
    return 0.5 * (1 + math.cos(math.pi * passed))


def shares(settings: FitSettings, *, stages: int, epoch: int) -> list[float]:
    """The share of the learning rate that each stage has in an epoch (0 is the first).

    The last stage is the head; a stage that does not learn has 0.
    """
    learning = 1 if epoch < settings.head_epochs else _learning(settings, stages)
    behind = range(stages - 1, -1, -1)
    return [settings.layer_decay**n if n < learning else 0.0 for n in behind]


def _learning(settings: FitSettings, stages: int) -> int:
    return stages if settings.unfreeze == "all" else min(settings.unfreeze + 1, stages)


def ever_learning(settings: FitSettings, *, stages: int) -> list[bool]:
    """Whether each stage learns in any epoch."""
    return [share > 0 for share in shares(settings, stages=stages, epoch=settings.head_epochs)]
