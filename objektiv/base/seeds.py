"""Randomness that depends only on a seed and on what it is for.

In: a seed and some words. Out: a NumPy generator. The same words give the same numbers whatever
was drawn before, so that adding a step never changes another one.
"""

from __future__ import annotations

import hashlib

import numpy as np


def generator(seed: int, *purpose: str | int) -> np.random.Generator:
    """A generator for one purpose, e.g. `generator(0, "smear", patient)`."""
    text = "/".join([str(seed), *map(str, purpose)])
    digest = hashlib.sha256(text.encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "little"))
