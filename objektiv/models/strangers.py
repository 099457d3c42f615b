"""None of these: how unlike a picture is to all that a model learnt from.

In: Features. Out: one number a picture, its strangeness, in NumPy and in ONNX; the usual picture
has about 1. The features' leading directions and what lies beside them are both compared with how
much the pictures learnt from vary there (a Mahalanobis distance under probabilistic PCA). From
which strangeness on a picture is refused is chosen elsewhere, on pictures that were held out.
What else was tried, with figures: docs/decisions/strangers.md.
Sources: Tipping and Bishop, J. R. Stat. Soc. B 61 (1999) 611; Lee et al., A simple unified
framework for detecting out-of-distribution samples, NeurIPS 2018.
Try: `fit_strangers(features, blocks).strangeness(features)`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from objektiv.base import seeds
from objektiv.base.machine import usable_cores
from objektiv.features.graph import GraphBuilder
from objektiv.features.look import Features
from objektiv.models.logistic import Leading
from objektiv.models.model import add_matrix, matrix

STRANGENESS = "strangeness"
SAMPLE = 1500  # pictures that the directions are found in
PLENTY = 4  # samples, from which on two fits do
CHUNK = 256  # items at a time, so that their features stay near the processor
CONSTANT, TINY = 1e-3, 1e-6  # as of heads: such a column says nothing

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]  # places of items


@dataclass(frozen=True, eq=False)
class Strangers:
    """Where the pictures learnt from lie, in `matrix(features, blocks)`.

    `shift`, `scale`: (columns,), which make the columns standard; `directions`: (columns, k),
    orthonormal; `spread`: (k,), the variance along each; `rest`: that along any other direction,
    summed; `unit`: by which a distance is divided.
    """

    blocks: tuple[str, ...]
    shift: Floats
    scale: Floats
    directions: Floats
    spread: Floats
    rest: float
    unit: float

    def strangeness(self, features: Features, rows: Rows | None = None) -> NDArray[np.float64]:
        """(items,), of all items or of those in `rows`, in that order."""
        rows = np.arange(len(features.values)) if rows is None else rows
        chunks = [rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK)]
        with ThreadPoolExecutor(usable_cores()) as pool, threadpool_limits(1, user_api="blas"):
            parts = pool.map(lambda own: self._distances(_only(features, own)), chunks)
            return np.concatenate([np.zeros(0), *parts]) / self.unit

    def _distances(self, features: Features) -> NDArray[np.float64]:
        standard = matrix(features, self.blocks)
        standard -= self.shift
        standard *= self.scale
        return np.asarray(self._mixed(standard, standard @ self.directions), np.float64)

    def _mixed(self, standard: Floats, along: Floats) -> Floats:
        """Of standard columns and what of them lies along the directions."""
        inside = np.square(along) @ (1 / (self.spread * len(self.spread)))
        beside = np.einsum("ij,ij->i", standard, standard) - np.square(along).sum(axis=1)
        return np.asarray(np.sqrt(inside + np.maximum(beside, 0) / self.rest), np.float32)

    def add(
        self, graph: GraphBuilder, tensors: Mapping[str, Any], spans: Mapping[str, Any]
    ) -> None:
        """Append it; `tensors` names the tensor of each block, `spans` its columns there.

        Adds STRANGENESS, (images, 1).
        """
        joined = add_matrix(graph, self.blocks, tensors, spans)
        centred = graph.add("Sub", [joined, graph.constant(self.shift)])
        standard = graph.add("Mul", [centred, graph.constant(self.scale)])
        along = graph.add("MatMul", [standard, graph.constant(self.directions)])
        squares = graph.add("Mul", [along, along])
        weights = np.float32(1) / (self.spread * len(self.spread))
        inside = graph.add("MatMul", [squares, graph.constant(weights[:, None])])
        whole, taken = (
            graph.add("ReduceSum", [x, graph.ints(1)], keepdims=1)
            for x in (graph.add("Mul", [standard, standard]), squares)
        )
        beside = graph.add("Max", [graph.add("Sub", [whole, taken]), graph.floats(0.0)])
        share = graph.add("Div", [beside, graph.floats(self.rest)])
        distance = graph.add("Sqrt", [graph.add("Add", [inside, share])])
        graph.add("Div", [distance, graph.floats(self.unit)], output=STRANGENESS)


def compared(network: Mapping[str, int]) -> tuple[str, ...]:
    """The blocks that are compared: every stage, but not the network's final block, which is half
    as sharp for pictures that are nearly alike."""
    return tuple(network)[:-1]


def fit_strangers(features: Features, blocks: Sequence[str], rows: Rows | None = None) -> Strangers:
    """Where these items, or those in `rows`, lie; of many a sample of SAMPLE decides."""
    rows = drawn(np.arange(len(features.values)) if rows is None else rows)
    x = matrix(_only(features, rows), blocks)
    shift, deviation = x.mean(axis=0), x.std(axis=0)
    constant = deviation <= CONSTANT * np.abs(shift) + TINY
    scale = np.where(constant, 0, 1 / np.where(constant, 1, deviation)).astype(np.float32)
    directions = Leading.of(x, shift, scale).vectors
    standard = (x - shift) * scale
    along = standard @ directions
    spread = np.maximum(np.square(along).mean(axis=0), TINY)
    rest = max(float(np.square(standard).sum(axis=1).mean() - spread.sum()), TINY)
    found = Strangers(tuple(blocks), shift, scale, directions, spread, rest, 1.0)
    distances = found._mixed(standard, along)
    return replace(found, unit=max(float(np.median(distances)), TINY))


def drawn(rows: Rows) -> Rows:
    """These rows, or of many a sample, in order."""
    if len(rows) <= SAMPLE:
        return rows
    return np.sort(seeds.generator(0, "strangers").permutation(rows)[:SAMPLE])


def out_of_fold(
    features: Features, blocks: Sequence[str], rows: Rows, folds: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The strangeness of each item in `rows` to those of other folds alone, (rows,).

    `folds`: (rows,). Of many items two halves of the folds are compared with each other, which
    are more than a sample each.
    """
    found, numbers = np.empty(len(rows)), np.unique(folds, return_inverse=True)[1]
    if len(rows) >= PLENTY * SAMPLE:
        numbers = numbers % 2
    for number in np.unique(numbers):
        own = numbers == number
        others = fit_strangers(features, blocks, rows[~own])
        found[own] = others.strangeness(features, rows[own])
    return found


def _only(features: Features, rows: Rows) -> Features:
    """The values of these rows; nothing here asks for ids."""
    return replace(features, ids=(), values=features.values[rows])
