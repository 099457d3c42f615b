"""The numbers that tell what a dataset is made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from objektiv.auditing.facts import facts_of, most_frequent
from objektiv.base.progress import Progress
from objektiv.data.dataset import read
from objektiv.data.images import decode
from objektiv.data.settings import ReadSettings
from objektiv.features.look import look
from objektiv.features.settings import FeatureSettings
from tests.auditing.made import plain, seen
from tests.flow import drawn


def test_counts_hold_parts_and_quarantine(tmp_path: Path) -> None:
    """Each class is counted by part, with the files that were set aside."""
    pictures = [plain("a", 10), plain("a", 20), plain("b", 30)]
    facts = facts_of(seen(tmp_path, pictures, parts=["train", "test", "train"], aside=2))

    assert facts.counts.rows() == [("a", 1, 1, 2, 2), ("b", 1, 0, 1, 0)]
    assert facts.quarantine.rows() == [("empty", 2)]


def test_sizes_are_medians_and_ranges(tmp_path: Path) -> None:
    """Width, height and their ratio are summed up for each class."""
    sizes = [(10, 20), (30, 30), (20, 80)]  # height, width
    facts = facts_of(seen(tmp_path, [plain("a", 9, size) for size in sizes]))
    (row,) = facts.sizes.iter_rows(named=True)

    assert (row["width_least"], row["width_median"], row["width_most"]) == (20, 30, 80)
    assert (row["height_least"], row["height_median"], row["height_most"]) == (10, 20, 30)
    assert (row["aspect_least"], row["aspect_median"], row["aspect_most"]) == (1, 2, 4)
    assert row["kilobytes_least"] == pytest.approx(
        min(p.stat().st_size for p in tmp_path.rglob("*.png")) / 1000
    )


def test_brightness_and_colour_are_told_by_class(tmp_path: Path) -> None:
    """Mean colour, brightness by BT.601 and the differences of the channels."""
    facts = facts_of(seen(tmp_path, [plain("a", (200, 100, 50)), plain("b", 80)]))
    first, second = facts.colours.iter_rows(named=True)

    assert first["brightness_median"] == pytest.approx(0.299 * 200 + 0.587 * 100 + 0.114 * 50)
    assert (first["red_green_median"], first["blue_green_median"]) == (100, -50)
    assert (first["red"], first["green"], first["blue"]) == (200, 100, 50)
    assert second["brightness_median"] == pytest.approx(80, abs=0.01)
    assert facts.items["grey"].to_list() == [False, True]


def test_formats_tell_grey_stored_in_colour(tmp_path: Path) -> None:
    """An RGB file without colour is counted as such."""
    pictures = [plain("a", (7, 7, 7)), plain("a", (7, 7, 9)), plain("a", 7)]
    facts = facts_of(seen(tmp_path, pictures))

    assert facts.formats.rows() == [("PNG", "RGB", 2, 1), ("PNG", "grey", 1, 1)]


def test_a_class_without_a_usable_item_stays_in_the_tables(tmp_path: Path) -> None:
    """Its rows hold no size and no colour."""
    found = seen(tmp_path, [plain("a", 1), plain("b", 2)])
    lost = found.dataset.items.filter(found.dataset.items["label"] == "b").select("id")
    rows = lost.with_columns(reason=_text("empty"), message=_text("empty"))
    dataset = found.dataset.without(rows)
    facts = facts_of(
        type(found)(dataset, found.features.of(dataset.items["id"].to_list()), 32, "fp32", 1)
    )

    assert facts.counts["items"].to_list() == [1, 0]
    assert facts.sizes.row(1, named=True)["width_median"] is None
    assert most_frequent(facts.counts, 9) == ["a"]


def _text(value: str) -> object:
    import polars as pl

    return pl.lit(value)


def test_most_frequent_keep_their_order(tmp_path: Path) -> None:
    """The classes with most pictures are chosen, and stay in natural order."""
    labels = ["a", "b", "b", "c", "c", "c", "d", "d"]
    facts = facts_of(seen(tmp_path, [plain(label, 5) for label in labels]))

    assert most_frequent(facts.counts, 2) == ["b", "c"]
    assert most_frequent(facts.counts, 9) == ["a", "b", "c", "d"]


def test_brightness_from_the_bank_is_that_of_the_pixels(shapes: Path, bank: Path) -> None:
    """What the network's square holds is as bright as the file, to two grey levels."""
    settings = FeatureSettings(bank=bank, precision="fp32")
    dataset = read(shapes, ReadSettings(group=drawn.GROUP))
    facts = facts_of(look(dataset, settings, max_pixels=10**6, progress=Progress()))
    square = facts.items.filter((facts.items["aspect"] - 1).abs() < 0.04)

    assert len(square) > 3
    for name, told in square.select("id", "brightness").iter_rows():
        pixels = decode((shapes / name).read_bytes(), name=name, max_pixels=10**6).pixels
        assert told == pytest.approx(np.mean(pixels @ [0.299, 0.587, 0.114]), abs=2)
