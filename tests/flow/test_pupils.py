"""What networks that learn share."""

from __future__ import annotations

import numpy as np

from objektiv.data.augment import apply, transform
from objektiv.data.settings import AugmentSettings
from objektiv.flow.pupils import MONITORED, changes
from objektiv.flow.settings import TrainSettings
from objektiv.training.settings import FitSettings


def test_pictures_without_augmentation_are_not_changed() -> None:
    """No time is spent on changes that change nothing."""
    assert changes(TrainSettings(), ["a"]) is None


def test_a_change_follows_from_seed_epoch_and_item() -> None:
    """The picture in row 1 is changed as its id says, not as its place does."""
    square = np.random.default_rng(0).integers(0, 255, (16, 16, 3), dtype=np.uint8)
    out = np.empty_like(square)
    change = changes(TrainSettings(rotation=40, seed=3), ["a", "b"])

    assert change is not None
    change(square, out, 5, 1)

    drawn = transform(AugmentSettings(rotation=40), seed=3, epoch=5, item="b")
    np.testing.assert_array_equal(out, apply(square, drawn))


def test_each_figure_that_can_be_monitored_has_a_name() -> None:
    """What stops a training is told in words."""
    allowed = FitSettings.model_json_schema()["properties"]["monitor"]["enum"]

    assert sorted(MONITORED) == sorted(allowed)
