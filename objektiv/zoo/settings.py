"""Settings of bringing a pretrained network: its weights, and what a file does not tell of itself.

In: values from flags, YAML or Python. Out: frozen settings. This file imports nothing heavy.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from objektiv.base.settings import Settings

IMAGENET, RANDOM = "imagenet", "random"  # what weights can be besides a file
Positive = Annotated[float, Field(gt=0)]


class AddSettings(Settings):
    """Everything that `objektiv models add` can be told.

    Networks of Keras and timm tell their own mean, std, scale, colours and title; what is given
    here wins.
    """

    weights: str = Field(
        default=IMAGENET,
        min_length=1,
        description="imagenet fetches the published ones over the internet, random draws some; or "
        "a file: .h5 or .safetensors for a network of Keras, .safetensors for one of timm, .onnx "
        "for a network under a name of your own.",
    )
    padding: Literal["own", "same"] = Field(
        default="own",
        description="Zeros around the maps of a network of timm: same pads as TensorFlow does, "
        "for weights that were trained there.",
    )
    mean: tuple[float, float, float] = Field(
        default=(0.485, 0.456, 0.406),
        description="The network's input is (pixels of 0 to 255 * scale - mean) / std; these are "
        "the means, in the order of its colours.",
    )
    std: tuple[Positive, Positive, Positive] = Field(
        default=(0.229, 0.224, 0.225), description="Deviations that the input is divided by."
    )
    scale: Positive = Field(
        default=1 / 255, description="Number that pixels are multiplied by first."
    )
    colours: Literal["RGB", "BGR"] = Field(
        default="RGB", description="Order of the colours in the network's input."
    )
    classes: str | None = Field(
        default=None,
        description="Classes of the last layer: imagenet, or a text file of one name a line; by "
        "default ImageNet's where there are 1,000, else numbers.",
    )
    licence: str | None = Field(
        default=None, min_length=1, max_length=500, description="Licence of weights from a file."
    )
    title: str | None = Field(
        default=None, min_length=1, max_length=500, description="What the network is called."
    )
