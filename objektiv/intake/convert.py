"""Turn arrays, IDX files and videos into a folder of pictures with a manifest, once.

In: a path and where to. Out: the folder that everything else reads, with counts and notes. A
folder of videos has one folder a class, or one video a class; also below train, val and test.
Each video is a group of its own, so that its frames never stand on both sides of a split.
Try: `convert(Path("screws_thesis"), Path("screws"), ConvertSettings(), progress=Progress())`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from objektiv.base.errors import DataError
from objektiv.base.names import natural_key
from objektiv.base.progress import Progress
from objektiv.data.safe_names import safe_name
from objektiv.data.settings import ReadSettings
from objektiv.data.sources import find
from objektiv.intake import arrays, idx
from objektiv.intake.frames import Choice, choose, kept_frames, shrink
from objektiv.intake.settings import ConvertSettings
from objektiv.intake.tree import Shot, refuse_existing, write_tree
from objektiv.intake.video import check, container_of

VIDEOS = "videos.csv"  # beside the manifest: how many frames of each video were left out, and why
# For looking into folders without opening every file; what a file is, its bytes say.
VIDEO_SUFFIXES = {".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm"}
FEWEST_GROUPS = 3  # of a class: one each for train, validation and test
READ = "Arrays (.npy, .npz), IDX files, videos and folders of these are converted"


@dataclass(frozen=True)
class Converted:
    """A folder of pictures that was written, pictures a class, and what a person should know."""

    folder: Path
    counts: dict[str, int]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Video:
    path: Path
    source: str  # as the manifest names it; also its group
    label: str
    part: str | None


def can_convert(path: Path) -> bool:
    """Whether `convert` is meant for this file or folder; a folder of pictures is none."""
    if arrays.is_arrays(path) or idx.is_idx(path):
        return True
    if path.is_dir():
        # root/class/video or root/part/class/video, never deeper
        patterns = ("*", "*/*", "*/*/*")
        return any(_looks_like_video(p) for pattern in patterns for p in path.glob(pattern))
    return path.is_file() and container_of(path) is not None


def convert(
    path: Path, target: Path, settings: ConvertSettings, *, progress: Progress
) -> Converted:
    """Write the pictures in `path` as the new folder `target`.

    Raises:
        DataError: `path` holds nothing that is converted, or damaged data, or `target` is there.
        MachineError: it cannot be written.
        MissingExtra: a video is to be read and PyAV is not installed.
    """
    refuse_existing(target)
    if arrays.is_arrays(path) or idx.is_idx(path):
        return _convert_arrays(path, target, settings, progress)
    if path.is_dir() or container_of(path):
        return _convert_videos(path, target, settings, progress)
    raise DataError(
        f"{path} cannot be converted",
        value="there is no such file or folder" if not path.exists() else "its kind is not known",
        allowed=READ,
        next="check the path; a folder of pictures is used as it is",
    )


def _convert_arrays(
    path: Path, target: Path, settings: ConvertSettings, progress: Progress
) -> Converted:
    reader = arrays.pairs_of if arrays.is_arrays(path) else idx.pairs_of
    pairs, known, notes = reader(path)
    classes = _class_names(settings.classes) if settings.classes else known
    found, total, more = arrays.shots(pairs, classes=classes, max_pixels=settings.max_pixels)
    shots = found
    if settings.percent is not None or settings.longest is not None:
        shots = (replace(shot, pixels=shrink(shot.pixels, settings)) for shot in found)
    counts = write_tree(target, shots, total=total, progress=progress)
    return Converted(target, _ordered(counts), (*notes, *more))


def _class_names(given: str) -> list[str]:
    """The names of classes 0, 1, ...: a file with one a line, or separated by commas."""
    file = Path(given)
    try:
        text = file.read_text(encoding="utf-8-sig") if file.is_file() else given.replace(",", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise _bad_classes(f"{given}: {getattr(error, 'strerror', None) or 'not UTF-8'}") from error
    names = [line.strip() for line in text.strip().splitlines()]
    twice = sorted({name for name in names if names.count(name) > 1})
    if len(names) < 2 or "" in names or twice:
        problem = f"twice: {', '.join(twice)}" if twice else f"{len([n for n in names if n])} names"
        raise _bad_classes(f"{given}: {problem}")
    return names


def _bad_classes(value: str) -> DataError:
    return DataError(
        "the names of the classes cannot be used",
        value=value,
        allowed="At least two different names are read, separated by commas or one a line of a "
        "text file in UTF-8",
        next="correct --classes",
    )


def _convert_videos(
    path: Path, target: Path, settings: ConvertSettings, progress: Progress
) -> Converted:
    videos, notes = _videos(path, settings)
    lengths = _check_all(videos, settings)
    choices = []
    with progress.step("frames judged", total=sum(lengths)) as step:
        for video, length in zip(videos, lengths, strict=True):
            done = 0

            def seen(length: int = length) -> None:
                nonlocal done
                done += 1
                step.advance(int(done <= length))  # a length is what the file says, or a guess

            choices.append(choose(video.path, settings, seen=seen))
            step.advance(max(0, length - done))
    total = sum(len(choice.kept) for choice in choices)
    counts = write_tree(
        target,
        _shots(videos, choices, settings),
        total=total,
        progress=progress,
        tables={VIDEOS: _table(videos, choices)},
    )
    notes += _notes(videos, choices, settings)
    return Converted(target, _ordered(counts), tuple(notes))


def _ordered(counts: dict[str, int]) -> dict[str, int]:
    return {label: counts[label] for label in sorted(counts, key=natural_key)}


def _looks_like_video(path: Path) -> bool:
    suffix = path.suffix.lower()
    return path.name[0] != "." and suffix in VIDEO_SUFFIXES and container_of(path) is not None


def _videos(path: Path, settings: ConvertSettings) -> tuple[list[_Video], list[str]]:
    """The videos of a path with label and part, and notes on what else is there.

    Raises:
        DataError: there is none, or videos lie both in class folders and beside them.
    """
    if path.is_file():
        return [_Video(path, path.name, path.stem, None)], []
    flat = sorted(
        (p for p in path.iterdir() if _is_video_file(p)), key=lambda p: natural_key(p.name)
    )
    inside = any(_is_video_file(p) for pattern in ("*/*", "*/*/*") for p in path.glob(pattern))
    if flat and not inside:
        return [_Video(p, p.name, p.stem, None) for p in flat], []
    listing = find(path, ReadSettings()) if inside else None
    entries = [e for e in listing.entries if _is_video_file(Path(e.path))] if listing else []
    if flat or not listing or not entries:
        raise DataError(
            f"{path} holds no videos in an order that is known",
            value=f"{len(flat)} beside class folders, {len(entries)} in them",
            allowed="root/class/video, root/{train,val,test}/class/video, or root/video with one "
            f"video a class; {READ}",
            next="put the videos of each class into a folder with the name of the class",
        )
    others = [entry.id for entry in listing.entries if entry not in entries]
    notes = [f"other files, not read: {len(others):,} (such as {others[0]})"] if others else []
    videos = [_Video(Path(e.path), e.id, e.label, e.part) for e in entries]
    return videos, [*notes, *(n for n in listing.notes if "text files" not in n)]


def _is_video_file(path: Path) -> bool:
    """By suffix alone, so that one that is broken is told and not overlooked."""
    return path.name[0] != "." and path.suffix.lower() in VIDEO_SUFFIXES and path.is_file()


def _check_all(videos: Sequence[_Video], settings: ConvertSettings) -> list[int]:
    """Frames of each video; all broken ones are told before hours are spent on the others."""
    lengths, broken = [], []
    for video in videos:
        try:
            lengths.append(check(video.path, max_pixels=settings.max_pixels))
        except DataError as error:
            broken.append(error)
    if len(broken) > 1:
        raise DataError(
            f"{len(broken)} of {len(videos)} videos cannot be read",
            value="; ".join(f"{error.happened}: {error.value}" for error in broken[:5])
            + f"; and {len(broken) - 5} more" * (len(broken) > 5),
            allowed=broken[0].allowed,
            next="replace them or take them away",
        )
    if broken:
        raise broken[0]
    return lengths


def _shots(
    videos: Sequence[_Video], choices: Sequence[Choice], settings: ConvertSettings
) -> Iterator[Shot]:
    for video, choice in zip(videos, choices, strict=True):
        stretch = choice.seconds / settings.stretches or 1.0
        for frame in kept_frames(choice, settings):
            number = min(int(frame.seconds / stretch), settings.stretches - 1)
            yield Shot(
                video.label,
                f"{safe_name(video.path.stem)[:60]}_{frame.number:06d}",
                frame.pixels,
                group=video.source + f"#{number}" * (settings.stretches > 1),
                part=video.part,
                origin={
                    "source": video.source,
                    "frame": frame.number,
                    "seconds": round(frame.seconds, 3),
                },
            )


def _table(videos: Sequence[_Video], choices: Sequence[Choice]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    counts = ("frames", "looked_at", "damaged", "blurred", "same")
    writer.writerow(["source", "label", "split", *counts, "kept", "seconds"])
    for video, choice in zip(videos, choices, strict=True):
        numbers = [getattr(choice, name) for name in counts]
        row = [video.source, video.label, video.part or "", *numbers, len(choice.kept)]
        writer.writerow([*row, round(choice.seconds, 3)])
    return text.getvalue()


def _notes(
    videos: Sequence[_Video], choices: Sequence[Choice], settings: ConvertSettings
) -> list[str]:
    looked, kept = sum(c.looked_at for c in choices), sum(len(c.kept) for c in choices)
    left_out = [
        f"{count:,} {what}"
        for what, count in (
            ("blurred", sum(c.blurred for c in choices)),
            ("like the one before", sum(c.same for c in choices)),
            ("damaged", sum(c.damaged for c in choices)),
        )
    ]
    number = f"{len(videos)} videos" if len(videos) > 1 else "the video"
    notes = [
        f"{kept:,} of {looked:,} frames of {number} kept; left out: {', '.join(left_out)} "
        f"({VIDEOS} tells it for each video)"
    ]
    groups: dict[str, int] = {}
    for video in videos:
        groups[video.label] = groups.get(video.label, 0) + settings.stretches
    few = [f"{label} has {count}" for label, count in groups.items() if count < FEWEST_GROUPS]
    if few and all(video.part is None for video in videos):
        notes.append(
            f"each video is a group of its own and a class needs {FEWEST_GROUPS} to be divided: "
            f"{', '.join(few[:5])}{', ...' * (len(few) > 5)}; film more, or cut each video with "
            "--stretches 10, which says how well the same films are known and not new ones"
        )
    elif settings.stretches > 1:
        notes.append(
            "groups are stretches of one video: scores say how well these films are known, not "
            "new ones"
        )
    return notes
