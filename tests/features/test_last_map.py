"""The last map: its shape, its order, what it sees, and the parameters before it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from objektiv.features.last_map import LastMap
from objektiv.features.settings import Rescale
from objektiv.features.store import NETWORK
from tests.features import networks
from tests.features.networks import SIZE


def _run(data: bytes, **inputs: Any) -> Any:
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, inputs)[0])


def _squares() -> Any:
    return np.random.default_rng(0).integers(0, 256, (2, SIZE, SIZE, 3)).astype(np.float32)


def test_lite0_has_as_many_values_as_mobilenetv2() -> None:
    """7 x 7 x 1,280 at 224 pixels; all parameters but those of the last layer."""
    maps = LastMap("lite0", size=224, rescale="network")

    assert (maps.shape, maps.width) == ((7, 7, 1280), 62_720)
    assert maps.parameters == 4_652_008 - 1_281_000


@pytest.mark.parametrize("colours", ["RGB", "BGR"])
@pytest.mark.parametrize("rescale", ["unit", "raw", "network"])
def test_the_network_sees_what_was_asked_for(models: Path, rescale: Rescale, colours: str) -> None:
    """Divided by 255 and red first, whatever its own preprocessing is; or just that."""
    mean, std = (0.4, 0.5, 0.6), (0.2, 0.25, 0.3)
    networks.store_small(scale=1 / 255, mean=mean, std=std, colours=colours)
    squares = _squares()
    if rescale == "network":
        ordered = squares[..., ::-1] if colours == "BGR" else squares
        seen = (ordered / 255 - np.array(mean)) / np.array(std)
    else:
        seen = squares / 255 if rescale == "unit" else squares

    found = _run(LastMap("small", size=SIZE, rescale=rescale).graph(), pixels=squares)

    given = np.ascontiguousarray(seen.transpose(0, 3, 1, 2), np.float32)
    expected = _last_map((models / "small" / NETWORK).read_bytes(), given)
    assert expected.std() > 0
    flat = expected.transpose(0, 2, 3, 1).reshape(2, -1)
    np.testing.assert_allclose(found, flat, rtol=1e-4, atol=1e-5 * np.abs(flat).max())


def _last_map(data: bytes, given: Any) -> Any:
    """By the file itself, whose last map is told by its facts."""
    import onnx

    from objektiv.features.store import read_entry

    model = onnx.ModelProto.FromString(data)
    place = read_entry("small").found.last_map.tensor
    model.graph.output.append(onnx.ValueInfoProto(name=place))
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run([place], {"input": given})[0]


@pytest.mark.parametrize("make", [networks.small, networks.vgg_like])
def test_parameters_behind_the_map_do_not_count(models: Path, make: Any) -> None:
    """Whatever stands behind it: one dense layer, or two that read the whole map."""
    graph = make()
    entry = networks.save(networks.facts(graph, parameters=100_000), graph)
    maps = LastMap(entry.name, size=SIZE, rescale="unit")

    kept = _numbers(graph, up_to=entry.found.last_map.tensor)

    assert maps.parameters == 100_000 - (_numbers(graph) - kept)


def _numbers(data: bytes, up_to: str = "logits") -> int:
    """Weights of layers up to a tensor, summed by hand in the order of the nodes."""
    import onnx

    graph = onnx.ModelProto.FromString(data).graph
    sizes = {t.name: int(np.prod(t.dims)) for t in graph.initializer if t.data_type == 1}
    total = 0
    for node in graph.node:
        total += sum(sizes.get(name, 0) for name in node.input)
        if up_to in node.output:
            break
    return total
