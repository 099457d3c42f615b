"""What a training is told in the end: the recipe of its model below what the user set.

In: TrainSettings as given. Out: TrainSettings with every field decided, and for each field that
the recipe speaks of, whose it is.
Try: `resolved(TrainSettings(model="simple-cnn", epochs=5)).filters`.
"""

from __future__ import annotations

import re
from typing import Any, Literal, NamedTuple, TypeVar

from objektiv.base.settings import Settings, make
from objektiv.flow.settings import TrainSettings
from objektiv.models.recipes import RECIPES

S = TypeVar("S", bound=Settings)
Whose = Literal["course", "choice", "yours"]
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def resolved(settings: TrainSettings) -> TrainSettings:
    """The same with the recipe's values wherever the user said nothing.

    Raises:
        UsageError: no model has this name.
        SettingsError: the user's values do not go with the recipe's.
    """
    recipe = RECIPES.get(settings.model)
    given = settings.model_dump(exclude_unset=True)
    source = f"the settings of --model {recipe.name}"
    return make(TrainSettings, {**recipe.settings, **given}, source=source)


class Origin(NamedTuple):
    """One setting that a recipe speaks of."""

    name: str
    value: Any  # that is used
    whose: Whose  # the course's, a choice of ours where the course is silent, or the user's
    recipe: Any  # value of the recipe


def origins(settings: TrainSettings) -> tuple[Origin, ...]:
    """Whose each setting of the recipe is, in the recipe's order."""
    recipe = RECIPES.get(settings.model)
    whole = make(TrainSettings, recipe.settings)  # lists as tuples, texts as numbers
    found = []
    for name in recipe.settings:
        value, own = getattr(settings, name), getattr(whole, name)
        whose: Whose = "course" if name in recipe.course else "choice"
        found.append(Origin(name, value, whose if value == own else "yours", own))
    return tuple(found)


def part_of(kind: type[S], settings: TrainSettings) -> S:
    """The fields that one step wants, as its own settings."""
    return kind.model_validate({name: getattr(settings, name) for name in kind.model_fields})


def seconds_of(budget: str) -> float:
    """`10m` as seconds."""
    number, unit = re.fullmatch(r"([0-9.]+)([smh])", budget).groups()  # type: ignore[union-attr]
    return float(number) * _SECONDS[unit]
