"""What can be trained by name: each recipe is settings, with where they come from.

In: a name behind `--model`. Out: a Recipe. What the user sets goes before it.
Try: `RECIPES.get("simple-cnn").settings["filters"]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from objektiv.base.names import Registry


@dataclass(frozen=True)
class Recipe:
    """Settings under a name."""

    name: str
    title: str
    origin: str  # one line
    family: str  # probe, network, frozen or finetune
    settings: Mapping[str, Any] = field(default_factory=dict)
    course: frozenset[str] = frozenset()  # names in `settings` that the course gives


RECIPES = Registry(
    "model",
    {
        recipe.name: recipe
        for recipe in (
            Recipe("probe", "a head on a pretrained network", "objektiv", "probe"),
            Recipe("cnn", "a network of your own", "settings", "network"),
        )
    },
    list_command="objektiv train --help",
)
