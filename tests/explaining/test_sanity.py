"""The checks tell a good map from a bad one, in figures and in words."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from objektiv.base.language import speaking, tr
from objektiv.base.seeds import generator
from objektiv.explaining.sanity import Curves, Sanity, curves, likeness, outside, told


def test_likeness_is_the_mean_rank_correlation() -> None:
    """Without its sign, as SciPy computes it."""
    random = generator(0, "maps")
    maps = [random.normal(size=(8, 8)) for _ in range(3)]
    maps[2] = maps[0] * -2 + maps[2]

    expected = [abs(spearmanr(maps[0].ravel(), m.ravel()).statistic) for m in maps[1:]]
    assert likeness(maps[0], maps[1:]) == pytest.approx(np.mean(expected))
    assert likeness(maps[0], [np.exp(maps[0])]) == pytest.approx(1)
    assert likeness(np.zeros((4, 4)), [maps[0][:4, :4]]) == 0


def test_outside_counts_only_what_speaks_for_the_class() -> None:
    """Heat below zero does not count, and no heat has no share."""
    heat = np.array([[3.0, -9.0], [1.0, 0.0]])
    mask = np.array([[True, False], [False, False]])

    assert outside(heat, mask) == pytest.approx(0.25)
    assert outside(-np.abs(heat), mask) is None


def _disc() -> tuple[np.ndarray, np.ndarray]:
    square, heat = np.zeros((32, 32, 3), np.float32), np.zeros((32, 32))
    square[8:16, 8:16], heat[8:16, 8:16] = 1, 1
    return square, heat


def _score(squares: np.ndarray) -> np.ndarray:
    return np.asarray(squares[:, 8:16, 8:16, 0].mean(axis=(1, 2)))


def test_a_good_map_loses_and_finds_the_answer_sooner_than_chance() -> None:
    """Covering the object first leaves nothing, uncovering it first leaves all."""
    square, heat = _disc()

    good = curves(square, np.zeros_like(square), heat, _score)
    bad = curves(square, np.zeros_like(square), -heat, _score)

    assert good.deletion < 0.1 < 0.9 < good.insertion
    assert good.deletion < good.random_deletion < bad.deletion
    assert bad.insertion < good.random_insertion < good.insertion
    assert good.random_deletion == pytest.approx(0.5, abs=0.15)


def test_words_say_when_a_map_does_not_depend_on_the_model() -> None:
    """A high likeness is a warning, a low one is good news."""
    assert "shows the picture rather than what the model learnt" in told(Sanity(0.9), "cat")[0]
    assert "depends on the model" in told(Sanity(0.1), "cat")[0]


def test_words_say_when_the_background_speaks() -> None:
    """Most heat beside the object is a warning."""
    assert "shortcut" in told(Sanity(outside=0.8, free=0.5), "cat")[0]
    assert "20% lies outside the object" in told(Sanity(outside=0.2, free=0.5), "cat")[0]


def test_words_are_said_in_german_too() -> None:
    """The curves are told in the language that is spoken."""
    good, bad = Curves(0.2, 0.9, 0.5, 0.5), Curves(0.6, 0.9, 0.5, 0.5)
    (sentence,) = told(Sanity(curves=good), "cat")
    (warning,) = told(Sanity(curves=bad), "cat")

    assert "sooner than chance (mean probability 0.20 against 0.50)" in sentence
    assert "do not rely on this map" in warning
    with speaking("de"):
        assert "0,20 gegen 0,50" in tr(sentence)
