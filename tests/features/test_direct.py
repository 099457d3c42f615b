"""A backbone used directly, for its own 1,000 classes."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from objektiv.base.errors import UsageError
from objektiv.data.images import decode
from objektiv.features.direct import Direct
from scripts.make_lite0_reference import REFERENCE, pictures

SIZE = 224  # Lite0's own


@cache
def _direct() -> Direct:
    return Direct("lite0")


def test_a_square_picture_gets_the_logits_of_timm() -> None:
    """A picture of the network's own size passes unchanged, and timm's logits come out."""
    fits = [n for n, square in enumerate(pictures(SIZE)) if square.max() <= 255]  # 8 bits hold it
    squares = [pictures(SIZE)[n].astype(np.uint8) for n in fits]

    named = _direct().predict(squares)

    assert len(fits) >= 2
    assert np.abs(named.logits - np.load(REFERENCE)[f"logits{SIZE}"][fits]).max() < 1e-3


def test_probabilities_are_the_softmax_of_the_logits() -> None:
    """Rows of probabilities sum to 1 and are the exponentials of the logits."""
    random = np.random.default_rng(0).integers(0, 256, (2, 50, 90, 3), dtype=np.uint8)

    named = _direct().predict(list(random))

    shifted = np.exp(named.logits.astype(np.float64) - named.logits.max(axis=1, keepdims=True))
    expected = shifted / shifted.sum(axis=1, keepdims=True)
    assert named.probabilities.shape == (2, 1000)
    assert np.allclose(named.probabilities, expected, atol=1e-6)
    assert named.probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_pictures_of_any_size_go_together() -> None:
    """A batch of different shapes gives what each gives alone."""
    shapes = [(224, 224), (10, 300), (500, 375), (1, 1)]
    mixed: list[NDArray[np.uint8]] = [np.full((*shape, 3), 90, np.uint8) for shape in shapes]
    mixed[2][100:300, 100:200] = (200, 30, 30)

    together = _direct().predict(mixed).logits

    alone = np.concatenate([_direct().predict([picture]).logits for picture in mixed])
    assert np.allclose(together, alone, atol=1e-4)


def test_an_unknown_backbone_is_refused() -> None:
    """A misspelt name is told with the near one."""
    with pytest.raises(UsageError, match=r"'lite'.*did you mean 'lite0'"):
        Direct("lite")


def _sample(folder: Path, count: int) -> tuple[list[NDArray[np.uint8]], list[int]]:
    with (folder / "labels.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))[::2][:count]
    paths = [next(folder.rglob(row["file"])) for row in rows]
    squares = [decode(p.read_bytes(), name=p.name, max_pixels=10**8).pixels for p in paths]
    return squares, [int(row["class_index"]) for row in rows]


@pytest.mark.slow
def test_real_pictures_are_named_rightly(real_data: Path) -> None:
    """Of 60 ImageNet pictures at least 75 % get the right one of 1,000 names first."""
    squares, labels = _sample(real_data / "imagenet_sample", 60)

    named = _direct().predict(squares)

    right = np.mean(named.probabilities.argmax(axis=1) == labels)
    assert len(labels) == 60
    assert right >= 0.75
