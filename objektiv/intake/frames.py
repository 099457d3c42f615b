"""Choose which frames of a video become pictures: sharp ones, each different from the last kept.

In: a video and ConvertSettings. Out: a Choice with the numbers kept and how many were left out and
why, and from it the frames as pixels. Choosing reads the video once and looks at its brightness
only, reduced; colours are made of kept frames alone, in a second pass, because what counts as
blurred is known when the whole video was seen.
Try: `for frame in frames_of(Path("coin.mp4"), ConvertSettings()): frame.pixels`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from objektiv.base.errors import DataError
from objektiv.intake.settings import ConvertSettings
from objektiv.intake.video import Moment, Pixels, luma, moments, rgb

# Longest sides that brightness is halved down to. What is blurred only at the full size of a phone
# is as sharp as any other to a network that reads 224 pixels.
JUDGED, COMPARED = 480, 64


@dataclass(frozen=True, eq=False)
class Frame:
    """A kept frame: pixels uint8 (height, width, 3) RGB, upright and resized as asked."""

    number: int  # in the video, from 0
    seconds: float
    pixels: Pixels


@dataclass(frozen=True)
class Choice:
    """What was decided about one video; the three counts and the kept ones sum to `looked_at`."""

    path: Path
    kept: tuple[tuple[int, float], ...]  # number and seconds
    frames: int  # in the video
    looked_at: int
    damaged: int
    blurred: int
    same: int
    seconds: float  # time of the last frame


@dataclass(frozen=True, eq=False)
class _Look:
    number: int
    seconds: float
    sharpness: float
    small: Pixels


def frames_of(path: Path, settings: ConvertSettings) -> Iterator[Frame]:
    """The frames of a video that are worth keeping, without writing anything.

    Raises:
        DataError: the file is no video that is read, or it is damaged.
        MissingExtra: PyAV is not installed.
    """
    yield from kept_frames(choose(path, settings), settings)


def choose(
    path: Path, settings: ConvertSettings, *, seen: Callable[[], None] | None = None
) -> Choice:
    """Read a video once and decide; `seen` is called for each frame.

    Raises:
        DataError: as `frames_of`, or no frame is whole.
    """
    looks: list[_Look] = []
    clock = _Clock(settings)
    damaged = count = 0
    seconds = 0.0
    for moment in moments(path, max_pixels=settings.max_pixels):
        if seen:
            seen()
        count, seconds = count + 1, moment.seconds
        if not clock.takes(moment):
            continue
        if moment.damaged:
            damaged += 1
        else:
            looks.append(_Look(moment.number, seconds, *judge(luma(moment.frame))))
    if not looks:
        raise DataError(
            f"no frame of the video {path} is whole",
            value=f"{damaged:,} damaged frames",
            allowed="Frames that the decoder had to repair are not used",
            next="replace the video or take it away",
        )
    limit = settings.blur * float(np.median([look.sharpness for look in looks]))
    sharp = [look for look in looks if look.sharpness >= limit]
    kept = _different(sharp, settings.sameness)
    return Choice(
        path=path,
        kept=tuple((look.number, look.seconds) for look in kept),
        frames=count,
        looked_at=len(looks) + damaged,
        damaged=damaged,
        blurred=len(looks) - len(sharp),
        same=len(sharp) - len(kept),
        seconds=seconds,
    )


def kept_frames(choice: Choice, settings: ConvertSettings) -> Iterator[Frame]:
    """The frames that were chosen, in order; the video is decoded again up to the last of them."""
    wanted = {number for number, _ in choice.kept}
    last = max(wanted)
    for moment in moments(choice.path, max_pixels=settings.max_pixels):
        if moment.number in wanted:
            pixels = shrink(rgb(moment.frame), settings)
            yield Frame(moment.number, moment.seconds, pixels)
        if moment.number >= last:
            return


def shrink(pixels: NDArray[Any], settings: ConvertSettings) -> NDArray[Any]:
    """Pixels (height, width) or (height, width, 3) at the size asked for; never enlarged."""
    height, width = pixels.shape[:2]
    scale = 1.0
    if settings.percent is not None:
        scale = settings.percent / 100
    elif settings.longest is not None:
        scale = min(1.0, settings.longest / max(height, width))
    if scale == 1.0:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))


def judge(brightness: Pixels) -> tuple[float, Pixels]:
    """Sharpness (mean square of the Laplacian, whose mean is 0) and a small grey picture."""
    grey = _halved(brightness, JUDGED)
    sharpness = cv2.norm(cv2.Laplacian(grey, cv2.CV_16S), cv2.NORM_L2SQR) / grey.size
    return float(sharpness), _halved(grey, COMPARED)


def _halved(grey: Pixels, longest: int) -> Pixels:
    """Means of 2 x 2 pixels until the longest side fits: the reduction OpenCV does fastest."""
    while max(grey.shape) > longest and min(grey.shape) > 1:
        height, width = grey.shape[0] // 2, grey.shape[1] // 2
        even = grey[: 2 * height, : 2 * width]
        grey = np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    return grey


def _different(looks: list[_Look], sameness: float) -> list[_Look]:
    kept: list[_Look] = []
    for look in looks:
        last = kept[-1].small if kept else None
        if last is None or last.shape != look.small.shape:
            kept.append(look)
        elif cv2.norm(look.small, last, cv2.NORM_L1) >= sameness * last.size:
            kept.append(look)
    return kept


class _Clock:
    """Says whose turn has come, by number or by time."""

    def __init__(self, settings: ConvertSettings) -> None:
        self._settings, self._due = settings, -math.inf

    def takes(self, moment: Moment) -> bool:
        rate = self._settings.per_second
        if rate is None:
            return moment.number % self._settings.every == 0
        seconds = moment.seconds + 5e-4  # half a millisecond early is in time: times are rounded
        if seconds < self._due:
            return False
        self._due = (math.floor(seconds * rate) + 1) / rate
        return True
