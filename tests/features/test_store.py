"""The store keeps networks whole, reads them with distrust, and writes them behind the pixels."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper

from objektiv.base import files
from objektiv.base.errors import MachineError, ModelError, UsageError
from objektiv.base.seeds import generator
from objektiv.features import store
from objektiv.features.entry import FACTS, NETWORK
from objektiv.features.graph import FLOAT, GraphBuilder
from objektiv.features.store import FEATURES, IMAGENET_LOGITS, LAST_MAP, load, read_entry, save
from tests.features import networks

SIZE = networks.SIZE


def _run(data: bytes, **inputs: Any) -> list[Any]:
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    return [np.asarray(array) for array in session.run(None, inputs)]


def _squares(size: int = SIZE) -> Any:
    return generator(0, "squares").integers(0, 256, (3, size, size, 3)).astype(np.float32)


def _written(name: str, size: int = SIZE) -> bytes:
    """A graph from pixels to what the stored network adds."""
    stored = load(name)
    graph = GraphBuilder()
    stored.add(graph, graph.input("pixels", FLOAT, ["n", size, size, 3]))
    graph.output(FEATURES, FLOAT, ["n", "columns"])
    graph.output(LAST_MAP, FLOAT, ["n", "channels", "h", "w"])
    graph.output(IMAGENET_LOGITS, FLOAT, ["n", "classes"])
    return graph.to_bytes(name)


@pytest.mark.parametrize("colours", ["RGB", "BGR"])
def test_a_stored_network_computes_what_it_did_before(models: Path, colours: str) -> None:
    """Its own preprocessing by hand, then its file, give the logits that it has behind pixels."""
    mean, std = (0.4, 0.5, 0.6), (0.2, 0.25, 0.3)
    networks.store_small(scale=1 / 255, mean=mean, std=std, colours=colours)
    squares = _squares()
    ordered = squares[..., ::-1] if colours == "BGR" else squares
    normalised = (ordered / 255 - np.array(mean)) / np.array(std)
    given = np.ascontiguousarray(normalised.transpose(0, 3, 1, 2), np.float32)

    (expected,) = _run((models / "small" / NETWORK).read_bytes(), input=given)
    _, _, logits = _run(_written("small"), pixels=squares)

    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(logits, expected, atol=1e-5)


def test_features_are_the_statistics_of_each_stage_and_the_last_mean(models: Path) -> None:
    """Mean, maximum and deviation of the three maps, then the mean that the last layer reads."""
    entry = networks.store_small()
    model = onnx.load_from_string((models / "small" / NETWORK).read_bytes())
    for place in entry.found.stages:
        model.graph.output.append(onnx.ValueInfoProto(name=place.tensor))
    squares = _squares()
    given = np.ascontiguousarray((squares / 127.5 - 1).transpose(0, 3, 1, 2), np.float32)
    _, *maps = _run(model.SerializeToString(), input=given)

    features, last_map, _ = _run(_written("small"), pixels=squares)

    expected = [m.reshape(3, m.shape[1], -1) for m in maps]
    parts = [(m.mean(2), m.max(2), m.std(2)) for m in expected]
    flat = [part for three in parts for part in three] + [expected[-1].mean(2)]
    np.testing.assert_allclose(features, np.concatenate(flat, axis=1), atol=1e-4)
    np.testing.assert_allclose(last_map, maps[-1], atol=1e-5)


@pytest.mark.parametrize("size", [32, 50, 96])
def test_features_come_at_other_sizes(models: Path, size: int) -> None:
    """The network takes every square from its smallest on."""
    networks.store_small()

    features, last_map, _ = _run(_written("small", size), pixels=_squares(size))

    assert features.shape == (3, 3 * (8 + 12 + 24) + 24)
    assert last_map.shape[2] == -(-size // 8)


def test_an_entry_is_read_as_it_was_written(models: Path) -> None:
    """Facts, stages and hashes come back; nothing else lies in the folder."""
    entry = networks.store_small(name="timm:small")

    assert store.names() == ("timm:small",)
    assert read_entry("timm:small") == entry
    assert sorted(p.name for p in (models / "timm@small").iterdir()) == [FACTS, NETWORK]
    assert entry.network == files.sha256((models / "timm@small" / NETWORK).read_bytes())


def test_nothing_is_overwritten(models: Path) -> None:
    """A taken name is refused, and what lies there stays as it is."""
    before = networks.store_small()

    with pytest.raises(UsageError, match=r"of this name: small.*`objektiv models remove small`"):
        networks.store_small(title="Another")

    assert read_entry("small") == before


def test_a_network_is_removed(models: Path) -> None:
    """Its folder goes and its bytes are told; a second time it is unknown."""
    entry = networks.store_small()

    assert store.remove("small") > entry.bytes
    assert store.names() == ()
    with pytest.raises(ModelError, match=r"no network of this name: 'small'.*none"):
        store.remove("small")


@pytest.mark.parametrize("name", ["", "../small", "a/b", ".hidden", "timm@x", "x" * 100, "a b"])
def test_names_that_are_no_folder_names_are_refused(models: Path, name: str) -> None:
    """A name leads nowhere but into the store."""
    with pytest.raises(UsageError, match="no network can have this name"):
        store.folder_of(name)


def test_a_full_disk_leaves_nothing(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that could not be published is not there, not even half."""

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "rename", refuse)

    with pytest.raises(MachineError, match="No space left"):
        networks.store_small()

    assert list(models.iterdir()) == []


def _facts(**changes: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        value = json.loads((folder / FACTS).read_bytes())
        (folder / FACTS).write_text(json.dumps(value | changes))

    return change


def _place(**changes: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        value = json.loads((folder / FACTS).read_bytes())
        value["found"]["stages"][1] |= changes
        (folder / FACTS).write_text(json.dumps(value))

    return change


def _text(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    return lambda folder: _rewrite(folder / FACTS, change) and None


def _rewrite(path: Path, change: Callable[[bytes], bytes]) -> int:
    return path.write_bytes(change(path.read_bytes()))


def _graph(change: Callable[[onnx.ModelProto], object]) -> Callable[[Path], None]:
    """The graph changed, and a hash that fits: the forger's work."""

    def forge(folder: Path) -> None:
        model = onnx.load_from_string((folder / NETWORK).read_bytes())
        change(model)
        data = model.SerializeToString()
        (folder / NETWORK).write_bytes(data)
        _facts(network=files.sha256(data), bytes=len(data))(folder)

    return forge


def _weights(value: float) -> Callable[[onnx.ModelProto], None]:
    def change(model: onnx.ModelProto) -> None:
        tensor = next(t for t in model.graph.initializer if len(t.dims) == 4)
        array = numpy_helper.to_array(tensor).copy()
        array.flat[7] = value
        tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))

    return change


def _external(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[0]
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")


def _pads(model: onnx.ModelProto) -> None:
    node = next(n for n in model.graph.node if n.op_type == "Conv")
    node.attribute.append(onnx.helper.make_attribute("dilations", [1 << 40] * 2))


def _set(name: str, value: object) -> Callable[[onnx.ModelProto], None]:
    return lambda model: setattr(model.graph.node[0], name, value)


SPOILT: dict[str, tuple[Callable[[Path], None], str]] = {
    "a flipped bit": (
        lambda f: _rewrite(f / NETWORK, lambda d: d[:-9] + bytes([d[-9] ^ 1]) + d[-8:]) and None,
        "changed or damaged: SHA-256",
    ),
    "a cut graph": (
        lambda f: _rewrite(f / NETWORK, lambda d: d[:500]) and None,
        "changed or damaged",
    ),
    "no graph": (lambda f: (f / NETWORK).unlink(), "cannot be read"),
    "external data": (_graph(_external), r"initializer\[0\]\.(data_location|external_data)"),
    "NaN": (_graph(_weights(np.nan)), "not numbers"),
    "infinity": (_graph(_weights(np.inf)), "not numbers"),
    "an unknown operation": (_graph(_set("op_type", "Loop")), "does not know: 'Loop'"),
    "a foreign domain": (_graph(_set("domain", "evil")), r"node\[0\]\.domain"),
    "a huge number": (_graph(_pads), "number that is too large: Conv, 'dilations'"),
    "no output": (_graph(lambda m: m.graph.ClearField("output")), "another input or output"),
    "a second input": (_graph(lambda m: m.graph.input.add(name="b")), "another input or output"),
    "other classes": (_facts(classes=["a", "b"]), "another input or output.*logits"),
    "another size": (_facts(size=128), "another input or output.*input"),
    "no JSON": (_text(lambda d: d[:-20]), "cannot be used.*JSON"),
    "a key twice": (_text(lambda d: d.replace(b"{", b'{"format": 1,', 1)), "a key appears twice"),
    "an unknown key": (_facts(code="import os"), "code"),
    "a number that is none": (_text(lambda d: d.replace(b'"scale": 0', b'"scale": NaN')), "NaN"),
    "a newer format": (_facts(format=2), "of another version: format 2"),
    "another network's facts": (_facts(name="other"), "another network's.*name other"),
    "other channels": (_place(channels=7), "does not fit network.onnx: stage2"),
    "an unknown tensor": (_place(tensor="ghost"), "does not fit network.onnx: stage2: ghost"),
    "no preprocessing": (_facts(std=[0, 1, 1]), "std"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_spoilt_network_is_refused(models: Path, name: str) -> None:
    """Whatever was changed is found before an engine sees a byte; the message says what to do."""
    networks.store_small()
    change, told = SPOILT[name]
    change(models / "small")

    with pytest.raises(ModelError, match=told) as caught:
        load("small")

    assert "objektiv models remove small" in caught.value.next


def test_what_is_no_network_is_passed_over(models: Path) -> None:
    """Other files and half folders in the store are not listed."""
    networks.store_small()
    (models / "notes.txt").touch()
    (models / "empty").mkdir()
    (models / "small.tmp-1-2").mkdir()

    assert store.names() == ("small",)


def test_a_graph_that_is_refused_is_not_stored(models: Path) -> None:
    """Nothing is published where the graph is not what the facts tell."""
    graph = networks.small()

    with pytest.raises(ModelError, match="another input or output"):
        save(networks.facts(graph, classes="imagenet"), graph)

    assert store.names() == ()
