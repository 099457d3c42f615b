"""Weights of 16 bits: half the file, arithmetic in 32 bits, the same in both engines."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, numpy_helper

from objektiv.shipping import golden
from objektiv.shipping.halves import LARGE, halve
from objektiv.shipping.session import run_whole_graph
from tests.shipping import graphs

PICTURES = list(golden.draw().values())


def _large(model: onnx.ModelProto) -> list[onnx.TensorProto]:
    return [t for t in model.graph.initializer if int(np.prod(t.dims)) >= LARGE]


def test_large_arrays_take_half_the_room() -> None:
    """Every large array of floats is float16 behind a Cast that gives it its old name."""
    model = graphs.dense()
    short = halve(model)
    casts = {n.input[0]: n.output[0] for n in short.graph.node if n.op_type == "Cast"}

    floats = [t.name for t in _large(model) if t.data_type == TensorProto.FLOAT]
    halves = [t for t in short.graph.initializer if t.data_type == TensorProto.FLOAT16]
    assert sorted(casts[t.name] for t in halves) == sorted(floats)
    assert short.ByteSize() < 0.6 * model.ByteSize()


def test_answers_hardly_change() -> None:
    """A probability moves by less than a thousandth."""
    model = graphs.dense()
    left, right = (
        run_whole_graph(m.SerializeToString(), PICTURES).probabilities
        for m in (model, halve(model))
    )

    assert 0 < np.abs(left - right).max() < 1e-3


@pytest.mark.parametrize("factor", [1e6, 1e-9])
def test_what_does_not_fit_stays_in_32_bits(factor: float) -> None:
    """Numbers above 65,504 would be infinite, and tiny ones nothing: such arrays are kept."""
    model = graphs.dense()
    tensor = _large(model)[0]
    array = numpy_helper.to_array(tensor) * np.float32(factor)
    tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))
    kinds = {t.name: t.data_type for t in halve(model).graph.initializer}

    assert kinds[tensor.name] == TensorProto.FLOAT
