"""Augmented pictures side by side."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from objektiv.auditing.operators import OPERATORS
from objektiv.data.settings import AugmentSettings
from objektiv.faces import canvas
from objektiv.faces.augment_grids import AS_IT_IS, gallery, over_range, random_views, views
from objektiv.flow.settings import AugmentDataSettings
from tests.faces.found import augmentation

SQUARE = np.random.default_rng(0).integers(0, 256, (24, 24, 3), dtype=np.uint8)
PLAIN = AugmentSettings()


@pytest.mark.parametrize("name", OPERATORS)
def test_a_range_holds_the_picture_and_both_its_ends(name: str) -> None:
    """As it is, it is itself; every other place differs from it, and from one another."""
    named = over_range(SQUARE, OPERATORS[name], like=PLAIN)
    told = [words for words, _ in named]

    assert told.count(AS_IT_IS) == (0 if name == "brightness" else 1)
    assert len({pixels.tobytes() for _, pixels in named}) == len(named) == len(set(told))
    for words, pixels in named:
        assert np.array_equal(pixels, SQUARE) == (words == AS_IT_IS)


def test_a_range_goes_from_one_side_to_the_other() -> None:
    """A quarter turn to either side, and half to one and a half times."""
    turned = over_range(SQUARE, OPERATORS["rotation"], like=PLAIN)
    zoomed = over_range(SQUARE, OPERATORS["zoom"], like=PLAIN)
    flipped = over_range(SQUARE, OPERATORS["horizontal_flip"], like=PLAIN)

    assert [w for w, _ in turned] == ["-90°", "-60°", "-30°", AS_IT_IS, "30°", "60°", "90°"]
    assert (zoomed[0][0], zoomed[-1][0]) == ("x 0.5", "x 1.5")
    assert np.array_equal(turned[-1][1], np.rot90(turned[0][1], 2))
    assert np.array_equal(flipped[1][1], SQUARE[:, ::-1])


def test_emptied_places_are_filled_as_asked() -> None:
    """A shift leaves the constant behind."""
    like = AugmentSettings(fill_mode="constant", fill_value=77)
    shifted = over_range(SQUARE, OPERATORS["width_shift"], like=like)[-1][1]

    assert (shifted[:, -4:] == 77).all()


def test_random_views_differ_and_come_again(tmp_path: Path) -> None:
    """One for each epoch; the same picture and seed give the same."""
    found = augmentation(tmp_path)
    first = [view.tobytes() for view in views(found)]

    assert len(set(first)) > 12
    assert first == [view.tobytes() for view in views(found)]
    other = augmentation(tmp_path, AugmentDataSettings(seed=1))
    assert first != [view.tobytes() for view in views(other)]


def test_figures_show_every_operator_and_the_picture_itself(tmp_path: Path) -> None:
    """Seven pictures for a range and two for a flip; the first random view is none."""
    found = augmentation(tmp_path)
    ranges, random = gallery(found.square, like=PLAIN), random_views(found)

    assert len(ranges.axes) == 6 * 7 + 2 * 2
    assert [text.get_text() for text in ranges.texts] == [o.title for o in OPERATORS.values()]
    assert random.axes[0].get_xlabel() == AS_IT_IS
    assert np.array_equal(np.asarray(random.axes[0].images[0].get_array()), found.square)
    assert len(canvas.png(random)) > 1000
