"""Which frames of a video are kept, and what they look like."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from objektiv.base.errors import DataError
from objektiv.intake import frames
from objektiv.intake.frames import choose, frames_of, judge, shrink
from objektiv.intake.settings import ConvertSettings
from objektiv.intake.video import Moment
from tests.intake import films

ALL = {"blur": 0, "sameness": 0}


def _film(path: Path, pictures: list[NDArray[np.uint8]], times: list[float] | None = None) -> Path:
    pytest.importorskip("av", reason="the extra video is not installed")
    return films.film(path, pictures, times=times)


def _kept(path: Path, **settings: float) -> list[int]:
    return [number for number, _ in choose(path, ConvertSettings(**settings)).kept]


def test_every_frame_is_kept_on_request(tmp_path: Path) -> None:
    """With both thresholds at 0 all frames come, in order and with their pixels."""
    pictures = films.patterns(6)
    path = _film(tmp_path / "a.mp4", pictures)

    found = list(frames_of(path, ConvertSettings(**ALL)))

    assert [frame.number for frame in found] == [0, 1, 2, 3, 4, 5]
    for frame, meant in zip(found, pictures, strict=True):
        assert np.abs(frame.pixels.astype(int) - meant).mean() < 12


def test_every_nth_frame_is_looked_at(tmp_path: Path) -> None:
    """`every` counts frames from the first."""
    path = _film(tmp_path / "a.mp4", films.patterns(11))

    assert _kept(path, every=5, **ALL) == [0, 5, 10]


def test_frames_per_second_go_by_time(tmp_path: Path) -> None:
    """In a video of variable frame rate the time decides and not the count."""
    times = [0, 0.04, 0.08, 0.5, 0.54, 1.7, 1.74, 2.0, 2.04]
    path = _film(tmp_path / "a.mkv", films.patterns(9), times)

    assert _kept(path, per_second=2, **ALL) == [0, 3, 5, 7]
    assert _kept(path, per_second=1, **ALL) == [0, 5, 7]
    assert _kept(path, per_second=1000, **ALL) == list(range(9))


def test_blurred_and_empty_frames_are_left_out(tmp_path: Path) -> None:
    """A frame far less sharp than the video's median goes, and is counted as blurred."""
    pictures = films.patterns(7)
    pictures[2] = np.asarray(cv2.GaussianBlur(pictures[2], (0, 0), 6), np.uint8)
    pictures[5] = np.full_like(pictures[5], 255)
    path = _film(tmp_path / "a.mp4", pictures)

    choice = choose(path, ConvertSettings(sameness=0))

    assert [number for number, _ in choice.kept] == [0, 1, 3, 4, 6]
    assert (choice.frames, choice.looked_at, choice.blurred, choice.same) == (7, 7, 2, 0)


def test_frames_like_the_last_kept_are_left_out(tmp_path: Path) -> None:
    """A still scene gives one picture; a slow change gives one when enough has changed."""
    still = [films.pattern(0)] * 5 + [films.pattern(1)] * 5
    assert _kept(_film(tmp_path / "a.mp4", still)) == [0, 5]

    grey = np.arange(0, 60, 2)[:, None, None, None]
    slow = list((films.pattern(0) // 2 + 20 + grey).astype(np.uint8))
    kept = _kept(_film(tmp_path / "b.mp4", slow), sameness=9.5)
    # 2 grey levels a frame, stored as 219 / 255 of them: 9.5 is reached after 6 frames
    assert kept == [0, 6, 12, 18, 24]


def test_counts_sum_up(tmp_path: Path) -> None:
    """Every frame looked at is kept or counted with a reason."""
    pictures = [*films.patterns(4), films.pattern(3), np.zeros((96, 128, 3), np.uint8)]
    choice = choose(_film(tmp_path / "a.mp4", pictures), ConvertSettings())

    assert (len(choice.kept), choice.same, choice.blurred, choice.damaged) == (4, 1, 1, 0)
    assert choice.looked_at == 6
    assert choice.seconds == pytest.approx(5 / films.RATE, abs=1e-3)


def test_a_video_of_nothing_gives_one_picture(tmp_path: Path) -> None:
    """Where no frame has any edge, none is blurred against the others."""
    assert _kept(_film(tmp_path / "a.mp4", [np.zeros((96, 128, 3), np.uint8)] * 4)) == [0]


def test_damaged_frames_are_never_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A frame that was repaired is counted; where none is whole the video is refused."""
    path = _film(tmp_path / "a.mp4", films.patterns(4))
    read = frames.moments
    broken = {1, 2}

    def damaged(path: Path, *, max_pixels: int):  # type: ignore[no-untyped-def]
        for m in read(path, max_pixels=max_pixels):
            yield Moment(m.number, m.seconds, m.frame, m.number in broken)

    monkeypatch.setattr(frames, "moments", damaged)
    choice = choose(path, ConvertSettings(**ALL))
    assert ([n for n, _ in choice.kept], choice.damaged) == ([0, 3], 2)

    broken |= {0, 3}
    with pytest.raises(DataError, match=r"no frame of the video .*a\.mp4 is whole: 4 damaged"):
        choose(path, ConvertSettings())


def test_each_frame_is_counted_for_progress(tmp_path: Path) -> None:
    """The listener hears of every frame of the video, also of those not looked at."""
    heard: list[None] = []
    path = _film(tmp_path / "a.mp4", films.patterns(7))

    choose(path, ConvertSettings(every=3), seen=lambda: heard.append(None))

    assert len(heard) == 7


def test_frames_are_resized(tmp_path: Path) -> None:
    """Percent and longest side give the sizes that they say."""
    path = _film(tmp_path / "a.mp4", films.patterns(2))

    (half, _) = frames_of(path, ConvertSettings(percent=50))
    (small, _) = frames_of(path, ConvertSettings(longest=32))

    assert half.pixels.shape == (48, 64, 3)
    assert small.pixels.shape == (24, 32, 3)


@pytest.mark.parametrize(
    ("size", "settings", "meant"),
    [
        ((40, 20), {}, (40, 20)),
        ((40, 20), {"percent": 25}, (10, 5)),
        ((40, 20, 3), {"longest": 10}, (10, 5, 3)),
        ((40, 20), {"longest": 100}, (40, 20)),
        ((300, 2), {"longest": 30}, (30, 1)),
    ],
)
def test_pictures_shrink_and_never_grow(
    size: tuple[int, ...], settings: dict[str, int], meant: tuple[int, ...]
) -> None:
    """The aspect is kept, no side falls below one pixel, nothing is enlarged."""
    assert shrink(np.zeros(size, np.uint8), ConvertSettings(**settings)).shape == meant


def test_shrinking_takes_means() -> None:
    """Half the size is the mean of four pixels, so that no detail flickers."""
    pixels = np.array([[0, 100], [100, 200]], np.uint8).repeat(3).reshape(2, 2, 3)

    assert shrink(pixels, ConvertSettings(percent=50)).tolist() == [[[100, 100, 100]]]


def test_sharpness_is_that_of_the_definition() -> None:
    """Sharpness is the variance of the Laplacian, computed here by hand."""
    grey = np.random.default_rng(0).integers(0, 256, (60, 80)).astype(np.uint8)
    padded = np.pad(grey.astype(float), 1, mode="reflect")
    up, down = padded[:-2, 1:-1], padded[2:, 1:-1]
    left, right = padded[1:-1, :-2], padded[1:-1, 2:]
    laplacian = up + down + left + right - 4 * padded[1:-1, 1:-1]

    sharpness, small = judge(grey)

    assert math.isclose(sharpness, laplacian.var(), rel_tol=1e-3)
    assert small.shape == (30, 40)


def test_large_frames_are_judged_small() -> None:
    """Any size is halved until its longest side fits; one line of pixels does no harm."""
    for shape in ((1080, 1920), (3840, 2160), (1, 5000), (7, 7)):
        _, small = judge(np.zeros(shape, np.uint8))
        assert max(small.shape) <= frames.COMPARED or min(small.shape) == 1


@pytest.mark.parametrize("name", ["bolts.mp4", "coin.mp4", "ist501_output_video.avi"])
def test_real_videos_give_sharp_and_different_pictures(real_data: Path, name: str) -> None:
    """Of real footage a part is kept: no empty frame of the bolts, no long stills of the coin."""
    pytest.importorskip("av", reason="the extra video is not installed")
    choice = choose(real_data / "video" / name, ConvertSettings())

    numbers = {number for number, _ in choice.kept}
    assert 0.2 < len(numbers) / choice.frames < 0.6
    if name == "bolts.mp4":
        assert not numbers & {0, 148, 297, 446}  # nothing but white
        assert all(numbers & set(range(a, a + 60)) for a in (30, 200, 340))  # each of the three
    if name == "coin.mp4":
        assert len(numbers & set(range(35, 58))) < 5  # nothing moves
