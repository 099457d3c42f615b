"""Check a dataset: everything the other files of this folder find, in one order of urgency.

In: what was seen, pairs of copies, and looks at changed pictures. Out: a Checked.
Try: `check(seen, pairs, looks, max_pixels=50_000_000)`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from objektiv.auditing.cleaned import Cleaned, clean
from objektiv.auditing.copies import with_copies
from objektiv.auditing.crossfit import Floats, assign_folds, out_of_fold
from objektiv.auditing.files import file_findings
from objektiv.auditing.findings import Finding, urgency
from objektiv.auditing.outliers import find_outliers, outliers_finding
from objektiv.auditing.pairs import copy_findings
from objektiv.auditing.parts import class_findings, grouping_finding, part_findings
from objektiv.auditing.probes import (
    Looks,
    Probes,
    draw_sample,
    network_columns,
    numbers_of,
    probe,
    probe_findings,
)
from objektiv.auditing.suspects import find_suspects, suspects_finding
from objektiv.base.names import natural_key
from objektiv.data.clusters import find_clusters
from objektiv.data.dataset import Dataset
from objektiv.features.look import Seen
from objektiv.models.choose import Truth

FEWEST_CLUSTERS = 2  # of a class: one to learn from, one to judge
FEWEST_ITEMS = 20  # in all; below, no head can be fitted that would tell anything

# Looks at the sample of items, plain, blurred and covered.
Look = Callable[[pl.DataFrame], Looks]


@dataclass(frozen=True, eq=False)
class Checked:
    """What was found; `suspects` and `probes` are None where no head could be fitted."""

    dataset: Dataset
    findings: tuple[Finding, ...]
    pairs: pl.DataFrame
    outliers: pl.DataFrame
    suspects: pl.DataFrame | None
    probes: Probes | None
    cleaned: Cleaned

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(finding.severity == "error" for finding in self.findings)


def check(seen: Seen, pairs: pl.DataFrame, look: Look, *, max_pixels: int) -> Checked:
    """All findings of `seen`, the most urgent first; `pairs` as `find_copies` gives them."""
    dataset, features = seen.dataset, seen.features
    items = with_copies(dataset.items, pairs)
    x, importance = network_columns(features)
    outliers = find_outliers(features.ids, x)
    rows = _learnable(items)
    suspects = _suspects(items, rows, x, importance) if len(rows) >= FEWEST_ITEMS else None
    del x  # half a gigabyte of a large dataset; the probes need a sample only
    probes = None
    if suspects is not None:
        sample = draw_sample(items[rows])
        probes = probe(sample, sorted(set(sample["label"]), key=natural_key), look(sample))
    found: list[Finding | None] = [
        *file_findings(dataset, features, max_pixels=max_pixels),
        *copy_findings(dataset.items, pairs),
        *class_findings(dataset),
        *part_findings(dataset, features, pairs),
        grouping_finding(dataset),
    ]
    found += [suspects_finding(suspects)] if suspects is not None else []
    found += [*(probe_findings(probes) if probes else ()), outliers_finding(outliers)]
    findings = sorted((f for f in found if f is not None), key=urgency)
    cleaned = clean(dataset, items["copy"].to_list(), _flags(findings))
    return Checked(dataset, tuple(findings), pairs, outliers, suspects, probes, cleaned)


def _learnable(items: pl.DataFrame) -> NDArray[np.int64]:
    """Rows of the classes that can be learnt from some clusters and judged on others."""
    clusters = pl.Series("cluster", find_clusters(items))
    enough = (
        items.select("label", clusters)
        .group_by("label")
        .agg(pl.col("cluster").n_unique())
        .filter(pl.col("cluster") >= FEWEST_CLUSTERS)["label"]
    )
    if len(enough) < 2:
        return np.empty(0, np.int64)
    return np.flatnonzero(items["label"].is_in(enough.implode()).to_numpy()).astype(np.int64)


def _suspects(
    items: pl.DataFrame,
    rows: NDArray[np.int64],
    x: Floats,
    importance: Floats,
) -> pl.DataFrame:
    own = items[rows]
    classes = tuple(sorted(set(own["label"]), key=natural_key))
    labels = numbers_of(own["label"], classes)
    truth = Truth(labels, assign_folds(own, labels), classes)
    judged = x if len(rows) == len(x) else x[rows]
    return find_suspects(own["id"].to_list(), out_of_fold(judged, truth, [importance])[0], truth)


def _flags(findings: list[Finding]) -> dict[str, str]:
    """What a person should look at, by id: one short phrase."""
    flags: dict[str, list[str]] = {}
    for finding in findings:
        for row in finding.items.to_dicts():
            if finding.kind == "suspicious-labels":
                flags.setdefault(row["id"], []).append(f"label? perhaps {row['suggested']}")
            elif finding.kind == "outliers":
                flags.setdefault(row["id"], []).append("unlike all others")
            elif finding.kind == "near-two-labels":
                for own, other, label in (
                    (row["id"], row["b"], row["label of b"]),
                    (row["b"], row["id"], row["label"]),
                ):
                    flags.setdefault(own, []).append(f"nearly the same as {other} ({label})")
    return {id: "; ".join(told) for id, told in flags.items()}
