"""From an upload to the network's square: the one decoding, and what a client is told of it.

In: bytes and what a bundle reads. Out: a Read, or the error that says why not. A name that a
client gives is data and nothing else: no path is ever made of it.
Try: `read(Path("cell.png").read_bytes(), name="cell.png", how=How(bundle.facts, 50_000_000))`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from objektiv.base import files
from objektiv.base.errors import ImageError
from objektiv.data.formats import examine
from objektiv.data.images import decode, to_square
from objektiv.serving.problems import refusal
from objektiv.shipping.facts import Facts

LONGEST_NAME = 255  # characters of a file name that are given back
_TEXT = (b"<", b"\xef\xbb\xbf", b"\xff\xfe<", b"\xfe\xff", b" ", b"\t", b"\r", b"\n")


@dataclass(frozen=True)
class How:
    """How a bundle wants its pictures."""

    facts: Facts
    max_pixels: int


@dataclass(frozen=True, eq=False)
class Read:
    """One picture that was read."""

    hash: str  # SHA-256 of the file
    square: NDArray[np.float32]  # (size, size, 3)
    notes: tuple[str, ...]
    seconds: float


def read(data: bytes, *, name: str, how: How) -> Read:
    """The picture in `data`.

    Raises:
        Refusal: it is a page or a drawing in text.
        ImageError: it is no picture that is read; the error says why.
    """
    began = time.perf_counter()
    if is_markup(data):
        raise refusal("markup", value=shown_name(name))
    picture = decode(data, name=shown_name(name), max_pixels=how.max_pixels)
    square = to_square(picture.pixels, size=how.facts.size, fit=how.facts.fit)
    seconds = time.perf_counter() - began
    return Read(files.sha256(data), square, picture.notes, seconds)


def pixels_of(data: bytes, *, max_pixels: int) -> int:
    """How many pixels a file says that it holds, nothing decoded; 0 where it will be refused."""
    try:
        header = examine(data, name="", max_pixels=max_pixels)
    except ImageError:
        return 0
    return header.width * header.height


def is_markup(data: bytes) -> bool:
    """Whether the bytes are SVG, HTML or XML, whatever they are called: a browser would run it."""
    if not data.startswith(_TEXT):
        return False
    text = data[:512].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return text.startswith(b"<")


def shown_name(name: Any) -> str:
    """A client's file name as text of bounded length; a picture without one is `picture`."""
    return str(name)[:LONGEST_NAME] if name else "picture"
