"""A space says what is tried, and every mistake in it at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest

from objektiv.base.errors import SettingsError
from objektiv.flow.settings import TrainSettings
from objektiv.flow.tune_record import FIXED
from objektiv.models.recipes import RECIPES, resolve
from objektiv.models.space import Range, Space, read_space, settings_with, space_of

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples" / "tune").glob("*.yaml"))


def _space(given: dict[str, Any], way: Literal["grid", "search"] = "grid") -> Space:
    return space_of(given, TrainSettings, fixed=FIXED, way=way, source="it")


def test_combinations_are_all_of_them_and_the_last_varies_fastest() -> None:
    """Two by two values give four trials in the order of the file."""
    space = _space({"filters": [[8], [8, 16]], "kernel": [3, 5]})

    assert space.combinations() == [
        {"filters": (8,), "kernel": 3},
        {"filters": (8,), "kernel": 5},
        {"filters": (8, 16), "kernel": 3},
        {"filters": (8, 16), "kernel": 5},
    ]


def test_all_mistakes_are_told_at_once() -> None:
    """A typo with the near name, a value out of limits, and what may not vary."""
    with pytest.raises(SettingsError) as caught:
        _space({"learnig_rate": [0.1], "kernel": [3, 99], "seed": [1, 2], "pool": 2})

    told = str(caught.value)
    assert "did you mean 'learning_rate'" in told
    assert "kernel: 99" in told and "seed may not vary" in told and "pool: a list" in told


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ({"low": 1e-3, "high": 1e-5}, "must be less"),
        ({"low": 0, "high": 1, "log": True}, "above 0"),
        ({"low": 1e-3, "hihg": 1}, "'high'"),
        ({"low": "a", "high": 1}, "numbers"),
        ({"low": 1e-3, "high": float("nan")}, "must be less"),
        ({"low": 1e-3, "high": 1, "log": "yes"}, "true or false"),
        ({}, "numbers"),
    ],
)
def test_wrong_ranges_are_refused(line: dict[str, Any], told: str) -> None:
    """Each way to write a range wrongly is named."""
    with pytest.raises(SettingsError, match=told):
        _space({"learning_rate": line}, "search")


def test_a_range_needs_a_search() -> None:
    """A grid cannot try all numbers between two."""
    given = {"learning_rate": {"low": 1e-4, "high": 1e-2, "log": True}}
    with pytest.raises(SettingsError, match="--search"):
        _space(given)
    assert _space(given, "search").settings["learning_rate"] == Range(1e-4, 1e-2, True)


@pytest.mark.parametrize("values", [[], [3, 3], {"kernel": []}])
def test_empty_lists_and_values_twice_are_refused(values: Any) -> None:
    """A list must hold something, once."""
    with pytest.raises(SettingsError, match="kernel: "):
        _space({"kernel": values})


def test_an_empty_grid_and_an_endless_one_are_refused() -> None:
    """Nothing to try is a mistake, and so are a million trials."""
    with pytest.raises(SettingsError, match="empty"):
        _space({})
    with pytest.raises(SettingsError, match="combinations"):
        _space({name: list(range(1, 101)) for name in ("batch", "epochs", "patience")})


def test_what_nobody_set_stays_open() -> None:
    """A recipe fills what neither the user nor the grid has set."""
    settings = settings_with(TrainSettings(model="simple-cnn"), {"epochs": 2})

    assert resolve(settings).size == 150 and resolve(settings).epochs == 2


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_can_be_tried(path: Path) -> None:
    """Each grid of the examples is valid, every combination of it, as its `Try:` line has it."""
    text = path.read_text(encoding="utf-8")
    way: Literal["grid", "search"] = "search" if "--search" in text else "grid"
    space = read_space(path, TrainSettings, fixed=FIXED, way=way)
    base = TrainSettings(model="course-cnn") if "--model course-cnn" in text else TrainSettings()
    combinations = space.combinations() if way == "grid" else [{}]

    for values in combinations:
        assert resolve(settings_with(base, values)).model in RECIPES
    assert f"examples/tune/{path.name}" in text


def test_there_are_examples() -> None:
    """The course's claims and the tasks on Fashion-MNIST are there."""
    assert len(EXAMPLES) >= 8
