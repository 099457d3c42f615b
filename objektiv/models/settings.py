"""Settings of the model: which head, and how classes of unequal size count.

In: values from flags, YAML or Python. Out: frozen settings. This file imports nothing heavy.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from objektiv.base.settings import Settings


class HeadSettings(Settings):
    """How features become probabilities."""

    head: str = Field(default="logistic", description="The classifier on the features.")
    class_weights: Literal["equal", "balanced"] = Field(
        default="equal",
        description="Whether each item counts the same (equal) or each class does (balanced), "
        "which raises the recall of rare classes and lowers that of common ones.",
    )
