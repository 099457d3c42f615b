"""Splitting as a step: what is written, what is refused before work, and what is told."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from objektiv.base.errors import DataError, UsageError
from objektiv.base.progress import Event, Progress
from objektiv.data.dataset import read
from objektiv.data.drawing import png
from objektiv.data.images import decode
from objektiv.data.settings import ReadSettings
from objektiv.data.split import Split, check
from objektiv.flow.settings import DivideSettings
from objektiv.flow.split import Divided, divide
from objektiv.intake.convert import convert
from objektiv.intake.settings import ConvertSettings
from tests.flow import drawn
from tests.flow.conftest import TrainOn


def divided(data: Path, folder: Path, *, honest: bool = False, **settings: Any) -> Divided:
    """Split `data` into `folder`."""
    values = {"out": folder / "split.csv", "precision": "fp32", **settings}
    return divide(data, DivideSettings(**values), honest=honest, progress=Progress())


def test_a_split_is_written_and_fits_its_data(shapes: Path, tmp_path: Path) -> None:
    """split.csv holds what was divided, whole group by whole group."""
    made = divided(shapes, tmp_path, group=drawn.GROUP)

    loaded = Split.load(tmp_path / "split.csv")
    assert loaded.table.equals(made.split.table)
    check(loaded, read(shapes, ReadSettings(group=drawn.GROUP)))
    assert Counter(loaded.table["part"]) == {"train": 36, "validation": 12, "test": 12}
    assert (made.suggestion, made.handed_on, made.honest) == (None, None, None)


def test_the_split_is_what_train_takes(shapes: Path, tmp_path: Path, train_on: TrainOn) -> None:
    """`train --split` uses it item by item, further columns of folds or not."""
    made = divided(shapes, tmp_path, group=drawn.GROUP, repeats=3)

    trained = train_on(shapes, group=drawn.GROUP, split=tmp_path / "split.csv")

    assert trained.split.table.equals(made.split.table)
    assert made.split.table.columns == ["id", "part", "fold", "fold_2", "fold_3"]
    again = Split.load(trained.run.folder / "split.csv")
    assert again.table.equals(made.split.table)


def test_repeated_folds_differ_and_leave_the_parts(shapes: Path, tmp_path: Path) -> None:
    """Each repeat divides train and validation anew; test has no fold in any."""
    once = divided(shapes, tmp_path, group=drawn.GROUP).split.table
    table = divided(
        shapes, tmp_path, group=drawn.GROUP, repeats=2, out=tmp_path / "b.csv"
    ).split.table

    assert table.select(once.columns).equals(once)
    assert not table["fold_2"].equals(table["fold"].alias("fold_2"))
    assert (table["fold_2"].is_null() == (table["part"] == "test")).all()
    groups = table.with_columns(group=pl.col("id").str.extract(f"({drawn.GROUP})"))
    assert (groups.group_by("group").agg(pl.col("fold_2").n_unique())["fold_2"] == 1).all()


def test_folders_are_made_where_asked(shapes: Path, tmp_path: Path) -> None:
    """The images stand in the folders of their parts, and read back as those."""
    made = divided(shapes, tmp_path, group=drawn.GROUP, to=tmp_path / "parted", by="symlink")

    assert made.handed_on is not None
    assert made.handed_on.files == 60
    counts = {p.name: len(list(p.rglob("*.png"))) for p in (tmp_path / "parted").iterdir()}
    assert counts == {"train": 36, "val": 12, "test": 12, "manifest.csv": 0}


def test_a_grouping_is_suggested_where_none_was_asked(shapes: Path, tmp_path: Path) -> None:
    """The drawn shapes have their group in the name."""
    found = divided(shapes, tmp_path).suggestion

    assert found is not None
    assert (found.pattern, found.groups) == (r"g\d+", 10)


def test_a_broken_file_is_set_aside(copied: Path, tmp_path: Path) -> None:
    """It is in no part, and the quarantine names it."""
    (copied / "disc" / "bad.png").write_bytes(b"no picture")

    made = divided(copied, tmp_path)

    assert made.dataset.quarantine["id"].to_list() == ["disc/bad.png"]
    assert "disc/bad.png" not in set(made.split.table["id"])


def test_the_honest_comparison_comes_from_the_bank(
    shapes: Path, bank: Path, trained: Path, tmp_path: Path
) -> None:
    """Every image is judged both ways; what the bank knows is not looked at again."""
    seen: list[Event] = []
    settings = DivideSettings(
        group=drawn.GROUP, out=tmp_path / "split.csv", bank=bank, precision="fp32"
    )

    made = divide(shapes, settings, honest=True, progress=Progress(seen.append))

    assert made.honest is not None
    assert (made.honest.items, made.honest.clusters) == (60, 10)
    assert [e.step for e in seen if e.finished] == ["look at images", "compare with a random split"]


def test_near_copies_stay_in_one_part(shapes: Path, tmp_path: Path) -> None:
    """Pictures made a little brighter are in the part and fold of their originals."""
    for path in shapes.rglob("*.png"):
        pixels = decode(path.read_bytes(), name=path.name, max_pixels=10**6).pixels
        brighter = (pixels * 0.9 + 20).astype(np.uint8)
        place = tmp_path / "data" / path.parent.name
        place.mkdir(parents=True, exist_ok=True)
        (place / path.name).write_bytes(path.read_bytes())
        (place / f"{path.stem}-light.png").write_bytes(png(brighter))
    settings = DivideSettings(out=tmp_path / "split.csv", bank=tmp_path / "bank", precision="fp32")

    made = divide(tmp_path / "data", settings, near_copies=True, progress=Progress())

    places = {row["id"]: (row["part"], row["fold"]) for row in made.split.table.to_dicts()}
    pairs = [(i, i.replace(".png", "-light.png")) for i in places if "-light" not in i]
    kept = [places[a] == places[b] for a, b in pairs]
    assert made.near_copies
    assert made.near_copies >= 0.9 * len(places)
    assert np.mean(kept) >= 0.9  # by chance it would be one in seven


def test_the_parts_are_written_as_arrays(shapes: Path, tmp_path: Path) -> None:
    """X_train and the others hold the pictures of their part, and read back as a dataset."""
    made = divided(shapes, tmp_path, arrays=tmp_path / "arrays", array_size=16)

    assert made.arrays["X_train"] == (36, 16, 16, 3)
    ids = np.load(tmp_path / "arrays" / "id_train.npy")
    assert tuple(ids) == made.split.ids("train")
    converted = convert(
        tmp_path / "arrays", tmp_path / "back", ConvertSettings(), progress=Progress()
    )
    parts = read(converted.folder, ReadSettings()).items["part"].value_counts()
    assert dict(parts.iter_rows()) == {"train": 36, "validation": 12, "test": 12}


def test_existing_files_are_refused_before_any_work(shapes: Path, tmp_path: Path) -> None:
    """Neither split.csv nor the folders are written over, and nothing else is made."""
    (tmp_path / "split.csv").write_text("mine")
    with pytest.raises(UsageError, match=r"split\.csv\. A new file is needed: nothing is overwr"):
        divided(shapes, tmp_path, to=tmp_path / "parted")
    (tmp_path / "full" / "mine").mkdir(parents=True)
    with pytest.raises(UsageError, match="the folder stands there already"):
        divided(shapes, tmp_path, out=tmp_path / "b.csv", to=tmp_path / "full")

    assert (tmp_path / "split.csv").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full", "split.csv"]


def test_ratios_that_groups_cannot_give_are_refused(shapes: Path, tmp_path: Path) -> None:
    """Two groups in three parts: an error of the data, and no file."""
    with pytest.raises(DataError, match="too few that train, validation, test cannot each hold"):
        divided(shapes, tmp_path, group=r"g0(?=[01]_)|g0|g")

    assert list(tmp_path.iterdir()) == []
