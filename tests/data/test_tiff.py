"""Directories of TIFF files and EXIF blocks."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from objektiv.data.header import Refused
from objektiv.data.tiff import MAKES_PIXELS, orientation, tiff
from tests.data import pictures

GREY = np.arange(12, dtype=np.uint8).reshape(3, 4)
LIMIT = 1_000


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("value", range(1, 9))
def test_orientation_is_read_in_both_byte_orders(value: int, order: str) -> None:
    """Each of the eight orientations is read from an EXIF block."""
    assert orientation(pictures.exif(value, order=order)) == value


@pytest.mark.parametrize(
    "block",
    [
        *(b"", b"II", b"no exif at all", b"II*\0\xff\xff\xff\xff"),
        *(pictures.exif(0), pictures.exif(9), pictures.exif(6)[:-6]),
        b"II*\0" + struct.pack("<IHI", 8, 0, 0),
    ],
)
def test_broken_or_silent_exif_leaves_the_picture_as_it_is(block: bytes) -> None:
    """EXIF that cannot be read means orientation 1, never an error."""
    assert orientation(block) == 1


def test_a_tag_that_points_outside_is_ignored_in_exif() -> None:
    """An orientation whose values lie behind the end of the block is not read."""
    entry = struct.pack("<HHII", 274, 3, 3, 1_000)
    block = b"II*\0" + struct.pack("<IH", 8, 1) + entry + bytes(4)

    assert orientation(block) == 1


@pytest.mark.parametrize("order", ["<", ">"])
def test_decoders_see_only_what_makes_pixels(order: str) -> None:
    """The body has the same pixels without orientation and foreign tags."""
    data = pictures.tiff(GREY, order=order, changes={274: [6], 305: [65], 65_000: [1, 2, 3]})

    header = tiff(data, LIMIT)
    image = TiffImagePlugin.TiffImageFile(io.BytesIO(header.body))

    assert (header.width, header.height, header.orientation) == (4, 3, 6)
    assert set(image.tag_v2) <= MAKES_PIXELS
    assert np.array_equal(np.asarray(image), GREY)


def test_the_first_of_two_equal_tags_counts() -> None:
    """A second entry of a tag changes nothing, as in libtiff."""
    data = bytearray(pictures.tiff(GREY, changes={305: [9]}))
    start = struct.unpack_from("<I", data, 4)[0] + 2
    tags = [struct.unpack_from("<H", data, start + 12 * i)[0] for i in range(11)]
    struct.pack_into("<H", data, start + 12 * tags.index(305), 256)

    assert tiff(bytes(data), LIMIT).width == 4


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({339: [3]}, "floating-point or signed"),
        ({339: [2]}, "floating-point or signed"),
        ({258: [12]}, "12 bits"),
        ({258: [32]}, "32 bits"),
        ({258: [16], 262: [3]}, "1 samples of 16 bits"),
    ],
)
def test_numbers_without_a_known_white_are_refused(
    changes: dict[int, list[int]], message: str
) -> None:
    """Floats, signed numbers and odd depths are refused, not guessed."""
    with pytest.raises(Refused, match=message) as caught:
        tiff(pictures.tiff(GREY, changes=changes), LIMIT)

    assert caught.value.reason == "format-not-read"


def test_several_pages_are_refused() -> None:
    """A TIFF of several pages is not cut down to its first one."""
    pages = [Image.fromarray(GREY), Image.fromarray(GREY)]
    data = pictures.saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])

    with pytest.raises(Refused, match="several pages"):
        tiff(data, LIMIT)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({322: [50_000], 323: [50_000]}, "bomb"),  # a decoder allocates whole tiles
        ({256: [50_000], 257: [50_000]}, "bomb"),
        ({256: [0]}, "damaged"),
        ({256: [4, 4]}, "damaged"),
        ({262: []}, "damaged"),
        ({273: [500]}, "truncated"),
        ({279: [500]}, "truncated"),
        ({324: [8], 325: [10_000]}, "truncated"),
    ],
)
def test_directories_that_ask_too_much_are_refused(
    changes: dict[int, list[int]], reason: str
) -> None:
    """Sizes, tiles and strips that do not fit the file are refused before decoding."""
    with pytest.raises(Refused, match=reason) as caught:
        tiff(pictures.tiff(GREY, changes=changes), LIMIT)

    assert caught.value.reason == reason


def test_values_that_overlap_are_refused() -> None:
    """Tags that together say more bytes than the file has are refused."""
    values = 200
    data = pictures.tiff(GREY, changes={tag: [1] * values for tag in (320, 338, 530)})
    start = struct.unpack_from("<I", data, 4)[0] + 2
    places = {struct.unpack_from("<H", data, at)[0]: at for at in range(start, start + 156, 12)}
    small = bytearray(data[: -2 * 4 * values])  # the values of 320 are left, for all three
    for tag in (338, 530):
        small[places[tag] + 8 : places[tag] + 12] = data[places[320] + 8 : places[320] + 12]

    assert tiff(data, LIMIT).width == 4
    with pytest.raises(Refused, match="more than it holds"):
        tiff(bytes(small), LIMIT)
