"""Gradients of a bundle are Captum's own on the same network written in torch by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs objektiv[torch]")
attr = pytest.importorskip("captum.attr", reason="needs objektiv[torch]")

from objektiv.base.errors import UsageError  # noqa: E402
from objektiv.data.images import to_square  # noqa: E402
from objektiv.explaining import gradients as module  # noqa: E402
from objektiv.explaining.answer import direction_of  # noqa: E402
from objektiv.explaining.gradients import GREY, STEPS, Gradients, last_map  # noqa: E402
from objektiv.explaining.heat import Explainer  # noqa: E402
from objektiv.explaining.settings import HeatSettings  # noqa: E402
from objektiv.shipping.bundle import Bundle  # noqa: E402
from objektiv.shipping.taps import shapes  # noqa: E402
from tests.explaining.small import SIZE, drawn  # noqa: E402

Bundles = Callable[[str], Bundle]
SQUARE = to_square(drawn(1), size=SIZE, fit="letterbox")


def _of(bundle: Bundle) -> Gradients:
    model = bundle.network.graph
    return Gradients(model, shapes(model))


@pytest.mark.parametrize("name", ["lite0", "probe", "strange", "frozen", "sigmoid", "rest"])
def test_torch_runs_the_graph_as_it_ships(bundles: Bundles, name: str) -> None:
    """The logits are those of the bundle, whatever its end."""
    bundle = bundles(name)

    found = _of(bundle).module(torch.from_numpy(SQUARE[None])).detach().numpy()

    np.testing.assert_allclose(found, bundle.predict([drawn(1)]).logits, atol=2e-4)


class _ByHand(torch.nn.Module):
    """The frozen bundle's network again, from its numbers, with torch's own layers."""

    def __init__(self, bundle: Bundle) -> None:
        super().__init__()
        from onnx import numpy_helper

        graph = bundle.network.graph.graph
        known = {t.name: numpy_helper.to_array(t).copy() for t in graph.initializer}
        self.convolutions = torch.nn.ModuleList()
        for node in (n for n in graph.node if n.op_type == "Conv"):
            weight, bias = (torch.from_numpy(known[n]) for n in node.input[1:])
            layer = torch.nn.Conv2d(weight.shape[1], weight.shape[0], 3, stride=2)
            layer.load_state_dict({"weight": weight, "bias": bias})
            self.convolutions.append(torch.nn.Sequential(layer, torch.nn.ReLU6()))
        gemm = next(n for n in graph.node if n.op_type == "Gemm")
        weight, bias = (torch.from_numpy(known[n]) for n in gemm.input[1:])
        self.dense = torch.nn.Linear(weight.shape[1], weight.shape[0])
        self.dense.load_state_dict({"weight": weight, "bias": bias})

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        x = pixels.permute(0, 3, 1, 2) / 255
        for convolution in self.convolutions:
            x = convolution(torch.nn.functional.pad(x, (0, 1, 0, 1)))  # as TensorFlow pads
        return self.dense(x.permute(0, 2, 3, 1).flatten(1)) / 1.3


def test_grad_cam_and_integrated_gradients_are_captums(bundles: Bundles) -> None:
    """Captum on a network written by hand gives the same maps."""
    bundle = bundles("frozen")
    hand, pixels = _ByHand(bundle).eval(), torch.from_numpy(SQUARE[None])
    direction, _ = direction_of(1, 3)

    cam = attr.LayerGradCam(hand, hand.convolutions[-1]).attribute(pixels, target=1)
    whole = attr.IntegratedGradients(hand).attribute(
        pixels, baselines=torch.full_like(pixels, GREY), target=1, n_steps=STEPS
    )

    found = _of(bundle)
    np.testing.assert_allclose(
        found.grad_cam(SQUARE, direction), cam[0, 0].detach().numpy(), atol=1e-4
    )
    np.testing.assert_allclose(
        found.integrated(SQUARE, direction), whole[0].sum(-1).detach().numpy(), atol=1e-4
    )


def test_an_explainer_gives_both(bundles: Bundles, monkeypatch: pytest.MonkeyPatch) -> None:
    """As heat in the picture's own pixels, with its sanity."""
    monkeypatch.setattr(module, "STEPS", 3)
    explainer = Explainer(bundles("two"))
    for method in ("grad-cam", "integrated-gradients"):
        settings = HeatSettings(method=method, sanity="full")  # type: ignore[arg-type]
        heat = explainer.heat(drawn(1), 0, settings=settings)

        assert heat.kind == method
        assert np.abs(heat.map).max() > 0
        assert heat.map.shape == drawn(1).shape[:2]
        assert np.isfinite(heat.map).all()
        assert heat.sanity.likeness is not None
        assert heat.sanity.curves is not None


def test_an_operation_without_a_gradient_is_refused(
    bundles: Bundles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named, with what to do instead."""
    known = {name: run for name, run in module.RUN.items() if name != "Clip"}
    monkeypatch.setattr(module, "RUN", known)

    with pytest.raises(UsageError, match="Clip"):
        _of(bundles("probe"))


def test_the_last_map_is_that_of_the_last_layer(bundles: Bundles) -> None:
    """Not a map that pooling makes on the way."""
    for name in ("probe", "frozen"):
        model = bundles(name).network.graph
        assert last_map(model, shapes(model)) == "last_map"


def test_a_network_without_a_map_is_refused(bundles: Bundles) -> None:
    """Grad-CAM needs one place beside another."""
    model = bundles("probe").network.graph

    with pytest.raises(UsageError, match="no map"):
        last_map(model, {})
