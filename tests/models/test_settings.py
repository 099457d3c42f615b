"""Settings of networks: lists as people write them, and mistakes told."""

from __future__ import annotations

import pytest

from objektiv.base.errors import SettingsError
from objektiv.base.settings import make
from objektiv.models.settings import NetworkSettings


@pytest.mark.parametrize("text", ["none", "", ["none"], [""], ()])
def test_a_list_can_be_empty(text: object) -> None:
    """None leaves all convolutions away, as an option, in YAML and in Python."""
    assert make(NetworkSettings, {"filters": text}).filters == ()


def test_a_single_number_is_a_list() -> None:
    """YAML's `filters: 16` and an option's "16" are a list of one."""
    assert make(NetworkSettings, {"filters": 16}).filters == (16,)
    assert make(NetworkSettings, {"filters": ["16", "32"]}).filters == (16, 32)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"dropout": (0.1, 0.2)}, "2 numbers for 3 blocks"),
        ({"dropout": (1.0,)}, "less than 1"),
        ({"filters": (0,)}, "filters.0 = 0"),
        ({"filters": "many"}, "filters.0 = 'many'"),
        ({"activation": "rlu"}, "activation = 'rlu'"),
        ({"filter": (3,)}, "did you mean 'filters'"),
    ],
)
def test_mistakes_are_told(values: dict[str, object], message: str) -> None:
    """What does not fit is named with its value."""
    with pytest.raises(SettingsError, match=message):
        make(NetworkSettings, {"filters": (4, 4, 4), **values})
