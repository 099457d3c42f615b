"""The mean picture of each class."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from objektiv.auditing import means
from objektiv.auditing.means import SIDE, class_means
from objektiv.base.errors import Cancelled
from objektiv.base.progress import Progress
from tests.auditing.made import plain, seen


def test_mean_of_plain_pictures_is_their_mean(tmp_path: Path) -> None:
    """Levels 10 and 30 give 20, whatever the sizes of the pictures are."""
    found = seen(tmp_path, [plain("a", 10, (9, 4)), plain("a", 30, (90, 70)), plain("b", 7)])
    first, second = class_means(found.dataset, seed=0, progress=Progress())

    assert (first.label, first.used, first.items) == ("a", 2, 2)
    assert first.pixels.shape == (SIDE, SIDE, 3)
    assert np.unique(first.pixels).tolist() == [20]
    assert np.unique(second.pixels).tolist() == [7]


def test_many_pictures_are_sampled_and_the_sample_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where pixels are too many, as many pictures as allowed are drawn by the seed."""
    monkeypatch.setattr(means, "PIXELS", 100)
    monkeypatch.setattr(means, "FEWEST", 5)
    found = seen(tmp_path, [plain("a", level) for level in range(0, 240, 2)])
    (one,) = class_means(found.dataset, seed=1, progress=Progress())
    (again,) = class_means(found.dataset, seed=1, progress=Progress())
    (other,) = class_means(found.dataset, seed=2, progress=Progress())

    assert (one.used, one.items) == (5, 120)
    assert np.array_equal(one.pixels, again.pixels)
    assert not np.array_equal(one.pixels, other.pixels)


def test_a_file_that_is_gone_is_left_out(tmp_path: Path) -> None:
    """What was there when it was looked at may be gone; the others make the mean."""
    found = seen(tmp_path, [plain("a", 10), plain("a", 50)])
    Path(found.dataset.items["path"][1]).unlink()
    (mean,) = class_means(found.dataset, seed=0, progress=Progress())

    assert (mean.used, mean.items) == (1, 2)
    assert np.unique(mean.pixels).tolist() == [10]


def test_of_many_classes_some_are_shown(tmp_path: Path) -> None:
    """No more squares than a page can show."""
    found = seen(tmp_path, [plain(f"class{k}", k) for k in range(30)])

    assert len(class_means(found.dataset, seed=0, progress=Progress())) == means.SHOWN


def test_it_can_be_stopped(tmp_path: Path) -> None:
    """A cancel file ends it."""
    found = seen(tmp_path / "data", [plain("a", 10)])
    (tmp_path / "cancel").touch()

    with pytest.raises(Cancelled, match="mean pictures was stopped"):
        class_means(found.dataset, seed=0, progress=Progress(folder=tmp_path))
