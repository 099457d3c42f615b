"""Settings of getting and converting data; this file imports nothing heavy.

In: values from flags, YAML or Python. Out: frozen settings, or one error naming every mistake.
Try: `make(ConvertSettings, {"every": 10})` with `make` of base/settings.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, model_validator

from objektiv.base.settings import Settings
from objektiv.data.settings import ReadSettings


class ConvertSettings(Settings):
    """How arrays and videos become a folder of pictures."""

    every: int = Field(
        default=1, ge=1, le=100_000, description="Of a video, look at every n-th frame."
    )
    per_second: float | None = Field(
        default=None,
        gt=0,
        le=1000,
        description="Of a video, look at n frames per second instead, by the frames' own times.",
    )
    blur: float = Field(
        default=0.4,
        ge=0,
        le=1,
        description="A frame whose sharpness (variance of the Laplacian) is below this share of "
        "its video's median is left out; 0 keeps all. Empty frames count as blurred.",
    )
    sameness: float = Field(
        default=2.0,
        ge=0,
        le=255,
        description="A frame that differs by less than this from the last one kept is left out "
        "(mean difference of small grey pictures, in levels of 255); 0 keeps all.",
    )
    stretches: int = Field(
        default=1,
        ge=1,
        le=1000,
        description="Groups that a video becomes: 1 keeps each video together; more cut it into "
        "stretches of equal time, for a class of which there is one video only.",
    )
    percent: float | None = Field(
        default=None, gt=0, le=100, description="Size of the pictures in percent of the original."
    )
    longest: int | None = Field(
        default=None,
        ge=8,
        le=100_000,
        description="Longest side of the pictures in pixels; smaller ones stay as they are.",
    )
    classes: str | None = Field(
        default=None,
        min_length=1,
        description="Names of the classes 0, 1, 2 and so on: separated by commas, or a text file "
        "with one name a line.",
    )
    max_pixels: int = Field(
        default=ReadSettings.model_fields["max_pixels"].default,
        ge=1,
        le=1_000_000_000,
        description="Largest number of pixels of one picture or frame.",
    )

    @model_validator(mode="after")
    def _one_way_each(self) -> ConvertSettings:
        if self.per_second is not None and self.every > 1:
            raise ValueError("every and per_second both choose frames: give one of them")
        if self.percent is not None and self.longest is not None:
            raise ValueError("percent and longest both give a size: give one of them")
        return self


class ArchiveSettings(Settings):
    """How much a stranger's archive or address may bring."""

    max_files: int = Field(
        default=500_000, ge=1, description="Largest number of members an archive may have."
    )
    max_gb: float = Field(
        default=50,
        gt=0,
        description="Largest number of gigabytes (10^9 bytes) that are downloaded or unpacked.",
    )
    max_ratio: int = Field(
        default=200,
        ge=1,
        description="Largest growth when unpacked, of an archive and of each file in a zip; the "
        "first 10 MB are free.",
    )


class GetSettings(ArchiveSettings, ConvertSettings):
    """Where a dataset goes, and what its file must be."""

    to: Path | None = Field(
        default=None,
        description="New folder for the dataset; by default one of its name where you are.",
    )
    sha256: str | None = Field(
        default=None,
        pattern=r"^[0-9a-fA-F]{64}$",
        description="SHA-256 that the downloaded file or the archive must have; the catalogue "
        "knows those of its own entries.",
    )
