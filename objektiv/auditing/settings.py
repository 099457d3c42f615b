"""Settings of checking a dataset: what counts as a copy.

In: values from flags, YAML or Python. Out: frozen settings. This file imports nothing heavy.
"""

from __future__ import annotations

from pydantic import Field

from objektiv.base.settings import Settings


class CheckSettings(Settings):
    """What a check of a dataset looks for."""

    copy_likeness: float = Field(
        default=0.88,
        ge=0.5,
        le=1.0,
        description="Likeness of two pictures' pixels, 0 to 1, from which they count as copies of "
        "one another; what flips, small crops, size, light and JPEG change is taken out first.",
    )
    neighbours: int = Field(
        default=24,
        ge=1,
        le=200,
        description="How many others, the nearest by their features, each picture is compared "
        "with pixel by pixel; more find more copies and take longer.",
    )
