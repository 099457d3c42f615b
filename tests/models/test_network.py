"""A network's graph against Keras with the same weights, and its first weights against Glorot."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from objektiv.base.errors import ModelError
from objektiv.features.runtime import openvino
from objektiv.judging.calibration import softmax
from objektiv.models.layers import network, summary
from objektiv.models.network import Network, check, initial
from objektiv.models.settings import NetworkSettings
from scripts.make_keras_reference import REFERENCE
from tests.models import nets


def _compare(reference: Path, name: str) -> None:
    net, expected = nets.named(name), np.load(reference)

    _, probabilities = nets.answers(net, nets.pixels(net.size))

    assert expected[name].std(axis=0).max() > 1e-3, "the pictures must make a difference"
    np.testing.assert_allclose(probabilities, expected[name], atol=1e-5)
    table = summary(net.layers, size=net.size)
    assert [table.parameters, table.trainable] == expected[f"{name} counts"].tolist()


@pytest.mark.parametrize("name", nets.NETS)
def test_the_graph_says_what_keras_says(name: str) -> None:
    """Probabilities are Keras' to 1e-5 with the same weights, and so are the parameters."""
    _compare(REFERENCE, name)


@pytest.mark.slow
def test_the_graph_says_what_keras_says_today(tmp_path: Path) -> None:
    """The Keras that is installed gives what the stored reference says."""
    if not all(map(find_spec, ("keras", "torch"))):  # imported here, Keras would want TensorFlow
        pytest.skip("the extras zoo and torch are not installed")
    target = tmp_path / "reference.npz"
    subprocess.run(
        [sys.executable, "-m", "scripts.make_keras_reference", str(target)],
        check=True,
        timeout=300,
        env={**os.environ, "KERAS_HOME": str(tmp_path)},
    )

    for name in nets.NETS:
        _compare(target, name)


@pytest.mark.parametrize("name", nets.NETS)
def test_openvino_says_the_same(name: str) -> None:
    """Both engines agree on every kind of layer."""
    net = nets.named(name)
    images = nets.pixels(net.size)
    core = openvino.Core()
    compiled = core.compile_model(
        core.read_model(nets.graph(net)), "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
    )

    found = compiled({"pixels": images.astype(np.float32)})["probabilities"]

    np.testing.assert_allclose(found, nets.answers(net, images)[1], atol=1e-5)


@pytest.mark.parametrize("name", ["simple", "valid", "sigmoids"])
def test_probabilities_are_the_softmax_of_the_logits(name: str) -> None:
    """Whatever the last layer is, so that temperature and calibration mean the same."""
    net = nets.named(name)
    images = nets.pixels(net.size)

    logits, probabilities = nets.answers(net, images)
    warm, _ = nets.answers(nets.named(name, temperature=2.0), images)

    np.testing.assert_allclose(softmax(logits), probabilities, atol=1e-6)
    np.testing.assert_allclose(warm, logits / 2, atol=1e-6)


def test_dropout_leaves_no_trace() -> None:
    """A network with dropout and one without are the same graph."""
    settings = NetworkSettings(filters=(4,), dropout=(0.5,), dense_dropout=0.5)
    plain = settings.model_copy(update={"dropout": (0.0,), "dense_dropout": 0.0})
    made = []
    for one in (settings, plain):
        layers = network(one, classes=3)
        made.append(Network(layers, ("a", "b", "c"), 8, initial(layers, size=8, seed=1)))

    assert nets.graph(made[0]) == nets.graph(made[1])


def test_first_weights_are_uniform_as_glorot_has_them() -> None:
    """Filters fill the range sqrt(6 / (inputs + outputs)) evenly; biases are 0."""
    layers = network(NetworkSettings(filters=(32, 64), norm="batch"), classes=3)
    state = initial(layers, size=16, seed=0)

    limit = np.sqrt(6 / (9 * 32 + 9 * 64))
    filters = state["conv2.weight"]
    assert 0.99 * limit < np.abs(filters).max() <= limit
    assert filters.std() == pytest.approx(limit / np.sqrt(3), rel=0.02)
    assert not state["dense1.bias"].any()
    assert (state["norm1.running_var"] == 1).all() and (state["norm1.weight"] == 1).all()
    assert not state["norm1.running_mean"].any() and not state["norm1.bias"].any()


def test_the_seed_decides_the_first_weights() -> None:
    """The same seed gives the same weights, another one others; no two layers are alike."""
    layers = network(NetworkSettings(filters=(8, 8, 8)), classes=3)
    first, again, other = (initial(layers, size=16, seed=s) for s in (1, 1, 2))

    assert all((first[name] == again[name]).all() for name in first)
    assert (first["conv1.weight"] != other["conv1.weight"]).any()
    assert (first["conv2.weight"] != first["conv3.weight"]).any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("conv1.bias"), r"conv1.bias: missing. conv1.bias: \(4,\)"),
        (lambda s: s.update(more=np.zeros(3)), r"more: \(3,\). more: no such weights"),
        (lambda s: s.update({"conv1.bias": np.zeros(5)}), r"conv1.bias: \(5,\)"),
    ],
)
def test_weights_of_another_network_are_refused(change: object, message: str) -> None:
    """The first name or shape that differs is told."""
    layers, size = nets.layers("valid")
    state = nets.weights(layers, size=size)
    change(state)  # type: ignore[operator]

    with pytest.raises(ModelError, match=message):
        check(layers, state, size=size)
