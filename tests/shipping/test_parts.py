"""A bundle's graph is taken apart where preprocessing, network and head meet."""

from __future__ import annotations

from objektiv.features.backbones import FEATURES
from objektiv.features.preprocess import PIXELS
from objektiv.shipping.parts import before, behind, layers, network_nodes, sweep
from tests.shipping import graphs


def test_the_network_lies_between_pixels_and_features() -> None:
    """Neither preprocessing nor head is part of it; without features it goes on to the logits."""
    graph = graphs.staged().graph
    kinds = [graph.node[i].op_type for i in network_nodes(graph)]
    made = [graph.node[i].output[0] for i in network_nodes(graph)]

    assert kinds[0] == "Transpose"
    assert made[-1] == FEATURES
    assert "Slice" not in kinds and "Range" not in kinds
    last = graphs.dense().graph
    assert last.node[network_nodes(last)[-1]].output[0] == "logits"


def test_layers_are_those_with_weights_but_the_last() -> None:
    """Convolutions and dense layers, in order; what gives the logits is not among them."""
    assert [node.op_type for node in layers(graphs.staged().graph)] == ["Conv", "Conv"]
    assert [node.op_type for node in layers(graphs.dense().graph)] == ["Conv", "Gemm", "MatMul"]


def test_before_and_behind_meet() -> None:
    """What comes before a tensor and what comes behind it share nothing but it."""
    graph = graphs.staged().graph
    first = {name for i in before(graph, [PIXELS]) for name in graph.node[i].output}

    assert first & behind(graph, [PIXELS]) == {PIXELS}
    assert before(graph, ["logits"], stop=[FEATURES]) < before(graph, ["logits"])


def test_sweeping_takes_what_no_output_needs() -> None:
    """A node and an array that nothing reads are gone; a whole graph stays as it is."""
    model = graphs.staged()
    whole = model.SerializeToString()
    sweep(model.graph)
    assert model.SerializeToString() == whole

    node = model.graph.node.add(op_type="Relu", name="spare", input=[PIXELS], output=["spare"])
    tensor = model.graph.initializer.add(name="spare array")
    assert (node.name, tensor.name) == ("spare", "spare array")
    sweep(model.graph)
    assert model.SerializeToString() == whole
