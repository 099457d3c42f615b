"""A random split is caught flattering where it does, and only there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from objektiv.auditing.honest import Honest, compare
from objektiv.base.errors import DataError
from objektiv.data.dataset import FACTS, ITEMS, QUARANTINE, Dataset
from objektiv.data.settings import SplitSettings
from objektiv.features.look import Features, Seen
from objektiv.models.settings import HeadSettings
from tests.models.features import BLOCKS

CELLS = 8  # of a patient
PATIENTS = 40


def seen(*, grouped: bool = True, of_class: float = 0.0, of_patient: float = 3.0) -> Seen:
    """Patients, all cells of one class, that differ by so much; classes by so much."""
    rng = np.random.default_rng(5)
    columns = BLOCKS[-1].stop
    patient = np.repeat(np.arange(PATIENTS), CELLS)
    label = patient % 2
    values = 4 + rng.normal(size=(len(patient), columns))
    values += of_patient * rng.normal(size=(PATIENTS, columns))[patient]
    values += of_class * rng.normal(size=(2, columns))[label]
    ids = [f"{'ab'[k]}/{n}.png" for n, k in enumerate(label)]
    rows = [
        (id, f"/{id}", id[0], f"P{p}" if grouped else None, None, _hash(id), 8, 8, "PNG", "")
        for id, p in zip(ids, patient, strict=True)
    ]
    dataset = Dataset(
        root=Path("/"),
        classes=("a", "b"),
        items=pl.DataFrame(rows, schema=ITEMS | FACTS, orient="row"),
        quarantine=pl.DataFrame(schema=QUARANTINE),
    )
    return Seen(dataset, Features(tuple(ids), values.astype(np.float32), BLOCKS), 32, "fp32", 0)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def compared(data: Seen, **settings: object) -> Honest:
    found = compare(data, SplitSettings.model_validate(settings), HeadSettings())
    assert found is not None
    return found


def test_patients_without_signal_flatter_a_random_split() -> None:
    """Where cells tell only their patient, random folds claim nearly all, honest ones half."""
    found = compared(seen())

    assert found.random.estimate > 0.9
    assert found.honest.low < 0.5 < found.honest.high
    assert found.difference.estimate == pytest.approx(found.random.estimate - found.honest.estimate)
    assert found.difference.low > 0.2
    assert (found.items, found.clusters, found.folds) == (320, 40, 5)


def test_patients_that_do_not_differ_flatter_nobody() -> None:
    """Where groups make no difference, neither does the way of splitting."""
    found = compared(seen(of_class=0.5, of_patient=0.0))

    assert found.random.estimate > 0.9
    assert found.difference.low <= 0 <= found.difference.high


def test_a_random_split_claims_the_narrow_interval() -> None:
    """It takes every cell for a patient; the honest interval knows that there are 40."""
    found = compared(seen())

    assert found.random.groups is None
    assert found.honest.groups == found.difference.groups == PATIENTS


def test_lone_images_need_no_comparison() -> None:
    """Without groups and copies a random split is the honest one."""
    assert compare(seen(grouped=False), SplitSettings(), HeadSettings()) is None


def test_copies_alone_are_compared() -> None:
    """Near copies that are known belong together like groups."""
    data = seen(grouped=False)
    copies = [f"n{n // CELLS}" for n in range(len(data.dataset.items))]
    items = data.dataset.items.with_columns(pl.Series("copy", copies))
    dataset = Dataset(data.dataset.root, data.dataset.classes, items, data.dataset.quarantine)

    found = compare(
        Seen(dataset, data.features, 32, "fp32", 0), SplitSettings(folds=3), HeadSettings()
    )

    assert found is not None
    assert (found.clusters, found.folds) == (40, 3)
    assert found.difference.low > 0.2


def test_given_parts_make_no_difference() -> None:
    """All images are judged, whatever part the data names for them."""
    data = seen()
    items = data.dataset.items.with_columns(part=pl.lit("train"))
    dataset = Dataset(data.dataset.root, data.dataset.classes, items, data.dataset.quarantine)

    assert compare(
        Seen(dataset, data.features, 32, "fp32", 0), SplitSettings(), HeadSettings()
    ) == compared(data)


def test_groups_that_cannot_be_folded_are_refused() -> None:
    """A class in one group only cannot be judged by others."""
    data = seen()
    items = data.dataset.items.with_columns(
        group=pl.when(pl.col("label") == "a").then(pl.lit("P0")).otherwise("group")
    )
    dataset = Dataset(data.dataset.root, data.dataset.classes, items, data.dataset.quarantine)

    with pytest.raises(DataError, match="a has 1 groups"):
        compare(Seen(dataset, data.features, 32, "fp32", 0), SplitSettings(), HeadSettings())


def test_progress_is_told_twice() -> None:
    """Once a way of splitting."""
    told: list[int] = []

    compare(seen(), SplitSettings(), HeadSettings(), advance=lambda: told.append(1))

    assert len(told) == 2
