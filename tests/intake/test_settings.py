"""Limits of the settings of getting and converting data."""

from __future__ import annotations

from typing import Any

import pytest

from objektiv.base.errors import SettingsError
from objektiv.base.settings import Settings, make
from objektiv.data.settings import ReadSettings
from objektiv.intake.settings import ArchiveSettings, ConvertSettings, GetSettings


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (ConvertSettings, {"every": 0}, "every = 0: .*greater than or equal to 1"),
        (ConvertSettings, {"every": 2, "per_second": 1}, "both choose frames: give one of them"),
        (ConvertSettings, {"percent": 50, "longest": 64}, "both give a size: give one of them"),
        (ConvertSettings, {"blur": 1.5}, "blur = 1.5: .*less than or equal to 1"),
        (ArchiveSettings, {"max_gb": 0}, "max_gb = 0: .*greater than 0"),
        (GetSettings, {"sha256": "abc"}, "sha256 = 'abc'"),
        (GetSettings, {"too": "x"}, "unknown setting 'too', did you mean 'to'"),
    ],
)
def test_values_outside_the_limits_are_refused(
    kind: type[Settings], values: dict[str, Any], message: str
) -> None:
    """A value that does not fit gives a settings error with its name and what is allowed."""
    with pytest.raises(SettingsError, match=message):
        make(kind, values)


def test_getting_takes_the_settings_of_archives_and_of_converting() -> None:
    """What is fetched may have to be unpacked and converted, under the same names and limits."""
    settings = make(GetSettings, {"every": "5", "max_files": "10", "sha256": "A" * 64})

    assert (settings.every, settings.max_files, settings.sha256) == (5, 10, "A" * 64)
    assert settings.max_pixels == ReadSettings().max_pixels
