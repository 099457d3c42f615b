"""Fill the folder of a new dataset from an archive, a folder, arrays or videos.

In: a path and, for a dataset of the catalogue, its entry. Out: a function that fills a folder; what
can be refused is refused before it is returned, so that nothing is written in vain.
Try: `filling(Path("cells.zip"), GetSettings(), None, notes=[], progress=Progress())`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from objektiv.base.errors import DataError, UsageError
from objektiv.base.progress import Progress
from objektiv.data.folders import LITTER
from objektiv.data.formats import SUFFIXES
from objektiv.intake.archives import examine, is_archive, unpack
from objektiv.intake.catalog import Entry
from objektiv.intake.convert import can_convert, convert
from objektiv.intake.settings import GetSettings

Fill = Callable[[Path], None]
# Hidden names: no member keeps one, so these are free.
UNPACKED, MADE = ".unpacked", ".made"


def filling(
    path: Path,
    settings: GetSettings,
    entry: Entry | None,
    *,
    notes: list[str],
    progress: Progress,
) -> Fill:
    """What fills an empty folder with the dataset; sentences for the user are added to `notes`.

    Raises:
        DataError: the file is nothing that can be read, or a bad archive.
        UsageError: it is a folder of images already.
    """
    if entry and entry.layout:
        if path.is_dir():
            return _copying(path, entry, notes, progress)
        archive = examine(path, settings)
        places = _found(path, entry.places(archive.paths), archive.paths, notes)
        return lambda folder: unpack(archive, folder, places, progress=progress)
    if can_convert(path):
        return lambda folder: _convert(path, folder, settings, notes=notes, progress=progress)
    if path.is_dir():
        raise UsageError(
            "this is a folder and needs no getting",
            value=path,
            allowed="A name of the catalogue, an address, an archive, arrays or videos",
            next=f"use it where it is, for example `objektiv train {path}`",
        )
    if is_archive(path):
        archive = examine(path, settings)
        places = _found(path, below_top(archive.paths), archive.paths, notes)

        def unpack_and_convert(folder: Path) -> None:
            inside = folder / UNPACKED
            inside.mkdir()
            unpack(archive, inside, places, progress=progress)
            found = _convertible(inside)
            if found is not None:
                _convert(found, folder, settings, notes=notes, progress=progress)
                shutil.rmtree(inside)
            else:
                _lift(inside, folder)

        return unpack_and_convert
    raise DataError(
        f"{path.name} is nothing that can be made into a dataset",
        value=f"it begins with {_start(path)!r}",
        allowed="A zip or tar (plain, gz, bz2 or xz), NumPy or IDX arrays, and videos are read",
        next="name such a file; images lie in one folder a class and need no getting",
    )


def _start(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(8)


def below_top(paths: Sequence[str]) -> dict[str, str]:
    """Each path without the folders that all share, unless the last is the only class.

    What systems leave behind (`Thumbs.db`) and hidden files get no place.
    """
    kept = {path: path for path in paths if not _is_litter(path)}
    while True:
        tops = {path.partition("/")[0] for path in kept.values()}
        rests = [path.partition("/")[2] for path in kept.values()]
        # images without folders are those of the one class; arrays are not
        flat = not any("/" in rest for rest in rests)
        if len(tops) != 1 or not all(rests) or (flat and any(map(_is_image, rests))):
            return kept
        kept = dict(zip(kept, rests, strict=True))


def _is_image(name: str) -> bool:
    return name.lower().endswith(tuple(SUFFIXES))


def _is_litter(path: str) -> bool:
    return any(part in LITTER or part.startswith(".") for part in path.split("/"))


def _found(
    path: Path, places: Mapping[str, str], paths: Sequence[str], notes: list[str]
) -> Mapping[str, str]:
    if not places:
        raise DataError(
            f"{path.name} holds no file of this dataset",
            value=f"{len(paths):,} files" + f", the first is {paths[0]!r}" * bool(paths),
            allowed="Images in folders named after their class",
            next="check that this is the archive you meant",
        )
    left = [p for p in paths if p not in places]
    if left:
        examples = ", ".join(p.rpartition("/")[2] for p in left[:3]) + ", ..." * (len(left) > 3)
        notes.append(f"Left out of {path.name}: {len(left):,} ({examples})")
    return places


def _convertible(folder: Path) -> Path | None:
    """An unpacked folder, or the one file in it, that is arrays or videos."""
    if can_convert(folder):
        return folder
    files = [path for path in folder.iterdir() if path.is_file() and can_convert(path)]
    return files[0] if len(files) == 1 else None


def _convert(
    path: Path, folder: Path, settings: GetSettings, *, notes: list[str], progress: Progress
) -> None:
    made = convert(path, folder / MADE, settings, progress=progress)
    notes += made.notes
    _lift(made.folder, folder)


def _lift(inner: Path, folder: Path) -> None:
    for child in inner.iterdir():
        child.rename(folder / child.name)
    inner.rmdir()


def _copying(root: Path, entry: Entry, notes: list[str], progress: Progress) -> Fill:
    """Copy the entry's files of an unpacked folder, each to its place."""
    paths = sorted(_files(root))
    places = _found(root, entry.places(paths), paths, notes)
    if len(set(places.values())) < len(places):
        raise DataError(
            f"{root} holds two files for one place of this dataset",
            value=f"{len(places):,} files, {len(set(places.values())):,} names",
            allowed="The folder as the published archive unpacks",
            next="hand in the archive, or use the folder where it is",
        )

    def fill(folder: Path) -> None:
        with progress.step("copy", total=len(places)) as step:
            for path, place in places.items():
                (folder / place).parent.mkdir(parents=True, exist_ok=True)
                with _opened(root / path) as source, (folder / place).open("xb") as target:
                    shutil.copyfileobj(source, target)
                step.advance()

    return fill


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise DataError(
            f"{path} cannot be read",
            value=error.strerror or type(error).__name__,
            allowed="A file that this user may read is needed",
            next="correct its permissions, then run the same command again",
        ) from error


def _files(root: Path, below: str = "") -> Iterator[str]:
    """Plain files below a folder, `/` between the parts; links are not followed."""
    with os.scandir(root / below) as scan:
        for found in scan:
            path = f"{below}/{found.name}".lstrip("/")
            if found.is_dir(follow_symlinks=False):
                yield from _files(root, path)
            elif found.is_file(follow_symlinks=False):
                yield path
