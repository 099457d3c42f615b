"""Videos: known by their bytes, upright, with their own times; whatever is broken is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from objektiv.base import extras
from objektiv.base.errors import DataError, MissingExtra
from objektiv.intake import video
from objektiv.intake.video import check, container_of, luma, moments, rgb
from tests.intake import films

av = pytest.importorskip("av", reason="the extra video is not installed")
ENOUGH = 50_000_000


@pytest.mark.parametrize(
    ("name", "codec", "container"),
    [
        ("a.mp4", "mpeg4", "mov"),
        ("a.mov", "mpeg4", "mov"),
        ("a.avi", "mjpeg", "avi"),
        ("a.mkv", "mpeg4", "matroska"),
        ("a.webm", "libvpx", "matroska"),
    ],
)
def test_containers_are_known_and_read(
    tmp_path: Path, name: str, codec: str, container: str
) -> None:
    """Each container is known by its bytes under any name, and its frames come out in order."""
    frames = films.patterns(5)
    path = films.film(tmp_path / name, frames, codec=codec).rename(tmp_path / "film.bin")

    found = list(moments(path, max_pixels=ENOUGH))

    assert container_of(path) == container
    assert check(path, max_pixels=ENOUGH) in (5, 6)  # a .webm only tells how long it is
    assert [m.number for m in found] == [0, 1, 2, 3, 4]
    assert [m.seconds for m in found] == pytest.approx([0, 0.04, 0.08, 0.12, 0.16], abs=1e-3)
    assert not any(m.damaged for m in found)
    for moment, meant in zip(found, frames, strict=True):
        assert np.abs(rgb(moment.frame).astype(int) - meant).mean() < 12
        grey = meant @ [0.299, 0.587, 0.114]
        scale = 1 if codec == "mjpeg" else 219 / 255  # others store brightness as 16 to 235
        assert np.abs(luma(moment.frame) - (0 if scale == 1 else 16) - scale * grey).mean() < 6


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_frames_are_turned_as_the_video_says(tmp_path: Path, quarters: int) -> None:
    """A phone that was held upright says by how much its frames are turned clockwise."""
    pixels = films.pattern(0)
    path = films.turned(films.film(tmp_path / "a.mp4", [pixels] * 3), quarters)

    (first, *_) = moments(path, max_pixels=ENOUGH)

    meant = np.rot90(pixels, -quarters)  # NumPy turns counterclockwise
    assert rgb(first.frame).shape == meant.shape
    assert np.abs(rgb(first.frame).astype(int) - meant).mean() < 12


def test_frames_have_their_own_times(tmp_path: Path) -> None:
    """In a video of variable frame rate each frame keeps the time that it was taken at."""
    times = [0.0, 0.1, 0.15, 1.0, 3.5]
    path = films.film(tmp_path / "a.mkv", films.patterns(5), times=times)

    found = [moment.seconds for moment in moments(path, max_pixels=ENOUGH)]

    assert found == pytest.approx(times, abs=2e-3)


def test_brightness_of_rare_formats_is_read(tmp_path: Path) -> None:
    """Brightness comes out of 10-bit and RGB frames as well."""
    pixels = films.pattern(1)
    plain = av.VideoFrame.from_ndarray(pixels, format="rgb24")
    eight = luma(plain.reformat(format="yuv420p")).astype(int)

    for format in ("yuv420p10le", "gbrp"):
        found = luma(plain.reformat(format=format)).astype(int)
        assert found.shape == (96, 128)
        assert np.corrcoef(found.ravel(), eight.ravel())[0, 1] > 0.99


@pytest.mark.parametrize("name", ["a.mp4", "a.avi", "a.mkv"])
@pytest.mark.parametrize("lost", [10, 1000])
def test_a_video_that_is_cut_off_is_refused(tmp_path: Path, name: str, lost: int) -> None:
    """A file that is shorter than its container says is refused with both lengths."""
    path = films.film(tmp_path / name, films.patterns(5))
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[:-lost])

    with pytest.raises(DataError, match=rf"{name} cannot be read: it is cut off: {size - lost:,} "):
        check(path, max_pixels=ENOUGH)
    with pytest.raises(DataError, match="cut off"):
        next(moments(path, max_pixels=ENOUGH))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "first bytes"),
        (b"#EXTM3U\nhttp://127.0.0.1/a.ts\n", "first bytes"),
        (b"ffconcat version 1.0\nfile 'a.mp4'\n", "first bytes"),
        (b"GIF89a" + bytes(100), "first bytes"),
        (b"\0\0\0\x18ftypheic" + bytes(100), "first bytes"),
        (b"\0\0\0\x14ftypmp42" + bytes(8), "cannot be opened"),
        (b"\0\0\0\x14ftypmp42" + bytes(8) + b"\0\0\0\x0cmoovxxxx", "cannot be opened|no pictures"),
        (b"RIFF\x04\0\0\0AVI ", "cannot be opened"),
        (b"\x1aE\xdf\xa3" + bytes(20), "cannot be opened"),
    ],
)
def test_what_is_no_video_is_refused(tmp_path: Path, data: bytes, told: str) -> None:
    """Playlists, pictures and bare headers are refused by name, in one message."""
    path = tmp_path / "film.mp4"
    path.write_bytes(data)

    with pytest.raises(DataError, match=told) as caught:
        check(path, max_pixels=ENOUGH)

    assert str(path) in caught.value.happened
    assert "MP4, MOV, AVI, MKV and WEBM" in caught.value.allowed


def test_a_missing_video_is_refused(tmp_path: Path) -> None:
    """A path without a file is an error, not a crash."""
    with pytest.raises(DataError, match=r"none\.mp4 cannot be read"):
        check(tmp_path / "none.mp4", max_pixels=ENOUGH)


def test_damaged_frames_are_marked_until_the_next_whole_one(tmp_path: Path) -> None:
    """A frame that the decoder had to repair, and those that build on it, are marked."""
    path = films.film(tmp_path / "a.avi", films.patterns(40))
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 300] = bytes(300)
    path.write_bytes(data)

    try:
        found = [moment.damaged for moment in moments(path, max_pixels=ENOUGH)]
    except DataError as error:
        pytest.fail(f"the decoder gave up: {error}")

    assert not found[0]
    assert any(found)
    assert not found[-1]  # a key frame came in between


@pytest.mark.parametrize("seed", range(30))
def test_no_damage_ends_in_another_error(tmp_path: Path, seed: int) -> None:
    """Whatever bytes are changed, a video is read or refused as data that cannot be used."""
    path = films.film(tmp_path / ("a.mp4", "a.avi", "a.mkv")[seed % 3], films.patterns(4))
    data = bytearray(path.read_bytes())
    rng = np.random.default_rng(seed)
    for place in rng.integers(4 if seed % 2 else 0, len(data), 20):
        data[place] = rng.integers(256)
    path.write_bytes(data)

    try:
        count = sum(1 for _ in moments(path, max_pixels=1_000_000))
    except DataError as error:
        assert "a." in error.happened
    else:
        assert 1 <= count <= 10


def test_large_frames_are_refused(tmp_path: Path) -> None:
    """Frames of more pixels than allowed are refused before one is decoded."""
    path = films.film(tmp_path / "a.mp4", films.patterns(2))

    with pytest.raises(DataError, match="too large: 128 x 96 pixels. At most 12,287 pixels"):
        check(path, max_pixels=12_287)
    assert check(path, max_pixels=12_288) == 2


def test_long_videos_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A video of too many frames or hours is refused, by its header or on the way."""
    path = films.film(tmp_path / "a.mkv", films.patterns(3), times=[0, 1, 20])

    monkeypatch.setattr(video, "MOST_FRAMES", 2)
    with pytest.raises(DataError, match="too long: frame 2 at 20 s"):
        list(moments(path, max_pixels=ENOUGH))
    monkeypatch.setattr(video, "MOST_SECONDS", 10)
    with pytest.raises(DataError, match="too long: .* 20 s"):
        check(path, max_pixels=ENOUGH)


def test_a_missing_extra_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PyAV the message holds the command that installs it."""
    path = films.film(tmp_path / "a.mp4", films.patterns(1))
    monkeypatch.setattr(extras, "missing_packages", lambda extra: ("av",))

    with pytest.raises(MissingExtra) as caught:
        check(path, max_pixels=ENOUGH)

    assert caught.value.next == 'pip install "objektiv[video]"'


def test_real_videos_are_read(real_data: Path) -> None:
    """Phone footage, a dark film and cut-outs on white come out with all their frames."""
    counts = {
        p.name: sum(1 for _ in moments(p, max_pixels=ENOUGH))
        for p in sorted((real_data / "video").iterdir())
    }

    assert counts == {"bolts.mp4": 447, "coin.mp4": 200, "ist501_output_video.avi": 110}
