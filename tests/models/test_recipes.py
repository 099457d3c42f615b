"""Recipes: their settings are valid, their networks have the course's parameters."""

from __future__ import annotations

import pytest
from pydantic import Field

from objektiv.base.errors import SettingsError, UsageError
from objektiv.data.settings import AugmentSettings
from objektiv.features.settings import FeatureSettings
from objektiv.models.layers import network, summary
from objektiv.models.recipes import RECIPES, resolve
from objektiv.models.settings import HeadSettings, NetworkSettings
from objektiv.training.settings import FitSettings


class Training(FeatureSettings, HeadSettings, NetworkSettings, FitSettings, AugmentSettings):
    """All that recipes speak of."""

    model: str = Field(default="probe", description="The recipe.")


NETWORKS = [name for name in RECIPES if RECIPES.get(name).family == "network"]


@pytest.mark.parametrize("name", tuple(RECIPES))
def test_settings_of_a_recipe_are_valid(name: str) -> None:
    """Each name is a setting and each value fits it, so that a recipe cannot fail on its own."""
    recipe = RECIPES.get(name)

    made = resolve(Training(model=name))

    assert recipe.settings.keys() <= made.model_fields_set
    assert recipe.name == name
    assert recipe.origin and "\n" not in recipe.origin
    assert recipe.choices <= recipe.settings.keys()


@pytest.mark.parametrize(
    ("name", "classes", "parameters"),
    [
        pytest.param("simple-cnn", 2, 21_590_593, id="simple-cnn: the course prints it"),
        ("mlp-16", 2, 784 * 16 + 16 + 16 + 1),
        ("mlp-50", 5, 785 * 50 + 51 * 5),
        ("cnn-16-sgd", 5, 160 + (26 * 26 * 16 + 1) * 5),
        ("cnn-16-rmsprop", 5, 160 + (26 * 26 * 16 + 1) * 5),
        ("cnn-16-32", 5, 160 + (9 * 16 + 1) * 32 + (24 * 24 * 32 + 1) * 5),
        ("cnn-16-32-pool", 5, 160 + (9 * 16 + 1) * 32 + (5 * 5 * 32 + 1) * 5),
    ],
)
def test_networks_have_the_parameters_of_the_course(
    name: str, classes: int, parameters: int
) -> None:
    """The simple CNN's number is printed there; the thesis' follow from its layers."""
    made = resolve(Training(model=name))

    table = summary(network(made, classes=classes), size=int(made.size))

    assert table.parameters == table.trainable == parameters


@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "cnn"])
@pytest.mark.parametrize("classes", [2, 10])
def test_networks_fit_their_own_size(name: str, classes: int) -> None:
    """Pictures of the recipe's size come through all layers, whatever the classes."""
    made = resolve(Training(model=name))

    assert summary(network(made, classes=classes), size=int(made.size)).parameters > 0


def test_the_users_word_goes_before_the_recipe() -> None:
    """What the user set stays, also where it is the default; the rest is the recipe's."""
    made = resolve(Training(model="simple-cnn", epochs=5, batch=32))

    assert (made.epochs, made.batch) == (5, 32)
    assert made.filters == (32, 64, 128)
    assert made.zoom == (0.9, 1.1)


def test_probe_is_the_default_and_changes_nothing() -> None:
    """Without a model, all settings are as they were."""
    assert resolve(Training()).model_dump() == Training().model_dump()


def test_an_unknown_recipe_is_named_with_the_nearest() -> None:
    """A slip of the keyboard finds its recipe."""
    with pytest.raises(UsageError, match="did you mean 'simple-cnn'"):
        resolve(Training(model="simple-cn"))


def test_values_that_do_not_go_together_name_the_recipe() -> None:
    """A user's value that contradicts the recipe's is told with the recipe's name."""
    with pytest.raises(SettingsError, match="--model simple-cnn"):
        resolve(Training(model="simple-cnn", filters=(8, 8)))


@pytest.mark.parametrize(
    ("name", "given", "chosen"),
    [
        ("vgg19-frozen", {"optimizer", "learning_rate", "batch", "epochs"}, set()),
        ("simple-cnn", {"batch", "epochs"}, {"optimizer", "learning_rate", "dropout"}),
        ("mobilenetv2-frozen", {"epochs"}, {"optimizer", "learning_rate", "batch"}),
        ("mlp-50", {"optimizer", "batch", "epochs"}, {"learning_rate"}),
    ],
)
def test_choices_are_told_from_what_the_course_gives(
    name: str, given: set[str], chosen: set[str]
) -> None:
    """As the course's papers have it."""
    recipe = RECIPES.get(name)

    assert given <= recipe.course
    assert chosen <= recipe.choices
