"""The one way from a file's bytes to pixels, shared by training, checking and serving.

In: bytes. Out: a Picture, uint8 (height, width, 3) RGB, and from it the network's square, float32.
Rules: EXIF orientation is applied (all eight; XMP's is not). Colour profiles are not. Palettes are
looked up. Transparent pixels are mixed with white. Grey stands in all three channels. CMYK becomes
R = 255 (1 - C)(1 - K), likewise G and B. 16-bit values are divided by 257 and rounded, so that
0..65535 becomes 0..255 and nothing is clipped; a file that uses less of the range stays dark, which
its notes tell. Of a GIF the first frame is read. Floats, signed and 32-bit numbers are refused:
nothing says what is white.
Try: `decode(Path("cell.png").read_bytes(), name="cell.png", max_pixels=50_000_000)`.
"""

from __future__ import annotations

import io
import math
import os
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from objektiv.data.formats import SUFFIXES, examine
from objektiv.data.header import REASONS as REASONS
from objektiv.data.header import Header, Refused, check_size, image_error
from objektiv.data.settings import Fit

Pixels = NDArray[np.uint8]

# Classes of our own choice instead of Image.open: no other format is ever tried, and Pillow's own
# limit of pixels, which only warns up to 179 million, does not come before ours.
READERS: dict[str, Callable[[BinaryIO], ImageFile.ImageFile]] = {
    "PNG": PngImagePlugin.PngImageFile,
    "JPEG": JpegImagePlugin.JpegImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "GIF": GifImagePlugin.GifImageFile,
}
_MODES = {"1", "L", "P", "PA", "LA", "La", "RGB", "RGBA", "RGBa", "CMYK", "YCbCr"}
# What Pillow and OpenCV raise on damaged files, found by fuzzing; anything else is our bug.
DECODER_ERRORS = (
    *(OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError),
    *(NotImplementedError, OverflowError, struct.error, zlib.error, cv2.error),
)

LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601: how bright red, green and blue look
MEGABYTE = 1 << 20
_BINARY = getattr(os, "O_BINARY", 0)  # Windows changes line ends without it


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded image: pixels uint8 (height, width, 3) RGB, upright; notes tell what was odd."""

    pixels: Pixels
    format: str
    notes: tuple[str, ...]


def read_bytes(path: Path | str, *, name: str) -> bytes:
    """The bytes of one image file; small ones in a third of the time `Path.read_bytes` takes.

    Raises:
        ImageError: the operating system does not give them (reason unreadable).
    """
    try:
        handle = os.open(path, os.O_RDONLY | _BINARY)
        try:
            parts = [os.read(handle, os.fstat(handle).st_size + 1)]
            while parts[-1]:  # one call may give less than was asked for
                parts.append(os.read(handle, MEGABYTE))
        finally:
            os.close(handle)
        return b"".join(parts)
    except OSError as error:
        refused = Refused("unreadable", error.strerror or type(error).__name__)
        raise image_error(name, refused) from error


def decode(data: bytes, *, name: str, max_pixels: int, reduce_to: int | None = None) -> Picture:
    """The picture in `data`; `name` is for messages, and its suffix is only compared.

    With `reduce_to`, for thumbnails, a JPEG may come smaller, which takes a fraction of the time:
    its longest side is then at least `reduce_to` pixels.

    Raises:
        ImageError: with a reason out of REASONS.
    """
    header = examine(data, name=name, max_pixels=max_pixels)
    try:
        pixels, notes = _decode_body(header, max_pixels, reduce_to)
    except Refused as error:
        raise image_error(name, error) from None
    except MemoryError:
        refused = Refused("bomb", f"{header.width:,} x {header.height:,} pixels fill the memory")
        raise image_error(name, refused) from None
    except DECODER_ERRORS as error:
        reason = "truncated" if "truncated" in str(error) else "damaged"
        refused = Refused(reason, f"its {header.format} data cannot be decoded to the end")
        raise image_error(name, refused) from error
    named = suffix_notes(name, header.format)
    turned = (f"turned (EXIF orientation {header.orientation})",) if header.orientation > 1 else ()
    upright = np.ascontiguousarray(_turn(pixels, header.orientation))
    return Picture(upright, header.format, (*named, *header.notes, *notes, *turned))


def suffix_notes(name: str, format: str) -> tuple[str, ...]:
    """One note where a file's suffix says another format than its content; else none."""
    suffix = Path(name).suffix.lower()
    lies = SUFFIXES.get(suffix, format) != format
    return (f"named {suffix}, is {format}",) if lies else ()


def _decode_body(
    header: Header, max_pixels: int, reduce_to: int | None
) -> tuple[Pixels, tuple[str, ...]]:
    """Pixels as stored, before orientation, and what was odd about them."""
    if header.kind == "plain":  # the common case: OpenCV takes three quarters of Pillow's time
        return _opencv(header, cv2.IMREAD_COLOR_RGB), ()
    if header.kind == "wide":
        samples = _opencv(header, cv2.IMREAD_UNCHANGED)
        if samples.dtype != np.uint16:
            raise Refused("damaged", "its samples do not have 16 bits")
        return _sixteen_bits(samples)
    image = READERS[header.format](io.BytesIO(header.body))
    check_size(image.width, image.height, max_pixels=max_pixels)
    if image.mode in ("I;16", "I;16B"):
        samples = np.asarray(image).astype(np.uint16)  # also from big-endian
        return _sixteen_bits(65535 - samples if header.kind == "negative" else samples)
    if image.mode not in _MODES:
        raise Refused("format-not-read", f"{header.format} of mode {image.mode}")
    if reduce_to and header.format == "JPEG":
        share = reduce_to / max(image.size)
        image.draft(None, (math.ceil(image.width * share), math.ceil(image.height * share)))
    image.load()
    if "transparency" in image.info or image.mode in ("PA", "LA", "La", "RGBA", "RGBa"):
        return _over_white(np.asarray(_converted(image, "RGBA")))
    notes = ("CMYK",) if image.mode == "CMYK" else ()
    return np.asarray(_converted(image, "RGB")), notes


def _converted(image: Image.Image, mode: str) -> Image.Image:
    if image.mode in ("La", "PA"):  # Pillow goes to RGBA in two steps only
        image = image.convert("LA" if image.mode == "La" else "RGBA")
    return image if image.mode == mode else image.convert(mode)


def _opencv(header: Header, flags: int) -> NDArray[Any]:
    encoded = np.frombuffer(header.body, np.uint8)
    pixels = cv2.imdecode(encoded, flags | cv2.IMREAD_IGNORE_ORIENTATION)
    if pixels is None or pixels.shape[:2] != (header.height, header.width):
        raise Refused("damaged", f"its {header.format} data cannot be decoded to the end")
    return pixels


def _sixteen_bits(samples: NDArray[np.uint16]) -> tuple[Pixels, tuple[str, ...]]:
    """Grey, BGR or BGRA of 16 bits as RGB of 8."""
    largest = (samples if samples.ndim == 2 else samples[:, :, :3]).max()
    notes = (f"16 bits, largest value {largest:,} of 65,535",)
    eight = ((samples.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if eight.ndim == 2:
        return np.repeat(eight[:, :, None], 3, axis=2), notes
    if eight.shape[2] == 3:
        return eight[:, :, ::-1], notes
    pixels, more = _over_white(eight[:, :, [2, 1, 0, 3]])
    return pixels, notes + more


def _over_white(rgba: Pixels) -> tuple[Pixels, tuple[str, ...]]:
    colour, alpha = rgba[:, :, :3], rgba[:, :, 3:]
    if alpha.min() == 255:
        return colour, ()
    wide = alpha.astype(np.uint16)
    mixed = (colour * wide + 255 * (255 - wide) + 127) // 255
    return mixed.astype(np.uint8), ("transparency, shown over white",)


def _turn(pixels: Pixels, orientation: int) -> Pixels:
    """Upright pixels; the orientation says where the stored first row and column belong."""
    if orientation >= 5:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels


class Placement(NamedTuple):
    """Where the resized picture lies in the square; a negative edge means that it is cut."""

    height: int
    width: int
    top: int
    left: int


def placement(height: int, width: int, *, size: int, fit: Fit) -> Placement:
    """Size and place of a picture of `height` x `width` pixels in a square of `size`."""
    if fit == "stretch":
        return Placement(size, size, 0, 0)
    side = max(height, width) if fit == "letterbox" else min(height, width)
    # floor(length * size / side + 1/2) in whole numbers, so that no float rounds the other way
    new = [max(1, (2 * length * size + side) // (2 * side)) for length in (height, width)]
    return Placement(*new, *((size - length) // 2 for length in new))


@lru_cache(maxsize=64)
def resize_matrix(length: int, new: int, offset: int, size: int) -> NDArray[np.float64]:
    """The matrix (size, length) that resizes one axis to `new` and lays it at `offset`.

    A triangle as wide as one output pixel, at least one input pixel: Pillow's BILINEAR. Rows
    before and after the picture repeat its edge.
    """
    row = np.clip(np.arange(size) - offset, 0, new - 1)[:, None]
    column = np.arange(length)[None, :]
    # 1 - |x + 0.5 - (j + 0.5) * length / new| / max(length / new, 1), times 2 * max(length, new)
    distance = np.abs((2 * column + 1) * new - (2 * row + 1) * length)
    weight = np.maximum(2 * max(length, new) - distance, 0).astype(np.float64)
    matrix: NDArray[np.float64] = weight / weight.sum(axis=1, keepdims=True)
    matrix.flags.writeable = False
    return matrix


class _Band(NamedTuple):
    """Rows start:stop of a resize matrix need the input rows first:last only."""

    start: int
    stop: int
    first: int
    last: int
    weights: NDArray[np.float32]


_BAND = 16  # output rows; 8 to 32 take the same time within the noise, 64 twice as long


@lru_cache(maxsize=1024)  # of about 10 kB; cells come in some 350 lengths
def _bands(length: int, new: int, offset: int, size: int) -> tuple[_Band, ...]:
    def band(start: int, stop: int) -> _Band:
        rows = resize_matrix(length, new, offset, size)[start:stop]
        used = np.flatnonzero(rows.any(axis=0))
        first, last = int(used[0]), int(used[-1]) + 1
        return _Band(start, stop, first, last, rows[:, first:last].astype(np.float32, order="C"))

    edges = [*range(0, size, _BAND), size]
    return tuple(band(start, stop) for start, stop in pairwise(edges))


def _resize_rows(
    lines: NDArray[np.generic], new: int, offset: int, size: int
) -> NDArray[np.float32]:
    """Lines (length, n) resized along the first axis: (size, n)."""
    length = len(lines)
    if length == new == size:
        return lines.astype(np.float32, copy=False)
    out = np.empty((size, lines.shape[1]), np.float32)
    for start, stop, first, last, weights in _bands(length, new, offset, size):
        np.matmul(weights, lines[first:last].astype(np.float32, copy=False), out=out[start:stop])
    return out


def to_square(pixels: Pixels, *, size: int, fit: Fit) -> NDArray[np.float32]:
    """The network's input from pixels (height, width, 3): (size, size, 3), 0..255, not rounded.

    The same arithmetic stands in every bundle's graph (`features.preprocess`).
    """
    height, width, _ = pixels.shape
    place = placement(height, width, size=size, fit=fit)
    flat = pixels.reshape(height, width * 3)
    rows = _resize_rows(flat, new=place.height, offset=place.top, size=size)
    turned = cv2.transpose(rows.reshape(size, width, 3)).reshape(width, size * 3)
    square = _resize_rows(turned, new=place.width, offset=place.left, size=size)
    return np.asarray(cv2.transpose(square.reshape(size, size, 3)), np.float32)
