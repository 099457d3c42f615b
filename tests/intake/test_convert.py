"""The whole way from arrays, IDX files and videos to a dataset that can be trained on."""

from __future__ import annotations

import csv
import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from objektiv.base import extras
from objektiv.base.errors import DataError, MissingExtra
from objektiv.base.progress import Event, Progress
from objektiv.data.dataset import Dataset, read
from objektiv.data.settings import ReadSettings, SplitSettings
from objektiv.data.split import split
from objektiv.intake import idx
from objektiv.intake.convert import Converted, can_convert, convert
from objektiv.intake.settings import ConvertSettings
from tests.intake import films

PICTURES = np.random.default_rng(0).integers(0, 256, (9, 12, 10)).astype(np.uint8)
LABELS = np.array([0, 1, 2] * 3)


def _convert(path: Path, target: Path, **settings: object) -> Converted:
    return convert(path, target, ConvertSettings(**settings), progress=Progress())  # type: ignore[arg-type]


def _arrays(folder: Path) -> Path:
    folder.mkdir()
    np.save(folder / "X.npy", PICTURES)
    np.save(folder / "y.npy", LABELS)
    return folder


def _films(folder: Path, *names: str) -> Path:
    pytest.importorskip("av", reason="the extra video is not installed")
    for number, name in enumerate(names):
        films.film(folder / name, [films.pattern(10 * number + n) for n in range(4)])
    return folder


def _rows(folder: Path, name: str = "manifest.csv") -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _read(folder: Path) -> Dataset:
    return read(folder, ReadSettings())


def test_arrays_become_a_dataset(tmp_path: Path) -> None:
    """Numbers become classes, and every picture says which row it was."""
    done = _convert(_arrays(tmp_path / "in"), tmp_path / "out")

    assert done.counts == {"0": 3, "1": 3, "2": 3}
    assert done.folder == tmp_path / "out"
    assert _read(tmp_path / "out").classes == ("0", "1", "2")
    assert _rows(tmp_path / "out")[4] == {
        "path": "1/picture_00004.png",
        "label": "1",
        "source": "X.npy",
        "row": "4",
    }


def test_classes_are_named_by_a_list_or_a_file(tmp_path: Path) -> None:
    """Names stand on the command line or one a line in a file."""
    source = _arrays(tmp_path / "in")
    (tmp_path / "names.txt").write_text("cat\ndog\nT-shirt, red\n", encoding="utf-8")

    listed = _convert(source, tmp_path / "a", classes="cat, dog,emu")
    filed = _convert(source, tmp_path / "b", classes=str(tmp_path / "names.txt"))

    assert list(listed.counts) == ["cat", "dog", "emu"]
    assert list(filed.counts) == ["cat", "dog", "T-shirt, red"]
    assert _read(tmp_path / "b").classes == ("cat", "dog", "T-shirt, red")


@pytest.mark.parametrize(
    ("names", "told"),
    [("a", "1 names"), ("a,,b", "2 names"), ("a,b,a", "twice: a"), ("a,b", "label 2 in row 2")],
)
def test_bad_names_of_classes_are_refused(tmp_path: Path, names: str, told: str) -> None:
    """Too few names, an empty one and one that stands twice are refused."""
    with pytest.raises(DataError, match=told):
        _convert(_arrays(tmp_path / "in"), tmp_path / "out", classes=names)
    assert not (tmp_path / "out").exists()


def test_arrays_are_resized_too(tmp_path: Path) -> None:
    """The size that was asked for is that of all pictures, whatever they came from."""
    import cv2

    _convert(_arrays(tmp_path / "in"), tmp_path / "out", percent=50)

    assert cv2.imread(str(next((tmp_path / "out").glob("0/*.png")))).shape == (6, 5, 3)


def test_idx_files_become_a_dataset_with_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files of train and t10k give parts that the split obeys, and the names that are known."""
    monkeypatch.setattr(idx, "_is_fashion", lambda labels: True)
    for prefix, count in (("train", 9), ("t10k", 3)):
        shape = struct.pack(">3I", count, 12, 10)
        data = b"\0\0\x08\x03" + shape + PICTURES[:count].tobytes()
        (tmp_path / f"{prefix}-images-idx3-ubyte.gz").write_bytes(gzip.compress(data))
        data = b"\0\0\x08\x01" + shape[:4] + LABELS[:count].astype(np.uint8).tobytes()
        (tmp_path / f"{prefix}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(data))

    done = _convert(tmp_path, tmp_path / "out")

    assert done.counts == {"Pullover": 4, "T-shirt/top": 4, "Trouser": 4}
    counts = _read(tmp_path / "out").counts()
    assert counts["train"].to_list() == [3, 3, 3] and counts["test"].to_list() == [1, 1, 1]


def test_a_folder_of_videos_a_class_gives_groups(tmp_path: Path) -> None:
    """Each video is a group, and a split never divides one."""
    names = [f"{label}/v{number}.mp4" for label in ("a", "b") for number in range(4)]
    done = _convert(_films(tmp_path / "in", *names), tmp_path / "out")

    dataset = _read(tmp_path / "out")
    assert done.counts == {"a": 16, "b": 16}
    assert sorted(set(dataset.items["group"])) == sorted(names)
    first = _rows(tmp_path / "out")[0]
    assert first == {
        "path": "a/v0_000000.png",
        "label": "a",
        "group": "a/v0.mp4",
        "source": "a/v0.mp4",
        "frame": "0",
        "seconds": "0.0",
    }
    made = split(dataset, SplitSettings(folds=2))
    parts = dict(made.table.select("id", "part").iter_rows())
    for group in names:
        assert (
            len(
                {parts[i] for i, g in dataset.items.select("id", "group").iter_rows() if g == group}
            )
            == 1
        )


def test_one_video_a_class_is_told_what_it_lacks(tmp_path: Path) -> None:
    """Lone videos become classes, with a note that no split can divide them, and what helps."""
    source = _films(tmp_path / "in", "cat.mp4", "dog.avi")

    done = _convert(source, tmp_path / "out")
    cut = _convert(source, tmp_path / "cut", stretches=4)

    assert done.counts == {"cat": 4, "dog": 4}
    assert "a class needs 3 to be divided: cat has 1, dog has 1" in done.notes[1]
    assert "--stretches 10" in done.notes[1]
    groups = _read(tmp_path / "cut").items["group"].to_list()
    assert groups[:4] == ["cat.mp4#0", "cat.mp4#1", "cat.mp4#2", "cat.mp4#3"]
    assert cut.notes[1].startswith("groups are stretches of one video")
    split(_read(tmp_path / "cut"), SplitSettings(folds=2))
    with pytest.raises(DataError, match="groups of a class are too few"):
        split(_read(tmp_path / "out"), SplitSettings(folds=2))


def test_videos_of_parts_keep_their_parts(tmp_path: Path) -> None:
    """As in the thesis: films for training and films in other light for the test."""
    names = [f"{part}/{label}/v.mp4" for part in ("train", "test") for label in ("a", "b")]
    done = _convert(_films(tmp_path / "in", *names), tmp_path / "out")

    assert _read(tmp_path / "out").counts()["test"].to_list() == [4, 4]
    assert len(done.notes) == 1


def test_what_was_left_out_is_written_down(tmp_path: Path) -> None:
    """The table of videos and the note say how many frames were left out and why."""
    pytest.importorskip("av", reason="the extra video is not installed")
    white = np.full((96, 128, 3), 255, np.uint8)
    films.film(tmp_path / "a.mp4", [*films.patterns(3), films.pattern(2), white])

    done = _convert(tmp_path / "a.mp4", tmp_path / "out")

    (row,) = _rows(tmp_path / "out", "videos.csv")
    assert row == {
        **{"source": "a.mp4", "label": "a", "split": "", "frames": "5", "looked_at": "5"},
        **{"damaged": "0", "blurred": "1", "same": "1", "kept": "3", "seconds": "0.16"},
    }
    assert done.notes[0].startswith(
        "3 of 5 frames of the video kept; left out: 1 blurred, 1 like the one before, 0 damaged"
    )


def test_broken_videos_are_told_before_anything_is_written(tmp_path: Path) -> None:
    """All broken videos are named at once, and no folder appears."""
    source = _films(tmp_path / "in", "a/1.mp4", "a/2.mp4", "b/3.mp4")
    for name in ("a/2.mp4", "b/3.mp4"):
        (source / name).write_bytes((source / name).read_bytes()[:-500])

    with pytest.raises(DataError, match=r"2 of 3 videos cannot be read: .*2\.mp4.*3\.mp4"):
        _convert(source, tmp_path / "out")
    (source / "a" / "2.mp4").unlink()
    with pytest.raises(DataError, match=r"3\.mp4 cannot be read: it is cut off"):
        _convert(source, tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["in"]


def test_other_files_among_videos_are_noted(tmp_path: Path) -> None:
    """A picture that lies among videos is not read, and said."""
    source = _films(tmp_path / "in", "a/1.mp4", "b/2.mp4")
    (source / "a" / "x.jpg").touch()

    assert "other files, not read: 1 (such as a/x.jpg)" in _convert(source, tmp_path / "out").notes


def test_videos_in_two_orders_are_refused(tmp_path: Path) -> None:
    """Videos in class folders and beside them have no one meaning."""
    source = _films(tmp_path / "in", "a/1.mp4", "b.mp4")

    with pytest.raises(DataError, match="holds no videos in an order that is known: 1 beside"):
        _convert(source, tmp_path / "out")


def test_what_can_be_converted_is_known(tmp_path: Path) -> None:
    """Arrays, IDX files and videos are for this step; pictures, texts and nothing are not."""
    _arrays(tmp_path / "arrays")
    (tmp_path / "pictures" / "a").mkdir(parents=True)
    (tmp_path / "pictures" / "a" / "x.png").touch()
    (tmp_path / "playlist.mp4").write_bytes(b"#EXTM3U\nhttp://127.0.0.1/a.ts")

    assert can_convert(tmp_path / "arrays")
    assert can_convert(tmp_path / "arrays" / "X.npy")
    for name in ("pictures", "playlist.mp4", "pictures/a/x.png", "none", "."):
        assert not can_convert(tmp_path / name)
    with pytest.raises(DataError, match="no such file or folder"):
        _convert(tmp_path / "none", tmp_path / "out")
    with pytest.raises(DataError, match="its kind is not known"):
        _convert(tmp_path / "playlist.mp4", tmp_path / "out")
    with pytest.raises(DataError, match="holds no videos"):
        _convert(tmp_path / "pictures", tmp_path / "out")
    _films(tmp_path / "films", "a/1.mp4")
    assert can_convert(tmp_path / "films") and can_convert(tmp_path / "films" / "a" / "1.mp4")


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A target that is there is refused before anything is read."""
    _convert(_arrays(tmp_path / "in"), tmp_path / "out")

    with pytest.raises(DataError, match="out is there already"):
        _convert(tmp_path / "nowhere", tmp_path / "out")


def test_progress_is_told_for_both_passes(tmp_path: Path) -> None:
    """Frames are judged, then pictures are written, each counted to its end."""
    events: list[Event] = []
    source = _films(tmp_path / "in", "a.mp4", "b.mp4")

    convert(source, tmp_path / "out", ConvertSettings(), progress=Progress(events.append))

    finished = [(e.step, e.done, e.total) for e in events if e.finished]
    assert finished == [("frames judged", 8, 8), ("pictures", 8, 8)]


def test_arrays_need_no_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PyAV arrays are converted, and a video asks for the extra."""
    monkeypatch.setattr(extras, "missing_packages", lambda extra: ("av",))
    (tmp_path / "a.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(12))

    assert _convert(_arrays(tmp_path / "in"), tmp_path / "out").counts
    with pytest.raises(MissingExtra, match="missing av"):
        _convert(tmp_path / "a.mp4", tmp_path / "films")


def test_real_videos_become_classes(real_data: Path, tmp_path: Path) -> None:
    """The three real videos give three classes, upright and resized."""
    pytest.importorskip("av", reason="the extra video is not installed")
    done = _convert(real_data / "video", tmp_path / "out", longest=128, per_second=4)

    assert list(done.counts) == ["bolts", "coin", "ist501_output_video"]
    assert all(10 <= count <= 60 for count in done.counts.values())
    assert _read(tmp_path / "out").items["group"].n_unique() == 3


@pytest.mark.slow
def test_fashion_mnist_becomes_a_dataset(real_data: Path, tmp_path: Path) -> None:
    """All 70,000 pictures come out with their names and parts."""
    done = _convert(real_data / "fashion_mnist", tmp_path / "out")

    assert set(done.counts.values()) == {7000} and "T-shirt/top" in done.counts
    counts = _read(tmp_path / "out").counts()
    assert counts["train"].to_list() == [6000] * 10 and counts["test"].to_list() == [1000] * 10
