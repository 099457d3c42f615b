"""Run a bundle's network in OpenVINO, in one precision, on squares that `data.images` made.

In: a cut graph and squares, float32 (n, size, size, 3). Out: logits and probabilities. One picture
runs at batch 1, many in batches of LARGE, each compiled when first needed with fixed shapes.
The preprocessing in the graph is not run here: `data.images.to_square` is equal to it (tested) and
stays in 32 bits, where a bf16 hint would move coordinates by whole pixels.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray

from objektiv.base.errors import ModelError
from objektiv.features.runtime import openvino
from objektiv.shipping.facts import INPUT, MODEL, refused
from objektiv.shipping.walk import with_batch

LARGE = 16
WORTH_A_BATCH = 5  # pictures; a padded batch of 16 takes as long as about this many singles

# Elements of one value inside the network, per picture: 256 MB of 32-bit floats. VGG19 at 512
# pixels needs a quarter of that; a hostile graph of a few bytes could ask for more than there is.
LARGEST_VALUE = 1 << 26

HINTS = {"fp32": "f32", "bf16": "bf16"}


class Predicted(NamedTuple):
    """What the network says: two float32 arrays (pictures, classes); probabilities sum to 1."""

    logits: NDArray[np.float32]
    probabilities: NDArray[np.float32]


@cache
def _core() -> Any:
    return openvino.Core()


def has_bf16() -> bool:
    """Whether this processor computes in bf16 itself."""
    return "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


class Session:
    """One network in one precision; safe to call from several threads."""

    def __init__(self, network: onnx.ModelProto, *, precision: str) -> None:
        """`network` is a graph that `walk.cut` has left; it is kept for later batches."""
        self._network = network
        self._precision = precision
        self._requests: dict[int, Any] = {}
        self._lock = threading.Lock()

    def __call__(self, squares: NDArray[np.float32]) -> Predicted:
        """Logits and probabilities of `squares` (n, size, size, 3), n at least 1.

        Raises:
            BundleError: OpenVINO refuses the network.
            ModelError: this processor does not compute in the precision.
        """
        with self._lock:
            size = 1 if len(squares) < WORTH_A_BATCH else LARGE
            starts = range(0, len(squares), size)
            parts = [self._infer(squares[start : start + size], size) for start in starts]
        return Predicted(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))

    def _infer(self, squares: NDArray[np.float32], size: int) -> Predicted:
        if size not in self._requests:
            self._requests[size] = self._compile(size)
        count = len(squares)
        if count < size:  # the rest of a batch repeats the last square and is thrown away
            squares = np.concatenate([squares, np.repeat(squares[-1:], size - count, axis=0)])
        request = self._requests[size]
        request.infer([np.ascontiguousarray(squares)])
        logits, probabilities = (request.get_output_tensor(i).data[:count].copy() for i in (0, 1))
        return Predicted(logits, probabilities)

    def _compile(self, size: int) -> Any:
        options = {
            "INFERENCE_PRECISION_HINT": HINTS[self._precision],
            "PERFORMANCE_HINT": "LATENCY",  # all cores work on one batch
        }
        compiled = _compiled(with_batch(self._network, size), options, pictures=size)
        got = compiled.get_property("INFERENCE_PRECISION_HINT").to_string()
        if got != HINTS[self._precision]:
            raise ModelError(
                "this processor does not compute in the precision asked for",
                value=f"{self._precision} asked, {got} given",
                allowed="`auto` takes what the processor has",
                next="leave `--precision` away, or give `--precision fp32`",
            )
        return compiled.create_infer_request()


def run_whole_graph(data: bytes, pictures: Sequence[NDArray[np.uint8]]) -> Predicted:
    """The whole graph, preprocessing included, in fp32 on pictures of any size, one by one.

    Raises:
        BundleError: OpenVINO refuses the graph.
    """
    compiled = _compiled(data, {"INFERENCE_PRECISION_HINT": "f32"}, pictures=0)
    results = [compiled({INPUT.name: picture}) for picture in pictures]
    return Predicted(*(np.concatenate([r[i] for r in results]) for i in (0, 1)))


def _compiled(data: bytes, options: dict[str, str], *, pictures: int) -> Any:
    """Compile bytes, never a path; with `pictures` above 0 every shape must be fixed and small."""
    try:
        model = _core().read_model(data)
        if pictures:
            _check_shapes(model, pictures)
        return _core().compile_model(model, "CPU", options)
    except RuntimeError as error:  # the only kind OpenVINO raises; its text holds source paths
        raise refused(
            f"OpenVINO refuses {MODEL}", value=_last_line(error), allowed="A graph objektiv wrote"
        ) from error


def _check_shapes(model: Any, pictures: int) -> None:
    for operation in model.get_ops():
        if operation.get_type_name() == "Constant":
            continue
        for output in operation.outputs():
            shape = output.get_partial_shape()
            if shape.is_dynamic or _elements(shape) > LARGEST_VALUE * pictures:
                raise refused(
                    f"{MODEL} holds a value whose size is open or too large",
                    value=f"{operation.get_type_name()} {shape}",
                    allowed=f"At most {LARGEST_VALUE:,} numbers per picture",
                )


def _elements(shape: Any) -> int:
    count = 1
    for length in shape.to_shape():
        count *= int(length)
    return count


def _last_line(error: RuntimeError) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines or ["no reason given"])[-1][:200]
