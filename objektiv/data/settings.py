"""Settings of reading, splitting and shaping images; this file imports nothing heavy.

In: values from flags, YAML or Python. Out: frozen settings, or one error naming every mistake.
Try: `make(SplitSettings, {"folds": 3})` with `make` of base/settings.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from objektiv.base.settings import Settings

Fit = Literal["letterbox", "stretch", "crop"]
FillMode = Literal["nearest", "constant", "reflect", "wrap"]
LONGEST_CLASS = 255  # characters of a class name; no system has a longer name for a folder


class ReadSettings(Settings):
    """How items are found and named."""

    group: str | None = Field(
        default=None,
        min_length=1,
        description="Regular expression searched in each file's name without suffix; items with "
        "the same match (first capture group if there is one) are kept together.",
    )
    groups: Path | None = Field(
        default=None,
        description="CSV table of what is kept together: the columns path, or pattern with * and "
        "?, as seen from the data folder, and group.",
    )
    group_by: Literal["folder"] | None = Field(
        default=None,
        description="folder keeps together what lies in a folder of one name below that of its "
        "class.",
    )
    labels: Path | None = Field(
        default=None,
        description="CSV table with the columns path, label and optionally group and split; "
        "paths are relative to the table's folder, or to the data folder where the table lies "
        "outside of it.",
    )
    against_all: str | None = Field(
        default=None,
        min_length=1,
        description="Class that is told from all others: it keeps its name, and the others "
        "together are the class other.",
    )
    parts: Literal["given", "new"] = Field(
        default="given",
        description="Whether the folders train, validation and test of the data are obeyed "
        "(given) or pooled and split anew (new).",
    )
    max_pixels: int = Field(
        default=50_000_000,
        ge=1,
        le=1_000_000_000,
        description="Largest number of pixels an image may declare; a larger one is refused "
        "before it is decoded.",
    )

    @field_validator("group")
    @classmethod
    def _is_a_regular_expression(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"not a regular expression ({error})") from error
        return value


class ArraySettings(Settings):
    """How a dataset is written as NumPy arrays."""

    size: int = Field(
        default=28, ge=8, le=1024, description="Side of the square pictures in pixels."
    )
    fit: Fit = Field(
        default="letterbox", description="As for training: letterbox, stretch or crop."
    )
    colour: Literal["rgb", "grey"] = Field(
        default="rgb",
        description="rgb gives pictures of height x width x 3, grey of height x width.",
    )


class SplitSettings(Settings):
    """How items are divided into train, validation and test."""

    ratios: tuple[float, float, float] = Field(
        default=(0.6, 0.2, 0.2),
        description="Shares of train, validation and test; positive numbers that sum to 1.",
    )
    seed: int = Field(
        default=1337, ge=0, le=2**32 - 1, description="Number from which the random split is drawn."
    )
    folds: int = Field(
        default=5,
        ge=2,
        le=20,
        description="Number of folds inside train and validation for choosing settings.",
    )

    @field_validator("ratios")
    @classmethod
    def _are_shares(cls, value: tuple[float, float, float]) -> tuple[float, float, float]:
        if not all(math.isfinite(share) and share > 0 for share in value):
            raise ValueError("each share must be a positive number")
        if not math.isclose(sum(value), 1, abs_tol=1e-6):
            raise ValueError(f"the shares must sum to 1, they sum to {sum(value):g}")
        return value


class RepeatSettings(SplitSettings):
    """How items are divided, with folds drawn more than once."""

    repeats: int = Field(
        default=1,
        ge=1,
        le=100,
        description="Times the folds are drawn; each further time is a column fold_2, fold_3, ... "
        "of split.csv.",
    )


class HandOnSettings(Settings):
    """How a split becomes folders."""

    to: Path | None = Field(
        default=None,
        description="New folder that gets train, val and test, each with a folder for each class.",
    )
    by: Literal["copy", "hardlink", "symlink"] = Field(
        default="copy",
        description="How files come there: copy, or without more space hardlink (the same disk) "
        "or symlink.",
    )
    arrays: Path | None = Field(
        default=None,
        description="New folder, or file that ends in .npz, that gets the parts as NumPy arrays: "
        "X_train, y_train and so on.",
    )
    array_size: int = Field(
        default=ArraySettings.model_fields["size"].default,
        ge=8,
        le=1024,
        description="Side of the square pictures in --arrays, in pixels.",
    )
    array_colour: Literal["rgb", "grey"] = Field(
        default=ArraySettings.model_fields["colour"].default,
        description="Colours of the pictures in --arrays: rgb or grey.",
    )


class PixelSettings(Settings):
    """How an image of any size becomes the square one that the network reads."""

    size: Literal["auto"] | Annotated[int, Field(ge=8, le=1024)] = Field(
        default="auto",
        description="Side of the square in pixels, from 8 to 1024, where a pretrained network "
        "looks a multiple of 32 from 32 to 512; auto takes 128 where the median longest side is "
        "at most 160 pixels, else 224.",
    )
    fit: Fit = Field(
        default="letterbox",
        description="letterbox keeps everything and the aspect (edges repeated), stretch fills "
        "the square and changes the aspect, crop fills it and cuts the longer side.",
    )


class AugmentSettings(Settings):
    """How training pictures are changed at random; names and meaning of Keras' ImageDataGenerator.

    Without any of them, pictures stay as they are.
    """

    rotation: float = Field(
        default=0, ge=0, le=180, description="Largest turn about the centre, in degrees."
    )
    width_shift: float = Field(
        default=0, ge=0, le=1, description="Largest shift to either side, as a share of the width."
    )
    height_shift: float = Field(
        default=0, ge=0, le=1, description="Largest shift up or down, as a share of the height."
    )
    shear: float = Field(
        default=0,
        ge=0,
        le=80,
        description="Largest shear, in degrees as Keras has it: 0.1 is a tenth of a degree.",
    )
    zoom: tuple[float, float] = Field(
        default=(1.0, 1.0),
        description="Smallest and largest zoom, drawn anew for width and height, from 0.1 to 10; "
        "below 1 enlarges, as in Keras. One number z means 1-z,1+z.",
    )
    horizontal_flip: bool = Field(
        default=False, description="Whether every other picture is mirrored left to right."
    )
    vertical_flip: bool = Field(
        default=False, description="Whether every other picture is turned upside down by mirroring."
    )
    brightness: tuple[float, float] = Field(
        default=(1.0, 1.0),
        description="Smallest and largest factor of brightness, from 0 to 10; 1,1 changes nothing.",
    )
    channel_shift: float = Field(
        default=0,
        ge=0,
        le=255,
        description="Largest number of levels (of 255) that is added to all three channels or "
        "taken from them; each picture keeps its own darkest and lightest level.",
    )
    fill_mode: FillMode = Field(
        default="nearest",
        description="What stands where the picture has moved away: nearest (its edge), constant "
        "(fill_value), reflect (dcba|abcd|dcba) or wrap (abcd|abcd|abcd).",
    )
    fill_value: float = Field(
        default=0, ge=0, le=255, description="Level of the fill_mode constant."
    )

    @field_validator("zoom", mode="before")
    @classmethod
    def _one_number_is_both_sides(cls, value: object) -> object:
        try:
            (number,) = value if isinstance(value, list | tuple) else (value,)
            return 1 - float(number), 1 + float(number)
        except (TypeError, ValueError):
            return value  # two numbers, or what the type refuses

    @field_validator("zoom", "brightness")
    @classmethod
    def _is_a_range(cls, value: tuple[float, float], info: ValidationInfo) -> tuple[float, float]:
        low, high = value
        least = 0.1 if info.field_name == "zoom" else 0
        if not least <= low <= high <= 10:
            raise ValueError(f"must be two rising numbers from {least:g} to 10")
        return value


class SmearSettings(Settings):
    """How the synthetic blood smear of the demo is drawn."""

    patients: int = Field(
        default=24,
        ge=3,
        le=999,
        description="Number of synthetic patients, each with an own stain, light and focus.",
    )
    cells: int = Field(
        default=50,
        ge=4,
        le=999,
        description="Usual number of cells of a patient; each has 0.7 to 1.3 times as many.",
    )
    seed: int = Field(
        default=0,
        ge=0,
        le=2**32 - 1,
        description="Number from which the pictures are drawn.",
    )
