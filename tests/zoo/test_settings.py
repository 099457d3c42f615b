"""Settings of bringing a network."""

from __future__ import annotations

import pytest

from objektiv.base.errors import SettingsError
from objektiv.base.settings import make
from objektiv.zoo.settings import AddSettings


def test_numbers_may_come_as_text() -> None:
    """What a command line gives becomes numbers, each colour its own."""
    given = make(AddSettings, {"mean": ["123", "117", "104"], "scale": "1"}, source="a test")

    assert (given.mean, given.scale) == ((123.0, 117.0, 104.0), 1.0)
    assert given.model_fields_set == {"mean", "scale"}


@pytest.mark.parametrize(
    "wrong", [{"std": ["1", "0", "1"]}, {"scale": "-1"}, {"mean": ["1", "2"]}, {"colours": "GBR"}]
)
def test_what_no_preprocessing_has_is_refused(wrong: dict[str, object]) -> None:
    """A deviation of 0, a negative scale, two means or another order of colours is an error."""
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        make(AddSettings, wrong, source="a test")
