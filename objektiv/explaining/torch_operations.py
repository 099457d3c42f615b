"""The operations that a graph of ours may hold (features/strict), as functions of torch.

In: an operation's settings and its tensors. Out: its tensor, through which gradients flow. Rounding
to 8 bits lets them pass as if it were not there, and the square root has none at 0, where a map is
flat and any direction would do.
Try: `OPERATIONS["Relu"]({}, torch.ones(2))`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from onnx import TensorProto
from torch import Tensor
from torch.nn import functional

from objektiv.explaining import torch_windows as windows

Options = Mapping[str, Any]
Operation = Callable[..., Any]  # (options, *tensors) -> a tensor, or several of Split

KINDS = {
    TensorProto.FLOAT: torch.float32,
    TensorProto.FLOAT16: torch.float32,  # weights in 16 bits are reckoned with in 32
    TensorProto.INT64: torch.int64,
    TensorProto.INT32: torch.int32,
    TensorProto.INT8: torch.int8,
    TensorProto.UINT8: torch.uint8,
    TensorProto.BOOL: torch.bool,
}


def _plain(function: Callable[..., Tensor]) -> Operation:
    """An operation without settings."""
    return lambda _, *tensors: function(*tensors)


def _several(function: Callable[[Tensor, Tensor], Tensor]) -> Operation:
    """Of two tensors or more, one after the other."""

    def reckoned(_: Options, first: Tensor, *others: Tensor) -> Tensor:
        for other in others:
            first = function(first, other)
        return first

    return reckoned


def _divide(_: Options, x: Tensor, y: Tensor) -> Tensor:
    if x.is_floating_point():
        return x / y
    return torch.div(x, y, rounding_mode="trunc")


def _root(_: Options, x: Tensor) -> Tensor:
    flat = x <= 0
    return torch.where(flat, torch.zeros_like(x), torch.sqrt(torch.where(flat, 1.0, x)))


def _clip(_: Options, x: Tensor, low: Tensor | None = None, high: Tensor | None = None) -> Tensor:
    return x if low is None and high is None else torch.clamp(x, low, high)


def _axes(options: Options, x: Tensor, axes: Tensor | None) -> list[int]:
    told = options.get("axes") if axes is None else axes.tolist()
    return list(told) if told else list(range(x.ndim))


def _reduce(function: Callable[..., Tensor]) -> Operation:
    def reduced(options: Options, x: Tensor, axes: Tensor | None = None) -> Tensor:
        return function(x, _axes(options, x, axes), keepdim=bool(options.get("keepdims", 1)))

    return reduced


def _length(x: Tensor, axes: list[int], *, keepdim: bool) -> Tensor:
    return _root({}, (x * x).sum(axes, keepdim=keepdim))


def _gemm(options: Options, a: Tensor, b: Tensor, c: Tensor | None = None) -> Tensor:
    a = a.T if options.get("transA") else a
    b = b.T if options.get("transB") else b
    product = options.get("alpha", 1.0) * (a @ b)
    return product if c is None else product + options.get("beta", 1.0) * c


def _reshape(_: Options, x: Tensor, shape: Tensor) -> Tensor:
    sides = shape.tolist()
    return x.reshape([x.shape[i] if side == 0 else side for i, side in enumerate(sides)])


def _expand(_: Options, x: Tensor, shape: Tensor) -> Tensor:
    return x.expand(torch.broadcast_shapes(x.shape, torch.Size(shape.tolist())))


def _flatten(options: Options, x: Tensor) -> Tensor:
    axis = options.get("axis", 1)
    return x.reshape(int(torch.Size(x.shape[:axis]).numel()), -1)


def _squeeze(options: Options, x: Tensor, axes: Tensor | None = None) -> Tensor:
    if axes is None and "axes" not in options:
        return x.squeeze()
    return x.squeeze(_axes(options, x, axes))


def _unsqueeze(options: Options, x: Tensor, axes: Tensor | None = None) -> Tensor:
    told = options["axes"] if axes is None else axes.tolist()
    after = x.ndim + len(told)
    for axis in sorted(axis % after for axis in told):
        x = x.unsqueeze(axis)
    return x


def _slice(
    _: Options,
    x: Tensor,
    starts: Tensor,
    ends: Tensor,
    axes: Tensor | None = None,
    steps: Tensor | None = None,
) -> Tensor:
    along = list(range(len(starts))) if axes is None else axes.tolist()
    by = [1] * len(along) if steps is None else steps.tolist()
    for axis, start, end, step in zip(along, starts.tolist(), ends.tolist(), by, strict=True):
        kept = range(*slice(start, end, step).indices(x.shape[axis]))
        x = x.index_select(axis, torch.tensor(kept, dtype=torch.int64))
    return x


def _split(options: Options, x: Tensor, sizes: Tensor | None = None) -> Any:
    axis = options.get("axis", 0)
    if sizes is not None:
        return x.split(sizes.tolist(), axis)
    return x.split(-(-x.shape[axis] // options["num_outputs"]), axis)


def _gather(options: Options, x: Tensor, indices: Tensor) -> Tensor:
    axis = options.get("axis", 0) % x.ndim
    places = indices.to(torch.int64) % x.shape[axis]  # below 0: from the end
    found = x.index_select(axis, places.reshape(-1))
    return found.reshape(x.shape[:axis] + places.shape + x.shape[axis + 1 :])


def _layer_norm(options: Options, x: Tensor, scale: Tensor, bias: Tensor | None = None) -> Tensor:
    axis = options.get("axis", -1) % x.ndim
    epsilon = options.get("epsilon", 1e-5)
    return functional.layer_norm(x, x.shape[axis:], scale, bias, epsilon)


def _instance_norm(options: Options, x: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
    epsilon = options.get("epsilon", 1e-5)
    return functional.instance_norm(x, weight=scale, bias=bias, eps=epsilon)


def _response_norm(options: Options, x: Tensor) -> Tensor:
    told = {name: options.get(name, usual) for name, usual in _RESPONSE.items()}
    alpha, beta, bias = told.values()
    return functional.local_response_norm(x, options["size"], alpha, beta, bias)


_RESPONSE = {"alpha": 1e-4, "beta": 0.75, "bias": 1.0}


def _along(values: Tensor, x: Tensor, axis: int) -> Tensor:
    """One value for each place of an axis, in the shape that meets `x`."""
    if values.ndim == 0 or values.numel() == 1:
        return values.reshape(())
    return values.reshape([-1 if i == axis % x.ndim else 1 for i in range(x.ndim)])


def _quantise(options: Options, x: Tensor, scale: Tensor, zero: Tensor | None = None) -> Tensor:
    limits = torch.iinfo(torch.uint8 if zero is None else zero.dtype)
    axis = options.get("axis", 1)
    steps = x / _along(scale, x, axis)
    if zero is not None:
        steps = steps + _along(zero, x, axis).float()
    steps = steps.clamp(limits.min, limits.max)
    return steps + (steps.round() - steps).detach()


def _dequantise(options: Options, x: Tensor, scale: Tensor, zero: Tensor | None = None) -> Tensor:
    axis = options.get("axis", 1)
    steps = x.float()
    if zero is not None:
        steps = steps - _along(zero, x, axis).float()
    return steps * _along(scale, x, axis)


OPERATIONS: dict[str, Operation] = {
    "Abs": _plain(torch.abs),
    "Add": _plain(torch.add),
    "AveragePool": windows.average_pool,
    "Cast": lambda o, x: x.to(KINDS[o["to"]]),
    "Clip": _clip,
    "Concat": lambda o, *parts: torch.cat(parts, o["axis"]),
    "Conv": windows.conv,
    "DequantizeLinear": _dequantise,
    "Div": _divide,
    "Elu": lambda o, x: functional.elu(x, o.get("alpha", 1.0)),
    "Erf": _plain(torch.erf),
    "Exp": _plain(torch.exp),
    "Expand": _expand,
    "Flatten": _flatten,
    "Gather": _gather,
    "Gemm": _gemm,
    "GlobalAveragePool": lambda _, x: x.mean((2, 3), keepdim=True),
    "GlobalMaxPool": lambda _, x: x.amax((2, 3), keepdim=True),
    "Greater": _plain(torch.gt),
    "HardSigmoid": lambda o, x: (o.get("alpha", 0.2) * x + o.get("beta", 0.5)).clamp(0, 1),
    "HardSwish": _plain(functional.hardswish),
    "InstanceNormalization": _instance_norm,
    "LRN": _response_norm,
    "LayerNormalization": _layer_norm,
    "LeakyRelu": lambda o, x: functional.leaky_relu(x, o.get("alpha", 0.01)),
    "Less": _plain(torch.lt),
    "Log": _plain(torch.log),
    "MatMul": _plain(torch.matmul),
    "Max": _several(torch.maximum),
    "MaxPool": windows.max_pool,
    "Min": _several(torch.minimum),
    "Mish": _plain(functional.mish),
    "Mul": _plain(torch.mul),
    "Neg": _plain(torch.neg),
    "PRelu": lambda _, x, slope: torch.where(x < 0, slope * x, x),
    "Pad": windows.pad,
    "Pow": _plain(torch.pow),
    "QuantizeLinear": _quantise,
    "Range": lambda _, *ends: torch.arange(*(end.item() for end in ends)),
    "Reciprocal": _plain(torch.reciprocal),
    "ReduceL2": _reduce(_length),
    "ReduceMax": _reduce(torch.amax),
    "ReduceMean": _reduce(torch.mean),
    "ReduceMin": _reduce(torch.amin),
    "ReduceSum": _reduce(torch.sum),
    "Relu": _plain(functional.relu),
    "Reshape": _reshape,
    "Selu": _plain(functional.selu),
    "Shape": lambda o, x: torch.tensor(x.shape[o.get("start", 0) : o.get("end")]),
    "Sigmoid": _plain(torch.sigmoid),
    "Slice": _slice,
    "Softmax": lambda o, x: functional.softmax(x, o.get("axis", -1)),
    "Softplus": _plain(functional.softplus),
    "Split": _split,
    "Sqrt": _root,
    "Squeeze": _squeeze,
    "Sub": _plain(torch.sub),
    "Sum": _several(torch.add),
    "Tanh": _plain(torch.tanh),
    "Transpose": lambda o, x: x.permute(o.get("perm", list(reversed(range(x.ndim))))),
    "Unsqueeze": _unsqueeze,
    "Where": _plain(torch.where),
}
