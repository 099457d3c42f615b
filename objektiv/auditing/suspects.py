"""Suspicious labels: items that a model which has not seen them calls something else.

In: out-of-fold probabilities and labels. Out: every item ranked by its margin, the probability of
its own label minus that of the best other class, and which of them stand off the diagonal of the
confident joint (Northcutt, Jiang and Chuang, Confident learning, J. Artif. Intell. Res. 70 (2021)
1373). A suspicious label may be right and the picture hard: only a person can tell.
Try: `find_suspects(ids, probabilities, Truth(labels, folds, classes))`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from objektiv.auditing.findings import Finding, counted
from objektiv.models.choose import Truth

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def find_suspects(ids: Sequence[str], probabilities: Floats, truth: Truth) -> pl.DataFrame:
    """A row an item, the most suspicious first: id, label, suggested, own, other, margin, flagged.

    `probabilities` (items, classes) of heads that have not seen the item. `own` and `other` are
    those of the label and of the best other class, which is `suggested`.
    """
    rows, labels = np.arange(len(ids)), truth.labels
    own = probabilities[rows, labels]
    others = probabilities.copy()
    others[rows, labels] = -1
    suggested = others.argmax(axis=1)
    other = others[rows, suggested]
    likely = confident_classes(probabilities, labels)
    table = pl.DataFrame(
        {
            "id": list(ids),
            "label": [truth.classes[k] for k in labels],
            "suggested": [truth.classes[k] for k in suggested],
            "own": own,
            "other": other,
            "margin": own - other,
            "flagged": (likely >= 0) & (likely != labels),
        }
    )
    return table.sort("margin", maintain_order=True)


def confident_classes(probabilities: Floats, labels: Ints) -> Ints:
    """The class that each item is counted under in the confident joint, (items,); -1 for none.

    A class is confident where its probability reaches the mean that the items labelled so have;
    of several, the most probable counts.
    """
    classes = probabilities.shape[1]
    own = probabilities[np.arange(len(labels)), labels]
    counts = np.bincount(labels, minlength=classes)
    usual = np.bincount(labels, own, minlength=classes) / np.maximum(counts, 1)
    usual[counts == 0] = np.inf
    held = np.where(probabilities >= usual, probabilities, -1)
    return np.where(held.max(axis=1) >= 0, held.argmax(axis=1), -1).astype(np.int64)


def suspects_finding(suspects: pl.DataFrame) -> Finding | None:
    """One finding of all flagged labels, or None."""
    flagged = suspects.filter("flagged")
    if flagged.is_empty():
        return None
    first = flagged.row(0, named=True)
    share = len(flagged) / len(suspects)
    evidence = (
        f"A model that has not seen them, their group or their copies contradicts, confidently, "
        f"{counted(len(flagged), 'label')} of {len(suspects):,} ({100 * share:.1f} %). "
        f"The clearest: {first['id']} is labelled {first['label']}; the model says "
        f"{first['suggested']} with {100 * first['other']:.0f} %, the label gets "
        f"{100 * first['own']:.0f} %. Hard pictures are among them: look before you change one."
    )
    return Finding(
        "suspicious-labels",
        "warning",
        "Labels that may be wrong",
        evidence,
        flagged,
        "objektiv check {data} --fix",
    )
