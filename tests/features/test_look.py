"""Looking at a dataset: once an image, by its content, and bad files set aside."""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from PIL import Image

from objektiv.base.errors import Cancelled, DataError, ModelError, SettingsError, UsageError
from objektiv.base.progress import CANCEL_FILE, Event, Progress
from objektiv.data import images
from objektiv.data.dataset import Dataset, read
from objektiv.data.images import to_square
from objektiv.data.settings import AugmentSettings, ReadSettings
from objektiv.features import look as looking
from objektiv.features.bank import View, views
from objektiv.features.changes import Augmented
from objektiv.features.engine import Prepared
from objektiv.features.look import Block, Seen, choose_size, look
from objektiv.features.settings import FeatureSettings
from tests.data.pictures import chunk, header, png, saved
from tests.features.conftest import SHARD
from tests.features.tiny import MAX_PIXELS, SIZE, picture, see, write_pictures

pytestmark = pytest.mark.usefixtures("small")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Thirty pictures in two classes."""
    write_pictures(tmp_path / "data", 30)
    return tmp_path / "data"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the bank will be."""
    return tmp_path / "bank"


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what is decoded, as it happens."""
    names: list[str] = []

    def counted(data: bytes, *, name: str, max_pixels: int) -> images.Picture:
        names.append(name)
        return images.decode(data, name=name, max_pixels=max_pixels)

    monkeypatch.setattr(looking, "decode", counted)
    return names


def _kept(folder: Path) -> set[str]:
    return {h for v in folder.glob("*/view.json") for h in _view(v.parent)}


def _view(folder: Path) -> set[str]:
    opened = View.__new__(View)
    opened.folder, opened.damaged = folder, 0
    return opened.hashes(max_pixels=10**9)


def test_features_are_those_of_the_network(root: Path, folder: Path) -> None:
    """Each row holds what the network gives for that item, then colours, then the file's size."""
    seen = see(root, folder)

    assert seen.features.ids == tuple(seen.dataset.items["id"])
    assert seen.features.values.dtype == np.float32
    assert seen.features.blocks == (
        *(Block("mean", 0, 3), Block("largest", 3, 6)),
        *(Block("colours", 6, 67), Block("size", 67, 70)),
    )
    for number, row in zip(_numbers(seen), seen.features.values, strict=True):
        square = to_square(picture(number), size=SIZE, fit="letterbox")
        assert np.allclose(row[:3], square.mean(axis=(0, 1)), rtol=2**-10)
        assert np.allclose(row[3:6], square.max(axis=(0, 1)), rtol=2**-10)
        assert np.allclose(row[7:10], square.mean(axis=(0, 1)), rtol=2**-9)  # colours: whole mean
        assert np.allclose(row[67:], [math.log(24), math.log(20), math.log(24 / 20)])


def _numbers(seen: Seen) -> list[int]:
    return [int(Path(id).stem) for id in seen.features.ids]


def test_rows_stand_in_the_order_of_the_items(root: Path, folder: Path) -> None:
    """However the dataset is ordered, row and item belong together, from a cold and a warm bank."""
    dataset = read(root, ReadSettings())
    plain = see(dataset, folder)
    shuffled = dataset.items.sample(fraction=1, shuffle=True, seed=4)
    other = see(_with(dataset, shuffled), folder)

    assert other.features.ids == tuple(shuffled["id"])
    assert other.features.ids != plain.features.ids
    assert np.array_equal(other.features.of(plain.features.ids).values, plain.features.values)
    assert np.array_equal(other.features.block("mean"), other.features.values[:, :3])


def _with(dataset: Dataset, items: pl.DataFrame) -> Dataset:
    return Dataset(dataset.root, dataset.classes, items, dataset.quarantine, dataset.notes)


def test_a_warm_bank_decodes_nothing(root: Path, folder: Path, decoded: list[str]) -> None:
    """The second look reads files and bank only, and gives the same in every bit."""
    cold = see(root, folder)
    first = sorted(decoded)
    decoded.clear()

    warm = see(root, folder)

    assert first == sorted(cold.features.ids)
    assert decoded == []
    assert (cold.looked, warm.looked) == (30, 0)
    assert warm.dataset.items.equals(cold.dataset.items)
    assert warm.features.values.tobytes() == cold.features.values.tobytes()


def test_the_facts_are_those_of_the_files(root: Path, folder: Path) -> None:
    """Hash, size, format and notes of each file come with the dataset."""
    row = see(root, folder).dataset.items.row(0, named=True)

    assert row["hash"] == looking.files.sha256(Path(row["path"]).read_bytes())
    assert (row["width"], row["height"]) == (24, 20)
    assert (row["format"], row["notes"]) == ("PNG", "")


def test_equal_bytes_are_looked_at_once(root: Path, folder: Path, decoded: list[str]) -> None:
    """A copy under another name is known by its content, whether looked at before or along."""
    see(root, folder)
    decoded.clear()
    (root / "a" / "copy.png").write_bytes((root / "a" / "0000.png").read_bytes())
    for name in ("new.png", "new copy.png"):
        (root / "b" / name).write_bytes(png(picture(77)))

    seen = see(root, folder)

    rows = dict(zip(seen.features.ids, seen.features.values, strict=True))
    assert seen.looked == 1
    assert set(decoded) <= {"b/new.png", "b/new copy.png"}
    assert np.array_equal(rows["a/copy.png"], rows["a/0000.png"])
    assert np.array_equal(rows["b/new.png"], rows["b/new copy.png"])
    assert sum(view.images for view in views(folder)) == 31


def test_changed_bytes_are_looked_at_anew(root: Path, folder: Path, decoded: list[str]) -> None:
    """A file that was replaced under its name does not get the features of the old one."""
    old = see(root, folder)
    decoded.clear()
    (root / "a" / "0004.png").write_bytes(png(picture(99)))

    new = see(root, folder)

    row = new.features.ids.index("a/0004.png")
    assert decoded == ["a/0004.png"]
    assert not np.array_equal(new.features.values[row], old.features.values[row])
    rest = np.arange(30) != row
    assert np.array_equal(new.features.values[rest], old.features.values[rest])


@pytest.mark.parametrize("change", [{"size": 64}, {"fit": "crop"}, {"fit": "stretch"}])
def test_another_way_of_looking_is_another_view(
    root: Path, folder: Path, decoded: list[str], change: dict[str, Any]
) -> None:
    """Size and fit are part of the key: nothing computed otherwise is taken for it."""
    first = see(root, folder)
    decoded.clear()

    other = see(root, folder, **change)
    again = see(root, folder)

    assert len(decoded) == 30
    assert not np.array_equal(other.features.values, first.features.values)
    assert again.features.values.tobytes() == first.features.values.tobytes()
    assert [view.images for view in views(folder)] == [30, 30]


def test_an_augmented_view_is_kept_beside_the_pictures(
    root: Path, folder: Path, decoded: list[str]
) -> None:
    """Each view has its own place in the bank, and is not looked at twice."""
    turned, settings = AugmentSettings(rotation=90), {"size": SIZE, "backbone": "tiny"}
    chosen = FeatureSettings(bank=folder, precision="fp32", workers=2, **settings)

    def view(number: int) -> NDArray[np.float32]:
        change = Augmented(turned, seed=1, number=number)
        dataset, progress = read(root, ReadSettings()), Progress()
        seen = look(dataset, chosen, max_pixels=MAX_PIXELS, progress=progress, change=change)
        return seen.features.values

    plain = see(root, folder).features.values
    first, second = view(0), view(1)
    assert len(decoded) == 90
    assert not np.array_equal(first, second) and not np.array_equal(first, plain)

    assert np.array_equal(view(0), first)
    assert np.array_equal(see(root, folder).features.values, plain)
    assert len(decoded) == 90
    assert [found.images for found in views(folder)] == [30, 30, 30]


def test_another_rule_of_decoding_is_another_view(
    root: Path, folder: Path, decoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """When pictures are decoded differently, what was seen before is not served."""
    see(root, folder)
    decoded.clear()
    monkeypatch.setattr(looking, "DECODING", looking.DECODING + 1)

    see(root, folder)

    assert len(decoded) == 30


def test_bad_files_are_set_aside_with_their_reasons(root: Path, folder: Path) -> None:
    """What cannot be decoded is listed with a word and a message, the rest has its features."""
    whole = png(picture(50))
    broken = {
        "empty.png": (b"", "empty"),
        "text.jpg": (b"<html>hello</html>", "not-an-image"),
        "half.png": (whole[: len(whole) // 2], "truncated"),
        "flipped.png": (whole[:60] + bytes([whole[60] ^ 1]) + whole[61:], "damaged"),
        "bomb.png": (png(picture(1))[:8] + header(30_000, 30_000) + chunk(b"IEND"), "bomb"),
        "old.png": (b"%!PS-Adobe-3.0 EPSF-3.0", "format-not-read"),
    }
    for name, (data, _) in broken.items():
        (root / "a" / name).write_bytes(data)

    seen = see(root, folder)

    aside = {row["id"]: row for row in seen.dataset.quarantine.iter_rows(named=True)}
    assert {id: row["reason"] for id, row in aside.items()} == {
        f"a/{name}": reason for name, (_, reason) in broken.items()
    }
    assert all(row["message"].startswith(f"{id}: ") for id, row in aside.items())
    assert all("Next: " in row["message"] for row in aside.values())
    assert len(seen.features.ids) == len(seen.dataset.items) == 30
    assert seen.dataset.quarantine["label"].to_list() == ["a"] * 6


def test_a_file_that_went_away_is_set_aside(root: Path, folder: Path) -> None:
    """A file that is deleted after it was listed is one quarantined item, not an end."""
    dataset = read(root, ReadSettings())
    (root / "a" / "0002.png").unlink()

    seen = see(dataset, folder)

    assert seen.dataset.quarantine.select("id", "reason").rows() == [("a/0002.png", "unreadable")]
    assert len(seen.features.ids) == 29


def test_a_folder_of_broken_files_is_an_error(tmp_path: Path, folder: Path) -> None:
    """Where nothing can be used, the message counts the reasons and shows the first file."""
    for name, data in (("a/1.png", b""), ("a/2.png", b"x"), ("b/3.png", b"")):
        (tmp_path / "bad" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "bad" / name).write_bytes(data)

    with pytest.raises(DataError) as caught:
        see(tmp_path / "bad", folder)

    assert caught.value.happened == f"none of the 3 files in {tmp_path / 'bad'} can be used"
    assert caught.value.value == "2 empty, 1 not-an-image"
    assert "a/1.png: the file is empty" in caught.value.next
    assert caught.value.exit_code == 3


def test_nothing_but_names_that_cannot_be_read_is_an_error(root: Path, folder: Path) -> None:
    """Where every item was set aside before any was looked at, the message says why."""
    dataset = read(root, ReadSettings())
    rows = dataset.items.select("id", reason=pl.lit("unreadable"), message=pl.lit("no UTF-8"))

    with pytest.raises(DataError, match="none of the 30 files.*30 unreadable.*no UTF-8"):
        see(dataset.without(rows), folder)


def test_equal_bytes_in_two_classes_are_set_aside(root: Path, folder: Path) -> None:
    """Which label is right only the user can say: both copies go, with each other's name."""
    (root / "b" / "copy.png").write_bytes((root / "a" / "0000.png").read_bytes())

    seen = see(root, folder)

    aside = seen.dataset.quarantine.sort("id")
    assert aside["id"].to_list() == ["a/0000.png", "b/copy.png"]
    assert aside["reason"].unique().to_list() == ["two-labels"]
    assert "b/copy.png (b)" in aside["message"][0]
    assert seen.features.ids == tuple(seen.dataset.items["id"])
    assert len(seen.features.ids) == len(seen.features.values) == 29
    assert "a/0000.png" not in seen.features.ids


def test_a_lying_suffix_is_told_of_the_name_and_not_of_the_content(
    root: Path, folder: Path
) -> None:
    """Of two names of the same bytes only the lying one has the note, in whatever order."""
    data = saved(Image.fromarray(picture(60)), "GIF")
    for name in ("1 first.jpg", "2 then.gif", "3 last.png"):
        (root / "a" / name).write_bytes(data)

    for _ in range(2):
        rows = see(root, folder).dataset.items.filter(pl.col("format") == "GIF")
        notes = dict(rows.select("id", "notes").iter_rows())
        assert notes == {
            "a/1 first.jpg": "named .jpg, is GIF",
            "a/2 then.gif": "",
            "a/3 last.png": "named .png, is GIF",
        }


def test_notes_of_the_content_go_with_it(root: Path, folder: Path) -> None:
    """What was odd about the pixels is kept in the bank and joined to what the name says."""
    (root / "a" / "wide.jpg").write_bytes(png(np.full((9, 9), 700, np.uint16)))

    for _ in range(2):
        rows = see(root, folder).dataset.items.filter(pl.col("id") == "a/wide.jpg")
        assert rows["notes"][0] == "named .jpg, is PNG; 16 bits, largest value 700 of 65,535"


def test_a_narrower_limit_of_pixels_holds_for_known_images(root: Path, folder: Path) -> None:
    """Whether the bank is warm or cold, what is too large today is a bomb today."""
    (root / "a" / "large.png").write_bytes(png(np.zeros((100, 100, 3), np.uint8)))
    see(root, folder)

    warm = see(root, folder, max_pixels=9_999)
    cold = see(root, folder.with_name("other"), max_pixels=9_999)

    assert warm.dataset.quarantine.select("id", "reason").rows() == [("a/large.png", "bomb")]
    assert warm.dataset.quarantine.equals(cold.dataset.quarantine)
    assert see(root, folder).looked == 0


def test_a_feature_that_overflows_ends_the_look_and_keeps_the_rest(
    root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An image whose features do not fit 16 bits is named; nothing wrong gets into the bank."""
    real = looking._prepare

    def enlarged(item: tuple[str, str], *rest: Any, **options: Any) -> Prepared[Any]:
        prepared = real(item, *rest, **options)
        if item[0] == "a/0020.png" and prepared.square is not None:
            return Prepared(prepared.key, prepared.square * 1000)
        return prepared

    monkeypatch.setattr(looking, "_prepare", enlarged)
    with pytest.raises(ModelError, match="not a finite 16-bit number: image with SHA-256"):
        see(root, folder)
    monkeypatch.undo()

    assert 0 < len(_kept(folder)) < 30
    assert looking.files.sha256((root / "a" / "0020.png").read_bytes()) not in _kept(folder)


def _large(folder: Path, sides: list[tuple[int, int]]) -> Dataset:
    for number, (height, width) in enumerate(sides):
        path = folder / "ab"[number % 2] / f"{number:04d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(np.zeros((height, width, 3), np.uint8)))
    return read(folder, ReadSettings())


@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        ([(160, 20)] * 4, 128),
        ([(160, 20)] * 3 + [(20, 400)] * 2, 128),
        ([(20, 160), (20, 161), (161, 20)], 224),
        ([(20, 300)] * 4, 224),
    ],
)
def test_the_size_follows_the_median_longest_side(
    tmp_path: Path, sides: list[tuple[int, int]], expected: int
) -> None:
    """128 where the median longest side is at most 160, else 224; a number is obeyed."""
    dataset = _large(tmp_path, sides)

    assert choose_size(dataset, "auto", max_pixels=MAX_PIXELS) == expected
    assert choose_size(dataset, 96, max_pixels=MAX_PIXELS) == 96


@pytest.mark.parametrize("size", [28, 150, 544])
def test_sizes_are_those_that_a_pretrained_network_halves_well(root: Path, size: int) -> None:
    """Networks from nothing take any size, pretrained ones multiples of 32."""
    with pytest.raises(SettingsError, match=f"--size {size}. Multiples of 32 from 32 to 512"):
        choose_size(read(root, ReadSettings()), size, max_pixels=MAX_PIXELS)


def test_files_that_cannot_be_read_do_not_choose_the_size(tmp_path: Path) -> None:
    """Broken files are passed over, and a folder of them has the small size."""
    dataset = _large(tmp_path, [(300, 300)] * 2)
    for path in dataset.items["path"]:
        Path(path).with_suffix(".jpg").write_bytes(b"broken")
    dataset = read(tmp_path, ReadSettings())

    assert choose_size(dataset, "auto", max_pixels=MAX_PIXELS) == 224
    for path in dataset.items["path"]:
        Path(path).write_bytes(b"")
    assert choose_size(dataset, "auto", max_pixels=MAX_PIXELS) == 128


def test_the_size_is_chosen_from_a_sample(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many files an even sample is opened, so that choosing takes no time."""
    opened: list[str] = []
    real = looking.read_bytes
    monkeypatch.setattr(
        looking, "read_bytes", lambda path, *, name: opened.append(name) or real(path, name=name)
    )
    monkeypatch.setattr(looking, "SAMPLE", 10)

    choose_size(read(root, ReadSettings()), "auto", max_pixels=MAX_PIXELS)

    assert [int(Path(name).stem) % 6 for name in opened] == [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]


def test_the_step_counts_every_item(root: Path, folder: Path) -> None:
    """Progress tells each item once, broken and known ones too."""
    (root / "a" / "empty.png").touch()
    for _ in range(2):
        events: list[Event] = []
        see(root, folder, progress=Progress(events.append))
        assert (events[-1].done, events[-1].total, events[-1].finished) == (31, 31, True)


class _Stopping:
    """A Progress whose step stops the look after `count` images, in one way or another."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, count: int, act: Any) -> None:
        self.done = 0
        real = looking.View.add

        def add(view: View, record: Any) -> None:
            real(view, record)
            self.done += 1
            if self.done == count:
                act()

        monkeypatch.setattr(looking.View, "add", add)


@pytest.mark.parametrize("count", [1, SHARD - 1, SHARD, SHARD + 1, 29])
def test_a_cancel_file_keeps_what_was_looked_at(
    root: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """Stopped by a cancel file, the look ends with every finished image in the bank."""
    monkeypatch.setattr("objektiv.base.progress.WRITE_EVERY", 0.0)
    stopping = _Stopping(monkeypatch, count, (tmp_path / CANCEL_FILE).touch)

    with pytest.raises(Cancelled, match=r"look at images was stopped.*run the same command again"):
        see(root, folder, progress=Progress(folder=tmp_path))
    monkeypatch.undo()

    assert len(_kept(folder)) == stopping.done == count
    assert list(folder.rglob("*.tmp-*")) == []


@pytest.mark.parametrize("count", [1, SHARD - 1, SHARD, SHARD + 1, 29])
def test_ctrl_c_keeps_what_was_looked_at(
    root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """Stopped by Ctrl-C, the bank has every image that was done, and no thread runs on."""
    threads = threading.active_count()
    stopping = _Stopping(monkeypatch, count, lambda: signal.raise_signal(signal.SIGINT))

    with pytest.raises(KeyboardInterrupt) as caught:
        see(root, folder)

    assert caught.value is not None
    assert len(_kept(folder)) == stopping.done == count
    assert [t.name for t in threading.enumerate() if t.name.startswith("prepare")] == []
    assert threading.active_count() <= threads
    monkeypatch.undo()


def test_what_was_kept_is_not_looked_at_again(
    root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, decoded: list[str]
) -> None:
    """After a stop only the rest is decoded, and the result is that of a look without stops."""
    whole = see(root, folder.with_name("other"))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt) as caught:
        _Stopping(patch, 13, lambda: signal.raise_signal(signal.SIGINT))
        see(root, folder)
    decoded.clear()

    resumed = see(root, folder)

    assert caught.value is not None
    assert len(decoded) == resumed.looked == 17
    assert resumed.features.values.tobytes() == whole.features.values.tobytes()
    assert resumed.dataset.items.equals(whole.dataset.items)


def test_an_error_in_a_thread_ends_the_look_and_its_threads(
    root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake of ours while decoding is raised as it is, and what was done is kept."""

    def broken(data: bytes, *, name: str, max_pixels: int) -> images.Picture:
        if name == "b/0023.png":
            raise ZeroDivisionError(name)
        return images.decode(data, name=name, max_pixels=max_pixels)

    monkeypatch.setattr(looking, "decode", broken)
    with pytest.raises(ZeroDivisionError, match="b/0023.png"):
        see(root, folder)

    assert [t.name for t in threading.enumerate() if t.name.startswith("prepare")] == []
    assert len(_kept(folder)) < 30


def test_a_damaged_shard_is_looked_at_again(root: Path, folder: Path, decoded: list[str]) -> None:
    """Its images, and no others, are decoded anew, and the result is the same in every bit."""
    whole = see(root, folder)
    decoded.clear()
    victim = sorted(folder.rglob("*.shard"))[1]
    lost = len(np.load(victim)["hashes"])
    victim.write_bytes(victim.read_bytes()[:-1])

    again = see(root, folder)

    assert 0 < len(decoded) == again.looked == lost <= SHARD
    assert again.features.values.tobytes() == whole.features.values.tobytes()


def test_another_file_in_the_bank_does_no_harm(root: Path, folder: Path) -> None:
    """What somebody else put into the bank's folders is left alone and not read."""
    whole = see(root, folder)
    (folder / "README").write_text("mine")
    (folder / "notes").mkdir()
    view = next(folder.glob("*/view.json")).parent
    (view / "photo.png").write_bytes(png(picture(0)))

    assert see(root, folder).features.values.tobytes() == whole.features.values.tobytes()
    assert (view / "photo.png").exists()
    assert len(views(folder)) == 1


def test_an_unknown_backbone_is_refused_before_anything_is_written(
    root: Path, folder: Path
) -> None:
    """A misspelt backbone names the known ones and the nearest, and no bank is begun."""
    with pytest.raises(
        UsageError, match=r"no backbone has this name: 'lite'.*did you mean 'lite0'"
    ):
        see(root, folder, backbone="lite")

    assert not folder.exists()


@pytest.fixture
def oddities(real_data: Path, tmp_path: Path) -> Iterator[Path]:
    """Links to real files whose names say another format than their bytes, in two classes."""
    for number, path in enumerate(sorted((real_data / "oddities").glob("*.*"))):
        place = tmp_path / "odd" / "ab"[number % 2] / path.name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(path.read_bytes())
    yield tmp_path / "odd"


def test_real_files_with_lying_suffixes_are_read_and_told(oddities: Path, folder: Path) -> None:
    """A GIF and an RGBA PNG named .jpg and a WEBP named .png are read by content, with notes."""
    items = see(oddities, folder).dataset.items

    notes = {Path(id).name: note for id, note in items.select("id", "notes").iter_rows()}
    assert notes["00_GIF_P.jpg"].startswith("named .jpg, is GIF")
    assert notes["01_PNG_RGBA.jpg"].startswith("named .jpg, is PNG")
    assert notes["02_WEBP_named.png"].startswith("named .png, is WEBP")
    assert "first is read" in notes["03_MPO.jpeg"]
