"""Settings of training by gradient: optimizer, rates, when to stop, where to compute.

In: values from flags, YAML or Python. Out: frozen settings. This file imports nothing heavy.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from objektiv.base.settings import Settings

Optimizer = Literal["sgd", "adam", "adamw", "rmsprop", "adagrad"]
Schedule = Literal["constant", "cosine", "one-cycle", "step"]
Monitor = Literal["val_accuracy", "val_balanced_accuracy", "val_macro_f1", "val_loss", "train_loss"]
Device = Literal["auto", "cpu", "cuda", "mps"]


class FitSettings(Settings):
    """How a network learns."""

    epochs: int = Field(
        default=30, ge=1, le=100_000, description="Passes over the training images, at most."
    )
    batch: int = Field(
        default=32, ge=1, le=65_536, description="Images between two steps of the optimizer."
    )
    optimizer: Optimizer = Field(
        default="adam",
        description="Rule by which weights move; each with the meaning, epsilon and further "
        "numbers that Keras gives it.",
    )
    learning_rate: float = Field(
        default=1e-3, gt=0, le=1000, description="Length of a step; the highest where it changes."
    )
    momentum: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="Share of the last step that the next one repeats; of sgd and rmsprop.",
    )
    weight_decay: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Share of each kernel, times the learning rate, that a step takes away.",
    )
    schedule: Schedule = Field(
        default="constant",
        description="How the learning rate goes on: constant; cosine, falling to 0 at the last "
        "epoch; one-cycle, rising for three tenths of the time and falling to 0; step, a tenth "
        "of it after half and a hundredth after three quarters of the epochs.",
    )
    warmup: float = Field(
        default=0.0,
        ge=0,
        le=100_000,
        description="Epochs in which the learning rate rises from 0, before the schedule.",
    )
    patience: Annotated[int, Field(ge=1, le=100_000)] | Literal["off"] = Field(
        default=3,
        description="Epochs without a better value of what is monitored before training stops; "
        "off trains all epochs. The weights of the best epoch are kept either way.",
    )
    monitor: Monitor = Field(
        default="val_accuracy", description="The figure that says which epoch was the best."
    )
    device: Device = Field(
        default="auto",
        description="Where the network trains; auto takes a CUDA or Apple GPU where there is one.",
    )
    fit_precision: Literal["auto", "fp32", "bf16"] = Field(
        default="auto",
        description="Arithmetic of training: fp32, or bf16 on graphics cards and on processors "
        "with AMX; auto takes bf16 on graphics cards that have it, else fp32.",
    )
    unfreeze: Annotated[int, Field(ge=0, le=1000)] | Literal["all"] = Field(
        default="all",
        description="Of a pretrained network, how many of its last stages are trained beside the "
        "last layer.",
    )
    head_epochs: int = Field(
        default=0,
        ge=0,
        le=100_000,
        description="Of a pretrained network, first epochs in which only the last layer learns.",
    )
    layer_decay: float = Field(
        default=1.0,
        gt=0,
        le=1,
        description="Of a pretrained network, the learning rate of each stage as a share of that "
        "of the stage behind it.",
    )
    batch_norm: Literal["trained", "frozen"] = Field(
        default="trained",
        description="Of a pretrained network, whether its batch normalisation learns and follows "
        "the new images, or stays as it is, which is faster.",
    )
