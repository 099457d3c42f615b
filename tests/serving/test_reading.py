from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from objektiv.base import files
from objektiv.base.errors import ImageError
from objektiv.serving.problems import Refusal
from objektiv.serving.reading import How, is_markup, read, shown_name
from objektiv.shipping.bundle import load
from tests.serving import tiny


@pytest.fixture(scope="module")
def how(small: Path) -> How:
    """As the small bundle reads."""
    return How(load(small).facts, 10_000)


def test_a_picture_becomes_a_square(how: How) -> None:
    """Hash, square and notes of a file; the name is only compared."""
    data = tiny.picture()
    found = read(data, name="a.jpg", how=how)

    assert found.hash == files.sha256(data)
    assert found.square.shape == (tiny.SIZE, tiny.SIZE, 3)
    assert found.notes == ("named .jpg, is PNG",)


def test_more_pixels_than_allowed_are_a_bomb(how: How) -> None:
    """The limit of pixels is the server's."""
    with pytest.raises(ImageError, match="120 x 90 pixels") as error:
        read(tiny.picture(height=90, width=120), name="", how=how)
    assert error.value.reason == "bomb"


MARKUP = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    "data",
    [
        MARKUP.encode(),
        b"\xef\xbb\xbf  \r\n" + MARKUP.encode(),
        MARKUP.encode("utf-16"),
        b"<!DOCTYPE html><html></html>",
        b"\n\t<?xml version='1.0'?><svg/>",
    ],
)
def test_pages_and_drawings_in_text_are_told_apart(how: How, data: bytes) -> None:
    """SVG and HTML are refused as what they are, whatever their name says."""
    with pytest.raises(Refusal, match="a page or a drawing in text") as error:
        read(data, name="a.png", how=how)
    assert error.value.reason == "markup"


def test_pictures_are_no_markup() -> None:
    """Neither a picture nor plain text is taken for a page."""
    assert not any(map(is_markup, (tiny.picture(), b"", b"text <b>", b" text")))


@pytest.mark.parametrize("name", ["", None, "a" * 10_000])
def test_names_are_bounded(name: str | None) -> None:
    """A missing name has a word, a long one is cut."""
    assert 0 < len(shown_name(name)) <= 255


def test_the_same_square_as_everywhere(how: How) -> None:
    """The square is the one that `data.images` makes."""
    from objektiv.data.images import decode, to_square

    data = tiny.picture(3)
    pixels = decode(data, name="", max_pixels=10_000).pixels
    expected = to_square(pixels, size=tiny.SIZE, fit="letterbox")

    assert np.array_equal(read(data, name="", how=how).square, expected)
