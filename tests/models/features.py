"""Small features for the tests of models: three blocks of a network, colours and size."""

from __future__ import annotations

import numpy as np

from objektiv.features.look import Block, Features
from objektiv.models.choose import Truth

BLOCKS = (
    Block("stem", 0, 12),
    Block("stage1", 12, 30),
    Block("final", 30, 46),
    Block("colours", 46, 56),
    Block("size", 56, 59),
)


def drawn(items: int = 150, *, classes: int = 2, apart: float = 1.0) -> tuple[Features, Truth]:
    """Features in which the classes are so far apart, and their labels and five folds."""
    rng = np.random.default_rng(3)
    labels = np.arange(items) % classes
    centres = rng.normal(scale=apart, size=(classes, BLOCKS[-1].stop))
    values = (4 + centres[labels] + rng.normal(size=(items, BLOCKS[-1].stop))).astype(np.float32)
    ids = tuple(f"item{n}" for n in range(items))
    names = tuple(f"class{c}" for c in range(classes))
    truth = Truth(labels.astype(np.int64), rng.integers(5, size=items).astype(np.int64), names)
    return Features(ids, values, BLOCKS), truth
