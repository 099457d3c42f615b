"""Settings as fields of a page, and back as words."""

from __future__ import annotations

import pytest

from objektiv.flow.settings import TrainSettings
from objektiv.studio import forms
from objektiv.studio.forms import Field

BY_NAME = {field.name: field for field in forms.fields(TrainSettings)}


def test_help_and_default_are_those_of_the_settings() -> None:
    """Nothing is written down a second time."""
    info = TrainSettings.model_fields["epochs"]

    assert BY_NAME["epochs"].help == info.description
    assert BY_NAME["epochs"].default == str(info.default)


@pytest.mark.parametrize(
    ("name", "kind", "choices", "limits"),
    [
        ("epochs", "number", (), (1.0, 100_000.0)),
        ("learning_rate", "number", (), (0.0, 1000.0)),
        ("optimizer", "choice", ("sgd", "adam", "adamw", "rmsprop", "adagrad"), (None, None)),
        ("horizontal_flip", "choice", ("yes", "no"), (None, None)),
        ("patience", "text", ("off",), (None, None)),
        ("filters", "text", (), (None, None)),
    ],
)
def test_each_type_gets_its_input(
    name: str, kind: str, choices: tuple[str, ...], limits: tuple[float | None, float | None]
) -> None:
    """With the limits that the settings have."""
    field = BY_NAME[name]

    assert (field.kind, field.choices, (field.least, field.most)) == (kind, choices, limits)


def test_paths_are_not_asked_for() -> None:
    """A page chooses them; nobody types one."""
    assert not {"out", "bank", "labels", "groups", "split"} & set(BY_NAME)


def test_what_is_left_empty_stays_at_its_default() -> None:
    """Only what was typed becomes a word."""
    given = forms.typed({"epochs": " 4 ", "batch": "", "unknown": "x"}, tuple(BY_NAME.values()))

    assert forms.words(given) == ["--epochs=4"]


def test_a_value_that_looks_like_an_option_stays_a_value() -> None:
    """It is one word with its name."""
    assert forms.words({"against_all": "--out=/etc"}) == ["--against-all=--out=/etc"]


def test_every_mistake_is_told_by_its_setting() -> None:
    """And what does not go together under no name."""
    found = forms.mistakes(TrainSettings, {"epochs": "0", "zoom": "a,b", "filters": "4,8"})
    together = forms.mistakes(TrainSettings, {"sensitivity": "0.9", "specificity": "0.9"})

    assert set(found) == {"epochs", "zoom"}
    assert list(together) == [""]


def test_lists_are_divided_at_commas() -> None:
    """As on the command line."""
    assert forms.values(TrainSettings, {"filters": "4,8", "epochs": "2"}) == {
        "filters": ["4", "8"],
        "epochs": "2",
    }


def test_a_field_without_limits_has_none() -> None:
    """Text is text."""
    assert BY_NAME["backbone"] == Field(
        "backbone", TrainSettings.model_fields["backbone"].description or "", "text", "lite0"
    )
