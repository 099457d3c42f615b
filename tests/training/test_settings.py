"""Limits of the settings of training."""

from __future__ import annotations

from typing import Any

import pytest

from objektiv.base.errors import SettingsError
from objektiv.base.settings import make
from objektiv.training.settings import FitSettings


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"optimizer": "adagard"}, "'sgd', 'adam', 'adamw', 'rmsprop' or 'adagrad'"),
        ({"optimiser": "adam"}, "unknown setting 'optimiser', did you mean 'optimizer'"),
        ({"learning_rate": 0}, "learning_rate = 0: .*greater than 0"),
        ({"learning_rate": float("nan")}, "learning_rate = nan"),
        ({"momentum": 1}, "momentum = 1: .*less than 1"),
        ({"patience": 0}, "patience = 0"),
        ({"unfreeze": -1}, "unfreeze = -1"),
        ({"layer_decay": 1.5}, "layer_decay = 1.5"),
        ({"epochs": 0}, "epochs = 0"),
        ({"monitor": "accuracy"}, "'val_accuracy'"),
    ],
)
def test_values_outside_the_limits_are_refused(values: dict[str, Any], message: str) -> None:
    """A value that does not fit gives a settings error with its name and what is allowed."""
    with pytest.raises(SettingsError, match=message):
        make(FitSettings, values)


def test_texts_of_the_command_line_are_taken() -> None:
    """Numbers come as text; off and all are words beside them."""
    texts = {"patience": "off", "unfreeze": "2", "epochs": "5", "learning_rate": "1e-4"}
    settings = make(FitSettings, texts)

    assert (settings.patience, settings.unfreeze) == ("off", 2)
    assert (settings.epochs, settings.learning_rate) == (5, 1e-4)
