"""Small pictures for a page: decoded by the one decoder, shrunk, encoded anew as data addresses.

In: items of a dataset. Out: Thumbnails of at most 160 pixels, with nothing of the file in them but
its pixels. A file that cannot be read, or is not the one that was looked at, becomes a placeholder
that says so; it never stops a report.
Try: `thumbnails(dataset, ["cells/a.png"])`.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from PIL import Image

from objektiv.base import files, seeds
from objektiv.base.errors import ImageError
from objektiv.base.language import mark
from objektiv.base.settings import make
from objektiv.data.dataset import Dataset
from objektiv.data.header import REASONS
from objektiv.data.images import Pixels, decode, read_bytes
from objektiv.data.settings import ReadSettings

SIDE = 160  # pixels, the longest side
TINY = 48  # up to this side pixels are kept exactly (PNG) and shown as squares
QUALITY = 82  # of JPEG; 5 kB for a cell of 130 pixels, and no block is seen
PER_CLASS, ROW = 16, 4  # four by four
IN_ALL = 96  # thumbnails of the class grid
PIXELS = 120_000_000  # that the class grid may decode: one to two seconds on two cores
THREADS = 4


@dataclass(frozen=True)
class Thumbnail:
    """A picture as `data:` address, or "" and why there is none."""

    id: str
    source: str
    width: int
    height: int
    problem: str

    @property
    def tiny(self) -> bool:
        """Whether its pixels are to be shown as squares."""
        return 0 < max(self.width, self.height) <= TINY


@dataclass(frozen=True)
class ClassSample:
    """Some pictures of one class, of `items` that there are."""

    label: str
    items: int
    pictures: tuple[Thumbnail, ...]


def thumbnails(dataset: Dataset, ids: Sequence[str]) -> tuple[Thumbnail, ...]:
    """One thumbnail for each id, in their order."""
    return tuple(
        Thumbnail(name, address(image) if image else "", *(image.size if image else (0, 0)), told)
        for name, (image, told) in zip(ids, _opened(dataset, ids, SIDE), strict=True)
    )


def thumbnail_of(pixels: Pixels, *, name: str) -> Thumbnail:
    """Pixels that are not those of a file, at their own size."""
    image = Image.fromarray(pixels)
    return Thumbnail(name, address(image), image.width, image.height, "")


def small_pictures(
    dataset: Dataset, ids: Sequence[str], *, side: int
) -> tuple[Image.Image | None, ...]:
    """RGB pictures for figures, the longest side at most `side`; None where there is none."""
    return tuple(image for image, _ in _opened(dataset, ids, side))


def _opened(
    dataset: Dataset, ids: Sequence[str], side: int
) -> list[tuple[Image.Image | None, str]]:
    """Each picture, or None and why."""
    wanted = set(ids)
    rows = {row["id"]: row for row in dataset.items.iter_rows(named=True) if row["id"] in wanted}
    with ThreadPoolExecutor(THREADS) as threads:  # decoders let go of Python's lock
        return list(threads.map(lambda name: _open(name, rows.get(name), side), ids))


def _open(name: str, row: dict[str, Any] | None, side: int) -> tuple[Image.Image | None, str]:
    if row is None:
        return None, mark("not in the data")
    known = (row.get("width") or 0) * (row.get("height") or 0)
    most = max(known, make(ReadSettings, {}).max_pixels)
    try:
        data = read_bytes(row["path"], name=name)
        if row.get("hash") and files.sha256(data) != row["hash"]:
            return None, mark("the file has changed since")
        picture = decode(data, name=name, max_pixels=most, reduce_to=2 * side)
    except ImageError as error:
        return None, REASONS.get(error.reason, error.happened)
    image = Image.fromarray(picture.pixels)
    image.thumbnail((side, side), Image.Resampling.BICUBIC, reducing_gap=2.0)
    return image, ""


def address(image: Image.Image) -> str:
    """The picture as a `data:` address: PNG where it is tiny, else JPEG."""
    buffer = io.BytesIO()
    if max(image.size) <= TINY:
        image.save(buffer, "PNG", optimize=True)
        kind = "png"
    else:
        image.save(buffer, "JPEG", quality=QUALITY, optimize=True)
        kind = "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


def class_samples(dataset: Dataset, *, seed: int = 0) -> tuple[ClassSample, ...]:
    """At most 16 pictures a class, drawn by `seed`; fewer where classes are many or files large."""
    own: dict[str, list[str]] = {label: [] for label in dataset.classes}
    for name, label in dataset.items.select("id", "label").iter_rows():
        own[label].append(name)
    shown = [label for label in dataset.classes if own[label]][:IN_ALL]
    each = min(PER_CLASS, max(1, IN_ALL // max(1, len(shown))))
    each = max(1, min(each, int(PIXELS / max(1, len(shown)) / _usual_pixels(dataset))))
    each -= each % ROW if each > ROW else 0
    drawn = {label: _draw(own[label], each, seed=seed, label=label) for label in shown}
    found = iter(thumbnails(dataset, [name for names in drawn.values() for name in names]))
    return tuple(
        ClassSample(label, len(own[label]), tuple(next(found) for _ in names))
        for label, names in drawn.items()
    )


def _draw(names: list[str], each: int, *, seed: int, label: str) -> list[str]:
    generator = seeds.generator(seed, "report", "class grid", label)
    chosen = generator.choice(len(names), size=min(each, len(names)), replace=False)
    return [names[place] for place in sorted(chosen.tolist())]


def _usual_pixels(dataset: Dataset) -> float:
    if "width" not in dataset.items.columns:
        return 1.0
    return max(1.0, _median(w * h for w, h in dataset.items.select("width", "height").iter_rows()))


def _median(values: Iterable[float]) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) // 2] if ordered else 0.0
