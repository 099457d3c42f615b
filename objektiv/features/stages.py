"""Find the stages of a network from elsewhere: the maps from which features are pooled.

In: a walked ONNX graph from `input` (n, 3, size, size) to `logits`. Out: Stages: the map at the end
of each resolution, the last map, the final features, and the smallest square that fits.
Try: `find_stages(model, size=224, source=source).stages`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Annotated

import onnx
from pydantic import Field

from objektiv.base.settings import Strict
from objektiv.features.strict import CHECKER_ERRORS, LARGEST_VALUE, Source, light

INPUT, LOGITS = "input", "logits"
SAME_RESOLUTION = 0.75  # 149 and 147 pixels, or 112 and its padded 113, are one resolution
LEARNT = ("Conv", "Gemm", "MatMul")
JOINTS = ("Add", "Sum", "Concat")
# What makes something else of a map than a map: ConvNeXt's channels go last and come back, the
# heads of a transformer lie side by side.
NO_MAPS = frozenset("Transpose Reshape MatMul Gemm Flatten Squeeze Unsqueeze Softmax Shape".split())
SMALLEST = 32  # pixels; `--size` begins here

Shapes = Mapping[str, tuple[int, ...]]  # of every tensor; -1 where a length is open
Width = Annotated[int, Field(ge=1, le=100_000)]


class Place(Strict):
    """A tensor of the graph that features are taken from."""

    name: str = Field(min_length=1, max_length=200)  # of the block of features
    tensor: str = Field(min_length=1, max_length=1000)
    channels: Width
    map: bool  # (n, channels, height, width), else (n, channels)


class Stages(Strict):
    """Where features are taken from a network, and which squares it takes."""

    stages: tuple[Place, ...]
    last_map: Place
    final: Place
    smallest: Annotated[int, Field(ge=1)]  # side in pixels
    any_size: bool  # of squares from `smallest` on; else `smallest` is the only one


def find_stages(model: onnx.ModelProto, *, size: int, source: Source) -> Stages:
    """The stages of a network whose own size is `size`.

    Raises:
        ModelError: of the source's kind; shapes do not follow, or there is no map to pool.
    """
    weights = {tensor.name for tensor in model.graph.initializer}
    model = light(model)
    known = shapes(model, size=size)
    if known is None:
        raise source.refused(
            f"{source.file} does not work at its own size",
            value=f"{size} x {size} pixels",
            allowed="Every shape must follow from the size of the input, no value may hold more "
            f"than {LARGEST_VALUE:,} numbers",
        )
    path = _ancestors(model.graph, [LOGITS])
    fed = _fed(path, weights)
    maps = [name for name in _maps(_ancestors(model.graph, [fed])) if _pixels(known, name) > 1]
    if not maps:
        raise source.refused(
            f"{source.file} is no network that features can be taken from",
            value="no map (n, channels, height, width) before its last layer with weights",
            allowed="A convolutional network for classification",
        )
    trunk = _trunk(path)
    *groups, last = _resolutions(maps, known)
    joints = {name for node in path if node.op_type in JOINTS for name in node.output}
    ends = [_end(group, trunk, joints, known) for group in groups]
    ends.append(fed if fed in maps else _last(last, trunk) or last[-1])
    stages = tuple(_place(f"stage{n}", name, known) for n, name in enumerate(ends, 1))
    final = _place("final", fed, known) if len(known[fed]) in (2, 4) else stages[-1]
    smallest = _smallest(model, stages, final, size=size)
    if smallest is None or smallest > size // 2:  # its last layers read a whole map, as VGG's do
        final = stages[-1].model_copy(update={"name": "final"})
        smallest = _smallest(model, stages, final, size=size)
    return Stages(
        stages=stages,
        last_map=stages[-1].model_copy(update={"name": "last_map"}),
        final=final,
        smallest=smallest or size,
        any_size=smallest is not None,
    )


def shapes(model: onnx.ModelProto, *, size: int, ends: Iterable[str] = ()) -> Shapes | None:
    """The shape of every tensor that `ends` need (all, without) for one square of `size` pixels.

    None where the network does not take such a square, or a value would be too large.
    """
    told = light(model)
    if ends:
        kept = _ancestors(told.graph, ends)
        del told.graph.node[:], told.graph.output[:]
        told.graph.node.extend(kept)
    given = next(value for value in told.graph.input if value.name == INPUT)
    for dimension, length in zip(given.type.tensor_type.shape.dim, (1, 3, size, size), strict=True):
        dimension.dim_value = length
    try:
        inferred = onnx.shape_inference.infer_shapes(told, strict_mode=True, data_prop=True)
    except CHECKER_ERRORS:
        return None
    graph = inferred.graph
    computed = _told((*graph.value_info, *graph.output))
    if any(math.prod(shape) > LARGEST_VALUE for shape in computed.values()):
        return None
    found = _told(graph.input) | computed
    return found if all(_window_fits(node, found) for node in told.graph.node) else None


def _told(values: Iterable[onnx.ValueInfoProto]) -> dict[str, tuple[int, ...]]:
    tensors = {v.name: v.type.tensor_type for v in values}
    return {
        name: tuple(d.dim_value or -1 for d in tensor.shape.dim)
        for name, tensor in tensors.items()
        if tensor.HasField("shape")
    }


def _window_fits(node: onnx.NodeProto, known: Shapes) -> bool:
    """Whether a convolution or pool has room for one window; onnx 1.23 rounds one up into being."""
    if node.op_type not in ("Conv", "MaxPool", "AveragePool"):
        return True
    options = {o.name: onnx.helper.get_attribute_value(o) for o in node.attribute}
    shape = known.get(node.input[0], ())
    if len(shape) != 4 or options.get("auto_pad", b"NOTSET") in (b"SAME_UPPER", b"SAME_LOWER"):
        return True
    kernel = options.get("kernel_shape") or known[node.input[1]][2:]
    pads, dilations = options.get("pads", [0] * 4), options.get("dilations", [1, 1])
    return all(
        shape[2 + axis] + pads[axis] + pads[axis + 2] > dilations[axis] * (kernel[axis] - 1)
        for axis in (0, 1)
    )


def _ancestors(graph: onnx.GraphProto, ends: Iterable[str]) -> list[onnx.NodeProto]:
    """The nodes that `ends` are computed from, in order."""
    wanted, found = set(ends), []
    for node in reversed(graph.node):
        if wanted.intersection(node.output):
            found.append(node)
            wanted.update(node.input)
    return found[::-1]


def _fed(path: list[onnx.NodeProto], weights: set[str]) -> str:
    """The tensor that the last layer with weights reads; the input where there is none."""
    learnt = (n for n in reversed(path) if n.op_type in LEARNT and weights.intersection(n.input))
    node = next(learnt, None)
    return INPUT if node is None else next(name for name in node.input if name not in weights)


def _maps(nodes: list[onnx.NodeProto]) -> list[str]:
    """Tensors that are maps of the picture, in order, without those that were only padded."""
    found: dict[str, bool] = {}
    for node in nodes:
        passed = node.op_type not in NO_MAPS and any(name in found for name in node.input)
        if node.op_type == "Conv" or passed:
            found |= dict.fromkeys(node.output, node.op_type != "Pad")
    return [name for name, whole in found.items() if whole]


def _pixels(known: Shapes, name: str) -> int:
    """Places of a map; a single channel is no map but a mask, as NASNet's pools have."""
    shape = known.get(name, ())
    return shape[2] * shape[3] if len(shape) == 4 and min(shape) > 0 and shape[1] > 1 else 0


def _resolutions(maps: list[str], known: Shapes) -> list[list[str]]:
    """The maps by height, the highest first, each resolution in the order of the graph."""
    tops: list[int] = []
    for height in sorted({known[name][2] for name in maps}, reverse=True):
        if not tops or height < SAME_RESOLUTION * tops[-1]:
            tops.append(height)
    ends = [*tops[1:], 0]
    return [
        [name for name in maps if end < known[name][2] <= top]
        for top, end in zip(tops, ends, strict=True)
    ]


def _trunk(path: list[onnx.NodeProto]) -> set[str]:
    """Tensors that every way from the input to the logits passes."""
    ways_in = {INPUT: 1}
    for node in path:
        if node.op_type != "Shape":
            ways = sum(ways_in.get(name, 0) for name in node.input)
            ways_in |= dict.fromkeys(node.output, ways)
    ways_out = {LOGITS: 1}
    for node in reversed(path):
        ways = sum(ways_out.get(name, 0) for name in node.output)
        for name in node.input:
            ways_out[name] = ways_out.get(name, 0) + ways
    total = ways_in[LOGITS]
    return {name for name, ways in ways_in.items() if ways * ways_out.get(name, 0) == total}


def _end(group: list[str], trunk: set[str], joints: set[str], known: Shapes) -> str:
    """Where a resolution ends: its last map that all ways pass, or the last joint of ways before.

    Of the two the narrower one: the next block may begin by making it many times as wide, which
    told nothing more (docs/lab_log.md). In NASNet, whose cells see two cells before them, no way is
    common to all; there it is the last joint.
    """
    passed, joint = _last(group, trunk), _last(group, joints)
    if not passed or (joint and group.index(joint) > group.index(passed)):
        return joint or group[-1]
    joint = _last(group, trunk & joints)
    return joint if joint and known[joint][1] < known[passed][1] else passed


def _last(group: list[str], chosen: set[str]) -> str:
    return next((name for name in reversed(group) if name in chosen), "")


def _place(name: str, tensor: str, known: Shapes) -> Place:
    shape = known[tensor]
    return Place(name=name, tensor=tensor, channels=shape[1], map=len(shape) == 4)


def _smallest(
    model: onnx.ModelProto, stages: tuple[Place, ...], final: Place, *, size: int
) -> int | None:
    """The smallest square whose features can be computed, None where it is only `size`."""
    places = (*stages, final)
    ends = [place.tensor for place in places]

    def fits(side: int) -> bool:
        known = shapes(model, size=side, ends=ends)
        if known is None or any(len(shape) == 4 and min(shape) < 1 for shape in known.values()):
            return False
        return all(known[place.tensor][1] == place.channels for place in places)

    if not fits(2 * size):
        return None
    low, high = min(SMALLEST, size), size
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle + 1, high)
    return low
