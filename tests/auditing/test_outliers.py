"""Outliers: planted junk is far, ordinary items are not."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from objektiv.auditing import outliers
from objektiv.auditing.outliers import find_outliers, outliers_finding


def _x(items: int = 600, columns: int = 50) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(items, columns)).astype(np.float32)


def test_planted_junk_is_flagged_and_nothing_else() -> None:
    """Four items far away, alike among themselves, are the four flagged ones."""
    x = _x()
    x[10:14] += 6

    table = find_outliers([f"i{k}" for k in range(600)], x)

    assert set(table.filter("flagged")["id"]) == {"i10", "i11", "i12", "i13"}
    assert table["far"].is_sorted(descending=True)


def test_distances_are_those_of_all_pairs() -> None:
    """Without a sample, the fifth smallest distance is SciPy's."""
    x = _x(items=80)

    found = outliers._distances(x)

    every = np.sort(cdist(x, x), axis=1)  # the first is the item itself
    assert np.allclose(found, every[:, outliers.NEIGHBOUR], rtol=1e-4)


def test_a_constant_column_changes_nothing() -> None:
    """A column without variation is not divided by its deviation."""
    x = _x()
    ids = [str(k) for k in range(600)]
    wide = np.concatenate([x, np.full((600, 1), 7, np.float32)], axis=1)

    assert np.isfinite(find_outliers(ids, wide)["far"].to_numpy()).all()


def test_few_items_have_no_outliers() -> None:
    """Below thirty nothing can be called usual; even one item is taken."""
    x = _x(items=20)
    x[0] += 100

    assert not find_outliers([str(k) for k in range(20)], x)["flagged"].any()
    assert len(find_outliers(["only"], x[:1])) == 1


def test_finding_names_the_farthest_first() -> None:
    """The evidence names the flagged; without any there is no finding."""
    x = _x()
    x[3] += 9
    table = find_outliers([f"i{k}" for k in range(600)], x)

    finding = outliers_finding(table)

    assert finding is not None
    assert "1 picture of 600 lies far" in finding.evidence
    assert finding.items["id"].to_list() == ["i3"]
    assert outliers_finding(table.filter(~table["flagged"])) is None
