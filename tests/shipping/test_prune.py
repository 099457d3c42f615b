"""What no output needs is taken out, and no answer changes by a bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx

from objektiv.features.backbones import FEATURES
from objektiv.shipping import golden
from objektiv.shipping.facts import MODEL
from objektiv.shipping.members import read_members
from objektiv.shipping.prune import prune
from objektiv.shipping.session import run_whole_graph
from objektiv.shipping.walk import read_graph
from tests.shipping import graphs

PICTURES = list(golden.draw().values())


def _bits(model: onnx.ModelProto) -> list[bytes]:
    found = run_whole_graph(model.SerializeToString(), PICTURES)
    return [array.tobytes() for array in found if array is not None]


def _kinds(model: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node]


def test_a_stage_that_is_not_read_goes_with_its_layers() -> None:
    """Of two stages the head reads the first: the second convolution is gone."""
    model = graphs.staged(read=[0])
    pruned = prune(model, size=graphs.SIZE)

    assert _kinds(model).count("Conv") == 2
    assert _kinds(pruned).count("Conv") == 1
    assert _bits(pruned) == _bits(model)
    assert pruned.ByteSize() < model.ByteSize() - 4 * 8 * 8 * 9


def test_slices_move_where_a_stage_before_them_goes() -> None:
    """The head reads the second stage alone: its layers stay, its columns begin at 0."""
    model = graphs.staged(read=[1])
    pruned = prune(model, size=graphs.SIZE)
    joined = next(node for node in pruned.graph.node if FEATURES in node.output)

    assert len(joined.input) == 1
    assert _bits(pruned) == _bits(model)
    assert np.ptp(np.frombuffer(_bits(model)[0], np.float32)) > 0.01


def test_equal_arrays_are_kept_once() -> None:
    """Names may differ: type, shape and bytes decide."""
    pruned = prune(graphs.staged(), size=graphs.SIZE).graph.initializer
    contents = [(t.data_type, tuple(t.dims), t.raw_data) for t in pruned]

    assert len(contents) == len(set(contents))
    assert len(contents) < len(graphs.staged().graph.initializer)


def test_what_was_pruned_is_minimal() -> None:
    """Nothing is left to take: pruning again changes nothing, and every array is read."""
    once = prune(graphs.staged(read=[1]), size=graphs.SIZE)
    again = prune(once, size=graphs.SIZE)
    read = {name for node in once.graph.node for name in node.input}

    assert [n.op_type for n in again.graph.node] == [n.op_type for n in once.graph.node]
    assert {t.name for t in once.graph.initializer} <= read
    assert _bits(again) == _bits(once)


def test_a_network_without_features_stays() -> None:
    """Where there is nothing to drop, the nodes are the same."""
    model = graphs.dense()

    assert _kinds(prune(model, size=graphs.SIZE)) == _kinds(model)


def test_a_trained_probe_keeps_every_bit(trained: Path) -> None:
    """The real network behind a real head answers as before, and its graph is no larger."""
    facts, members = read_members(trained / "model")
    model = read_graph(members[MODEL], facts)
    pruned = prune(model, size=facts.size)

    read_graph(pruned.SerializeToString(), facts)
    assert _bits(pruned) == _bits(model)
    assert pruned.ByteSize() <= model.ByteSize()
