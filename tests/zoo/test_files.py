"""ONNX files as users bring them: made plain where possible, else refused with what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from objektiv.base import files
from objektiv.base.errors import ModelError
from objektiv.base.seeds import generator
from objektiv.zoo.files import read_onnx
from tests.features import networks

SIDE, CLASSES = 8, 5
Change = Callable[[onnx.ModelProto], None]


def _exported(opset: int = 18, *, ends: tuple[str, ...] = ()) -> onnx.ModelProto:
    """As exporters write: other names, a batch normalisation, dropout, Constant nodes, notes."""
    random = generator(0, "exported")
    arrays = {
        "features.weight": random.normal(0, 0.3, (6, 3, 3, 3)),
        "bn.weight": random.uniform(0.5, 1.5, 6),
        "bn.bias": random.normal(0, 0.1, 6),
        "bn.mean": random.normal(0, 0.1, 6),
        "bn.var": random.uniform(0.5, 1.5, 6),
        "head.weight": random.normal(0, 0.3, (CLASSES, 6)),
        "head.bias": random.normal(0, 0.1, CLASSES),
    }
    batch = ["bn.weight", "bn.bias", "bn.mean", "bn.var"]
    shape = numpy_helper.from_array(np.array([-1, 6], np.int64))
    nodes = [
        helper.make_node("Conv", ["image", "features.weight"], ["c"], pads=[1] * 4),
        helper.make_node("BatchNormalization", ["c", *batch], ["b"]),
        helper.make_node("Relu", ["b"], ["r"], doc_string="a note"),
        helper.make_node("GlobalAveragePool", ["r"], ["p"]),
        helper.make_node("Constant", [], ["shape"], value=shape),
        helper.make_node("Reshape", ["p", "shape"], ["f"]),
        helper.make_node("Dropout", ["f"], ["d"]),
        helper.make_node("Gemm", ["d", "head.weight", "head.bias"], ["out0"], transB=1),
    ]
    for number, kind in enumerate(ends):
        options = {"axis": 1} if "Softmax" in kind else {}
        nodes.append(helper.make_node(kind, [f"out{number}"], [f"out{number + 1}"], **options))
    picture = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, SIDE, SIDE])
    answer = helper.make_tensor_value_info(f"out{len(ends)}", TensorProto.FLOAT, ["n", CLASSES])
    constants = [numpy_helper.from_array(v.astype(np.float32), k) for k, v in arrays.items()]
    graph = helper.make_graph(nodes, "exported", [picture], [answer], constants)
    opsets = [helper.make_opsetid("", opset)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="other")
    helper.set_model_props(model, {"author": "somebody"})
    return model


def _write(folder: Path, model: onnx.ModelProto) -> Path:
    path = folder / "network.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def _run(data: bytes, pictures: Any) -> Any:
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: pictures})[0]


def _pictures() -> Any:
    return generator(0, "pictures").normal(0, 1, (3, 3, SIDE, SIDE)).astype(np.float32)


@pytest.mark.parametrize("opset", [11, 13, 17, 18, 20])
def test_an_exported_file_computes_what_it_did(tmp_path: Path, opset: int) -> None:
    """Whatever version of ONNX it was written in, the plain graph gives the same logits."""
    path = _write(tmp_path, _exported(opset))

    found = read_onnx(path, name="mine")

    assert (found.size, found.classes) == (SIDE, CLASSES)
    assert found.parameters == 6 * 27 + 4 * 6 + CLASSES * 7
    assert found.sha256 == files.sha256(path.read_bytes())
    expected = _run(path.read_bytes(), _pictures())
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(_run(found.graph, _pictures()), expected, atol=1e-5)


def test_what_stands_behind_the_logits_is_dropped(tmp_path: Path) -> None:
    """A file that ends in probabilities gives the logits before them."""
    plain = read_onnx(_write(tmp_path, _exported()), name="mine").graph

    ends = ("Identity", "Softmax", "Identity")
    found = read_onnx(_write(tmp_path, _exported(ends=ends)), name="mine")

    np.testing.assert_array_equal(_run(found.graph, _pictures()), _run(plain, _pictures()))


def test_nothing_but_the_function_is_kept(tmp_path: Path) -> None:
    """Notes, metadata and the producer's name are gone."""
    found = onnx.load_from_string(read_onnx(_write(tmp_path, _exported()), name="mine").graph)

    assert not found.metadata_props and found.producer_name == "objektiv"
    assert not any(node.doc_string for node in found.graph.node)
    assert [v.name for v in (*found.graph.input, *found.graph.output)] == ["input", "logits"]


def _outside(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../secret")


def _outside_in_a_node(model: onnx.ModelProto) -> None:
    tensor = model.graph.node[4].attribute[0].t
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")


def _input_shape(*shape: int | str, kind: int = TensorProto.FLOAT) -> Change:
    def change(model: onnx.ModelProto) -> None:
        value = helper.make_tensor_value_info("image", kind, list(shape))
        model.graph.input[0].CopyFrom(value)

    return change


def _one_picture(model: onnx.ModelProto) -> None:
    model.graph.node[4].attribute[0].t.CopyFrom(numpy_helper.from_array(np.array([1, 6], np.int64)))


def _foreign(model: onnx.ModelProto) -> None:
    model.graph.node[2].domain = "com.microsoft"
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))


def _two_inputs(model: onnx.ModelProto) -> None:
    model.graph.input.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, [1]))


def _sigmoid(model: onnx.ModelProto) -> None:
    model.graph.node[-1].output[0] = "before"
    model.graph.node.append(helper.make_node("Sigmoid", ["before"], ["out0"]))


def _map(model: onnx.ModelProto) -> None:
    del model.graph.node[3:]
    model.graph.output[0].CopyFrom(
        helper.make_tensor_value_info("r", TensorProto.FLOAT, ["n", 6, SIDE, SIDE])
    )


def _not_at_rest(model: onnx.ModelProto) -> None:
    """The deviations are computed, not constant."""
    model.graph.node.insert(0, helper.make_node("Abs", ["bn.var"], ["computed"]))
    model.graph.node[2].input[4] = "computed"


WRONG: dict[str, tuple[str, Change]] = {
    "weights in another file": ("weights .* lie in another file: 'features", _outside),
    "a constant in another file": ("lie in another file", _outside_in_a_node),
    "an open size": ("not for square RGB pictures", _input_shape("n", 3, "h", "w")),
    "channels last": (r"\[0, 8, 8, 3\].*FLOAT \[n, 3, side", _input_shape("n", 8, 8, 3)),
    "no square": ("not for square RGB", _input_shape("n", 3, 8, 9)),
    "grey": ("not for square RGB", _input_shape("n", 1, 8, 8)),
    "half precision": (*("FLOAT16", _input_shape("n", 3, 8, 8, kind=TensorProto.FLOAT16)),),
    "two inputs": (r"inputs FLOAT \[0, 3, 8, 8\]; FLOAT \[1\]", _two_inputs),
    "for one picture only": ("one row of logits a picture: for two pictures", _one_picture),
    "a map for logits": (r"for two pictures \[2, 6, 8, 8\]", _map),
    "another domain": ("not ONNX's own: com.microsoft:Relu", _foreign),
    "each class alone": ("judges each class alone", _sigmoid),
    "computed statistics": ("cannot be made plain.*computed", _not_at_rest),
    "no graph": ("not a whole ONNX file", lambda model: model.ClearField("graph")),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_used_is_refused(tmp_path: Path, name: str) -> None:
    """A file that is no classification network of square RGB pictures is told what is wrong."""
    told, change = WRONG[name]
    change(model := _exported())
    path = _write(tmp_path, model)

    with pytest.raises(ModelError, match=told) as refused:
        read_onnx(path, name="mine")

    assert "export the network anew" in refused.value.next or "another network" in str(
        refused.value
    )


@pytest.mark.parametrize("data", [b"", b"\x80\x04.", b"no graph", networks.small()[:500]])
def test_what_is_no_onnx_file_is_refused(tmp_path: Path, data: bytes) -> None:
    """An empty, cut or foreign file is no whole ONNX file."""
    path = tmp_path / "network.onnx"
    path.write_bytes(data)

    with pytest.raises(ModelError, match="not a whole ONNX file"):
        read_onnx(path, name="mine")


def test_changed_bytes_never_crash(tmp_path: Path) -> None:
    """A hundred files with one byte changed are read or refused, nothing else."""
    data, random = _exported(13).SerializeToString(), generator(0, "bytes")
    path, refused = tmp_path / "network.onnx", 0
    for _ in range(100):
        changed = bytearray(data)
        changed[random.integers(len(data))] = random.integers(256)
        path.write_bytes(bytes(changed))
        try:
            read_onnx(path, name="mine")
        except ModelError:
            refused += 1

    assert 0 < refused < 100
