"""Read IDX files, plain or as .gz: the form of MNIST and Fashion-MNIST.

In: a folder with `train-images-idx3-ubyte.gz` and the like, or one of these files. Out: pairs of
pictures and labels, as arrays have. The labels of Fashion-MNIST are known by their bytes, because
its files have the names of MNIST's, and get the names its makers gave (github.com/zalandoresearch/
fashion-mnist).
Try: `pairs_of(Path("fashion_mnist"))`.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import re
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from objektiv.base.errors import DataError
from objektiv.intake.arrays import PART_NAMES, Pair

MOST_BYTES = 2 << 30
FASHION: tuple[str, ...] = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat")
FASHION += ("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
FASHION_LABELS = {  # SHA-256 of the labels, one byte each
    "train": "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7",
    "test": "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
}
_NAME = re.compile(r"(.*?)(images|labels)[-._]idx([13])[-._]ubyte(\.gz)?", re.IGNORECASE)
_TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def is_idx(path: Path) -> bool:
    """Whether a path is named as an IDX file, or is a folder that holds one."""
    if path.is_dir():
        return any(_NAME.fullmatch(p.name) for p in path.iterdir())
    return path.is_file() and bool(_NAME.fullmatch(path.name))


def pairs_of(path: Path) -> tuple[list[Pair], list[str], list[str]]:
    """Pairs, the names of their classes where they are known, and notes.

    Raises:
        DataError: a file is cut off or no IDX file, or no images have their labels.
    """
    folder = path if path.is_dir() else path.parent
    wanted = None if path.is_dir() else _NAME.fullmatch(path.name)
    named: dict[str, dict[str, Path]] = {}
    for file in sorted(folder.iterdir()):
        match = _NAME.fullmatch(file.name)
        if match and (wanted is None or match[1] == wanted[1]):
            named.setdefault(match[1], {}).setdefault(match[2].casefold(), file)
    notes = [
        f"{name} has no {'labels' if 'images' in two else 'images'} beside it: left out"
        for two in named.values()
        for name in [p.name for p in two.values()]
        if len(two) < 2
    ]
    pairs = [
        Pair(
            _part(prefix),
            read(two["images"], dimensions=3),
            read(two["labels"], dimensions=1),
            two["images"].name,
            two["labels"].name,
        )
        for prefix, two in named.items()
        if len(two) == 2
    ]
    if not pairs:
        raise _refused(path, "; ".join(notes) or "no file of images")
    fashion = all(_is_fashion(pair.y) for pair in pairs)
    return pairs, list(FASHION) if fashion else [], notes


def _part(prefix: str) -> str | None:
    words = re.split(r"[-._ ]+", prefix.casefold())
    return next((PART_NAMES[word] for word in words if word in PART_NAMES), None)


def _is_fashion(labels: NDArray[Any]) -> bool:
    return hashlib.sha256(labels.tobytes()).hexdigest() in FASHION_LABELS.values()


def read(path: Path, *, dimensions: int) -> NDArray[Any]:
    """The array of one IDX file.

    Raises:
        DataError: it is no IDX file with so many dimensions, or not as long as it says.
    """
    try:
        with path.open("rb") as plain:
            packed = plain.read(2) == b"\x1f\x8b"
        with gzip.open(path) if packed else path.open("rb") as stream:
            head = stream.read(4 + 4 * dimensions)
            if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _TYPES:
                raise _refused(path, f"it begins with {head[:4]!r}")
            if head[3] != dimensions:
                raise _refused(path, f"it has {head[3]} dimensions and not {dimensions}")
            if len(head) < 4 + 4 * dimensions:
                raise _refused(path, "it ends inside its header")
            shape = struct.unpack_from(f">{dimensions}I", head, 4)
            kind = np.dtype(_TYPES[head[2]])
            promised = math.prod(shape) * kind.itemsize
            told = f"its header promises {' x '.join(map(str, shape))}, {promised:,} bytes"
            if promised > MOST_BYTES:
                raise _refused(path, told, allowed=f"At most {MOST_BYTES:,} bytes are read")
            if not packed and path.stat().st_size - len(head) != promised:
                raise _refused(path, f"{told}; {path.stat().st_size - len(head):,} are there")
            body = stream.read(promised + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise _refused(path, " ".join(str(error).split())) from error
    if len(body) != promised:
        there = f"{len(body):,}" if len(body) < promised else "more"
        raise _refused(path, f"{told}; {there} are there")
    return np.frombuffer(body, kind).reshape(shape)


def _refused(path: Path, value: str, *, allowed: str = "") -> DataError:
    return DataError(
        f"{path} cannot be read as IDX files",
        value=value,
        allowed=allowed
        or "Whole files such as train-images-idx3-ubyte.gz and "
        "train-labels-idx1-ubyte.gz are read, plain or packed",
        next="get the files again, both of a pair into one folder",
    )
