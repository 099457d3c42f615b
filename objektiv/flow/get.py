"""Get a dataset: by a name of the catalogue, from an address, out of an archive, arrays or videos.

In: what is wanted, GetSettings, and a file or folder handed in instead of the download. Out: a new
folder of class folders with ORIGIN.json, whole or not at all; nothing is overwritten. The file
itself lies in `FOLDER.download` until the dataset is there, so that a broken download goes on.
Try: `get("malaria", GetSettings(), progress=Progress())`.
"""

from __future__ import annotations

import datetime
import gzip
import hashlib
import re
import shutil
import urllib.parse
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from objektiv.base import files
from objektiv.base.errors import DataError, UsageError
from objektiv.base.machine import own_version
from objektiv.base.names import natural_key, suggestion
from objektiv.base.progress import Progress
from objektiv.data.safe_names import safe_path
from objektiv.data.settings import ReadSettings
from objektiv.data.sources import find
from objektiv.flow.contents import filling
from objektiv.intake.catalog import CATALOG, Entry, Remote
from objektiv.intake.download import download, hash_file, wrong_checksum
from objektiv.intake.settings import GetSettings
from objektiv.intake.web import check_address

ORIGIN = "ORIGIN.json"
DOWNLOADS = ".download"
SUFFIXES = re.compile(r"(\.(zip|tar|tgz|tbz2?|txz|gz|bz2|xz|npz|npy|mp4|mov|avi|mkv))+$", re.I)
PUBLISHED, HANDED_IN = "as published", "not compared with the published file"


@dataclass(frozen=True)
class Source:
    """One file that the dataset was made of."""

    name: str
    url: str | None
    bytes: int | None  # None for a folder
    sha256: str | None
    checked: str  # a phrase


@dataclass(frozen=True)
class Got:
    """A dataset that is there now; `counts` are images a class, empty without class folders."""

    folder: Path
    entry: Entry | None
    sources: tuple[Source, ...]
    counts: Mapping[str, int]
    notes: tuple[str, ...]


def get(what: str, settings: GetSettings, *, source: Path | None = None, progress: Progress) -> Got:
    """Make the dataset; `source` is an archive or folder handed in instead of the download.

    Raises:
        UsageError: nothing has this name, or the new folder is there already.
        DataError: the file is damaged, another than it should be, or not fit to be unpacked.
        MachineError: the connection is lost, or the disk is full; what was downloaded is kept.
    """
    if what in CATALOG:
        return _from_catalog(what, settings, source, progress)
    if source is not None:
        CATALOG.get(what)  # raises: only a known dataset can be handed in
    if "://" in what:
        return _from_address(what, settings, progress)
    path = Path(what)
    if not path.exists():
        raise UsageError(
            "nothing of this name is known or lies here",
            value=repr(what),
            allowed=f"Known: {', '.join(CATALOG)}; also an http(s) address, an archive, arrays, "
            "a video or a folder of them",
            next=suggestion(what, CATALOG) or "check the name or the path",
        )
    target = _new_target(settings, path.resolve().name if path.is_dir() else _stem(path.name))
    return _make(path, target, settings, (_of_file(path, settings),), progress=progress)


def _from_catalog(name: str, settings: GetSettings, source: Path | None, progress: Progress) -> Got:
    entry = CATALOG.get(name)
    target = _new_target(settings, name)
    if source is None:
        place = _downloads(target)
        sources = [_published(r, place / r.name, settings, progress) for r in entry.files]
        path = place if entry.layout is None else place / entry.files[0].name
    else:
        if not source.exists():
            raise UsageError(
                "there is no such file or folder to hand in",
                value=source,
                allowed=f"{_names(entry)}, or the folder it was unpacked into",
                next="check the path",
            )
        path, sources = source, _handed_in(entry, source, settings)
    if entry.labels and settings.classes is None:
        settings = settings.model_copy(update={"classes": ",".join(entry.labels)})
    got = _make(path, target, settings, tuple(sources), progress=progress, entry=entry)
    if source is None:
        shutil.rmtree(_downloads(target), ignore_errors=True)
    return got


def _names(entry: Entry) -> str:
    return ", ".join(remote.name for remote in entry.files)


def _handed_in(entry: Entry, source: Path, settings: GetSettings) -> list[Source]:
    """What was handed in: files are compared with the published ones, a folder cannot be."""
    if source.is_file():
        if len(entry.files) > 1:
            raise UsageError(
                "this dataset has several files",
                value=source,
                allowed=f"The folder that holds {_names(entry)}",
                next=f"hand in the folder: `--from {source.parent}`",
            )
        return [_compared(entry.files[0], source, settings)]
    there = [source / remote.name for remote in entry.files]
    if entry.layout is None and all(path.is_file() for path in there):
        return [_compared(r, p, settings) for r, p in zip(entry.files, there, strict=True)]
    return [Source(source.name, None, None, None, HANDED_IN)]


def _compared(remote: Remote, path: Path, settings: GetSettings) -> Source:
    got = hash_file(path)
    packed_anew = remote.content is not None and _content_hash(path, settings) == remote.content
    if got != remote.sha256 and not packed_anew and remote.sha256 is not None:
        raise wrong_checksum(
            path.name,
            remote.sha256,
            got,
            next=f"get the published file, or use yours under its own name with "
            f"`objektiv get {path}`",
        )
    checked = f"packed anew, its content {PUBLISHED}" if got != remote.sha256 else PUBLISHED
    return Source(path.name, remote.url, path.stat().st_size, got, checked)


def _content_hash(path: Path, settings: GetSettings) -> str | None:
    """SHA-256 of what a gz file holds; None where it is damaged or too large."""
    digest, size = hashlib.sha256(), 0
    try:
        with gzip.open(path) as stream:
            while chunk := stream.read(1 << 18):
                digest.update(chunk)
                size += len(chunk)
                if size > settings.max_gb * 1e9:
                    return None
    except (OSError, EOFError, zlib.error):
        return None
    return digest.hexdigest()


def _published(remote: Remote, path: Path, settings: GetSettings, progress: Progress) -> Source:
    """A file of the catalogue, downloaded unless it lies there whole."""
    expected, got = remote.sha256, hash_file(path) if path.is_file() else None
    if got is None or got != expected:
        done = download(remote.url, path, settings=settings, sha256=expected, progress=progress)
        got = done.sha256
    checked = PUBLISHED if expected else "no checksum is published"
    return Source(remote.name, remote.url, path.stat().st_size, got, checked)


def _from_address(url: str, settings: GetSettings, progress: Progress) -> Got:
    check_address(url)
    last = urllib.parse.unquote(urllib.parse.urlsplit(url).path).rpartition("/")[2]
    try:
        name = safe_path(last).replace("/", "_") or "download"
    except ValueError:
        name = "download"
    target = _new_target(settings, _stem(name))
    place = _downloads(target)
    done = download(url, place / name, settings=settings, sha256=settings.sha256, progress=progress)
    checked = "the SHA-256 asked for" if settings.sha256 else "no checksum was given"
    source = Source(name, url, done.bytes, done.sha256, checked)
    got = _make(done.path, target, settings, (source,), progress=progress)
    shutil.rmtree(place, ignore_errors=True)
    return got


def _stem(name: str) -> str:
    return SUFFIXES.sub("", name) or "dataset"


def _downloads(target: Path) -> Path:
    return target.with_name(target.name + DOWNLOADS)


def _new_target(settings: GetSettings, name: str) -> Path:
    target = settings.to or Path(name)
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise UsageError(
            "the folder for the dataset is there already",
            value=target,
            allowed="Nothing is overwritten; a new folder is made",
            next=f"use it as it is, or choose another with `--to {target}-2`",
        )
    return target


def _of_file(path: Path, settings: GetSettings) -> Source:
    if path.is_dir():
        return Source(path.name, None, None, None, "a folder of this machine")
    got = hash_file(path)
    if settings.sha256 is not None and got != settings.sha256.lower():
        raise wrong_checksum(path.name, settings.sha256, got, next="get the right file")
    checked = "the SHA-256 asked for" if settings.sha256 else "no checksum was given"
    return Source(path.name, None, path.stat().st_size, got, checked)


def _make(
    path: Path,
    target: Path,
    settings: GetSettings,
    sources: tuple[Source, ...],
    *,
    progress: Progress,
    entry: Entry | None = None,
) -> Got:
    """Publish the dataset made of `path`, an archive, a folder, arrays or videos."""
    notes: list[str] = []
    fill = filling(path, settings, entry, notes=notes, progress=progress)
    with files.new_folder(target) as temporary:
        fill(temporary)
        _write_origin(temporary, entry, sources)
    counts = _counts(target, notes)
    total = sum(counts.values())
    if entry and (total, len(counts)) != (entry.images, entry.classes):
        notes.append(
            f"The published set has {entry.images:,} images in {entry.classes} classes, here are "
            f"{total:,} in {len(counts)}"
        )
    return Got(target, entry, sources, counts, tuple(notes))


def _write_origin(folder: Path, entry: Entry | None, sources: Sequence[Source]) -> None:
    """ORIGIN.json: where the dataset is from, whose it is, and what it was made of."""
    about = {
        "title": entry.title if entry else None,
        "origin": entry.origin if entry else None,
        "licence": entry.licence if entry else None,
        "citation": entry.citation if entry else None,
        "sources": [asdict(source) for source in sources],
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "objektiv": own_version(),
    }
    files.write_json(folder / ORIGIN, about)


def _counts(folder: Path, notes: list[str]) -> dict[str, int]:
    """Images a class, in natural order; none where the folder has no classes."""
    try:
        listing = find(folder, ReadSettings())
    except DataError as error:
        notes.append(f"No classes were found: {error.happened}")
        return {}
    counts = Counter(entry.label for entry in listing.entries)
    return {label: counts[label] for label in sorted(counts, key=natural_key)}
