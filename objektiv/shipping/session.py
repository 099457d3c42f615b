"""Run a bundle's network in OpenVINO, in one precision, on squares that `data.images` made.

In: a cut graph and squares, float32 (n, size, size, 3). Out: logits and probabilities. One picture
runs at batch 1, many in batches of LARGE, each compiled when first needed with fixed shapes.
The preprocessing in the graph is not run here: `data.images.to_square` is equal to it (tested) and
stays in 32 bits, where a bf16 hint would move coordinates by whole pixels.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
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


class Network:
    """A graph that `walk.cut` has left, read once by OpenVINO for each batch and all precisions."""

    def __init__(self, graph: onnx.ModelProto) -> None:
        self._graph = graph
        self._read: dict[int, Any] = {}

    def read(self, batch: int) -> Any:
        """OpenVINO's model for `batch` squares, every shape fixed and of bearable size.

        Raises:
            BundleError: OpenVINO refuses it, or it would fill the memory.
        """
        if batch not in self._read:
            with _refusals():
                self._read[batch] = _core().read_model(with_batch(self._graph, batch))
            _check_shapes(self._read[batch], batch)
        return self._read[batch]


class Session:
    """One network in one precision; safe to call from several threads."""

    def __init__(self, network: Network, *, precision: str) -> None:
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
        model = self._network.read(size)
        with _refusals():
            compiled = _core().compile_model(model, "CPU", options)
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
    with _refusals():
        model = _core().read_model(data)  # bytes, never a path
        compiled = _core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        results = [compiled({INPUT.name: picture}) for picture in pictures]
    return Predicted(*(np.concatenate([r[i] for r in results]) for i in (0, 1)))


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
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
