"""Layers in torch: the same answers as the graph that ships, and what training relies on."""

from __future__ import annotations

import numpy as np
import pytest

from objektiv.base.errors import ModelError, SettingsError
from objektiv.models.layers import network
from objektiv.models.network import initial
from objektiv.models.settings import NetworkSettings
from tests.models import nets

torch = pytest.importorskip("torch", reason="the extra torch is not installed")

from objektiv.training.build import FromNothing  # noqa: E402  (it imports torch)


@pytest.mark.parametrize("name", nets.NETS)
def test_the_module_says_what_the_graph_says(name: str) -> None:
    """Logits of torch and of the graph are within 1e-4, from bytes and from floats."""
    net = nets.named(name)
    images = nets.pixels(net.size)
    made = FromNothing(net.layers, size=net.size)
    module = made.module(seed=0).eval()
    made.load(module, net.state)

    with torch.inference_mode():
        found = module(torch.from_numpy(images)).numpy()
        floats = module(torch.from_numpy(images).float()).numpy()

    expected, _ = nets.answers(net, images)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    np.testing.assert_array_equal(found, floats)


@pytest.mark.parametrize("name", nets.NETS)
def test_a_state_comes_back_as_it_went(name: str) -> None:
    """What is loaded is what `state` gives, as copies that training does not change."""
    layers, size = nets.layers(name)
    made, given = FromNothing(layers, size=size), nets.weights(layers, size=size)
    module = made.module(seed=0)
    made.load(module, given)
    found = made.state(module)

    with torch.no_grad():
        for value in (*module.parameters(), *module.buffers()):
            value.zero_()

    assert list(found) == list(given)
    assert all((found[n] == given[n]).all() and found[n].flags.c_contiguous for n in given)


def test_a_module_begins_with_the_weights_of_its_seed() -> None:
    """The weights are those of `initial`, whatever torch drew before."""
    layers, size = nets.layers("normed")
    made = FromNothing(layers, size=size)
    expected = initial(layers, size=size, seed=5)

    found = made.state(made.module(seed=5))

    assert all((found[n] == expected[n]).all() for n in expected)


def test_stages_hold_every_parameter_once_in_order() -> None:
    """Each layer that learns is a stage, the output the last."""
    layers, size = nets.layers("normed")
    made = FromNothing(layers, size=size)
    module = made.module(seed=0)
    stages = made.stages(module)

    held = [id(p) for stage in stages for p in stage.parameters]
    assert sorted(held) == sorted(id(p) for p in module.parameters())
    assert stages[0].name == "conv1_1" and stages[-1].name == "output"


def test_a_normalisation_follows_the_images() -> None:
    """In training, a tenth of the new mean comes in each step; in the end, what was kept counts."""
    layers = network(NetworkSettings(filters=(2,), norm="batch", dropout=(), pool=1), classes=3)
    made = FromNothing(layers, size=8)
    module = made.module(seed=0).train()
    images = torch.from_numpy(nets.pixels(8, count=50))
    seen = []
    module.conv1.register_forward_hook(lambda _, __, out: seen.append(out.detach()))

    module(images)

    mean = seen[0].mean(dim=(0, 2, 3)).numpy()
    np.testing.assert_allclose(made.state(module)["norm1.running_mean"], 0.1 * mean, rtol=1e-4)


def test_dropout_drops_the_share_that_was_asked_for() -> None:
    """A share of 0.9 leaves a tenth, ten times as large; the share is Keras' `rate`."""
    layers = network(NetworkSettings(filters=(4,), dropout=(0.9,), pool=1), classes=3)
    module = FromNothing(layers, size=32).module(seed=0).train()
    torch.manual_seed(0)

    out = module.dropout1(torch.ones(8, 4, 32, 32))

    assert set(out.unique().round().tolist()) == {0, 10}
    assert float((out == 0).float().mean()) == pytest.approx(0.9, abs=0.01)


def test_a_step_learns() -> None:
    """A few steps of gradient descent on one batch lower its loss."""
    settings = NetworkSettings(filters=(4,), norm="batch", dropout=(), dense=())
    module = FromNothing(network(settings, classes=3), size=12).module(seed=0).train()
    images, labels = torch.from_numpy(nets.pixels(12)), torch.tensor([0, 1, 2, 0, 1, 2])
    losses = []
    for _ in range(10):
        loss = torch.nn.functional.cross_entropy(module(images), labels)
        gradients = torch.autograd.grad(loss, list(module.parameters()))
        with torch.no_grad():
            for parameter, gradient in zip(module.parameters(), gradients, strict=True):
                parameter -= 0.05 * gradient
        losses.append(loss.item())

    assert losses[-1] < 0.8 * losses[0]


def test_images_that_are_too_small_are_refused_before_training() -> None:
    """The size is checked when the network is made."""
    with pytest.raises(SettingsError, match="layer pool3"):
        FromNothing(network(NetworkSettings(filters=(4, 4, 4)), classes=2), size=7)


def test_a_state_of_another_network_is_refused() -> None:
    """Names and shapes must be those of the layers."""
    layers, size = nets.layers("valid")
    made = FromNothing(layers, size=size)

    with pytest.raises(ModelError, match="of another network"):
        made.load(made.module(seed=0), {})
