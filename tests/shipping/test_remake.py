"""Every way to other numbers is taken where it belongs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from objektiv.base.errors import BundleError, UsageError
from objektiv.features.graph import FLOAT, UINT8, GraphBuilder
from objektiv.features.preprocess import add_preprocessing
from objektiv.shipping.bundle import load
from objektiv.shipping.facts import GOLDEN, MEMBERS, MODEL, Facts, Weights
from objektiv.shipping.members import read_members
from objektiv.shipping.remake import remake
from objektiv.shipping.write import BundleContents, write_bundle
from tests.shipping import graphs

MakeContents = Callable[..., BundleContents]


@pytest.fixture
def facts(make_contents: MakeContents, tmp_path: Path) -> Facts:
    """Of a bundle of the dense network."""
    write_bundle(tmp_path / "b", make_contents(model=graphs.dense().SerializeToString()))
    return read_members(tmp_path / "b")[0]


def _squares() -> Iterator[Any]:
    yield from np.random.default_rng(0).uniform(0, 255, (4, 32, 32, 3)).astype(np.float32)


@pytest.mark.parametrize(
    ("weights", "share", "calibrated"), [("fp32", 1.0, False), ("fp16", 0.6, False),
                                         ("int8", 0.5, True)]
)  # fmt: skip
def test_each_kind_of_numbers_has_its_size(
    facts: Facts, weights: Weights, share: float, calibrated: bool
) -> None:
    """Squares are asked for only where ranges are unknown."""
    data = graphs.dense().SerializeToString()

    def squares() -> Iterator[Any]:
        assert weights == "int8"
        return _squares()

    made = remake(data, facts, weights, squares=squares)

    assert made.calibrated == calibrated
    assert len(made.model) <= share * len(data)


def test_numbers_that_are_there_stay(facts: Facts) -> None:
    """A graph of int8 asked for in int8 is the same graph."""
    short = remake(graphs.dense().SerializeToString(), facts, "int8", squares=_squares).model
    own = facts.model_copy(update={"weights": "int8"})

    again = remake(short, own, "int8", squares=_squares)
    assert onnx.ModelProto.FromString(again.model) == onnx.ModelProto.FromString(short)
    assert not again.calibrated


def test_a_graph_without_layers_is_told(make_contents: MakeContents, tmp_path: Path) -> None:
    """A model of means and one matrix has nothing that 8 bits would make smaller."""
    graph = GraphBuilder()
    image = graph.input("image", UINT8, ["height", "width", 3])
    pixels = add_preprocessing(graph, image, size=32, fit="letterbox")
    mean = graph.add("ReduceMean", [pixels, graph.ints(1, 2)], keepdims=0)
    weights = graph.constant(np.full((3, 3), 0.01, np.float32))
    graph.add("MatMul", [mean, weights], output="logits")
    graph.add("Softmax", ["logits"], output="probabilities", axis=1)
    for name in ("logits", "probabilities"):
        graph.output(name, FLOAT, [1, 3])
    data = graph.to_bytes("plain")
    contents = replace(make_contents(), model=data)
    write_bundle(tmp_path / "b", contents)
    facts = read_members(tmp_path / "b")[0]

    with pytest.raises(UsageError, match="no layers that 8 bits would make smaller"):
        remake(data, facts, "int8", squares=_squares)


@pytest.mark.parametrize(("weights", "far"), [("fp16", 0.01), ("int8", 0.06)])
def test_bundles_of_other_numbers_are_checked_as_sharply_as_they_can_be(
    facts: Facts,
    weights: Weights,
    far: float,
    make_contents: MakeContents,
    rehash: Callable[[dict[str, bytes]], Path],
    tmp_path: Path,
) -> None:
    """A flipped bit, and a golden value beyond the tolerance of the kind, are refused."""
    data = remake(graphs.dense().SerializeToString(), facts, weights, squares=_squares).model
    write_bundle(folder := tmp_path / "short", make_contents(model=data, weights=weights))
    load(folder)
    members = {name: (folder / name).read_bytes() for name in MEMBERS}
    found = json.loads(members[GOLDEN])
    row = found["expected"]["fp32"]["probabilities"][1]
    high = row.index(max(row))
    row[high] -= far
    row[high - 1] += far
    with pytest.raises(BundleError, match="golden image golden/rings.png gets another prediction"):
        load(rehash(members | {GOLDEN: json.dumps(found).encode()}))
    changed = data[:-50] + bytes([data[-50] ^ 1]) + data[-49:]
    (folder / MODEL).write_bytes(changed)
    with pytest.raises(BundleError, match=f"{MODEL} has been changed or damaged"):
        load(folder)
