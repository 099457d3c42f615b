"""Figures of the page become pictures that look as on the page."""

from __future__ import annotations

import io
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from objektiv.faces.paper_figures import Tile, drawn, gallery
from objektiv.faces.plots import svg

VIOLET = (0x5B, 0x3A, 0x8C)  # --violet of a light screen


def _pixels(inside: str, *, height: float = 90) -> np.ndarray:
    figure = drawn(
        ElementTree.fromstring(svg([inside], height=height, title="a title")),
        file="a.png",
        caption="",
    )
    image = Image.open(io.BytesIO(figure.data)).convert("RGB")
    assert figure.told == "a title"
    assert image.width / image.height == pytest.approx(figure.width / figure.height, rel=0.02)
    return np.asarray(image)


def _at(pixels: np.ndarray, x: float, y: float) -> tuple[int, ...]:
    """The colour at a place in user units of a figure 360 wide."""
    scale = pixels.shape[1] / 360
    return tuple(int(n) for n in pixels[int(y * scale), int(x * scale)])


def test_a_disc_has_the_colour_of_its_class_and_stands_where_it_should() -> None:
    """The style sheet is obeyed: violet for the model, with the rim of a dot."""
    pixels = _pixels('<circle class="dot model" cx="90" cy="30" r="12"/>')

    assert _at(pixels, 90, 30) == VIOLET
    assert _at(pixels, 90, 60) == (255, 255, 255)


def test_lines_rectangles_polygons_and_curves_are_drawn() -> None:
    """Each leaves its colour where it runs."""
    pixels = _pixels(
        '<line class="range model" x1="20" y1="20" x2="100" y2="20"/>'
        '<rect class="bar" x="150" y="10" width="40" height="40"/>'
        '<polyline class="curve model" points="20,70 100,70"/>'
        '<polygon class="model" points="200,60 300,60 300,80 200,80"/>'
    )

    assert _at(pixels, 60, 20) != (255, 255, 255)
    assert _at(pixels, 170, 30) != (255, 255, 255)
    assert _at(pixels, 60, 70)[1] < 120
    assert _at(pixels, 250, 70) == VIOLET


def test_text_is_drawn_at_its_anchor() -> None:
    """Words that end at a place leave ink left of it and none right of it."""
    pixels = _pixels('<text class="ink" x="180" y="40" text-anchor="end">words $x$</text>')
    scale = pixels.shape[1] / 360
    dark = np.flatnonzero((pixels.min(axis=2) < 128).any(axis=0)) / scale

    assert 100 < dark.min() and dark.max() <= 181


def test_an_unknown_element_is_refused() -> None:
    """It would be missing on paper, and nobody would see that."""
    with pytest.raises(ValueError, match=r"\['path'\], which no plot of ours draws"):
        _pixels('<path d="M0 0"/>')


def test_a_gallery_keeps_the_shape_of_pictures_and_shows_missing_ones_empty() -> None:
    """A wide picture fills its field from side to side; a place without picture stays white."""
    wide = Image.new("RGB", (80, 20), (200, 0, 0))
    figure = gallery(
        [Tile(wide, ("red", "x" * 99)), Tile(None, ("gone",))], columns=2, file="g.jpg", caption="c"
    )
    pixels = np.asarray(Image.open(io.BytesIO(figure.data)).convert("RGB")).astype(int)
    red = (pixels[:, :, 0] > 150) & (pixels[:, :, 1] < 80)
    high, across = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))

    assert (figure.width, figure.caption) == (16.0, "c")
    assert len(across) / len(high) == pytest.approx(4, rel=0.1)
    assert across.max() < pixels.shape[1] / 2
    assert "gone" in figure.told
