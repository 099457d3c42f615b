"""Read the frames of a video: what it is by its bytes, upright, each with its own time.

In: a file in MP4, MOV, AVI, MKV or WEBM. Out: moments, frames with number and seconds. Needs the
extra `video` (PyAV). FFmpeg is told the container and gets a stream of bytes, never a name: no
address, playlist or further file is ever opened. A file that is cut off is refused; frames that
the decoder repaired, and those that build on them, are marked as damaged.
Try: `for moment in moments(Path("coin.mp4"), max_pixels=50_000_000): rgb(moment.frame)`.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from objektiv.base import extras
from objektiv.base.errors import DataError

if TYPE_CHECKING:
    import av

Pixels = NDArray[np.uint8]

MOST_FRAMES, MOST_SECONDS = 300_000, 6 * 3600
FORMATS = "MP4, MOV, AVI, MKV and WEBM are read"
_HEAD = 16
_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_PICTURES = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif", b"avis")
# Pixel formats whose first plane is the brightness, 8 bits a pixel.
_LUMA_FIRST: tuple[str, ...] = ("yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p")
_LUMA_FIRST += ("nv12", "nv21", "gray")


@dataclass(frozen=True, eq=False)
class Moment:
    """A decoded frame; `seconds` since the first one, `damaged` where it is not as recorded."""

    number: int
    seconds: float
    frame: av.VideoFrame
    damaged: bool


def container_of(path: Path) -> str | None:
    """FFmpeg's name of the container a file's bytes show, or None where it is no such video."""
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError:
        return None
    if head[4:8] in _BOXES and head[8:12] not in _PICTURES:
        return "mov"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    return "matroska" if head[:4] == b"\x1aE\xdf\xa3" else None


def check(path: Path, *, max_pixels: int) -> int:
    """Open a video and refuse what cannot be read; returns about how many frames it has.

    Raises:
        DataError: it is no video, cut off, too large or too long.
        MissingExtra: PyAV is not installed.
    """
    with _opened(path, max_pixels) as (container, stream):
        seconds = _length(container, stream)
        rate = float(stream.average_rate or 25)
        return int(stream.frames or math.ceil(seconds * rate) or 1)


def moments(path: Path, *, max_pixels: int) -> Iterator[Moment]:
    """All frames in the order they are shown.

    Raises:
        DataError: as `check`, or the video cannot be decoded to its end.
    """
    import av

    with _opened(path, max_pixels) as (container, stream):
        first: float | None = None
        last, damaged = 0.0, False
        step = 1 / float(stream.average_rate or 25)
        try:
            for number, frame in enumerate(container.decode(stream)):
                time = frame.time if frame.time is not None else (first or 0.0) + last + step
                first = time if first is None else first
                last = time - first
                damaged = frame.is_corrupt or (damaged and not frame.key_frame)
                if number >= MOST_FRAMES or last > MOST_SECONDS:
                    raise _too_long(path, f"frame {number:,} at {last:,.0f} s")
                yield Moment(number, last, frame, damaged)
        except av.FFmpegError as error:
            raise _refused(path, f"it cannot be decoded after {last:,.1f} s", error) from error
        if first is None:
            raise _refused(path, "it has no frame")


def luma(frame: av.VideoFrame) -> Pixels:
    """Brightness (height, width) as stored, not turned; valid as long as the frame is."""
    plane: Any = frame.planes[0]  # gives its bytes, which its types do not say
    if frame.format.name in _LUMA_FIRST:
        lines = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
        return lines[: frame.height, : frame.width]
    if frame.format.name.startswith("yuv") and frame.format.name.endswith("p10le"):
        wide = np.frombuffer(plane, np.dtype("<u2")).reshape(-1, plane.line_size // 2)
        return (wide[: frame.height, : frame.width] >> 2).astype(np.uint8)
    return np.asarray(frame.to_ndarray(format="gray"), np.uint8)  # rare, and ten times slower


def rgb(frame: av.VideoFrame) -> Pixels:
    """Pixels (height, width, 3), turned as the video says it is to be shown."""
    return np.rot90(frame.to_ndarray(format="rgb24"), round(frame.rotation / 90))


@contextmanager
def _opened(path: Path, max_pixels: int) -> Iterator[tuple[Any, Any]]:
    """PyAV's container and its first video stream, ready to decode on all cores."""
    extras.require("video", needed_by="reading a video")
    import av

    av.logging.set_level(None)  # FFmpeg would write to the terminal by itself
    kind = container_of(path)
    if kind is None:
        raise _refused(path, "its first bytes are of no video that is read")
    try:
        with path.open("rb") as stream:
            if cut := _cut_off(stream, kind):
                raise _refused(path, cut)
            stream.seek(0)
            with av.open(
                stream,
                format=kind,
                options={"protocol_whitelist": "none"},  # and no other file named inside it
                metadata_errors="replace",
                buffer_size=1 << 17,
            ) as container:
                yield container, _video_stream(path, container, max_pixels)
    except av.FFmpegError as error:
        raise _refused(path, "it cannot be opened", error) from error
    except OSError as error:
        raise _refused(path, error.strerror or type(error).__name__) from error


def _video_stream(path: Path, container: Any, max_pixels: int) -> Any:
    if not container.streams.video:
        raise _refused(path, "it holds no pictures")
    stream = container.streams.video[0]
    codec = stream.codec_context
    if codec is None:
        raise _refused(path, "its way of coding is not known")
    if codec.width * codec.height > max_pixels:
        raise DataError(
            f"the frames of {path} are too large",
            value=f"{codec.width:,} x {codec.height:,} pixels",
            allowed=f"At most {max_pixels:,} pixels are read",
            next="raise --max-pixels if it is what it claims to be",
        )
    seconds = _length(container, stream)
    if stream.frames > MOST_FRAMES or seconds > MOST_SECONDS:
        raise _too_long(path, f"{stream.frames:,} frames, {seconds:,.0f} s")
    codec.options = {"max_pixels": str(max_pixels)}  # a stream may change its size on the way
    stream.thread_type = "AUTO"
    return stream


def _length(container: Any, stream: Any) -> float:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / 1e6


def _cut_off(stream: BinaryIO, kind: str) -> str:
    """What is missing where a container says that it is longer than its file; else nothing."""
    size = stream.seek(0, os.SEEK_END)
    end = {"mov": _end_of_boxes, "avi": _end_of_riff, "matroska": _end_of_segment}[kind](
        stream, size
    )
    return f"it is cut off: {size:,} of {end:,} bytes are there" if end > size else ""


def _end_of_boxes(stream: BinaryIO, size: int) -> int:
    position = 0
    while position + 8 <= size:
        stream.seek(position)
        head = stream.read(16)
        length = int.from_bytes(head[:4])
        if length == 1:
            length = int.from_bytes(head[8:16])
        if length < 8:  # 0: to the end of the file; else no box
            return size
        position += length
    return position


def _end_of_riff(stream: BinaryIO, size: int) -> int:
    position = 0
    while position + 12 <= size:  # long files are several of them, one behind the other
        stream.seek(position)
        head = stream.read(8)
        if head[:4] != b"RIFF":
            return size
        position += 8 + int.from_bytes(head[4:], "little")
    return position


def _end_of_segment(stream: BinaryIO, size: int) -> int:
    """Two EBML elements, the header and the segment: id, length, body."""
    position = 0
    for _ in range(2):
        stream.seek(position)
        head = stream.read(12)
        if len(head) < 12 or not head[4]:
            return size
        width = 9 - head[4].bit_length()  # leading zeros of the length say how long it is
        length = int.from_bytes(head[4 : 4 + width]) & ((1 << 7 * width) - 1)
        if length == (1 << 7 * width) - 1:  # not known when it was written
            return size
        position += 4 + width + length
    return position


def _refused(path: Path, value: str, error: Exception | None = None) -> DataError:
    told = f" ({getattr(error, 'strerror', None) or type(error).__name__})" if error else ""
    return DataError(
        f"the video {path} cannot be read",
        value=value + told,
        allowed=f"Whole files are read: {FORMATS}",
        next="play it to see whether it is whole; replace it or take it away",
    )


def _too_long(path: Path, value: str) -> DataError:
    return DataError(
        f"the video {path} is too long",
        value=value,
        allowed=f"At most {MOST_FRAMES:,} frames and {MOST_SECONDS // 3600} hours are read",
        next="cut it into shorter videos",
    )
