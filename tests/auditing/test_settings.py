"""Settings of checking a dataset."""

from __future__ import annotations

import pytest

from objektiv.auditing.settings import CheckSettings
from objektiv.base.errors import SettingsError
from objektiv.base.settings import make


def test_a_likeness_over_one_is_refused() -> None:
    """A likeness that no pair can reach is refused by its name."""
    with pytest.raises(SettingsError, match="copy_likeness"):
        make(CheckSettings, {"copy_likeness": 1.2})


def test_the_default_threshold_is_the_measured_one() -> None:
    """The default is the threshold that docs/decisions/copies.md has the evidence for."""
    assert CheckSettings().copy_likeness == 0.88
