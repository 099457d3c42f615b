"""Items in one order: their features, labels, parts and folds, and the predictions made of them.

In: what was seen and a Split. Out: what a model may learn from, and Predictions of everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from objektiv.data.split import Split
from objektiv.features.look import Features, Seen
from objektiv.judging.calibration import softmax
from objektiv.judging.predictions import Predictions
from objektiv.models.choose import Fitted, Truth
from objektiv.models.strangers import Strangers, compared, fit_strangers, out_of_fold


@dataclass(frozen=True, eq=False)
class Items:
    """`table` has the columns id, hash, label, group, part and fold, in the order of `features`."""

    features: Features
    table: pl.DataFrame
    classes: tuple[str, ...]

    @classmethod
    def of(cls, seen: Seen, split: Split) -> Items:
        """The items that were seen, in the order of their features."""
        wanted = seen.dataset.items.select("id", "hash", "label", "group")
        table = wanted.join(split.table, on="id", how="left", maintain_order="left")
        return cls(seen.features, table, seen.dataset.classes)

    @property
    def labels(self) -> NDArray[np.int64]:
        """(items,), index into `classes`."""
        index = {name: number for number, name in enumerate(self.classes)}
        return np.array([index[label] for label in self.table["label"]], np.int64)

    @property
    def learning_count(self) -> int:
        """Number of items that a model may learn from."""
        return len(self._learning_rows())

    def learning(self) -> tuple[Features, Truth]:
        """Train and validation: what the model is chosen and fitted on."""
        rows = self._learning_rows()
        ids = self.table["id"].gather(rows).to_list()
        folds = self.table["fold"].gather(rows).to_numpy().astype(np.int64)
        return self.features.of(ids), Truth(self.labels[rows], folds, self.classes)

    def predictions(self, fitted: Fitted) -> Predictions:
        """Out of fold for what the model learnt from, by the final model for test."""
        logits = fitted.probe.logits(self.features)
        logits[self._learning_rows()] = fitted.logits
        return self.predicted(np.arange(len(self.table)), logits)

    def strangers(self, blocks: Mapping[str, int]) -> tuple[Strangers, NDArray[np.float64]]:
        """What tells how strange a picture is to those learnt from, and how strange each is.

        `blocks`: of the network. Strangeness (items,) is out of fold for what was learnt from.
        """
        own, names = self._learning_rows(), compared(blocks)
        folds = self.table["fold"].gather(own).to_numpy().astype(np.int64)
        strangers = fit_strangers(self.features, names, own)
        found = np.empty(len(self.table))
        found[own] = out_of_fold(self.features, names, own, folds)
        test = self.rows("test")
        found[test] = strangers.strangeness(self.features, test)
        return strangers, found

    def rows(self, *parts: str) -> NDArray[np.int64]:
        """The places of these parts' items, in order."""
        return np.flatnonzero(self.table["part"].is_in(parts).to_numpy()).astype(np.int64)

    def predicted(self, rows: NDArray[np.int64], logits: NDArray[np.float64]) -> Predictions:
        """Predictions of the items in `rows` from logits (rows, classes)."""
        table = self.table[rows]
        return Predictions(
            ids=tuple(table["id"]),
            hashes=tuple(table["hash"]),
            parts=tuple(table["part"]),
            folds=tuple(table["fold"]),
            groups=tuple(table["group"]),
            labels=self.labels[rows],
            classes=self.classes,
            logits=logits,
            probabilities=softmax(logits),
        )

    def _learning_rows(self) -> NDArray[np.int64]:
        return np.flatnonzero(self.table["part"].to_numpy() != "test").astype(np.int64)
