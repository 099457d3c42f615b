"""Settings of looking at images: which backbone, in which precision, kept where.

In: values from flags, YAML or Python. Out: frozen settings. This file imports nothing heavy.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from objektiv.data.settings import PixelSettings

Arithmetic = Literal["fp32", "bf16", "int8"]  # int8 is a graph of its own, run anywhere
Precision = Literal["auto", "fp32", "bf16", "int8"]
Rescale = Literal["unit", "raw", "network"]


class FeatureSettings(PixelSettings):
    """How images become features, and where these are kept."""

    backbone: str = Field(
        default="lite0",
        description="Pretrained network that looks at the images; see `objektiv models`.",
    )
    precision: Precision = Field(
        default="auto",
        description="Arithmetic of the network: fp32, bf16 where the processor has it, or int8, "
        "about twice as fast as fp32 and less exact; auto takes bf16 where the processor has it, "
        "else fp32.",
    )
    bank: Path | None = Field(
        default=None,
        description="Folder in which features are kept for the next time; by default in the "
        "user's cache, or where OBJEKTIV_BANK points.",
    )
    workers: int | None = Field(
        default=None,
        ge=1,
        le=64,
        description="Threads that read and decode; by default one a core.",
    )
