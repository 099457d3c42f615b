"""Pictures and labels in arrays become shots: X and y, for each part or for all.

In: a folder of .npy files, one of them, or an .npz; names as X_train and y_train, x and y,
train_images and train_labels. Out: shots, and notes on what was left out or assumed.
Rules: X has the shape (n, height, width), (n, height, width, 1 or 3) or (n, 1 or 3, height, width);
colours are RGB. Over all X of a set: values up to 1 mean black to white and are multiplied by 255
(floats are rounded), values up to 255 stay, whole numbers up to 65,535 become 16-bit pictures.
Anything else, and NaN, is refused. Labels are texts or whole numbers from 0.
Try: `shots(pairs_of(Path("screws_thesis"))[0], classes=None, max_pixels=50_000_000)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from objektiv.base.errors import DataError
from objektiv.data.folders import PART_FOLDERS
from objektiv.intake.numpy_files import arrays_in
from objektiv.intake.tree import Shot

SUFFIXES = (".npy", ".npz")
PIECE = 1000  # pictures looked at or converted at a time, so that a mapped file is never held whole
KINDS = {
    **dict.fromkeys(("x", "images", "image", "data"), "X"),
    **dict.fromkeys(("y", "labels", "label", "targets", "target"), "y"),
    **dict.fromkeys(("groups", "group"), "group"),
    **dict.fromkeys(("id", "ids"), "id"),  # which file a row was: no part of a picture
    "classes": "classes",
}
PART_NAMES = {**PART_FOLDERS, "training": "train", "t10k": "test"}
CONVENTION = "Arrays called X and y, or X_train and y_train, X_val, y_val, X_test, y_test, are read"


@dataclass(frozen=True, eq=False)
class Pair:
    """Pictures with their labels, `part` None where they are not divided."""

    part: str | None
    x: NDArray[Any]
    y: NDArray[Any]
    source: str  # the file and array, for messages and the manifest
    y_source: str
    groups: NDArray[Any] | None = None


def kind_and_part(name: str) -> tuple[str, str | None] | None:
    """What an array's name says: `X_train` is ("X", "train"); None for any other name."""
    words = [word for word in re.split(r"[_\-. ]+", name.casefold()) if word]
    kinds = [KINDS[word] for word in words if word in KINDS]
    parts = [PART_NAMES[word] for word in words if word in PART_NAMES]
    if len(kinds) != 1 or len(parts) > 1 or len(words) != len(kinds) + len(parts):
        return None
    return kinds[0], parts[0] if parts else None


def is_arrays(path: Path) -> bool:
    """Whether a path is a file of arrays, or a folder in which one is called X or y."""
    if path.is_dir():
        return any(kind_and_part(p.stem) and p.suffix.lower() == ".npy" for p in path.iterdir())
    return path.is_file() and path.suffix.lower() in SUFFIXES


def pairs_of(path: Path) -> tuple[list[Pair], list[str], list[str]]:
    """Pairs, the names of their classes where such an array is beside them, and notes.

    Raises:
        DataError: a file cannot be read, or no X has its y.
    """
    found: dict[tuple[str, str | None], tuple[str, NDArray[Any]]] = {}
    others = []
    for source, name, array in _arrays(path):
        key = kind_and_part(name)
        if key is None:
            others.append(source)
        elif key in found:
            raise _unusable(path, f"{found[key][0]} and {source} mean the same")
        else:
            found[key] = (source, array)
    notes = [f"other arrays, not read: {', '.join(others)}"] if others else []
    pairs = []
    for part in dict.fromkeys(part for kind, part in found if kind in ("X", "y")):
        x, y, g = (found.get((kind, part)) for kind in ("X", "y", "group"))
        if x and y:
            pairs.append(Pair(part, x[1], y[1], x[0], y[0], g[1] if g else None))
        else:
            (source, array), lacking = (x, "labels") if x else (y, "pictures")  # type: ignore[misc]
            notes.append(f"{source} ({len(array):,} rows) has no {lacking} beside it: left out")
    if not pairs:
        raise _unusable(path, "; ".join(notes) or "no array has such a name")
    names = found.get(("classes", None))
    return pairs, [str(name) for name in names[1]] if names else [], notes


def _arrays(path: Path) -> Iterator[tuple[str, str, NDArray[Any]]]:
    """Source, name and array; of a lone .npy file those that belong to its part."""
    if path.is_dir() or path.suffix.lower() == ".npy":
        folder = path if path.is_dir() else path.parent
        wanted = None if path.is_dir() else kind_and_part(path.stem)
        for file in sorted(p for p in folder.iterdir() if p.suffix.lower() == ".npy"):
            key = kind_and_part(file.stem)
            if path.is_dir() or file == path or (key and wanted and key[1] == wanted[1]):
                yield file.name, file.stem, arrays_in(file)[file.stem]
    else:
        for name, array in arrays_in(path).items():
            yield f"{path.name}: {name}", name, array


def shots(
    pairs: Sequence[Pair], *, classes: Sequence[str] | None, max_pixels: int
) -> tuple[Iterator[Shot], int, list[str]]:
    """The shots of pairs, how many, and notes; everything is checked before the first comes.

    Raises:
        DataError: shapes, values, labels or numbers of rows do not fit.
    """
    pairs = [replace(pair, x=_pictures(pair, max_pixels)) for pair in pairs]
    for pair in pairs:
        _check_rows(pair)
    names = [_label_names(pair, classes) for pair in pairs]
    scale, depth, notes = _range(pairs)
    if "train" not in {pair.part for pair in pairs} and pairs[0].part:
        told = " and ".join(str(pair.part) for pair in pairs)
        notes.append(f"only the {told} part has pictures: they come without part, to be split anew")
        pairs = [replace(pair, part=None) for pair in pairs]
    total = sum(len(pair.x) for pair in pairs)
    return _shots(pairs, names, scale, depth), total, notes


def _shots(
    pairs: Sequence[Pair], names: Sequence[Sequence[str]], scale: int, depth: type
) -> Iterator[Shot]:
    for pair, labels in zip(pairs, names, strict=True):
        stem = pair.part or "picture"
        groups = None if pair.groups is None else [_text(value) for value in pair.groups]
        for start in range(0, len(pair.x), PIECE):
            piece = pair.x[start : start + PIECE]
            if scale > 1 or _is_float(piece):
                piece = np.rint(piece.astype(np.float32) * scale)
            for row, pixels in enumerate(piece.astype(depth, copy=False), start):
                yield Shot(
                    labels[row],
                    f"{stem}_{row:05d}",
                    pixels,
                    group=groups[row] if groups else None,
                    part=pair.part,
                    origin={"source": pair.source, "row": row},
                )


def _pictures(pair: Pair, max_pixels: int) -> NDArray[Any]:
    """X with colours last, grey without them.

    Raises:
        DataError: it is no array of pictures.
    """
    x = pair.x
    if x.dtype.kind not in "buif":
        raise _unusable(pair.source, f"its values are {x.dtype}", allowed="Numbers are read")
    if x.ndim == 4 and x.shape[3] not in (1, 3) and x.shape[1] in (1, 3):
        x = np.moveaxis(x, 1, 3)
    if x.ndim == 4 and x.shape[3] == 1:
        x = x[..., 0]
    colours = x.shape[3:] in ((), (3,))
    if x.ndim not in (3, 4) or not colours or 0 in x.shape or x[0].size > 3 * max_pixels:
        raise _unusable(
            pair.source,
            f"its shape is {' x '.join(map(str, pair.x.shape))}",
            allowed="n x height x width, with 1 or 3 colours last or second, of at most "
            f"{max_pixels:,} pixels",
            next="reshape it; rows of numbers that are not pictures cannot be used",
        )
    return x


def _check_rows(pair: Pair) -> None:
    others = [(pair.y_source, pair.y)]
    others += [("its groups", pair.groups)] if pair.groups is not None else []
    for source, array in others:
        if len(array.shape) < 1 or len(array) != len(pair.x):
            there = f"{len(array):,}" if array.ndim else "1"
            raise _unusable(
                f"{pair.source} and {source}",
                f"{len(pair.x):,} pictures and {there} labels"
                if array is pair.y
                else f"{len(pair.x):,} pictures and {there} groups",
                allowed="One row of each belongs to one picture",
                next="save both from the same data again",
            )


def _label_names(pair: Pair, classes: Sequence[str] | None) -> list[str]:
    """The label of each row as text.

    Raises:
        DataError: labels are no texts or whole numbers, or none of the classes.
    """
    y = pair.y[:, 0] if pair.y.ndim == 2 and pair.y.shape[1] == 1 else pair.y
    if y.ndim != 1 or y.dtype.kind not in "buifUS":
        raise _unusable(
            pair.y_source,
            f"its shape is {' x '.join(map(str, y.shape))}, its values are {y.dtype}",
            allowed="One text or whole number for each picture is read",
            next="turn rows of 0 and 1 into numbers with y.argmax(axis=1)",
        )
    if y.dtype.kind == "f" and not np.all(y == np.floor(y)):  # NaN is not equal to itself
        row = int(np.flatnonzero(~(y == np.floor(y)))[0])
        raise _bad_label(pair, row, y[row], "Labels are texts or whole numbers from 0 on")
    if y.dtype.kind in "buif":
        texts = [str(number) for number in y.astype(np.int64).tolist()]
    else:
        texts = [_text(value) for value in y]
    numbered = all(text.isascii() and text.isdecimal() for text in set(texts))
    for row, text in enumerate(texts):
        if not text or (y.dtype.kind in "buif" and text.startswith("-")):
            raise _bad_label(pair, row, repr(text), "Labels are texts or whole numbers from 0 on")
        if classes and numbered and int(text) >= len(classes):
            known = f"There are {len(classes)} classes: 0 to {len(classes) - 1}"
            raise _bad_label(pair, row, text, known)
    return [classes[int(text)] for text in texts] if classes and numbered else texts


def _bad_label(pair: Pair, row: int, value: object, allowed: str) -> DataError:
    return _unusable(
        pair.y_source,
        f"label {value} in row {row:,}",
        allowed=allowed,
        next="correct the labels, or name all classes with --classes",
    )


def _text(value: Any) -> str:
    text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
    return text.strip()


def _range(pairs: Sequence[Pair]) -> tuple[int, type, list[str]]:
    """By what to multiply all pictures, their type, and a note on what was assumed.

    Raises:
        DataError: a value is NaN, below 0 or too large.
    """
    largest = 0.0
    for pair in pairs:
        for start in range(0, len(pair.x), PIECE):
            piece = pair.x[start : start + PIECE]
            low, high = float(piece.min()), float(piece.max())
            if not (low >= 0 and high < np.inf):  # also NaN
                wrong = np.argwhere(~((piece >= 0) & (piece < np.inf)))[0]
                raise _unusable(
                    pair.source,
                    f"value {piece[tuple(wrong)]} in picture {start + wrong[0]:,}",
                    allowed="Values are 0 to 1, 0 to 255, or whole numbers up to 65,535",
                    next="undo the standardisation, or scale the values to 0 to 1",
                )
            largest = max(largest, high)
    floats = any(_is_float(pair.x) for pair in pairs)
    if largest <= 1:
        return 255, np.uint8, ["values of 0 to 1 were multiplied by 255"]
    if largest <= 255:
        return 1, np.uint8, ["floats of 0 to 255 were rounded"] if floats else []
    if largest <= 65535 and not floats:
        return 1, np.uint16, [f"whole numbers up to {largest:,.0f}: 16-bit pictures"]
    raise _unusable(
        pairs[0].source,
        f"its largest value is {largest:g}",
        allowed="Values are 0 to 1, 0 to 255, or whole numbers up to 65,535",
        next="scale the values to 0 to 1",
    )


def _is_float(array: NDArray[Any]) -> bool:
    return array.dtype.kind == "f"


def _unusable(source: object, value: str, *, allowed: str = "", next: str = "") -> DataError:
    return DataError(
        f"{source} cannot be used as pictures with labels",
        value=value,
        allowed=allowed or CONVENTION,
        next=next or "rename the arrays, or save them again under such names",
    )
