"""The feature map as dots and as thumbnails."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from objektiv.auditing.feature_map import FeatureMap
from objektiv.faces import explore_map as maps
from objektiv.faces.canvas import COLOURED, colour, png
from tests.auditing.made import plain
from tests.faces.found import coloured, explored


def _painted(canvas: Image.Image, paint: str) -> np.ndarray:
    """Where (y, x) the canvas has this colour."""
    levels = [int(paint[k : k + 2], 16) for k in (1, 3, 5)]
    return np.argwhere((np.asarray(canvas)[:, :, :3] == levels).all(axis=2))


def test_every_picture_of_the_sample_is_a_dot(tmp_path: Path) -> None:
    """In the colour of its class, at its place."""
    found = explored(tmp_path, coloured(each=12))
    drawing = maps.dots(found)
    dots = np.concatenate([c.get_offsets() for c in drawing.axes[0].collections])

    assert sorted(map(tuple, dots.tolist())) == sorted(map(tuple, found.map.places.tolist()))
    assert [t.get_text() for t in drawing.legends[0].get_texts()] == ["cat", "dog"]


def test_classes_beyond_the_colours_are_grey(tmp_path: Path) -> None:
    """Twenty are told apart, the others are named together."""
    pictures = [plain(f"c{k:02d}", k) for k in range(COLOURED + 5)]
    drawing = maps.dots(explored(tmp_path, pictures))
    names = [t.get_text() for t in drawing.legends[0].get_texts()]

    assert len(names) == COLOURED + 1 and names[-1] == "other classes"


def test_thumbnails_lie_at_their_places_in_the_frame_of_their_class(tmp_path: Path) -> None:
    """One at the lower left, one at the upper right."""
    found = explored(tmp_path, [plain("a", 9), plain("b", 9)])
    ids = tuple(found.seen.dataset.items["id"])
    found = replace(found, map=FeatureMap(ids, np.array([[0.0, 0.0], [1.0, 1.0]]), "test", 2))
    canvas = maps.picture_map(found)
    first, second = (_painted(canvas, colour(k)) for k in (0, 1))

    assert canvas.size == (maps.ACROSS * maps.CELL, maps.DOWN * maps.CELL)
    assert first[:, 0].min() >= (maps.DOWN - 1) * maps.CELL and first[:, 1].max() < maps.CELL
    assert second[:, 0].max() < maps.CELL
    assert second[:, 1].min() >= (maps.ACROSS - 1) * maps.CELL
    assert np.asarray(canvas)[:, :, 3].min() == 0  # the page's own ground shows


def test_one_cell_shows_the_picture_nearest_to_its_middle(tmp_path: Path) -> None:
    """Of two at almost one place only one is drawn."""
    found = explored(tmp_path, [plain("a", 9), plain("b", 9)])
    ids = tuple(found.seen.dataset.items["id"])
    middle = [0.5 / maps.ACROSS, 0.5 / maps.DOWN]
    places = np.array([[0.0, 0.0], middle])
    canvas = maps.picture_map(replace(found, map=FeatureMap(ids, places, "test", 2)))

    assert not len(_painted(canvas, colour(0)))
    assert len(_painted(canvas, colour(1)))


def test_a_file_that_is_gone_leaves_its_cell_empty(tmp_path: Path) -> None:
    """The others are drawn."""
    found = explored(tmp_path, coloured(each=3))
    Path(found.seen.dataset.items["path"][0]).unlink()

    assert len(png(maps.thumbnails(found))) > 1000


def test_the_address_holds_the_picture(tmp_path: Path) -> None:
    """As WEBP, of the same size, with its see-through parts."""
    canvas = maps.picture_map(explored(tmp_path, coloured()))
    head, _, body = maps.address(canvas).partition(",")
    image = Image.open(io.BytesIO(base64.b64decode(body)))

    assert head == "data:image/webp;base64"
    assert image.size == canvas.size and image.mode == "RGBA"
