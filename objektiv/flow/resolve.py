"""The settings of a training, taken apart: those of one step, and whose each of them is.

In: TrainSettings with every field decided. Out: the settings of a step, and for each field that the
recipe speaks of, whether the course gave it, we chose it, or the user did.
Try: `origins(TrainSettings(model="simple-cnn", epochs=5))`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, TypeVar

from objektiv.base.settings import Settings, make
from objektiv.data.settings import AugmentSettings
from objektiv.flow.settings import TrainSettings
from objektiv.models.recipes import RECIPES
from objektiv.models.settings import FrozenSettings, NetworkSettings
from objektiv.training.settings import FitSettings

S = TypeVar("S", bound=Settings)
Whose = Literal["course", "choice", "recipe", "yours"]
KINDS: tuple[type[Settings], ...] = (NetworkSettings, FrozenSettings, FitSettings, AugmentSettings)
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


class Origin(NamedTuple):
    """One setting that a recipe speaks of."""

    name: str
    value: Any  # that is used
    whose: Whose
    """The course's; a choice of ours where a course's recipe is silent; of a recipe of ours; or the
    user's."""
    recipe: Any  # value of the recipe


def origins(settings: TrainSettings) -> tuple[Origin, ...]:
    """Whose each setting of the recipe is, in the recipe's order."""
    recipe = RECIPES.get(settings.model)
    whole = make(TrainSettings, recipe.settings)  # lists as tuples, texts as numbers
    found = []
    for name in recipe.settings:
        value, own = getattr(settings, name), getattr(whole, name)
        whose: Whose = "recipe"
        if recipe.course:
            whose = "course" if name in recipe.course else "choice"
        found.append(Origin(name, value, whose if value == own else "yours", own))
    return tuple(found)


def without_meaning(settings: TrainSettings, reads: Sequence[type[Settings]]) -> tuple[str, ...]:
    """Settings that were changed although the model obeys only the kinds that it `reads`."""
    obeyed = {name for kind in reads for name in kind.model_fields}
    names = dict.fromkeys(name for kind in KINDS for name in kind.model_fields)
    plain = make(TrainSettings, RECIPES.get(settings.model).settings)
    return tuple(
        name
        for name in names
        if name not in obeyed and getattr(settings, name) != getattr(plain, name)
    )


def part_of(kind: type[S], settings: TrainSettings) -> S:
    """The fields that one step wants, as its own settings."""
    return kind.model_validate({name: getattr(settings, name) for name in kind.model_fields})


def seconds_of(budget: str) -> float:
    """`10m` as seconds."""
    number, unit = re.fullmatch(r"([0-9.]+)([smh])", budget).groups()  # type: ignore[union-attr]
    return float(number) * _SECONDS[unit]
