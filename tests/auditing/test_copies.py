"""Copies of files and of pictures, found among drawn cells through the tiny backbone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from objektiv.auditing.copies import clusters_of, find_copies
from objektiv.auditing.pairs import copy_findings
from objektiv.auditing.settings import CheckSettings
from objektiv.base.errors import ImageError
from objektiv.base.progress import Event, Progress
from objektiv.base.seeds import generator
from objektiv.data.drawing import draw_cell, look_of_patient, png
from objektiv.features.look import Seen
from tests.features import tiny
from tests.features.conftest import small as small

CELLS = 30


@pytest.fixture
def seen(tmp_path: Path, small: None) -> Seen:
    """30 cells of one patient in two classes; two are there twice, two more flipped."""
    look = look_of_patient(generator(0, "copies"))
    for number in range(CELLS):
        cell = draw_cell(look, generator(0, "copies", number), infected=number % 2 == 1)
        folder = tmp_path / "data" / "ab"[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number:02d}.png").write_bytes(png(cell))
        if number in (4, 7):
            (folder / f"{number:02d} again.png").write_bytes(png(cell))
        if number in (4, 9):  # 4 under its own label, 9 under the other
            (tmp_path / "data" / "a" / f"{number:02d} flipped.png").write_bytes(png(cell[:, ::-1]))
    return tiny.see(tmp_path / "data", tmp_path / "bank")


def _found(seen: Seen, **settings: float) -> pl.DataFrame:
    return find_copies(seen.features, seen.dataset.items, CheckSettings(**settings))


def test_copies_of_both_kinds_are_found(seen: Seen) -> None:
    """Equal files and flipped pictures are paired, nothing else is."""
    pairs = _found(seen)

    assert pairs.select("a", "b").rows() == [
        ("a/04 again.png", "a/04 flipped.png"),
        ("a/04 again.png", "a/04.png"),
        ("a/09 flipped.png", "b/09.png"),
        ("b/07 again.png", "b/07.png"),
    ]
    assert pairs["pixels"].to_list()[1::2] == [1, 1]
    assert 0.99 < pairs["pixels"][0] <= 1


def test_result_is_the_same_every_time(seen: Seen) -> None:
    """Threads and blocks change nothing, to the last digit."""
    assert _found(seen).equals(_found(seen))


def test_pictures_without_copies_give_an_empty_table(seen: Seen) -> None:
    """No pairs come as a table with the same columns."""
    few = seen.dataset.items.filter(pl.col("id").is_in(["a/00.png", "a/02.png", "b/01.png"]))

    pairs = find_copies(seen.features, few, CheckSettings())

    assert pairs.columns == ["a", "b", "similarity", "pixels"]
    assert pairs.is_empty()
    assert clusters_of(pairs, few["id"].to_list()) == [None, None, None]


def test_clusters_join_through_others(seen: Seen) -> None:
    """A copy of a copy belongs to the same cluster, named after its first item."""
    names = dict(zip(seen.features.ids, clusters_of(_found(seen), seen.features.ids), strict=True))

    first = "a/04 again.png"
    assert [names[i] for i in (first, "a/04.png", "a/04 flipped.png")] == [first] * 3
    assert names["b/09.png"] == "a/09 flipped.png"
    assert names["a/00.png"] is None
    assert sum(name is not None for name in names.values()) == 7


def test_clusters_leave_unknown_ids_out() -> None:
    """Pairs of items that are not asked for are passed over."""
    pairs = pl.DataFrame({"a": ["x", "y"], "b": ["y", "z"]})

    assert clusters_of(pairs, ["z", "y", "w"]) == ["z", "z", None]


def test_one_picture_under_two_labels_is_told(seen: Seen) -> None:
    """Of the pairs only the one with different labels is listed, with both."""
    found = copy_findings(seen.dataset.items, _found(seen))
    told = next(finding for finding in found if finding.kind == "near-two-labels").items

    assert told.select("id", "b", "label", "label of b").rows() == [
        ("a/09 flipped.png", "b/09.png", "a", "b")
    ]


def test_a_picture_that_is_gone_is_named(seen: Seen) -> None:
    """A file deleted after the look is an error with its name."""
    (Path(seen.dataset.root) / "a" / "04 flipped.png").unlink()

    with pytest.raises(ImageError, match="04 flipped"):
        _found(seen)


def test_progress_counts_everything(seen: Seen) -> None:
    """Each of the four passes ends with its total."""
    events: list[Event] = []
    find_copies(
        seen.features, seen.dataset.items, CheckSettings(), progress=Progress(events.append)
    )

    done = {event.step: (event.done, event.total) for event in events if event.finished}
    passes = ["compare features", "read pictures", "compare pixels", "align likely copies"]
    assert list(done) == passes
    assert all(count == total and total > 0 for count, total in done.values())
    assert np.unique(seen.dataset.items["hash"]).size == done["compare features"][1]
