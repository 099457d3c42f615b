"""Run a bundle's network in OpenVINO, in one precision, on squares that `data.images` made.

In: a cut graph and squares, float32 (n, size, size, 3). Out: logits and probabilities. One picture
runs at batch 1, many in batches of LARGE, each compiled when first needed with fixed shapes.
The preprocessing in the graph is not run here: `data.images.to_square` is equal to it (tested) and
stays in 32 bits, where a bf16 hint would move coordinates by whole pixels.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray

from objektiv.base.errors import ModelError
from objektiv.features.backbones import FEATURES
from objektiv.features.engine import HINTS
from objektiv.features.preprocess import PIXELS
from objektiv.features.runtime import openvino
from objektiv.features.strict import LARGEST_VALUE
from objektiv.shipping.ends import INPUT
from objektiv.shipping.facts import MODEL, refused
from objektiv.shipping.walk import with_batch

Options = Mapping[str, str | int]

FEW: Options = {"PERFORMANCE_HINT": "LATENCY"}  # all cores work on one picture
LARGE = 16
WORTH_A_BATCH = 5  # pictures; a padded batch of 16 takes as long as about this many singles


class Predicted(NamedTuple):
    """What the network says: two float32 arrays (pictures, classes); probabilities sum to 1.

    `strangeness`, float32 (pictures,), is None where the graph does not measure it.
    """

    logits: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    strangeness: NDArray[np.float32] | None = None

    def first(self, count: int) -> Predicted:
        """Of the first pictures only."""
        strange = self.strangeness
        return Predicted(
            self.logits[:count],
            self.probabilities[:count],
            None if strange is None else strange[:count],
        )


def together(parts: Sequence[Predicted]) -> Predicted:
    """Predictions of one graph behind each other; at least one part."""
    strange = [part.strangeness for part in parts if part.strangeness is not None]
    return Predicted(
        np.concatenate([part.logits for part in parts]),
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate(strange) if strange else None,
    )


def predicted(arrays: Sequence[NDArray[np.float32]]) -> Predicted:
    """A graph's outputs, in their order."""
    logits, probabilities, *strange = arrays
    return Predicted(logits, probabilities, strange[0][:, 0] if strange else None)


@cache
def _core() -> Any:
    return openvino.Core()


def has_bf16() -> bool:
    """Whether this processor computes in bf16 itself."""
    return "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


class Network:
    """A graph that `walk.cut` has left, read once by OpenVINO for each batch and all precisions."""

    def __init__(self, graph: onnx.ModelProto) -> None:
        self.graph = graph
        self._read: dict[int, Any] = {}

    def read(self, batch: int) -> Any:
        """OpenVINO's model for `batch` squares, every shape fixed and of bearable size.

        Raises:
            BundleError: OpenVINO refuses it, or it would fill the memory.
        """
        if batch not in self._read:
            with _refusals():
                self._read[batch] = _core().read_model(with_batch(self.graph, batch))
            _check_shapes(self._read[batch], batch)
        return self._read[batch]


class Session:
    """One network in one precision; safe to call from several threads.

    bf16 is for the backbone: head and plain descriptors, behind the tensor FEATURES or beside it,
    run in 32 bits as they did when the features came from the bank. A graph without FEATURES runs
    whole in the precision.
    """

    def __init__(self, network: Network, *, precision: str) -> None:
        self.network = network
        self._precision = precision
        self._requests: dict[int, list[Any]] = {}
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
        return together(parts)

    def _infer(self, squares: NDArray[np.float32], size: int) -> Predicted:
        if size not in self._requests:
            self._requests[size] = self._compile(size)
        count = len(squares)
        if count < size:  # the rest of a batch repeats the last square and is thrown away
            squares = np.concatenate([squares, np.repeat(squares[-1:], size - count, axis=0)])
        given = {PIXELS: np.ascontiguousarray(squares)}
        *before, last = self._requests[size]
        for request in before:
            request.infer(given)
            given[FEATURES] = request.get_output_tensor(0).data
        last.infer(given)
        ends = range(len(last.model_outputs))
        return predicted([last.get_output_tensor(i).data[:count].copy() for i in ends])

    def _compile(self, size: int) -> list[Any]:
        """Requests to run one after the other."""
        compiled = compiled_parts(self.network, size, precision=self._precision)
        return [part.create_infer_request() for part in compiled]


def compiled_parts(
    network: Network, batch: int, *, precision: str, options: Options = FEW
) -> list[Any]:
    """The network compiled for `batch` squares: one part, or those to run one after the other.

    Of several, the first gives FEATURES and each later one takes the squares and those.

    Raises:
        BundleError: OpenVINO refuses the network.
        ModelError: this processor does not compute in the precision.
    """
    model = network.read(batch)
    if precision == "fp32":
        return [_compiled(model, "fp32", options)]
    first, *rest = _split(model.clone())
    behind = [_compiled(part, "fp32", options) for part in rest]
    return [_compiled(first, precision, options), *behind]


def _split(model: Any) -> list[Any]:
    """The model up to FEATURES and the rest of it; or all of it where it has no such tensor."""
    outputs = (output for operation in model.get_ops() for output in operation.outputs())
    features = next((output for output in outputs if FEATURES in output.get_names()), None)
    if features is None:
        return [model]
    backbone = openvino.Model([features], model.get_parameters())
    given = openvino.op.Parameter(openvino.Type.f32, features.get_partial_shape())
    readers = features.get_target_inputs()
    for reader in readers:
        if reader.get_node().get_type_name() != "Result":
            reader.replace_source_output(given.output(0))
    given.output(0).get_tensor().set_names({FEATURES})
    rest = openvino.Model(model.get_results(), [*model.get_parameters(), given])
    return [backbone, rest]


def request(model: Any, precision: str) -> Any:
    """OpenVINO's request for a model it has read, compiled for few pictures at a time.

    Raises:
        BundleError: OpenVINO refuses the model.
        ModelError: this processor does not compute in the precision.
    """
    return _compiled(model, precision, FEW).create_infer_request()


def _compiled(model: Any, precision: str, options: Options) -> Any:
    hint = HINTS[precision]
    with _refusals():
        compiled = _core().compile_model(
            model, "CPU", {"INFERENCE_PRECISION_HINT": hint, **options}
        )
    got = compiled.get_property("INFERENCE_PRECISION_HINT").to_string()
    if got != hint:
        raise ModelError(
            "this processor does not compute in the precision asked for",
            value=f"{precision} asked, {got} given",
            allowed="`auto` takes what the processor has",
            next="leave `--precision` away, or give `--precision fp32`",
        )
    return compiled


def run_whole_graph(data: bytes, pictures: Sequence[NDArray[np.uint8]]) -> Predicted:
    """The whole graph, preprocessing included, in fp32 on pictures of any size, one by one.

    Raises:
        BundleError: OpenVINO refuses the graph.
    """
    with _refusals():
        model = _core().read_model(data)  # bytes, never a path
        compiled = _core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        ends = range(len(compiled.outputs))
        results = [compiled({INPUT.name: picture}) for picture in pictures]
    return together([predicted([result[i] for i in ends]) for result in results])


def run_scalars(data: bytes, squares: Iterable[NDArray[np.float32]]) -> NDArray[np.float32]:
    """A cut graph in fp32 whose outputs are single numbers, (squares, outputs).

    Raises:
        BundleError: OpenVINO refuses the graph.
    """
    with _refusals():
        options = {"INFERENCE_PRECISION_HINT": "f32"}
        compiled = _core().compile_model(_core().read_model(data), "CPU", options)
        ends = range(len(compiled.outputs))
        results = (compiled({PIXELS: square[None]}) for square in squares)
        return np.array([[float(result[i]) for i in ends] for result in results], np.float32)


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
