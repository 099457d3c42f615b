"""Settings of attacks, of natural changes, and of the ideal picture.

In: values from flags, a request or Python. Out: frozen settings. This file imports nothing heavy.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from objektiv.base.language import Language
from objektiv.base.settings import Settings

Method = Literal["pgd", "fgsm", "square", "natural"]
Norm = Literal["linf", "l2"]
Strength = Annotated[float, Field(gt=0, le=128)]

METHODS: tuple[Method, ...] = ("pgd", "fgsm", "square", "natural")


class AttackSettings(Settings):
    """How pictures are changed until the network names them wrongly."""

    method: Method = Field(
        default="pgd",
        description="pgd: many steps along the gradient; fgsm: one step; square: without "
        "gradients, by trying squares of colour; natural: blur, noise, brightness, stain and "
        "JPEG, as they happen in a lab. pgd and fgsm need objektiv[torch].",
    )
    target: str | None = Field(
        default=None, description="Class that the network is to say; by default any other."
    )
    norm: Norm = Field(
        default="linf",
        description="How the change is limited: linf, no value by more than the strength; l2, "
        "the root of the mean square of all changes.",
    )
    strengths: tuple[Strength, ...] = Field(
        default=(0.5, 1.0, 2.0, 4.0),
        min_length=1,
        max_length=12,
        description="Limits of the change in grey levels of 255, each attacked by itself.",
    )
    steps: int = Field(default=10, ge=1, le=1000, description="Steps of pgd.")
    queries: int = Field(
        default=300, ge=10, le=100_000, description="Questions to the network of square."
    )
    pictures: int = Field(
        default=16, ge=1, le=100_000, description="Most pictures that are changed; drawn by seed."
    )
    defend: float = Field(
        default=0.0,
        ge=0,
        le=128,
        description="Also attack the same model behind randomised smoothing: the mean of its "
        "answers to noisy copies, with noise of so many grey levels; 0: not.",
    )
    copies: int = Field(
        default=16, ge=2, le=1000, description="Noisy copies a picture of the smoothing."
    )
    seed: int = Field(default=0, ge=0, description="What is drawn at random is drawn by it.")
    language: Language = Field(default="en", description="Language of the page.")
    out: Path = Field(default=Path("attacks"), description="Folder for new folders of results.")


class DreamSettings(Settings):
    """How the ideal picture of a class or channel is found."""

    steps: int = Field(default=96, ge=8, le=5000, description="Steps of the ascent.")
    smooth: float = Field(
        default=1.0,
        ge=0,
        le=100,
        description="Weight of total variation, the difference of neighbouring pixels; 0: none.",
    )
    jitter: float = Field(
        default=0.06,
        ge=0,
        le=0.25,
        description="Most that the picture is moved before each step, share of its side.",
    )
    scales: int = Field(
        default=3, ge=1, le=6, description="Sizes it is found at, each twice the one before."
    )
    rate: float = Field(
        default=6.0, gt=0, le=64, description="Grey levels that a pixel moves in the first steps."
    )
    plain: bool = Field(
        default=True, description="Also do without smoothing, moving and scales, to compare."
    )
    frames: int = Field(default=24, ge=2, le=200, description="Frames of the animation.")
    seed: int = Field(default=0, ge=0, description="What is drawn at random is drawn by it.")
    language: Language = Field(default="en", description="Language of the page.")
    out: Path = Field(default=Path("dreams"), description="Folder for new folders of results.")
