"""The ONNX file is walked to its last field before an engine sees it, and cut at the pixels."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

import objektiv
from objektiv.base.errors import BundleError
from objektiv.base.seeds import generator
from objektiv.features.graph import FLOAT, OPSET, UINT8, GraphBuilder
from objektiv.features.preprocess import add_preprocessing
from objektiv.features.strict import NODES, OPERATIONS
from objektiv.shipping.facts import FACTS, MODEL, Facts, read_facts
from objektiv.shipping.walk import cut, read_graph, with_batch
from tests.features.brought import EXAMPLES

Members = dict[str, bytes]
Change = Callable[[onnx.ModelProto], object]


@pytest.fixture
def facts(members: Members) -> Facts:
    """The facts of the sound bundle: three classes, 32 pixels."""
    return read_facts(members[FACTS])


def _node(model: onnx.ModelProto, operation: str) -> onnx.NodeProto:
    found: onnx.NodeProto = next(n for n in model.graph.node if n.op_type == operation)
    return found


def _external(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[-1]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")


def _external_attribute(model: onnx.ModelProto) -> None:
    tensor = numpy_helper.from_array(np.zeros(3, np.float32))
    tensor.external_data.add(key="location", value="x")
    _node(model, "Softmax").attribute.append(helper.make_attribute("value", tensor))


def _subgraph(model: onnx.ModelProto) -> None:
    inner = helper.make_graph([], "inner", [], [])
    _node(model, "Softmax").attribute.append(helper.make_attribute("body", inner))


def _weights(value: float) -> Change:
    def change(model: onnx.ModelProto) -> None:
        tensor = next(t for t in model.graph.initializer if len(t.dims) == 4)
        array = numpy_helper.to_array(tensor).copy()
        array.flat[7] = value
        tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))

    return change


def _double(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[-1]
    tensor.CopyFrom(numpy_helper.from_array(np.zeros(3), tensor.name))


def _negative(model: onnx.ModelProto) -> None:
    del model.graph.initializer[-1].dims[:]
    model.graph.initializer[-1].dims.extend([-1, -3])


CHANGES: list[tuple[str, Change, str]] = [
    ("external data", _external, r"initializer\[\d+\]\.(data_location|external_data)"),
    ("external data in an attribute", _external_attribute, r"attribute\[\d+\]\.t"),
    ("subgraph", _subgraph, r"attribute\[\d+\]\.g\b"),
    (
        "function",
        lambda m: m.functions.append(helper.make_function("x", "f", [], [], [], [])),
        r"model\.functions",
    ),
    ("training", lambda m: m.training_info.add(), r"model\.training_info"),
    ("metadata", lambda m: m.metadata_props.add(key="ort_config", value="{}"), "metadata_props"),
    ("sparse", lambda m: m.graph.sparse_initializer.add(), r"graph\.sparse_initializer"),
    (
        "text in a node",
        lambda m: _node(m, "Conv").attribute.append(helper.make_attribute("a", ["b"])),
        r"attribute\[\d+\]\.strings",
    ),
    ("typed numbers", lambda m: m.graph.initializer[0].int64_data.append(1), "int64_data"),
    ("domain of a node", lambda m: setattr(_node(m, "Conv"), "domain", "com.x"), "domain"),
    (
        "domain of the file",
        lambda m: m.opset_import.append(helper.make_opsetid("com.microsoft", 1)),
        "another domain or version",
    ),
    ("opset", lambda m: setattr(m.opset_import[0], "version", 99), f"''.*version {OPSET}"),
    ("no opset", lambda m: m.ClearField("opset_import"), "another domain or version"),
    ("IR version", lambda m: setattr(m, "ir_version", 99), "IR 99"),
    ("operation", lambda m: setattr(_node(m, "Conv"), "op_type", "Loop"), "not know: 'Loop'"),
    ("NaN", _weights(np.nan), "weights that are not numbers"),
    ("infinity", _weights(np.inf), "weights that are not numbers"),
    ("double", _double, "numbers of a type"),
    ("negative length", _negative, "size does not fit its shape"),
    ("more numbers", lambda m: m.graph.initializer[-1].dims.append(2), "does not fit its shape"),
    (
        "huge shape",
        lambda m: m.graph.initializer[-1].dims.extend([1 << 40, 1 << 40]),
        "does not fit its shape",
    ),
    (
        "huge padding",
        lambda m: _node(m, "Conv").attribute.append(helper.make_attribute("pads", [1 << 40] * 4)),
        "number that is too large: Conv, 'pads'",
    ),
    (
        "node without inputs",
        lambda m: _node(m, "Conv").ClearField("input"),
        "breaks the rules of ONNX.*Conv",
    ),
    (
        "operation with inputs of another",  # crashes OpenVINO 2026.4 where it is let through
        lambda m: setattr(_node(m, "Softmax"), "op_type", "Conv"),
        "breaks the rules of ONNX",
    ),
    (
        "unknown option",
        lambda m: _node(m, "Conv").attribute.append(helper.make_attribute("secret", 1)),
        "breaks the rules of ONNX.*secret",
    ),
    ("out of order", lambda m: m.graph.node.reverse(), "not in order"),
    ("made twice", lambda m: m.graph.node.append(_node(m, "Conv")), "not in order"),
    ("unknown value", lambda m: _node(m, "Conv").input.append("ghost"), "not in order.*ghost"),
    (
        "constant twice",
        lambda m: m.graph.initializer.append(m.graph.initializer[0]),
        "one name to two things",
    ),
    ("no input", lambda m: m.graph.ClearField("input"), "not in order|other inputs"),
    ("two inputs", lambda m: m.graph.input.add(name="more"), "other inputs or outputs"),
    ("no outputs", lambda m: m.graph.ClearField("output"), "other inputs or outputs"),
    ("output name", lambda m: setattr(m.graph.output[0], "name", "x"), "logits \\[1, 3\\]"),
    (
        "input type",
        lambda m: setattr(m.graph.input[0].type.tensor_type, "elem_type", FLOAT),
        "other inputs or outputs",
    ),
    (
        "classes",
        lambda m: setattr(m.graph.output[1].type.tensor_type.shape.dim[1], "dim_value", 4),
        "than 3 classes need",
    ),
    (
        "too many nodes",
        lambda m: m.graph.node.extend([onnx.NodeProto()] * NODES),
        r"too large: 20,\d+ nodes",
    ),
]


@pytest.mark.parametrize(
    ("change", "message"), [c[1:] for c in CHANGES], ids=[c[0] for c in CHANGES]
)
def test_a_graph_with_anything_foreign_is_refused(
    members: Members, facts: Facts, change: Change, message: str
) -> None:
    """Whatever is not needed to describe a network of ours is refused, and the place named."""
    model = onnx.ModelProto.FromString(members[MODEL])
    change(model)
    with pytest.raises(BundleError, match=message) as caught:
        read_graph(model.SerializeToString(), facts)
    assert MODEL in caught.value.happened


KNOWN = {schema.name for schema in onnx.defs.get_all_schemas()}


def _written() -> Iterator[str]:
    """Names of the operations that objektiv's source gives to `GraphBuilder.add`."""
    for path in Path(objektiv.__path__[0]).rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match call:
                case ast.Call(func=ast.Attribute(attr="add"), args=[first, *_]):
                    texts = (n.value for n in ast.walk(first) if isinstance(n, ast.Constant))
                    yield from (str(text) for text in texts if text in KNOWN)


def test_the_allowed_operations_are_those_that_are_needed() -> None:
    """An operation that is new in the source is allowed, one that nobody needs no longer."""
    assert set(_written()) <= OPERATIONS
    assert set(_written()) | set(EXAMPLES) == OPERATIONS


@pytest.mark.parametrize("data", [b"", b"\x00" * 100, b"PK\x03\x04", b"\xff" * 1000])
def test_what_is_no_graph_is_refused(facts: Facts, data: bytes) -> None:
    """Other bytes are no graph."""
    with pytest.raises(BundleError, match=MODEL):
        read_graph(data, facts)


def test_fields_unknown_to_onnx_do_not_reach_the_engine(members: Members, facts: Facts) -> None:
    """What this protobuf does not know, another one might: it is dropped."""
    hidden = members[MODEL] + b"\xfa\x3f\x06secret"  # field 1023, of bytes
    assert b"secret" in onnx.ModelProto.FromString(hidden).SerializeToString()

    assert b"secret" not in read_graph(hidden, facts).SerializeToString()


def _mutant(data: bytes, number: int) -> bytes:
    random = generator(0, "onnx", number)
    spoilt = bytearray(data)
    for _ in range(int(random.integers(1, 4))):
        place, length = int(random.integers(len(spoilt))), int(random.integers(1, 30))
        kind = int(random.integers(3))
        if kind == 0:
            spoilt[place] = int(random.integers(256))
        elif kind == 1:
            del spoilt[place : place + length]
        else:
            spoilt[place:place] = spoilt[place : place + length]
    return bytes(spoilt)


@pytest.mark.parametrize(
    ("first", "count"), [(0, 1000), pytest.param(1000, 50_000, marks=pytest.mark.slow)]
)
def test_mutated_graphs_are_refused_or_walked(
    members: Members, facts: Facts, first: int, count: int
) -> None:
    """Damage with hashes that fit ends in a BundleError or in a graph of known operations."""
    refused = 0
    for number in range(first, first + count):
        try:
            model = read_graph(_mutant(members[MODEL], number), facts)
            assert {node.op_type for node in model.graph.node} <= OPERATIONS
            cut(model, size=facts.size)
        except BundleError:
            refused += 1
    assert refused > 0.5 * count


def test_the_cut_network_is_what_stood_behind_the_pixels(members: Members, facts: Facts) -> None:
    """Pixels of the whole graph through the cut network give the whole graph's logits."""
    model = read_graph(members[MODEL], facts)
    watched = onnx.ModelProto.FromString(members[MODEL])
    shape = [1, facts.size, facts.size, 3]
    watched.graph.output.append(helper.make_tensor_value_info("pixels", FLOAT, shape))
    picture = generator(0, "picture").integers(0, 256, (50, 70, 3)).astype(np.uint8)
    logits, _, pixels = _run(watched.SerializeToString(), {"image": picture})

    cut(model, size=facts.size)
    batch = np.repeat(pixels, 5, axis=0)
    again, probabilities = _run(with_batch(model, 5), {"pixels": batch})

    assert len(model.graph.node) < len(watched.graph.node)
    np.testing.assert_allclose(again, np.repeat(logits, 5, axis=0), atol=1e-5)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)


def _run(data: bytes, inputs: dict[str, NDArray[np.generic]]) -> list[NDArray[np.float32]]:
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    return [np.asarray(array) for array in session.run(None, inputs)]


@pytest.mark.parametrize("leak", ["image", "shape_0", "no pixels"])
def test_a_graph_without_one_tensor_of_pixels_is_not_cut(leak: str) -> None:
    """A network that looks past the pixels at the picture cannot be run in batches."""
    graph = GraphBuilder()
    image = graph.input("image", UINT8, ["height", "width", 3])
    pixels = add_preprocessing(graph, image, size=32, fit="crop")
    if leak == "no pixels":
        pixels = graph.add("Cast", [image], to=FLOAT)
    else:
        side = graph.add("ReduceMax", [graph.add("Cast", [leak], to=FLOAT)], keepdims=0)
        pixels = graph.add("Mul", [pixels, side])
    graph.add("Relu", [pixels], output="logits")
    graph.output("logits", FLOAT, ["a", "b", "c", "d"][: 3 if leak == "no pixels" else 4])
    model = graph.model("leak")
    if leak == "no pixels":
        keep = [node for node in model.graph.node if "pixels" not in node.output]
        model.graph.ClearField("node")
        model.graph.node.extend(keep)
    with pytest.raises(BundleError, match="cannot be cut between preprocessing and network"):
        cut(model, size=32)
