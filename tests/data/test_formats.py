"""What a file's bytes say: format by content, size, orientation, wholeness, bombs."""

from __future__ import annotations

import io
import struct
import time
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image

from objektiv.base.errors import ImageError
from objektiv.data.formats import FRAMES, SCANS, SUFFIXES, TEXT, examine
from objektiv.data.header import Header
from tests.data import pictures

PIXELS = pictures.picture()
IMAGE = Image.fromarray(PIXELS)
FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF")
LIMIT = 50_000_000


def _examine(data: bytes, *, max_pixels: int = LIMIT) -> Header:
    return examine(data, name="cells/a.png", max_pixels=max_pixels)


def _reason(data: bytes) -> str:
    with pytest.raises(ImageError) as caught:
        _examine(data)
    return caught.value.reason


@pytest.mark.parametrize("form", FORMATS)
def test_format_and_size_come_from_the_content(form: str) -> None:
    """Each of the six formats is known by its bytes, with its size."""
    header = _examine(pictures.saved(IMAGE, form))

    assert (header.format, header.width, header.height) == (form, 48, 40)


def test_every_format_has_its_suffixes() -> None:
    """The suffixes that are compared belong to the six formats."""
    assert set(SUFFIXES.values()) == set(FORMATS)


@pytest.mark.parametrize(
    "data",
    [
        *(b"hello", b"<html><body>", b"<svg xmlns=", b'<?xml version="1.0"?><svg', b"PK\3\4"),
        *(b"BMW is a maker of cars, not an image", b"\x89PNG\r\n", b"RIFF\0\0\0\0WAVE"),
    ],
)
def test_what_is_no_image_is_said_to_be_none(data: bytes) -> None:
    """Text, pages, drawings and archives are not images, whatever their name."""
    assert _reason(data) == "not-an-image"


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"%!PS-Adobe-3.0 EPSF-3.0", "EPS"),
        (b"8BPS\0\1", "PSD"),
        (b"SIMPLE  =                    T", "FITS"),
        (b"\0\0\0\x18ftypheic", "HEIC"),
        (b"\0\0\0\x18ftypavif", "AVIF"),
        (b"%PDF-1.7", "PDF"),
        (b"P6 3 2 255\n", "PNM"),
        (b"II\x2b\0\x08\0\0\0", "BigTIFF"),
        (bytes(128) + b"DICM", "DICOM"),
        (b"\0\0\1\0\1\0", "ICO"),
    ],
)
def test_known_formats_that_are_not_read_are_named(start: bytes, kind: str) -> None:
    """The refusal of a format that people do have says which it is and which are read."""
    with pytest.raises(ImageError, match=f"{kind}. PNG, JPEG, WEBP, TIFF, BMP and GIF") as caught:
        _examine(start)

    assert caught.value.reason == "format-not-read"


def test_an_empty_file_is_empty() -> None:
    """A file of zero bytes has a reason of its own."""
    assert _reason(b"") == "empty"


@pytest.mark.parametrize("side", [12_000, 30_000])
def test_small_files_of_huge_pictures_are_refused_from_the_header(side: int) -> None:
    """A tiny PNG that declares a huge picture is refused in 50 ms without allocating it."""
    start = [pictures.SIGNATURE, pictures.header(side, side), pictures.chunk(b"IDAT", b"123456789")]
    data = b"".join([*start, pictures.chunk(b"IEND")])
    assert len(data) == 66
    tracemalloc.start()
    begin = time.perf_counter()

    with pytest.raises(ImageError, match=f"{side:,} x {side:,} pixels. At most 50,000,000"):
        _examine(data)

    seconds, (_, peak) = time.perf_counter() - begin, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seconds < 0.05
    assert peak < 1_000_000


@pytest.mark.parametrize("form", FORMATS)
def test_the_limit_of_pixels_holds_for_every_format(form: str) -> None:
    """A picture of any format with one pixel too many is refused as a bomb."""
    data = pictures.saved(IMAGE, form)

    assert _examine(data, max_pixels=48 * 40).width == 48
    with pytest.raises(ImageError, match="--max-pixels") as caught:
        _examine(data, max_pixels=48 * 40 - 1)
    assert caught.value.reason == "bomb"


@pytest.mark.parametrize(
    "text",
    [
        pictures.chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(70_000_000))),
        pictures.chunk(b"iTXt", b"C\0\1\0en\0key\0" + zlib.compress(bytes(70_000_000))),
        5 * pictures.chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(TEXT // 4))),
    ],
)
def test_text_that_unpacks_without_end_is_a_bomb(text: bytes) -> None:
    """Compressed text of a PNG is unpacked to its limit and no further."""
    tracemalloc.start()

    assert _reason(pictures.png(PIXELS, extra=text)) == "bomb"

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


@pytest.mark.parametrize(
    "text",
    [
        pictures.chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(TEXT // 2))),
        pictures.chunk(b"zTXt", b"Comment\0\0no zlib stream"),
        pictures.chunk(b"iTXt", b"C\0\0\0en\0key\0" + bytes(2 * TEXT)),
        pictures.chunk(b"iTXt", b"C\0"),
        pictures.chunk(b"tEXt", b"Software\0x"),
    ],
)
def test_other_text_is_accepted_and_dropped(text: bytes) -> None:
    """Ordinary, broken and uncompressed text is no reason to refuse and never gets further."""
    header = _examine(pictures.png(PIXELS, extra=text))

    assert header.body == pictures.png(PIXELS)


def test_every_flipped_byte_of_a_png_is_seen() -> None:
    """Whichever byte of a PNG is flipped, it is refused."""
    data = pictures.png(PIXELS[:6, :6])

    for place in range(len(data)):
        broken = bytearray(data)
        broken[place] ^= 0x10
        assert _reason(bytes(broken)) in ("damaged", "truncated", "bomb", "not-an-image")


def test_png_without_pixels_is_damaged() -> None:
    """A PNG whose chunks are whole but hold no pixels is refused."""
    start = pictures.SIGNATURE + pictures.header(3, 2)

    assert _reason(start + pictures.chunk(b"IEND")) == "damaged"


def test_sixteen_bit_grey_with_a_transparent_grey_is_refused() -> None:
    """The one kind of PNG that no decoder of ours reads right is refused."""
    grey = PIXELS[..., 0].astype(np.uint16)

    assert _reason(pictures.png(grey, extra=pictures.chunk(b"tRNS", b"\0\7"))) == "format-not-read"


@pytest.mark.parametrize("value", range(1, 9))
def test_orientation_is_read_where_each_format_keeps_it(value: int) -> None:
    """Each of PNG, JPEG, WEBP and TIFF tells its orientation."""
    block = Image.Exif()
    block[274] = value
    block[271] = "maker"
    form = {f: pictures.saved(IMAGE, f, exif=block) for f in ("PNG", "JPEG", "WEBP", "TIFF")}

    assert {f: _examine(data).orientation for f, data in form.items()} == dict.fromkeys(form, value)


def test_jpeg_decoders_see_only_what_makes_pixels() -> None:
    """EXIF, profiles and comments are cut out of a JPEG, its pixels stay the same."""
    data = pictures.saved(IMAGE, "JPEG", comment="x" * 999, icc_profile=b"y" * 999)

    body = _examine(data).body

    assert b"xxx" not in body and b"yyy" not in body
    assert len(data) - len(body) > 1_998


def test_jpeg_with_too_many_passes_is_a_bomb() -> None:
    """A progressive JPEG of many passes, each of which costs a whole picture, is refused."""
    data = pictures.saved(IMAGE, "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    scan = data[last:-2]

    assert _examine(data).format == "JPEG"
    assert _reason(data[:-2] + SCANS * scan + data[-2:]) == "bomb"


def test_jpeg_of_twelve_bits_is_not_read() -> None:
    """A JPEG of other than eight bits is named, not guessed."""
    data = bytearray(pictures.saved(IMAGE, "JPEG"))
    data[data.index(b"\xff\xc0") + 4] = 12

    assert _reason(bytes(data)) == "format-not-read"


def test_jpeg_with_a_mark_that_cannot_be_there_is_damaged() -> None:
    """A byte pair inside the data that looks like an unknown mark is damage."""
    data = bytearray(pictures.saved(IMAGE, "JPEG"))
    middle = data.rindex(b"\xff\xda") + 300
    data[middle : middle + 2] = b"\xff\x3f"

    assert _reason(bytes(data)) == "damaged"


@pytest.mark.parametrize("parts", [b"\xff\xd8\xff\xd9", b"\xff\xd8\xff\xe0\0\2\xff\xd9"])
def test_jpeg_without_a_picture_is_damaged(parts: bytes) -> None:
    """A JPEG of marks only is refused."""
    assert _reason(parts) == "damaged"


def _frames(count: int) -> bytes:
    one = pictures.saved(Image.new("P", (4, 4)), "GIF")
    start = one.index(b"\x2c")
    return one[:start] + count * one[start:-1] + b";"


def test_gifs_of_many_frames_are_bombs() -> None:
    """A GIF of 10,000 frames is refused in 50 ms, one of a thousand says how many it has."""
    begin = time.perf_counter()
    assert _reason(_frames(10_000)) == "bomb"
    assert time.perf_counter() - begin < 0.05

    assert _examine(_frames(FRAMES)).notes == ("first of 1,000 frames",)
    assert _examine(_frames(1)).notes == ()


def test_gif_frame_larger_than_its_screen_counts() -> None:
    """The limit of pixels holds for the frame too, which may be larger than the GIF says."""
    data = bytearray(_frames(1))
    struct.pack_into("<HH", data, data.index(b"\x2c") + 5, 60_000, 60_000)

    assert _reason(bytes(data)) == "bomb"


def test_gif_damage_between_blocks_is_seen() -> None:
    """A byte that starts no block is damage, zeros between blocks are not."""
    data = _frames(1)

    assert _examine(data[:-1] + b"\0\0;").format == "GIF"
    assert _reason(data[:-1] + b"\7;") == "damaged"
    assert _reason(data[: data.index(b"\x2c")] + b";") == "damaged"


def test_animated_webp_is_refused_and_animated_png_noted() -> None:
    """No frame is chosen out of a film, except where the format itself has a default picture."""
    frames = {"save_all": True, "append_images": [Image.fromarray(PIXELS[::-1].copy())]}

    assert _reason(pictures.saved(IMAGE, "WEBP", **frames)) == "format-not-read"
    assert "animated" in _examine(pictures.saved(IMAGE, "PNG", **frames)).notes[0]


def test_several_pictures_in_a_jpeg_are_noted() -> None:
    """Of a file of several JPEGs (MPO) the first is read, with a note."""
    data = pictures.saved(IMAGE, "MPO", save_all=True, append_images=[IMAGE.rotate(90)])

    header = _examine(data)

    assert (header.format, header.width) == ("JPEG", 48)
    assert "MPO" in header.notes[0]
    assert len(header.body) < len(data)


@pytest.mark.parametrize("form", FORMATS)
def test_bytes_behind_the_picture_are_harmless(form: str) -> None:
    """What follows the end of a picture is not looked at."""
    data = pictures.saved(IMAGE, form)

    header = _examine(data + b"<script>PK\3\4" * 3)

    assert (header.width, header.height) == (48, 40)


def test_negative_height_of_a_bmp_means_top_row_first() -> None:
    """A BMP stored from the top is as high as the number without its sign."""
    data = bytearray(pictures.saved(IMAGE, "BMP"))
    struct.pack_into("<i", data, 22, -40)

    assert _examine(bytes(data)).height == 40


def test_old_bmp_headers_are_read() -> None:
    """The short header of early BMPs tells its size in other places."""
    data = b"BM" + struct.pack("<IHHI", 50, 0, 0, 26) + struct.pack("<IHHHH", 12, 3, 2, 1, 24)

    assert (_examine(data + bytes(24)).width, _examine(data + bytes(24)).height) == (3, 2)


def test_webp_kinds_tell_their_size() -> None:
    """Lossy, lossless and extended WEBP declare the same size in three ways."""
    kinds = [{}, {"lossless": True}, {"exif": pictures.exif(1)}]
    rgba = IMAGE.convert("RGBA")
    rgba.putalpha(Image.linear_gradient("L").resize(IMAGE.size))

    files = [pictures.saved(IMAGE, "WEBP", **k) for k in kinds] + [pictures.saved(rgba, "WEBP")]

    assert {data[12:16] for data in files} == {b"VP8 ", b"VP8L", b"VP8X"}
    assert {(_examine(d).width, _examine(d).height) for d in files} == {(48, 40)}


def test_pillow_agrees_on_what_remains() -> None:
    """Pillow opens every body as the same format and size."""
    for form in FORMATS:
        header = _examine(pictures.saved(IMAGE, form))
        image = Image.open(io.BytesIO(header.body))

        assert (image.format, *image.size) == (form, header.width, header.height)
