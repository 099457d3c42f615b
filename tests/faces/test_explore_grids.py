"""Random samples and mean pictures as grids."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from objektiv.auditing.means import class_means
from objektiv.base.progress import Progress
from objektiv.faces import canvas
from objektiv.faces.explore_grids import choose_samples, means, samples
from objektiv.flow.settings import ExploreSettings
from tests.auditing.made import plain, seen
from tests.faces.found import coloured


def _settings(rows: int, columns: int, seed: int = 1337) -> ExploreSettings:
    return ExploreSettings(rows=rows, columns=columns, seed=seed)


def test_classes_take_turns(tmp_path: Path) -> None:
    """Two classes alternate; no picture is shown twice; an id lies in its class."""
    chosen = choose_samples(seen(tmp_path, coloured(each=20)).dataset, _settings(4, 4))

    assert [label for label, _ in chosen] == ["cat", "dog"] * 8
    assert len({name for _, name in chosen}) == 16
    assert all(name.startswith(label) for label, name in chosen)


def test_the_seed_decides(tmp_path: Path) -> None:
    """The same seed shows the same pictures, another one others."""
    dataset = seen(tmp_path, coloured(each=30)).dataset
    first = choose_samples(dataset, _settings(3, 4))

    assert choose_samples(dataset, _settings(3, 4)) == first
    assert choose_samples(dataset, _settings(3, 4, seed=1)) != first


def test_more_places_show_the_same_pictures_and_others(tmp_path: Path) -> None:
    """A larger grid begins with the pictures of a smaller one."""
    dataset = seen(tmp_path, coloured(each=30)).dataset

    assert choose_samples(dataset, _settings(5, 4))[:8] == choose_samples(dataset, _settings(2, 4))


def test_small_classes_and_many_classes(tmp_path: Path) -> None:
    """A small class gives up its turns; of more classes than places some are drawn."""
    few = [plain("a", 1), *(plain("b", k) for k in range(9))]
    chosen = choose_samples(seen(tmp_path / "few", few).dataset, _settings(4, 4))
    assert [label for label, _ in chosen] == ["a", *"b" * 9]

    many = [plain(f"c{k:02d}", k) for k in range(30)]
    chosen = choose_samples(seen(tmp_path / "many", many).dataset, _settings(2, 3))
    labels = [label for label, _ in chosen]
    assert len(set(labels)) == 6 and labels == sorted(labels) and labels[-1] > "c05"


@pytest.mark.parametrize(("size", "box"), [((10, 40), 0.25), ((40, 10), 4.0), ((7, 7), 1.0)])
def test_pictures_keep_their_shape(tmp_path: Path, size: tuple[int, int], box: float) -> None:
    """A sample is drawn as high to wide as it is, with its class and its real size."""
    found = seen(tmp_path, [plain("a", 9, size)])
    drawing = samples(found.dataset, _settings(1, 1))
    (axes,) = drawing.axes
    left, right, bottom, top = axes.images[0].get_extent()

    assert (top - bottom) / (right - left) == pytest.approx(box)
    assert axes.get_title() == "a"
    assert axes.get_xlabel() == f"{size[1]} × {size[0]}"


def test_a_file_that_is_gone_leaves_a_word(tmp_path: Path) -> None:
    """The grid says that it cannot be read."""
    found = seen(tmp_path, [plain("a", 9)])
    Path(found.dataset.items["path"][0]).unlink()
    (axes,) = samples(found.dataset, _settings(2, 2)).axes

    assert axes.texts[0].get_text() == "cannot be\nread now"


def test_means_say_of_how_many_they_are(tmp_path: Path) -> None:
    """Each class has its mean picture and the count behind it."""
    found = seen(tmp_path, [plain("a", 10), plain("a", 30), plain("b", 50)])
    drawing = means(class_means(found.dataset, seed=0, progress=Progress()))
    assert drawing is not None

    assert [axes.get_title() for axes in drawing.axes] == ["a", "b"]
    assert [axes.get_xlabel() for axes in drawing.axes] == ["all 2", "all 1"]
    assert np.unique(np.asarray(drawing.axes[0].images[0].get_array())).tolist() == [20]
    assert len(canvas.png(drawing)) > 1000
    assert means(()) is None
