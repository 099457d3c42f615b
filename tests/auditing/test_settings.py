"""Settings of the search for copies."""

from __future__ import annotations

from objektiv.auditing.settings import CheckSettings


def test_defaults_are_valid() -> None:
    """A check without options works."""
    assert CheckSettings() == CheckSettings()
