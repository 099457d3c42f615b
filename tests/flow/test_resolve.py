"""Whose each setting of a training is, and the settings of one step."""

from __future__ import annotations

import pytest

from objektiv.data.settings import AugmentSettings
from objektiv.flow.resolve import origins, part_of, seconds_of, without_meaning
from objektiv.flow.settings import TrainSettings
from objektiv.models.recipes import resolve
from objektiv.training.settings import FitSettings


def test_what_the_user_sets_is_told_to_be_the_users() -> None:
    """The course's numbers, our choices and the user's are told apart, with the recipe's value."""
    found = {o.name: o for o in origins(resolve(TrainSettings(model="simple-cnn", epochs=5)))}

    assert (found["epochs"].whose, found["epochs"].value, found["epochs"].recipe) == (
        "yours",
        5,
        30,
    )
    assert found["filters"].whose == "course"
    assert found["learning_rate"].whose == "choice"


def test_a_recipe_of_ours_is_no_course() -> None:
    """Where no course speaks, a value is the recipe's."""
    assert {o.whose for o in origins(resolve(TrainSettings(model="small-cnn")))} == {"recipe"}


def test_a_step_gets_its_own_settings() -> None:
    """The augmentation's fields come out as its own settings."""
    part = part_of(AugmentSettings, TrainSettings(rotation=30, vertical_flip=True))

    assert part == AugmentSettings(rotation=30, vertical_flip=True)


def test_settings_of_other_models_are_named() -> None:
    """What was changed and means nothing to the model is named; what it obeys, and what a recipe
    or a default says, is not."""
    probe = resolve(TrainSettings(epochs=5, strength=3.0, rotation=30))
    tuned = resolve(TrainSettings(model="finetune", epochs=7, filters=(8,), rotation=30))

    assert without_meaning(probe, ()) == ("epochs", "rotation")
    assert without_meaning(tuned, (FitSettings, AugmentSettings)) == ("filters",)


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("10m", 600), ("1.5h", 5400)])
def test_a_budget_is_a_time(text: str, seconds: float) -> None:
    """Seconds, minutes and hours."""
    assert seconds_of(text) == seconds
