"""Settings of an explanation: how heat is found, and how far it is examined.

In: values from flags, a request or Python. Out: frozen settings. This file imports nothing heavy.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from objektiv.base.settings import Settings

Method = Literal["auto", "contributions", "occlusion", "grad-cam", "integrated-gradients"]
Level = Literal["none", "quick", "full"]
Fill = Literal["blur", "grey"]


class HeatSettings(Settings):
    """How the heat of a picture is found."""

    method: Method = Field(
        default="auto",
        description="auto: contributions where the model's end is linear, else occlusion; grad-cam "
        "and integrated-gradients need a network trained here with torch.",
    )
    stage: str | None = Field(
        default=None, description="Show one stage of the network alone, such as stage5."
    )
    sanity: Level = Field(
        default="quick",
        description="How far the map is examined: none; quick: against a shuffled model, and how "
        "much lies outside the object; full: also by covering up what it points at.",
    )
    patch: float = Field(
        default=0.15, gt=0, le=0.5, description="Occlusion: side of a patch, share of the picture."
    )
    stride: float = Field(
        default=0.5, gt=0, le=1, description="Occlusion: step between patches, share of a patch."
    )
    fill: Fill = Field(
        default="blur",
        description="Occlusion and full sanity: what stands in a covered place: blur, the picture "
        "out of focus, or grey, its mean colour.",
    )
