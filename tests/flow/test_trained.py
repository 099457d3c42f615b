"""What a training gives is the same for every family of models."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.flow.conftest import TrainOn


def test_parameters_are_the_models_own_or_those_that_ship(train_on: TrainOn, shapes: Path) -> None:
    """A model that does not count its parameters has as many as numbers stand in its graph."""
    trained = train_on(shapes)

    assert trained.parameters == trained.shipped.numbers
    assert replace(trained, made=replace(trained.made, parameters=7)).parameters == 7
