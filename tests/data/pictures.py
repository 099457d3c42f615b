"""Picture files written byte by byte, so that tests know every pixel without asking a library."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {1: 0, 2: 4, 3: 2, 4: 6}  # samples a pixel: PNG's number of that colour type


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    """A PNG chunk with its right checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def header(width: int, height: int, *, depth: int = 8, colour: int = 2) -> bytes:
    """The chunk IHDR."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def png(pixels: NDArray[Any], *, extra: bytes = b"", colour: int | None = None) -> bytes:
    """A PNG of pixels (height, width) or (height, width, samples), uint8 or uint16."""
    height, width = pixels.shape[:2]
    samples = 1 if pixels.ndim == 2 else pixels.shape[2]
    big_endian = pixels.astype(pixels.dtype.newbyteorder(">"))
    lines = b"".join(b"\0" + line.tobytes() for line in big_endian)
    return b"".join(
        [
            SIGNATURE,
            header(
                width,
                height,
                depth=8 * pixels.itemsize,
                colour=CHANNELS[samples] if colour is None else colour,
            ),
            extra,
            chunk(b"IDAT", zlib.compress(lines)),
            chunk(b"IEND"),
        ]
    )


def exif(orientation: int, *, order: str = "<") -> bytes:
    """An EXIF block that tells an orientation and nothing else."""
    mark = b"II" if order == "<" else b"MM"
    entry = struct.pack(order + "HHIHH", 274, 3, 1, orientation, 0)
    return mark + struct.pack(order + "HI", 42, 8) + struct.pack(order + "H", 1) + entry + bytes(4)


def tiff(
    pixels: NDArray[Any],
    *,
    order: str = "<",
    changes: dict[int, list[int]] | None = None,
    next_page: int = 0,
) -> bytes:
    """An uncompressed TIFF of one strip; `changes` sets tags or takes them away (empty list)."""
    height, width = pixels.shape[:2]
    samples = 1 if pixels.ndim == 2 else pixels.shape[2]
    data = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
    tags = {
        **{256: [width], 257: [height], 258: [8 * pixels.itemsize] * samples, 259: [1]},
        **{262: [1 if samples == 1 else 2], 273: [8], 277: [samples], 278: [height]},
        **{279: [len(data)], 284: [1]},
        **(changes or {}),
    }
    entries, rest = b"", b""
    tags = {tag: values for tag, values in sorted(tags.items()) if values}
    start = 8 + len(data)
    after = start + 2 + 12 * len(tags) + 4
    for tag, values in tags.items():
        body = struct.pack(f"{order}{len(values)}I", *values)
        if len(body) > 4:
            rest, body = rest + body, struct.pack(order + "I", after + len(rest))
        entries += struct.pack(order + "HHI", tag, 4, len(values)) + body
    mark = b"II" if order == "<" else b"MM"
    directory = struct.pack(order + "H", len(tags)) + entries + struct.pack(order + "I", next_page)
    return mark + struct.pack(order + "HI", 42, start) + data + directory + rest


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    """What Pillow writes."""
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def picture(height: int = 40, width: int = 48) -> NDArray[np.uint8]:
    """Slopes of colour with a noisy patch; no two corners are alike."""
    y, x = np.mgrid[:height, :width]
    pixels = np.stack([x * 5, y * 6, (x + y) * 2], axis=2).astype(np.uint8)
    noise = np.random.default_rng(0).integers(0, 256, (height // 3, width // 2, 3))
    pixels[height // 8 :][: height // 3, width // 6 :][:, : width // 2] = noise
    return pixels
