"""Bundles of every kind of end, made once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from objektiv.base.seeds import generator
from objektiv.models.frozen import BIAS, WEIGHT, Frozen
from objektiv.shipping.bundle import Bundle
from objektiv.shipping.facts import Backbone
from tests.explaining.small import CLASSES, HASH, SmallMap, probe, shipped


@pytest.fixture(scope="session")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Bundle]:
    """Bundles by name, each made when it is first asked for: `bundles("probe")`."""
    made: dict[str, Bundle] = {}

    def make(name: str) -> Bundle:
        folder = tmp_path_factory.mktemp(name) / "model"
        if name == "lite0":
            lite = Backbone(name="lite0", sha256=HASH, licence="Apache-2.0")
            return shipped(probe(strange=True, lite0=True), folder, strange=True, backbone=lite)
        if name in ("probe", "strange", "two"):
            strange = name == "strange"
            model = probe(2 if name == "two" else 3, strange=strange)
            return shipped(model, folder, strange=strange)
        maps: Any = SmallMap()
        units = {"frozen": 3, "sigmoid": 1, "rest": 3}[name]
        random = generator(0, name)
        state = {
            WEIGHT: random.normal(0, 0.05, (units, maps.width)).astype(np.float32),
            BIAS: random.normal(0, 0.1, units).astype(np.float32),
        }
        ending: Any = "softmax" if name == "frozen" else "sigmoid"
        classes = CLASSES[:2] if units == 1 else CLASSES
        return shipped(Frozen(maps, classes, ending, state, 1.3), folder)

    def get(name: str) -> Bundle:
        if name not in made:
            made[name] = make(name)
        return made[name]

    return get
