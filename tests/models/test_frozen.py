"""What a frozen recipe ships and counts; its answers are held in tests/training/test_frozen.py."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from objektiv.base import files
from objektiv.features import store
from objektiv.features.entry import Facts
from objektiv.features.last_map import LastMap
from objektiv.models.frozen import BIAS, WEIGHT, initial_dense, summary_of
from objektiv.models.layers import last_layer
from objektiv.models.recipes import RECIPES
from objektiv.models.settings import NetworkSettings
from objektiv.zoo.keras_convert import GRAPH, convert_keras
from objektiv.zoo.settings import RANDOM


def test_first_weights_are_those_of_keras() -> None:
    """Uniform within Glorot's limit, the bias 0, the same from the same seed."""
    state = initial_dense(1, 62_720, seed=3)

    limit = np.sqrt(6 / 62_721)
    assert np.abs(state[WEIGHT]).max() <= limit
    assert state[WEIGHT].std() == pytest.approx(limit / np.sqrt(3), rel=0.02)
    assert state[BIAS].tolist() == [0.0]
    np.testing.assert_array_equal(state[WEIGHT], initial_dense(1, 62_720, seed=3)[WEIGHT])


@pytest.mark.slow
def test_mobilenetv2_has_the_parameters_of_the_course(models: Path, tmp_path: Path) -> None:
    """2,320,705, of which 62,721 learn: the course prints them."""
    if not find_spec("keras"):
        pytest.skip("the extra zoo is not installed")
    recipe = RECIPES.get("mobilenetv2-frozen").settings
    told = convert_keras(recipe["backbone"], weights=RANDOM, folder=tmp_path)
    graph = (tmp_path / GRAPH).read_bytes()
    known = {name: told[name] for name in Facts.model_fields if name in told}
    known["sha256"] = files.sha256(graph)
    store.save(Facts.model_validate_json(json.dumps(known)), graph)
    maps = LastMap(recipe["backbone"], size=recipe["size"], rescale=recipe["rescale"])

    table = summary_of(maps, last_layer(NetworkSettings(), classes=2)[0])

    assert maps.width == 62_720
    assert (table.parameters, table.trainable) == (2_320_705, 62_721)
