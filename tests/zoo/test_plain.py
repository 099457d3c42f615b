"""What an exporter wrote becomes a plain graph that computes the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from objektiv.base.errors import ModelError
from objektiv.zoo.plain import plain

RANDOM = np.random.default_rng(0)
KERNEL = RANDOM.normal(size=(4, 3, 3, 3)).astype(np.float32)
LARGEST = np.iinfo(np.int64).max


def _model(nodes: Sequence[NodeProto], *, opset: int = 18, **arrays: Any) -> onnx.ModelProto:
    """A model as exporters write it, from `x` (1, 3, 9, 9) to `y` (1, 4)."""
    graph = helper.make_graph(
        nodes,
        "exported",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["s0", 3, 9, 9])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["s0", 4])],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in arrays.items()],
    )
    opsets = [helper.make_opsetid("", opset)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    model.metadata_props.add(key="made by", value="an exporter")
    for node in model.graph.node:
        node.metadata_props.add(key="stack", value="line 7")
        node.doc_string = "told"
    return model


def _network(*between: NodeProto, **options: Any) -> list[NodeProto]:
    """A convolution to `c`, then `between` from `c` to `b`, then the mean of each channel."""
    return [
        helper.make_node("Conv", ["x", "kernel"], ["c"], strides=[2, 2], **options),
        *between,
        helper.make_node("GlobalAveragePool", ["b" if between else "c"], ["m"]),
        helper.make_node("Flatten", ["m"], ["y"], axis=1),
    ]


def _run(data: bytes, pictures: NDArray[np.float32]) -> NDArray[Any]:
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {session.get_inputs()[0].name: pictures})[0])


def _same(model: onnx.ModelProto) -> onnx.GraphProto:
    """The plain graph, after a look whether both compute the same of two pictures."""
    pictures = RANDOM.normal(size=(2, 3, 9, 9)).astype(np.float32)
    data = plain(model, name="small", size=9, classes=4)
    expected = _run(model.SerializeToString(), pictures)
    assert np.allclose(_run(data, pictures), expected, atol=1e-5)
    assert expected.std() > 0.01
    return onnx.load_from_string(data).graph


def test_ends_get_our_names_and_nothing_is_told_besides() -> None:
    """From `input` to `logits`, any number of pictures; metadata and comments are gone."""
    made = plain(_model(_network(), kernel=KERNEL), name="small", size=9, classes=4)

    model = onnx.load_from_string(made)
    assert [v.name for v in (*model.graph.input, *model.graph.output)] == ["input", "logits"]
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "n"
    fields = {field.name for field, _ in model.ListFields()}
    assert fields == {"ir_version", "opset_import", "producer_name", "graph"}
    fields = {field.name for node in model.graph.node for field, _ in node.ListFields()}
    assert fields == {"input", "output", "name", "op_type", "attribute"}
    assert model.ir_version == 10


def test_constants_and_what_passes_on_are_no_nodes() -> None:
    """Constant nodes become arrays; Identity and Dropout vanish."""
    half = numpy_helper.from_array(np.float32(0.5), "")
    graph = _same(
        _model(
            _network(
                helper.make_node("Constant", [], ["half"], value=half),
                helper.make_node("Constant", [], ["two"], value_float=2.0),
                helper.make_node("Identity", ["c"], ["i"]),
                helper.make_node("Dropout", ["i"], ["d"]),
                helper.make_node("Mul", ["d", "half"], ["h"]),
                helper.make_node("Add", ["h", "two"], ["b"]),
            ),
            kernel=KERNEL,
            unread=np.ones(7, np.float32),
        )
    )

    assert [n.op_type for n in graph.node] == ["Conv", "Mul", "Add", "GlobalAveragePool", "Flatten"]
    assert {tensor.name for tensor in graph.initializer} == {"kernel", "half", "two"}


def test_a_normalisation_becomes_a_product_and_a_sum() -> None:
    """Batch normalisation at rest is written with two numbers a channel."""
    statistics = RANDOM.uniform(0.5, 2, (4, 4)).astype(np.float32)
    names = ["gamma", "beta", "mean", "variance"]
    graph = _same(
        _model(
            _network(
                helper.make_node("BatchNormalization", ["c", *names], ["b"], epsilon=0.01),
            ),
            kernel=KERNEL,
            **dict(zip(names, statistics, strict=True)),
        )
    )

    assert [n.op_type for n in graph.node][:3] == ["Conv", "Mul", "Add"]


def test_ends_of_slices_are_no_astronomic_numbers() -> None:
    """The largest integer, which exporters write for "to the end", is cut to what a walk takes."""
    slicing = helper.make_node("Slice", ["c", "start", "end", "axis"], ["b"])
    graph = _same(
        _model(_network(slicing), kernel=KERNEL, start=[1], end=[LARGEST], axis=[2]),
    )

    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    assert values["end"] == 1 << 20 and values["start"] == 1


@pytest.mark.parametrize("size", [9, 12])
def test_padding_by_size_holds_for_every_size(size: int) -> None:
    """A convolution named as such pads as TensorFlow's "same", whatever the size."""
    model = _model(_network(pads=[0, 0, 1, 1]), kernel=KERNEL)
    data = plain(model, name="small", size=size, classes=4, by_size={"kernel"})
    pictures = RANDOM.normal(size=(1, 3, size, size)).astype(np.float32)

    missing = 2 * (-(-size // 2) - 1) + 3 - size  # TensorFlow's rule for a stride of 2
    before, after = missing // 2, missing - missing // 2
    reference = _network(pads=[before, before, after, after])
    model = _model(reference, kernel=KERNEL)
    for dimension in model.graph.input[0].type.tensor_type.shape.dim[2:]:
        dimension.dim_value = size
    assert np.allclose(_run(data, pictures), _run(model.SerializeToString(), pictures), atol=1e-5)


@pytest.mark.parametrize(
    ("model", "found"),
    [
        (
            _model(
                _network(helper.make_node("Gelu", ["c"], ["b"], domain="com.microsoft")),
                kernel=KERNEL,
            ),
            "com.microsoft:Gelu",
        ),
        (_model(_network(), opset=17, kernel=KERNEL), "17"),
        (_model(_network()), "'x', 'kernel'"),
    ],
)
def test_what_is_not_plain_is_refused(model: onnx.ModelProto, found: str) -> None:
    """Another domain, another version, a second input: the error names it."""
    if "'x', " in found:
        more = helper.make_tensor_value_info("kernel", TensorProto.FLOAT, [4, 3, 3, 3])
        model.graph.input.append(more)

    with pytest.raises(ModelError, match=f"small cannot be made plain: .*{found}"):
        plain(model, name="small", size=9, classes=4)


def test_a_subgraph_is_refused() -> None:
    """An operation that holds a graph of its own does not pass."""
    inner = helper.make_graph(
        [helper.make_node("Identity", ["c"], ["t"])],
        "inner",
        [],
        [helper.make_tensor_value_info("t", TensorProto.FLOAT, None)],
    )
    branch = helper.make_node("If", ["yes"], ["b"], then_branch=inner, else_branch=inner)

    with pytest.raises(ModelError, match="operation :If"):
        plain(
            _model(_network(branch), kernel=KERNEL, yes=np.bool_(True)),
            name="small",
            size=9,
            classes=4,
        )


def test_shapes_that_do_not_fit_are_told() -> None:
    """A graph whose logits are not as many as told is refused by onnx's checker."""
    with pytest.raises(ModelError, match="small cannot be made plain: .*logits|.*[Dd]imension"):
        plain(_model(_network(), kernel=KERNEL), name="small", size=9, classes=5)
