"""Ways to spoil a bundle, drawn by hypothesis: bytes, zips, JSON and fields of the graph.

In: the members of a sound bundle. Out: the bytes of a spoilt `.objektiv` file, or its members to be
packed. Numbers are drawn freely and taken modulo what is there, so that a failure shrinks well.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import onnx
from hypothesis import strategies as st

from objektiv.base import files
from objektiv.features.strict import OPERATIONS
from objektiv.shipping.facts import FACTS, GOLDEN, HASHED, MEMBERS, MODEL, UNSEALED, sealed
from objektiv.shipping.members import zipped

Members = dict[str, bytes]
Numbers = list[int]

NUMBERS = st.lists(st.integers(0, 2**31 - 1), min_size=6, max_size=6)
ODD: tuple[Any, ...] = (
    None, True, -1, 0, 1, 2, 1e-300, 1e308, 10**30, 0.5, "", "a", "\x00", "fp32", [], [1], [[]], {},
    {"a": 1}, "../../x",
)  # fmt: skip
KINDS = sorted(OPERATIONS)


def rehashed(members: Members) -> Members:
    """With hashes and a seal that fit, where bundle.json can be read: the forger's work."""
    try:
        facts = json.loads(members[FACTS])
        facts["files"] = {
            n: {"bytes": len(members[n]), "sha256": files.sha256(members[n])} for n in HASHED
        }
        facts["seal"] = UNSEALED
        return members | {FACTS: sealed(json.dumps(facts).encode())}
    except (ValueError, TypeError, KeyError):
        return members


def spoilt_bytes(data: bytes, numbers: Numbers) -> bytes:
    """A bit flipped, a byte set, some cut out, doubled or zeroed, or the end cut off."""
    kind, place, length, value, near_end, _ = numbers
    if not data:
        return data
    low = max(0, len(data) - 900) if near_end % 3 else 0
    at = low + place % (len(data) - low)
    length = 1 + length % 40
    spoilt = bytearray(data)
    match kind % 6:
        case 0:
            spoilt[at] ^= 1 << value % 8
        case 1:
            spoilt[at] = value % 256
        case 2:
            del spoilt[at : at + length]
        case 3:
            spoilt[at:at] = spoilt[at : at + length]
        case 4:
            spoilt[at : at + length] = bytes(len(spoilt[at : at + length]))
        case _:
            del spoilt[at:]
    return bytes(spoilt)


def spoilt_zip(members: Members, numbers: Numbers) -> bytes:
    """A member left out, called otherwise, there twice, packed otherwise or put elsewhere."""
    kind, which, other, value, *_ = numbers
    name = MEMBERS[which % len(MEMBERS)]
    pairs = [(n, members[n]) for n in MEMBERS]
    index = MEMBERS.index(name)
    method = zipfile.ZIP_STORED
    match kind % 6:
        case 0:
            del pairs[index]
        case 1:
            pairs[index] = (("../", "/", "./", "golden/../", "A", "\u202e")[other % 6] + name, b"")
        case 2:
            pairs.append((name, members[MEMBERS[other % len(MEMBERS)]]))
        case 3:
            method = (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_DEFLATED)[other % 3]
        case 4:
            pairs[index] = (name, members[MEMBERS[other % len(MEMBERS)]])
        case _:
            pairs[index] = (name, bytes(value % 300_000))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for own, data in pairs:
            archive.writestr(own, data)
    return buffer.getvalue()


def spoilt_json(members: Members, numbers: Numbers) -> Members:
    """A value of bundle.json or golden.json replaced, taken away or put where none was."""
    kind, which, value, first, *steps = numbers
    name = (FACTS, GOLDEN)[first % 2]
    found = json.loads(members[name])
    where: Any = found
    for step in (which, *steps):
        keys = list(where) if isinstance(where, dict) else list(range(len(where)))
        key = keys[step % len(keys)]
        if kind % 4 and isinstance(where[key], dict | list) and where[key]:
            where = where[key]
    keys = list(where) if isinstance(where, dict) else list(range(len(where)))
    key = keys[value % len(keys)]
    match kind % 3:
        case 0:
            where[key] = ODD[value % len(ODD)]
        case 1:
            del where[key]
        case _ if isinstance(where, dict):
            where[str(value)] = ODD[value % len(ODD)]
        case _:
            where.append(ODD[value % len(ODD)])
    return members | {name: json.dumps(found).encode()}


def spoilt_graph(members: Members, numbers: Numbers) -> Members:
    """A field of the graph changed: a node, its inputs and attributes, an array, an end."""
    model = onnx.ModelProto.FromString(members[MODEL])
    GRAPH_EDITS[numbers[0] % len(GRAPH_EDITS)](model, numbers)
    return members | {MODEL: model.SerializeToString()}


def _operation(model: onnx.ModelProto, n: Numbers) -> None:
    model.graph.node[n[1] % len(model.graph.node)].op_type = KINDS[n[2] % len(KINDS)]


def _remove_node(model: onnx.ModelProto, n: Numbers) -> None:
    del model.graph.node[n[1] % len(model.graph.node)]


def _swap_nodes(model: onnx.ModelProto, n: Numbers) -> None:
    nodes = model.graph.node
    first, second = nodes[n[1] % len(nodes)], nodes[n[2] % len(nodes)]
    copy = onnx.NodeProto()
    copy.CopyFrom(first)
    first.CopyFrom(second)
    second.CopyFrom(copy)


def _rewire(model: onnx.ModelProto, n: Numbers) -> None:
    """An input becomes another value that there is, nothing, or one more."""
    nodes = model.graph.node
    node = nodes[n[1] % len(nodes)]
    names = [name for other in nodes for name in (*other.output, *other.input)] + [""]
    name = names[n[2] % len(names)]
    if n[3] % 4 == 0 or not node.input:
        node.input.append(name)
    elif n[3] % 4 == 1:
        del node.input[n[4] % len(node.input)]
    else:
        node.input[n[4] % len(node.input)] = name


def _attribute(model: onnx.ModelProto, n: Numbers) -> None:
    nodes = [node for node in model.graph.node if node.attribute]
    attribute = (chosen := nodes[n[1] % len(nodes)]).attribute[n[2] % len(chosen.attribute)]
    number = (0, -1, 1, 7, 2**20, -(2**20), 2**40, -(2**63))[n[3] % 8]
    match n[4] % 4:
        case 0:
            attribute.i = number
        case 1 if attribute.ints:
            attribute.ints[n[5] % len(attribute.ints)] = number
        case 2:
            attribute.ints.append(number)
        case _:
            attribute.type = n[5] % 12


def _tensor(model: onnx.ModelProto, n: Numbers) -> None:
    """An array's shape, type or numbers."""
    tensors = model.graph.initializer
    tensor = tensors[n[1] % len(tensors)]
    match n[2] % 5:
        case 0:
            tensor.dims.append((0, 1, -1, 2**40)[n[3] % 4])
        case 1 if tensor.dims:
            tensor.dims[n[3] % len(tensor.dims)] = n[4] % 100 - 1
        case 2:
            tensor.data_type = n[3] % 20
        case 3:
            tensor.raw_data = spoilt_bytes(tensor.raw_data, n)
        case _:
            tensor.dims[:] = tensor.dims[::-1]


def _remove_tensor(model: onnx.ModelProto, n: Numbers) -> None:
    del model.graph.initializer[n[1] % len(model.graph.initializer)]


def _end(model: onnx.ModelProto, n: Numbers) -> None:
    graph = model.graph
    ends = [*graph.input, *graph.output]
    end = ends[n[1] % len(ends)]
    match n[2] % 4:
        case 0:
            end.name = KINDS[n[3] % len(KINDS)]
        case 1:
            end.type.tensor_type.elem_type = n[3] % 20
        case 2:
            end.type.tensor_type.shape.dim.add().dim_value = n[3] % 5
        case _:
            graph.output.add().CopyFrom(end)


def _header(model: onnx.ModelProto, n: Numbers) -> None:
    match n[1] % 4:
        case 0:
            model.ir_version = n[2] % 20
        case 1:
            model.opset_import[0].version = n[2] % 30
        case 2:
            model.opset_import.add(domain="a.b", version=1)
        case _:
            model.metadata_props.add(key="a", value="b")


GRAPH_EDITS: tuple[Callable[[onnx.ModelProto, Numbers], None], ...] = (
    _operation, _remove_node, _swap_nodes, _rewire, _rewire, _attribute, _attribute, _tensor,
    _tensor, _remove_tensor, _end, _header,
)  # fmt: skip


def spoilt(members: Members, kind: int, numbers: Numbers) -> bytes:
    """A spoilt file; in four of six kinds its hashes fit, so that what lies deeper is reached."""
    match kind % 6:
        case 0:
            return spoilt_bytes(zipped(members), numbers)
        case 1:
            return spoilt_zip(members, numbers)
        case 2:
            return zipped(rehashed(spoilt_json(members, numbers)))
        case 3:
            name = HASHED[numbers[5] % len(HASHED)]
            return zipped(rehashed(members | {name: spoilt_bytes(members[name], numbers)}))
        case _:
            return zipped(rehashed(spoilt_graph(members, numbers)))
