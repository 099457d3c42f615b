"""Folders of pictures that objektiv writes itself: published whole, labelled, used again.

In: a folder, what the pictures are, and the pictures. Out: the folder with about.json in it, which
says what they are and holds a hash over all of them. A folder that already holds exactly these
pictures is left as it is; any other content is never overwritten.
Try: `draw_smear(Path("smear"), SmearSettings())` of data/smear.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from objektiv.base import files
from objektiv.base.errors import DataError
from objektiv.base.progress import Progress

ABOUT = "about.json"
Pictures = Iterable[tuple[str, bytes]]  # names relative to the folder, and the files' bytes


def write_pictures(
    folder: Path, pictures: Pictures, *, about: Mapping[str, Any], total: int, progress: Progress
) -> Path:
    """Publish `total` pictures in `folder` and return it; they are made only where needed.

    Raises:
        DataError: the folder holds anything but exactly these pictures.
        MachineError: it cannot be written.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        if not _holds(folder, about):
            raise DataError(
                f"{folder} is there already and does not hold these pictures, whole and unaltered",
                value=f"{about['what']}, {about['settings']}",
                allowed="A new or empty folder is filled, one with the same pictures is used again",
                next="choose another folder or take this one away",
            )
        return folder
    with progress.step("pictures", total=total) as step:

        def contents() -> Iterator[tuple[str, bytes]]:
            hashes = {}
            for name, data in pictures:
                hashes[name] = files.sha256(data)
                yield name, data
                step.advance()
            note = {**about, "pictures": total, "sha256": _digest(hashes)}
            yield ABOUT, (json.dumps(note, indent=2, ensure_ascii=False) + "\n").encode()

        files.publish_folder(folder, contents())
    return folder


def _digest(hashes: Mapping[str, str]) -> str:
    lines = [f"{value}  {name}\n" for name, value in sorted(hashes.items())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _holds(folder: Path, about: Mapping[str, Any]) -> bool:
    """Whether a folder holds the pictures that its about.json and `about` speak of."""
    note = folder / ABOUT
    if not note.is_file():
        return False
    try:
        found = files.parse_json(note.read_bytes(), name=str(note))
    except DataError:
        return False
    names = {path: path.relative_to(folder) for path in folder.rglob("*") if path != note}
    hashes = {
        name.as_posix(): files.sha256(path.read_bytes())
        for path, name in names.items()
        if path.is_file() and not name.parts[0].startswith(".")  # the ledger is no picture
    }
    return bool(found == {**about, "pictures": len(hashes), "sha256": _digest(hashes)})
