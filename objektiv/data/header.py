"""What is known of a picture before a pixel is decoded, and why a file can be refused.

In: facts that the readers of formats find. Out: a Header, or the ImageError a person reads.
Try: `image_error("a.png", Refused("empty", "0 bytes"))`.
"""

from __future__ import annotations

from dataclasses import dataclass

from objektiv.base.errors import ImageError
from objektiv.base.language import mark

# One word of quarantine each, and what it says to a person.
REASONS: dict[str, str] = {
    "not-an-image": mark("this is not an image"),
    "format-not-read": mark("images of this kind are not read"),
    "empty": mark("the file is empty"),
    "truncated": mark("the image is cut off"),
    "damaged": mark("the image is damaged"),
    "bomb": mark("the image asks for more than is allowed"),
    "unreadable": mark("the file cannot be read"),
}
_FORMATS = "PNG, JPEG, WEBP, TIFF, BMP and GIF are read"
_WHOLE = "Only whole images are read, nothing is filled in"
_ALLOWED = {"truncated": _WHOLE, "damaged": _WHOLE, "unreadable": "A readable file is needed"}


class Refused(Exception):
    """Why a file is not read; becomes an ImageError where the file's name is known."""

    def __init__(self, reason: str, value: str, *, allowed: str = "") -> None:
        super().__init__(reason, value, allowed)
        self.reason, self.value = reason, value
        self.allowed = allowed or _ALLOWED.get(reason, _FORMATS)


@dataclass(frozen=True)
class Header:
    """What was learnt, and `body`: the bytes that a decoder may see."""

    format: str
    width: int  # as stored, before orientation
    height: int
    body: bytes
    orientation: int = 1  # EXIF 1-8
    kind: str = ""  # "plain": 8-bit RGB or grey PNG; "wide": 16-bit samples; "negative": 0 is white
    notes: tuple[str, ...] = ()


def image_error(name: str, refused: Refused) -> ImageError:
    """The ImageError that tells a person why `name` was refused."""
    advice = "remove the file or put a good copy in its place; the other images go on"
    if "pixels are read" in refused.allowed:
        advice = "remove the file, or raise --max-pixels if it is what it claims to be"
    return ImageError(
        f"{name}: {REASONS[refused.reason]}",
        value=refused.value,
        allowed=refused.allowed,
        next=advice,
        reason=refused.reason,
    )


def check_size(width: int, height: int, *, max_pixels: int, what: str = "it") -> None:
    """Refuse a picture without pixels or with more than `max_pixels`.

    Raises:
        Refused: with the reason damaged or bomb.
    """
    if width < 1 or height < 1:
        raise Refused("damaged", f"{what} says {width:,} x {height:,} pixels")
    if width * height > max_pixels:
        raise Refused(
            "bomb",
            f"{what} says {width:,} x {height:,} pixels",
            allowed=f"At most {max_pixels:,} pixels are read",
        )
