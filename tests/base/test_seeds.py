"""Randomness depends only on the seed and on what it is for."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from objektiv.base.seeds import generator


def test_same_words_give_same_numbers() -> None:
    """A generator does not depend on what was drawn before it."""
    first = generator(0, "smear", 3).integers(0, 1000, 5).tolist()
    generator(0, "split").random(100)

    assert generator(0, "smear", 3).integers(0, 1000, 5).tolist() == first


@pytest.mark.parametrize("other", [(1, "smear", 3), (0, "split", 3), (0, "smear", 4), (0, "smear")])
def test_other_words_give_other_numbers(other: tuple[int, ...]) -> None:
    """Another seed or another purpose gives other numbers."""
    here = generator(0, "smear", 3).integers(0, 2**62, 4).tolist()

    assert generator(*other).integers(0, 2**62, 4).tolist() != here


def test_numbers_are_those_of_the_written_rule() -> None:
    """The seed is the first 16 bytes of SHA-256 over the words joined by slashes, little end."""
    digest = hashlib.sha256(b"7/draw/cell").digest()
    expected = np.random.default_rng(int.from_bytes(digest[:16], "little"))

    assert generator(7, "draw", "cell").random() == expected.random()


def test_numbers_stay_the_same_between_versions() -> None:
    """The first number of one generator is written down, so that a change is noticed."""
    assert generator(0, "smear").integers(0, 2**32) == 961_219_093
