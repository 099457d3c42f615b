"""The pictures of a project: its items, read once as long as nothing changes, and small copies.

In: a project and the id of an item. Out: its Dataset, and JPEG bytes that were decoded and encoded
anew: no byte of a file is ever sent as it is. A page names an item by its id, never by a path.
Try: `picture(project, "Parasitized/C33P1.png", side=160)`.
"""

from __future__ import annotations

import functools
import io
import time
from pathlib import Path

from PIL import Image

from objektiv.base.errors import DataError
from objektiv.data import dataset as datasets
from objektiv.data.dataset import Dataset
from objektiv.data.images import decode, read_bytes
from objektiv.flow.use import MAX_PIXELS
from objektiv.studio.corrections import original, original_of, refresh, stamp, state_of
from objektiv.studio.projects import Project

MOMENT = 5.0  # seconds for which a picture is looked for where it last was
QUALITY = 85  # of JPEG
LARGEST = 2048  # pixels, the longest side that is asked for


def items(project: Project) -> Dataset:
    """The project's items; read again when a folder, the labels or the group pattern changed.

    Raises:
        DataError: nothing usable is found.
    """
    return _items(project, _state(project))


@functools.lru_cache(maxsize=8)
def _items(project: Project, state: tuple[object, ...]) -> Dataset:
    if project.labels:  # made before the last pictures came or went
        refresh(project)
    return datasets.read(project.data, project.read_settings)


def _state(project: Project) -> tuple[object, ...]:
    """What changes when items do."""
    return state_of(project.data), stamp(project.labels) if project.labels else None


def path_of(project: Project, item: str) -> Path:
    """Where the file of an item lies, also of one that was put aside.

    Raises:
        DataError: the project has no such item.
    """
    tick = int(time.monotonic() / MOMENT)  # a page of tiles looks at the folders once, not 60 times
    place = _places(project.data, tick).get(item)
    place = place or _places_of(original(project)).get(item)
    if place is None:
        raise DataError(
            "the project has no such picture",
            value=item,
            allowed="An item of the data as it is now",
            next="load the page again",
        )
    return Path(place)


@functools.lru_cache(maxsize=4)
def _places(data: Path, tick: int) -> dict[str, str]:
    return _places_of(original_of(data))


def _places_of(dataset: Dataset) -> dict[str, str]:
    return dict(zip(dataset.items["id"], dataset.items["path"], strict=True))


def picture(project: Project, item: str, *, side: int) -> bytes:
    """An item as JPEG whose longest side is at most `side` pixels.

    Raises:
        DataError: the project has no such item.
        ImageError: the file cannot be read.
    """
    path = path_of(project, item)
    pixels = decode(read_bytes(path, name=item), name=item, max_pixels=MAX_PIXELS).pixels
    return encoded(Image.fromarray(pixels), side=side)


def encoded(image: Image.Image, *, side: int) -> bytes:
    """A picture as JPEG whose longest side is at most `side` pixels."""
    image.thumbnail((side, side))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()
