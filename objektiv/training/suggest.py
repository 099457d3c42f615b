"""Optuna's suggestions: where in a space the next trial is worth its time.

In: a Space, and what trials gave so far. Out: values to try next. Nothing is stored here: what
was tried stands in a plain file of the tune's folder, and a study is built anew from it.
Try: `Suggester(space, seed=1).ask(0)`.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import optuna

from objektiv.models.space import Range, Space


class Suggester:
    """A study in memory; trials are known by their numbers."""

    def __init__(self, space: Space, *, seed: int) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        with warnings.catch_warnings():  # its constant liar is said to be experimental
            warnings.simplefilter("ignore")
            sampler = optuna.samplers.TPESampler(seed=seed, constant_liar=True)
        self._study = optuna.create_study(sampler=sampler)
        self._space = space
        self._kinds = {name: _distribution(v) for name, v in space.settings.items()}
        self._asked: dict[int, optuna.Trial] = {}

    def ask(self, number: int, known: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Values of trial `number`; those `known` where it was begun before."""
        if known is not None:
            self._study.enqueue_trial(self._inside(known))
        trial = self._study.ask(self._kinds)
        self._asked[number] = trial
        return {
            name: value
            if isinstance(values := self._space.settings[name], Range)
            else values[value]
            for name, value in trial.params.items()
        }

    def tell(self, number: int, figure: float | None) -> None:
        """What a trial gave, less is better; None where it failed."""
        state = optuna.trial.TrialState.FAIL if figure is None else None
        self._study.tell(self._asked.pop(number), figure, state=state)

    def _inside(self, known: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: value if isinstance(values := self._space.settings[name], Range)
            else values.index(value)
            for name, value in known.items()
        }  # fmt: skip


def _distribution(values: Any) -> optuna.distributions.BaseDistribution:
    if not isinstance(values, Range):  # by place: Optuna takes no lists
        return optuna.distributions.CategoricalDistribution(range(len(values)))
    if values.whole:
        low, high = int(values.low), int(values.high)
        return optuna.distributions.IntDistribution(low, high, log=values.log)
    return optuna.distributions.FloatDistribution(values.low, values.high, log=values.log)
