"""Pools of items are divided whole cluster by whole cluster, near the ratios, or not at all."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from objektiv.base import seeds
from objektiv.base.errors import DataError
from objektiv.data.clusters import find_clusters
from objektiv.data.division import Pool, into_folds, into_parts
from objektiv.data.settings import SplitSettings

RATIOS = {"train": 0.6, "validation": 0.2, "test": 0.2}
SHARES = st.sampled_from([(0.6, 0.2, 0.2), (0.8, 0.1, 0.1), (0.5, 0.25, 0.25), (0.4, 0.3, 0.3)])


class Row(NamedTuple):
    """An item as hypothesis draws it: what it is, and what it shares with others."""

    label: int
    group: int | None
    hash: int
    copy: int | None


ROWS = st.lists(
    st.builds(
        Row,
        st.integers(0, 2),
        st.none() | st.integers(0, 15),
        st.integers(0, 200),
        st.none() | st.integers(0, 60),
    ),
    min_size=12,
    max_size=120,
)

# Fewer joins through copies, so that clusters stay smaller than parts.
CALM = st.lists(
    st.builds(
        Row,
        st.integers(0, 1),
        st.none() | st.integers(0, 30),
        st.integers(0, 9999),
        st.none() | st.none() | st.integers(0, 300),
    ),
    min_size=60,
    max_size=150,
)
UNHURRIED = settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])


def pool(rows: list[Row]) -> Pool:
    columns = {
        "id": [f"{number}.png" for number in range(len(rows))],
        "label": [str(row.label) for row in rows],
        "group": [None if row.group is None else f"P{row.group}" for row in rows],
        "hash": [str(row.hash) for row in rows],
        "copy": [None if row.copy is None else f"n{row.copy}" for row in rows],
    }
    items = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    return Pool(items, find_clusters(items), np.array([row.label for row in rows]))


def divided(drawn: Pool, shares: tuple[float, float, float], *, seed: int = 0) -> np.ndarray:
    """The parts; an example that must be refused is passed over."""
    try:
        return into_parts(
            drawn, dict(zip(RATIOS, shares, strict=True)), rng=seeds.generator(seed, "test")
        )
    except DataError:
        assume(False)
        raise


@UNHURRIED
@given(ROWS, SHARES, st.integers(0, 99))
def test_no_group_and_no_copies_are_in_two_parts(
    rows: list[Row], shares: tuple[float, float, float], seed: int
) -> None:
    """Whatever joins items - a group, equal bytes, near copies, one through the other - holds."""
    drawn = pool(rows)

    parts = divided(drawn, shares, seed=seed)

    assert parts.shape == (len(rows),)
    assert set(parts) == {0, 1, 2}
    for key in ("group", "hash", "copy"):
        table = drawn.items.with_columns(pl.Series("part", parts)).drop_nulls(key)
        assert (table.group_by(key).agg(pl.col("part").n_unique())["part"] == 1).all()


@UNHURRIED
@given(ROWS, SHARES, st.integers(0, 99))
def test_every_class_is_in_every_part(
    rows: list[Row], shares: tuple[float, float, float], seed: int
) -> None:
    """A part without a class could not judge it."""
    drawn = pool(rows)

    parts = divided(drawn, shares, seed=seed)

    for part in range(3):
        assert set(drawn.labels[parts == part]) == set(drawn.labels)


@UNHURRIED
@given(CALM | ROWS, SHARES, st.integers(0, 99))
def test_ratios_hold_within_one_cluster(
    rows: list[Row], shares: tuple[float, float, float], seed: int
) -> None:
    """A part misses its share by one cluster at most, in all and in each class."""
    drawn = pool(rows)
    counts, clusters = drawn.counts()
    # It holds where each part is meant to get, of each class, at least what the largest cluster
    # has of it; with less, that every part needs every class comes first.
    assume((np.outer(shares, counts.sum(axis=0)) >= counts.max(axis=0)).all())

    parts = divided(drawn, shares, seed=seed)

    got = np.zeros((3, counts.shape[1]))
    for cluster, row in enumerate(counts):
        got[parts[clusters == cluster][0]] += row
    far = np.abs(got - np.outer(shares, counts.sum(axis=0)))
    assert (far <= counts.max(axis=0) + 1e-9).all()
    assert abs(got.sum(axis=1) - np.array(shares) * len(rows)).max() <= counts.sum(axis=1).max()


@UNHURRIED
@given(ROWS, SHARES, st.integers(0, 99))
def test_the_same_seed_gives_the_same_parts(
    rows: list[Row], shares: tuple[float, float, float], seed: int
) -> None:
    """Nothing but the items, the ratios and the seed decides."""
    drawn = pool(rows)

    first, again = (divided(drawn, shares, seed=seed) for _ in range(2))

    assert (first == again).all()


@UNHURRIED
@given(ROWS, st.integers(0, 99), st.integers(0, 3))
def test_folds_keep_clusters_whole_and_hold_every_class(
    rows: list[Row], seed: int, repeat: int
) -> None:
    """Folds are divisions like parts; a repeat draws them anew, by its number."""
    drawn = pool(rows)
    chosen = SplitSettings(seed=seed, folds=3)
    try:
        folds = into_folds(drawn, chosen, repeat=repeat)
    except DataError:
        assume(False)
        raise

    assert len(set(folds)) in (2, 3)
    for fold in set(folds):
        assert set(drawn.labels[folds == fold]) == set(drawn.labels)
    for cluster in set(drawn.clusters):
        assert len(set(folds[drawn.clusters == cluster])) == 1
    assert (folds == into_folds(drawn, chosen, repeat=repeat)).all()


def lopsided(group: int | None) -> Pool:
    """90 of 100 images belong together: by their group, or because they are one picture."""
    joined = [Row(n % 2, group, 0 if group is None else n, None) for n in range(90)]
    lone = range(90, 100)
    return pool(joined + [Row(n % 2, n if group is not None else None, n, None) for n in lone])


def test_a_group_too_large_for_the_ratios_is_refused() -> None:
    """The error names the parts that would come short, and the group that is to blame."""
    with pytest.raises(DataError) as caught:
        into_parts(lopsided(1), RATIOS, rng=seeds.generator(0))

    told = str(caught.value)
    assert told.startswith("the groups cannot be divided at the asked ratio: train would get 90.0%")
    assert "the largest group (P1) holds 90 of 100 images. Groups and copies stay whole" in told
    assert "Next: ask for other --ratios" in told


def test_copies_too_many_for_the_ratios_are_refused() -> None:
    """Without groups the error speaks of images and copies."""
    with pytest.raises(DataError, match=r"the different images .* set of copies \(0\.png\)"):
        into_parts(lopsided(None), RATIOS, rng=seeds.generator(0))


def test_other_ratios_are_the_way_out() -> None:
    """The same group fits where nearly everything may be in train."""
    shares = {"train": 0.9, "validation": 0.05, "test": 0.05}

    parts = into_parts(lopsided(1), shares, rng=seeds.generator(0))

    assert np.bincount(parts).tolist() in ([90, 4, 6], [90, 5, 5], [90, 6, 4])


def test_few_lone_images_are_never_lopsided() -> None:
    """Three images of a class are in three parts, though train then gets a third."""
    parts = into_parts(
        pool([Row(n % 2, None, n, None) for n in range(6)]),
        {"train": 0.9, "validation": 0.05, "test": 0.05},
        rng=seeds.generator(0),
    )

    assert np.bincount(parts).tolist() == [2, 2, 2]
