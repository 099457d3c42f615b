"""The one decode-and-preprocess against written-down pixels, Pillow and dense arithmetic."""

from __future__ import annotations

import io
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageOps

from objektiv.base.errors import ImageError
from objektiv.data.images import (
    REASONS,
    Picture,
    decode,
    placement,
    read_bytes,
    resize_matrix,
    to_square,
)
from objektiv.data.settings import Fit
from tests.data import pictures

LIMIT = 1_000_000
FITS: tuple[Fit, ...] = get_args(Fit)
PIXELS = pictures.picture()
IMAGE = Image.fromarray(PIXELS)
RAMP = np.arange(65_536, dtype=np.uint16).reshape(256, 256)


def _decode(data: bytes, *, name: str = "a") -> Picture:
    return decode(data, name=name, max_pixels=LIMIT)


def _refusal(data: bytes) -> ImageError:
    with pytest.raises(ImageError) as caught:
        _decode(data)
    assert caught.value.reason in REASONS
    return caught.value


# --- one rule for each kind of picture ---------------------------------------------------------


@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF", "BMP"])
def test_colours_come_out_as_they_went_in(form: str) -> None:
    """Each lossless format gives back the very pixels, RGB, rows first, without a note."""
    options = {"lossless": True} if form == "WEBP" else {}

    picture = _decode(pictures.saved(IMAGE, form, **options))

    assert picture.format == form
    assert picture.pixels.dtype == np.uint8 and picture.pixels.flags.c_contiguous
    assert np.array_equal(picture.pixels, PIXELS)
    assert picture.notes == ()


@pytest.mark.parametrize("kind", ["png", "tiff"])
def test_grey_stands_in_three_channels(kind: str) -> None:
    """A grey value v becomes (v, v, v)."""
    grey = np.array([[0, 7, 128], [200, 254, 255]], np.uint8)
    data = pictures.png(grey) if kind == "png" else pictures.tiff(grey)

    assert np.array_equal(_decode(data).pixels, np.stack([grey] * 3, axis=2))


def test_one_bit_is_black_and_white() -> None:
    """A picture of single bits holds 0 and 255 only."""
    bits = Image.fromarray(np.array([[0, 255], [255, 0]], np.uint8)).convert("1")

    for form in ("PNG", "TIFF", "BMP"):
        assert _decode(pictures.saved(bits, form)).pixels[:, :, 1].tolist() == [[0, 255], [255, 0]]


def test_palettes_are_looked_up() -> None:
    """An index becomes the colour that stands in the palette at its place."""
    palette = pictures.chunk(b"PLTE", bytes([10, 20, 30, 40, 50, 60, 70, 80, 90]))

    picture = _decode(pictures.png(np.array([[2, 0, 1]], np.uint8), extra=palette, colour=3))

    assert picture.pixels.tolist() == [[[70, 80, 90], [10, 20, 30], [40, 50, 60]]]


def test_transparent_palette_entries_are_mixed_with_white() -> None:
    """Entries with an alpha of 0, 51 (a fifth) and none become white, four fifths white, pure."""
    palette = pictures.chunk(b"PLTE", bytes([10, 20, 30, 0, 100, 255, 70, 80, 90]))
    alpha = pictures.chunk(b"tRNS", bytes([0, 51]))

    data = pictures.png(np.array([[0, 1, 2]], np.uint8), extra=palette + alpha, colour=3)

    assert _decode(data).pixels.tolist() == [[[255, 255, 255], [204, 224, 255], [70, 80, 90]]]
    assert _decode(data).notes == ("transparency, shown over white",)


def test_alpha_is_mixed_with_white() -> None:
    """A channel c with alpha a becomes (c a + 255 (255 - a)) / 255, rounded, for every pair."""
    colour, alpha = np.meshgrid(np.arange(256), np.arange(256))
    rgba = np.stack([colour, 255 - colour, colour, alpha], axis=2).astype(np.uint8)
    expected = np.rint((colour * alpha + 255 * (255 - alpha)) / 255)

    for data in (pictures.png(rgba), pictures.saved(Image.fromarray(rgba), "TIFF")):
        assert np.array_equal(_decode(data).pixels[:, :, 0], expected)

    grey = pictures.png(rgba[:, :, [0, 3]])
    assert np.array_equal(_decode(grey).pixels[:, :, 2], expected)


def test_alpha_that_hides_nothing_is_no_note() -> None:
    """A picture whose alpha is full everywhere is its colours and nothing else."""
    full = np.dstack([PIXELS, np.full(PIXELS.shape[:2], 255, np.uint8)])

    assert _decode(pictures.png(full)).notes == ()
    assert np.array_equal(_decode(pictures.png(full)).pixels, PIXELS)


@pytest.mark.parametrize("samples", [1, 3])
def test_one_transparent_colour_becomes_white(samples: int) -> None:
    """A PNG without alpha that calls one colour transparent shows white there."""
    pixels = np.array([[5, 6]], np.uint8) if samples == 1 else np.array([[[5] * 3, [6] * 3]])
    clear = pictures.chunk(b"tRNS", b"\0\5" * samples)

    picture = _decode(pictures.png(pixels.astype(np.uint8), extra=clear))

    assert picture.pixels[0, :, 0].tolist() == [255, 6]


def test_cmyk_becomes_rgb_without_a_profile() -> None:
    """Each channel is 255 (1 - ink)(1 - black) within one level, and the notes say CMYK."""
    inks = np.random.default_rng(1).integers(0, 256, (20, 30, 4), dtype=np.uint8)
    share = 1 - inks / 255

    picture = _decode(pictures.saved(Image.fromarray(inks, mode="CMYK"), "TIFF"))

    assert np.abs(picture.pixels - 255 * share[:, :, :3] * share[:, :, 3:]).max() <= 1
    assert picture.notes == ("CMYK",)


def test_cmyk_jpeg_is_not_inverted() -> None:
    """A JPEG in inks, which Adobe stores inverted, comes out in its own colours."""
    plain = Image.new("CMYK", (16, 16), (0, 255, 255, 0))

    red = _decode(pictures.saved(plain, "JPEG")).pixels[8, 8]

    assert np.abs(red.astype(int) - [255, 0, 0]).max() <= 3


@pytest.mark.parametrize(
    "data",
    [
        pictures.png(RAMP),
        pictures.tiff(RAMP),
        pictures.tiff(RAMP, order=">"),
        pictures.png(np.stack([RAMP] * 3, axis=2)),
        pictures.tiff(np.stack([RAMP] * 3, axis=2)),
        pictures.tiff(np.stack([RAMP] * 3, axis=2), order=">"),
        pictures.png(np.dstack([RAMP, np.full_like(RAMP, 65_535)])),
        pictures.png(np.dstack([RAMP, RAMP, RAMP, np.full_like(RAMP, 65_535)])),
        pictures.tiff(65_535 - RAMP, changes={262: [0]}),  # 0 is white
    ],
)
def test_sixteen_bits_keep_their_whole_range(data: bytes) -> None:
    """A ramp of 65,536 values becomes 256 levels, each value divided by 257 and rounded."""
    picture = _decode(data)

    assert np.array_equal(picture.pixels[:, :, 0], np.rint(RAMP / 257))
    assert np.array_equal(picture.pixels[:, :, 2], np.rint(RAMP / 257))
    assert len(np.unique(picture.pixels)) == 256
    assert picture.notes[0] == "16 bits, largest value 65,535 of 65,535"


def test_sixteen_bit_colours_keep_their_order() -> None:
    """Red, green and blue of 16 bits stay red, green and blue, alpha is mixed with white."""
    one = np.array([[[257, 2 * 257, 3 * 257, 65_535], [257, 2 * 257, 3 * 257, 0]]], np.uint16)

    assert _decode(pictures.png(one)).pixels.tolist() == [[[1, 2, 3], [255, 255, 255]]]
    assert _decode(pictures.png(one[:, :, :3])).pixels[0, 0].tolist() == [1, 2, 3]
    assert _decode(pictures.tiff(one[:, :, :3])).pixels[0, 0].tolist() == [1, 2, 3]


def test_dark_sixteen_bits_are_told() -> None:
    """Values of a 12-bit camera stay dark, and the note tells how little of the range they use."""
    picture = _decode(pictures.png(RAMP // 16))

    assert picture.pixels.max() == 16
    assert picture.notes == ("16 bits, largest value 4,095 of 65,535",)


def test_floats_are_refused() -> None:
    """Numbers of which nobody knows what is white are refused."""
    error = _refusal(pictures.saved(Image.fromarray(PIXELS[:, :, 0].astype(np.float32)), "TIFF"))

    assert error.reason == "format-not-read"


def test_lab_is_refused() -> None:
    """A colour space without a rule of ours is refused by name."""
    error = _refusal(pictures.saved(Image.new("LAB", (8, 8)), "TIFF"))

    assert (error.reason, "LAB" in str(error)) == ("format-not-read", True)


def test_first_frame_of_a_gif_is_read() -> None:
    """Of an animation the first frame comes out, and the notes tell how many there are."""
    frames = [Image.new("RGB", (9, 5), colour) for colour in ("red", "lime", "blue")]
    data = pictures.saved(frames[0], "GIF", save_all=True, append_images=frames[1:])

    assert _decode(data).pixels.reshape(-1, 3).tolist() == 45 * [[255, 0, 0]]
    assert _decode(data).notes == ("first of 3 frames",)


UPRIGHT = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)
# As EXIF defines it: where the stored first row and first column belong.
STORED = {
    1: [[1, 2, 3], [4, 5, 6]],
    2: [[3, 2, 1], [6, 5, 4]],
    3: [[6, 5, 4], [3, 2, 1]],
    4: [[4, 5, 6], [1, 2, 3]],
    5: [[1, 4], [2, 5], [3, 6]],
    6: [[3, 6], [2, 5], [1, 4]],
    7: [[6, 3], [5, 2], [4, 1]],
    8: [[4, 1], [5, 2], [6, 3]],
}


@pytest.mark.parametrize("orientation", STORED)
def test_all_eight_orientations_give_the_same_picture(orientation: int) -> None:
    """A picture stored in any of the eight ways comes out upright, in each format."""
    stored = np.array(STORED[orientation], np.uint8)
    block = pictures.chunk(b"eXIf", pictures.exif(orientation))
    webp = Image.fromarray(np.stack([stored] * 3, axis=2))
    wide = stored.astype(np.uint16) * 257
    files = [
        pictures.png(stored, extra=block),
        pictures.png(wide, extra=block),
        pictures.tiff(stored, changes={274: [orientation]}),
        pictures.tiff(wide, order=">", changes={274: [orientation]}),
        pictures.tiff(np.stack([wide] * 3, axis=2), changes={274: [orientation]}),
        pictures.saved(webp, "WEBP", lossless=True, exif=pictures.exif(orientation, order=">")),
    ]

    for data in files:
        assert _decode(data).pixels[:, :, 0].tolist() == UPRIGHT.tolist()


@pytest.mark.parametrize("orientation", STORED)
def test_orientation_agrees_with_pillow(orientation: int) -> None:
    """A turned JPEG comes out as Pillow's exif_transpose turns it, and says so."""
    data = pictures.saved(IMAGE, "JPEG", exif=b"Exif\0\0" + pictures.exif(orientation))
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))

    picture = _decode(data)

    assert np.array_equal(picture.pixels, np.asarray(expected))
    turned = (f"turned (EXIF orientation {orientation})",)
    assert picture.notes == (turned if orientation > 1 else ())


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("a.jpg", ("named .jpg, is PNG",)),
        ("a.JPEG", ("named .jpeg, is PNG",)),
        ("dir.tif/a.png", ()),
        ("a", ()),
        ("P1.5 cell", ()),
    ],
)
def test_a_suffix_that_lies_is_a_note(name: str, note: tuple[str, ...]) -> None:
    """The content decides; a suffix of another format is noted, any other suffix is not."""
    assert _decode(pictures.png(PIXELS), name=name).notes == note


# --- decoders agree ----------------------------------------------------------------------------


@given(
    height=st.integers(1, 70),
    width=st.integers(1, 70),
    grey=st.booleans(),
    level=st.integers(0, 9),
    seed=st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_both_png_decoders_give_the_same_pixels(
    height: int, width: int, grey: bool, level: int, seed: int
) -> None:
    """The fast way for plain PNGs gives Pillow's pixels, for any size and compression."""
    rng = np.random.default_rng(seed)
    shape = (height, width) if grey else (height, width, 3)
    noise = rng.integers(0, 256, shape, dtype=np.uint8)
    image = Image.fromarray(np.maximum(noise, pictures.picture(height, width)[:, :, 0].max()))
    data = pictures.saved(image, "PNG", compress_level=level)
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))

    assert np.array_equal(_decode(data).pixels, expected)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"progressive": True},
        {"optimize": True, "quality": 30},
        {"quality": 100, "subsampling": 0},
        {"restart_marker_blocks": 1},
        {"restart_marker_rows": 1, "progressive": True},
    ],
)
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_jpegs_are_decoded_as_pillow_decodes_them(mode: str, options: dict[str, Any]) -> None:
    """Cutting a JPEG down to what makes pixels changes none of them."""
    for size in ((48, 40), (1, 1), (17, 300)):
        data = pictures.saved(IMAGE.resize(size).convert(mode), "JPEG", **options)
        expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))

        assert np.array_equal(_decode(data).pixels, expected)


def test_threads_do_not_disturb_each_other() -> None:
    """Files of all formats decoded by several threads at once give the same pixels."""
    forms = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF")
    files = [pictures.saved(IMAGE, form) for form in forms] * 5
    alone = [_decode(data).pixels for data in files]

    with ThreadPoolExecutor(4) as pool:
        together = [picture.pixels for picture in pool.map(_decode, files)]

    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))


# --- bad files ---------------------------------------------------------------------------------

SEEDS = {
    "PNG": pictures.saved(IMAGE, "PNG"),
    "PNG palette": pictures.saved(IMAGE.quantize(9), "PNG"),
    "PNG 16 bits": pictures.png(RAMP[:9, :9]),
    "JPEG": pictures.saved(IMAGE, "JPEG"),
    "JPEG progressive": pictures.saved(IMAGE, "JPEG", progressive=True),
    "JPEG CMYK": pictures.saved(IMAGE.convert("CMYK"), "JPEG"),
    "WEBP": pictures.saved(IMAGE, "WEBP"),
    "WEBP lossless": pictures.saved(IMAGE, "WEBP", lossless=True, exif=pictures.exif(6)),
    "TIFF": pictures.tiff(PIXELS[:9, :9]),
    "TIFF LZW": pictures.saved(IMAGE, "TIFF", compression="tiff_lzw"),
    "TIFF 16 bits": pictures.tiff(np.stack([RAMP[:9, :9]] * 3, axis=2)),
    "BMP": pictures.saved(IMAGE.crop((0, 0, 9, 9)), "BMP"),
    "BMP palette": pictures.saved(IMAGE.quantize(9).crop((0, 0, 9, 9)), "BMP"),
    "GIF": pictures.saved(IMAGE, "GIF"),
}


@pytest.mark.parametrize("form", SEEDS)
def test_cut_files_are_never_filled_up(form: str) -> None:
    """However many bytes are missing, a cut file is refused, or all its pixels are there."""
    whole = _decode(SEEDS[form]).pixels

    for length in range(0, len(SEEDS[form]), 7):
        try:
            pixels = _decode(SEEDS[form][:length]).pixels
        except ImageError as error:
            assert error.reason in ("empty", "not-an-image", "truncated", "damaged")
        else:
            assert np.array_equal(pixels, whole)


@pytest.mark.parametrize("form", ["JPEG", "JPEG progressive", "JPEG CMYK"])
def test_cut_jpegs_are_called_truncated(form: str) -> None:
    """A JPEG cut by 10 bytes or in the middle says that it is cut off."""
    data = SEEDS[form]

    assert _refusal(data[:-10]).reason == "truncated"
    assert _refusal(data[: len(data) // 2]).reason == "truncated"


@pytest.mark.parametrize("ending", [b"\xff\xd9", bytes(9_000)])
def test_jpegs_with_a_false_end_are_refused(ending: bytes) -> None:
    """A JPEG cut in the middle and closed by an end mark or by zeros is not filled with grey."""
    data = pictures.saved(Image.fromarray(pictures.picture(200, 200)), "JPEG")

    assert _refusal(data[: len(data) // 2] + ending).reason == "truncated"


@settings(max_examples=500, deadline=None)
@given(
    form=st.sampled_from(sorted(SEEDS)),
    flips=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=8),
    head=st.lists(st.tuples(st.integers(0, 79), st.integers(0, 255)), max_size=2),
    cut=st.one_of(st.just(1.0), st.floats(0, 1)),
)
def test_mutants_are_decoded_or_refused(
    form: str, flips: list[tuple[float, int]], head: list[tuple[int, int]], cut: float
) -> None:
    """Files with changed and missing bytes give a picture or an ImageError, nothing else."""
    data = bytearray(SEEDS[form])
    for place, value in flips:
        data[int(place * (len(data) - 1))] ^= value
    for index, value in head:
        data[index % len(data)] = value
    begin = time.perf_counter()

    try:
        picture = _decode(bytes(data[: int(cut * len(data))]))
    except ImageError as error:
        assert error.reason in REASONS
        assert " at 0x" not in str(error) and "PIL" not in str(error)
    else:
        height, width, channels = picture.pixels.shape
        assert height * width <= LIMIT and channels == 3
        assert picture.pixels.dtype == np.uint8
    assert time.perf_counter() - begin < 2


def test_more_memory_than_there_is_becomes_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture that does not fit into the memory is set aside like a bomb."""

    def full(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("cv2.imdecode", full)

    assert _refusal(pictures.png(PIXELS)).reason == "bomb"


def test_unreadable_files_have_a_reason(tmp_path: Path) -> None:
    """A file that the system does not give is refused with the system's own words."""
    (tmp_path / "a.png").write_bytes(b"bytes")
    (tmp_path / "folder.png").mkdir()

    assert read_bytes(tmp_path / "a.png", name="a.png") == b"bytes"
    for name, words in (("gone.png", "No such file"), ("folder.png", "directory")):
        with pytest.raises(
            ImageError, match=f"{name}: the file cannot be read: .*{words}"
        ) as caught:
            read_bytes(tmp_path / name, name=name)
        assert caught.value.reason == "unreadable"


# --- the network's square ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "fit", "expected"),
    [
        ((100, 50), "stretch", (128, 128, 0, 0)),
        ((100, 50), "letterbox", (128, 64, 0, 32)),
        ((100, 50), "crop", (256, 128, -64, 0)),
        ((130, 129), "letterbox", (128, 127, 0, 0)),  # odd gap: the extra line is at the end
        ((129, 130), "crop", (128, 129, 0, -1)),
        ((1, 1_000), "letterbox", (1, 128, 63, 0)),
        ((128, 128), "letterbox", (128, 128, 0, 0)),
    ],
)
def test_placement_follows_the_specification(
    shape: tuple[int, int], fit: Fit, expected: tuple[int, int, int, int]
) -> None:
    """Size and place of the picture in the square are those worked out by hand."""
    assert placement(*shape, size=128, fit=fit) == expected


def _dense(pixels: NDArray[np.uint8], size: int, fit: Fit) -> NDArray[np.float64]:
    """The specification word for word, in 64-bit floats."""
    height, width = pixels.shape[:2]
    scale = {
        "stretch": None,
        "letterbox": size / max(height, width),
        "crop": size / min(height, width),
    }[fit]
    square: NDArray[np.float64] = pixels.astype(np.float64)
    for length in (height, width):
        new = size if scale is None else max(1, int(np.floor(length * scale + 0.5)))
        j = np.clip(np.arange(size) - (size - new) // 2, 0, new - 1)[:, None]
        step = length / new
        distance = np.abs(np.arange(length) + 0.5 - (j + 0.5) * step)
        weight = np.maximum(0, 1 - distance / max(step, 1))
        weight /= weight.sum(axis=1, keepdims=True)
        square = np.tensordot(weight, square, axes=(1, 0)).swapaxes(0, 1)
    return square


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize(
    "shape",
    [
        *[(130, 130), (128, 128), (128, 77), (40, 390), (391, 60), (225, 223), (500, 375)],
        *[(1, 1), (1, 300), (300, 1), (2, 3), (1_200, 900)],
    ],
)
def test_squares_equal_dense_arithmetic(shape: tuple[int, int], fit: Fit) -> None:
    """The banded products in 32 bits equal the plain matrix products in 64 bits within 0.001."""
    pixels = np.random.default_rng(2).integers(0, 256, (*shape, 3), dtype=np.uint8)

    for size in (32, 128, 224):
        square = to_square(pixels, size=size, fit=fit)

        assert square.shape == (size, size, 3)
        assert square.dtype == np.float32 and square.flags.c_contiguous
        assert np.abs(square - _dense(pixels, size, fit)).max() < 1e-3


@pytest.mark.parametrize("shape", [(130, 130), (60, 200), (333, 250), (31, 40)])
def test_stretched_squares_equal_pillow(shape: tuple[int, int]) -> None:
    """A stretched square is Pillow's BILINEAR within one level, which Pillow rounds away."""
    pixels = np.random.default_rng(3).integers(0, 256, (*shape, 3), dtype=np.uint8)
    expected = np.asarray(Image.fromarray(pixels).resize((128, 128), Image.Resampling.BILINEAR))

    assert np.abs(to_square(pixels, size=128, fit="stretch") - expected).max() <= 1.01


def test_letterbox_repeats_the_edge() -> None:
    """What the picture does not cover holds its nearest edge, so that no border appears."""
    pixels = np.zeros((64, 128, 3), np.uint8)
    pixels[0], pixels[-1] = 200, 100

    square = to_square(pixels, size=128, fit="letterbox")

    assert np.all(square[:33] == 200) and np.all(square[95:] == 100)
    assert np.array_equal(square[32:96], pixels)


def test_crop_keeps_the_middle() -> None:
    """A cropped square of a picture with the right height is its middle, untouched."""
    pixels = np.random.default_rng(4).integers(0, 256, (128, 200, 3), dtype=np.uint8)

    assert np.array_equal(to_square(pixels, size=128, fit="crop"), pixels[:, 36:164])


@pytest.mark.parametrize("fit", FITS)
def test_a_picture_of_the_right_size_stays_as_it_is(fit: Fit) -> None:
    """A square picture of the network's size passes unchanged and is not the same memory."""
    pixels = np.random.default_rng(5).integers(0, 256, (64, 64, 3), dtype=np.uint8)

    assert np.array_equal(to_square(pixels, size=64, fit=fit), pixels)


def test_resize_matrices_are_shared_and_so_protected() -> None:
    """Rows sum to 1, and the cached matrix cannot be changed by who gets it."""
    matrix = resize_matrix(130, 100, 14, 128)

    assert np.allclose(matrix.sum(axis=1), 1)
    assert matrix is resize_matrix(130, 100, 14, 128)
    with pytest.raises(ValueError, match="read-only"):
        matrix[0, 0] = 1


# --- real files --------------------------------------------------------------------------------


def test_real_files_that_are_not_what_they_say(real_data: Path) -> None:
    """Real files with lying suffixes are read by their content, and each says so."""
    found = {path.name: _decode_real(path) for path in sorted((real_data / "oddities").iterdir())}

    assert {name: (p.format, p.notes[0]) for name, p in found.items()} == {
        "00_GIF_P.jpg": ("GIF", "named .jpg, is GIF"),
        "01_PNG_RGBA.jpg": ("PNG", "named .jpg, is PNG"),
        "02_WEBP_named.png": ("WEBP", "named .png, is WEBP"),
        "03_MPO.jpeg": ("JPEG", "several pictures in one file (MPO), the first is read"),
    }


def _decode_real(path: Path) -> Picture:
    return decode(path.read_bytes(), name=path.name, max_pixels=50_000_000)


@pytest.mark.parametrize("pattern", ["malaria/*/*1.png", "pets/val/*/*", "screws/*/*_2.jpeg"])
def test_real_files_equal_pillow(real_data: Path, pattern: str) -> None:
    """Real PNGs and JPEGs give Pillow's pixels, and their squares Pillow's within one level."""
    paths = sorted(real_data.glob(pattern))[:20]
    assert paths
    for path in paths:
        image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
        small = image.resize((128, 128), Image.Resampling.BILINEAR)

        pixels = _decode_real(path).pixels

        assert np.array_equal(pixels, np.asarray(image))
        square = to_square(pixels, size=128, fit="stretch")
        assert np.abs(square - np.asarray(small, np.float32)).max() <= 1.01


def test_a_jpeg_may_come_smaller() -> None:
    """With `reduce_to` a large JPEG is decoded smaller, upright, and of the same colours."""
    gradient = np.linspace(0, 255, 1600).astype(np.uint8)
    pixels = np.stack([np.tile(gradient, (800, 1))] * 3, axis=2)
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(buffer, "JPEG", exif=exif)
    whole = decode(buffer.getvalue(), name="a.jpg", max_pixels=10**7).pixels
    small = decode(buffer.getvalue(), name="a.jpg", max_pixels=10**7, reduce_to=200).pixels

    assert whole.shape == (1600, 800, 3)
    assert small.shape == (200, 100, 3)
    assert np.abs(whole[4::8, 4::8].astype(int) - small).max() <= 4


def test_other_pictures_come_whole() -> None:
    """`reduce_to` changes neither a PNG nor a JPEG that is small already."""
    pixels = np.zeros((40, 30, 3), np.uint8)
    for format in ("PNG", "JPEG"):
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, format)
        small = decode(buffer.getvalue(), name="a", max_pixels=10**7, reduce_to=25)
        assert small.pixels.shape == (40, 30, 3)
