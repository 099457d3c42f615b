"""EfficientNet-Lite0 in torch against the graph that ships, and what of it learns."""

from __future__ import annotations

from functools import cache

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch", reason="needs objektiv[torch]")

import torch

from objektiv.features.backbones import FEATURES
from objektiv.features.graph import FLOAT, GraphBuilder
from objektiv.features.lite0 import BLOCK_WIDTHS, add_lite0
from objektiv.features.preprocess import PIXELS
from objektiv.features.weights import State, read_state
from objektiv.training.lite0 import Lite0

SIZE = 64


@cache
def _package() -> State:
    return read_state("efficientnet-lite0")


def _network(*, live: bool = False) -> Lite0:
    network = Lite0()
    network.load(_package())
    network.set_live(live=live)
    return network.to(memory_format=torch.channels_last)


def _pictures(count: int = 3, size: int = SIZE) -> NDArray[np.float32]:
    """Smooth colours with noise."""
    rng = np.random.default_rng(5)
    coarse = rng.uniform(0, 255, (count, 4, 4, 3))
    smooth = coarse.repeat(size // 4, 1).repeat(size // 4, 2)
    return np.clip(smooth + rng.normal(0, 20, smooth.shape), 0, 255).astype(np.float32)


def graph_says(state: State, pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    """Features of the graph of `features.lite0`."""
    graph, size = GraphBuilder(), pictures.shape[1]
    add_lite0(graph, graph.input(PIXELS, FLOAT, ["images", size, size, 3]), state)
    graph.output(FEATURES, FLOAT, ["images", sum(BLOCK_WIDTHS.values())])
    session = onnxruntime.InferenceSession(graph.to_bytes("lite0"))
    return np.asarray(session.run([FEATURES], {PIXELS: pictures})[0])


def _worst(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Largest difference as a share of the largest value of its block."""
    starts = np.cumsum([0, *BLOCK_WIDTHS.values()])
    parts = [(a[:, i:j], b[:, i:j]) for i, j in zip(starts[:-1], starts[1:], strict=True)]
    return max(float(np.abs(x - y).max() / np.abs(y).max()) for x, y in parts)


@pytest.mark.parametrize("size", [64, 96])
@pytest.mark.parametrize("live", [False, True])
def test_features_are_those_of_the_graph(size: int, live: bool) -> None:  # noqa: FBT001
    """Outside training, normalised live or in the kernel, the features agree to 1e-4."""
    pictures = _pictures(size=size)
    with torch.no_grad():
        found = _network(live=live).eval()(torch.from_numpy(pictures)).numpy()

    assert _worst(found, graph_says(_package(), pictures)) < 1e-4


def test_state_is_in_the_order_of_the_package() -> None:
    """What comes out is what went in, without the counts of batches."""
    found = _network().arrays(_package())
    expected = {k: v for k, v in _package().items() if not k.endswith("num_batches_tracked")}

    assert list(found) == list(expected)
    assert all(np.array_equal(found[name], expected[name]) for name in found)


def test_live_normalisation_is_that_of_torch() -> None:
    """In training, a convolution with live normalisation gives what nn.BatchNorm2d gives, keeps
    the same statistics, and passes the same gradients on."""
    network = _network(live=True).train()
    own = network.parts()["stage2"][0]
    norm = torch.nn.BatchNorm2d(own.weight.shape[0], eps=1e-3, momentum=0.1)
    state = dict(
        zip(("weight", "bias", "running_mean", "running_var"), own.tensors[1:], strict=True)
    )
    norm.load_state_dict({k: v.detach().clone() for k, v in state.items()}, strict=False)
    weight = own.weight.detach().clone().requires_grad_()
    x = torch.randn(4, 8, 8, own.weight.shape[1])
    a, b = x.clone().requires_grad_(), x.clone().requires_grad_()

    expected = torch.clamp(norm(torch.nn.functional.conv2d(b.permute(0, 3, 1, 2), weight)), 0, 6)
    expected = expected.permute(0, 2, 3, 1)
    found = own(a, None)
    seed = torch.randn_like(expected)
    expected.backward(seed)
    found.backward(seed)

    close = {"rtol": 1e-3, "atol": 1e-4}
    torch.testing.assert_close(found, expected, **close)
    torch.testing.assert_close(a.grad, b.grad, **close)
    torch.testing.assert_close(own.weight.grad, weight.grad, **close)
    torch.testing.assert_close(own.scale.grad, norm.weight.grad, **close)
    torch.testing.assert_close(own.mean, norm.running_mean)
    torch.testing.assert_close(own.variance, norm.running_var)


def test_gradients_are_differences() -> None:
    """Each kind of weight's gradient is what a small step along it does to a sum of features."""
    network = _network().double().eval()
    pictures = torch.from_numpy(_pictures(2)).double()
    pictures.requires_grad_(False)
    factors = torch.randn(sum(BLOCK_WIDTHS.values()), generator=torch.Generator().manual_seed(1))

    def value() -> torch.Tensor:
        return (_double(network, pictures) * factors.double()).sum()

    value().backward()
    for name in ("stem", "stage1", "stage2", "stage4", "final"):
        weight = network.parts()[name][0].weight
        step = weight.grad / weight.grad.norm() * 1e-6
        with torch.no_grad():
            weight += step
            up = value()
            weight -= 2 * step
            down = value()
            weight += step
        slope = float((up - down) / 2e-6)
        assert slope == pytest.approx(float(weight.grad.norm()), rel=2e-2), name


def _double(network: Lite0, pictures: torch.Tensor) -> torch.Tensor:
    """In 64 bits: `float` would cut the difference."""
    was = torch.Tensor.float
    try:
        torch.Tensor.float = torch.Tensor.double  # type: ignore[method-assign]
        return network(pictures)
    finally:
        torch.Tensor.float = was  # type: ignore[method-assign]


def test_a_channel_that_never_fires_has_no_gradient() -> None:
    """A picture of one colour gives numbers, not NaN, in every gradient."""
    network = _network().eval()
    network(torch.full((2, SIZE, SIZE, 3), 255.0)).sum().backward()

    assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.requires_grad)


def test_statistics_of_a_frozen_stage_stay() -> None:
    """Live normalisation of a stage that does not learn keeps its mean and variance."""
    network = _network(live=True).train()
    for stage in network.learning()[:4]:
        for parameter in stage.parameters:
            parameter.requires_grad_(False)
    network(torch.from_numpy(_pictures()))
    same = {
        name: all(
            np.array_equal(c.mean.numpy(), before.mean.numpy())
            for c, before in zip(part, _network().parts()[name], strict=True)
        )
        for name, part in network.parts().items()
    }

    assert [name for name, yes in same.items() if yes] == ["stem", "stage1", "stage2", "stage3"]
