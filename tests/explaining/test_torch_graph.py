"""The torch twin of a bundle gives its logits, and gradients that are true."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from objektiv.base.seeds import generator
from objektiv.explaining.subject import of_backbone, of_bundle
from objektiv.shipping.bundle import Bundle, load

torch = pytest.importorskip("torch", reason="needs objektiv[torch]")

from objektiv.explaining.torch_graph import Gradients, TorchGraph  # noqa: E402

ATOL = 1e-4


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def _squares(size: int, count: int = 2) -> np.ndarray:
    return generator(0, "twin").uniform(0, 255, (count, size, size, 3)).astype(np.float32)


@pytest.mark.parametrize("name", ["probe", "strange", "two", "frozen", "sigmoid", "rest", "lite0"])
def test_the_twin_gives_the_logits_of_the_bundle(
    bundles: Callable[[str], Bundle], name: str
) -> None:
    """Probes, frozen networks, with calibration and colours: torch and OpenVINO agree."""
    subject = of_bundle(bundles(name))
    squares = _squares(subject.size)

    found = Gradients(subject.network.graph).values(squares)

    expected = subject.logits(squares)
    scale = max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(found, expected, atol=ATOL * scale)


def test_the_twin_gives_the_logits_of_a_network_that_learnt(learnt: Path) -> None:
    """The same of a small network trained with torch."""
    subject = of_bundle(load(learnt / "model", precision="fp32"))
    squares = _squares(subject.size)

    found = Gradients(subject.network.graph).values(squares)

    np.testing.assert_allclose(found, subject.logits(squares), atol=ATOL)


def test_a_stored_network_has_gradients_too() -> None:
    """Lite0 with its own 1,000 classes agrees with OpenVINO."""
    subject = of_backbone("lite0")
    squares = _squares(subject.size, 1)

    found = Gradients(subject.network.graph).values(squares)

    np.testing.assert_allclose(found, subject.logits(squares), atol=ATOL)


@pytest.mark.parametrize("name", ["strange", "sigmoid"])
def test_gradients_are_those_of_finite_differences(
    bundles: Callable[[str], Bundle], name: str
) -> None:
    """Along a random direction the loss of the bundle itself rises as the gradient says."""
    subject = of_bundle(bundles(name))
    squares = _squares(subject.size, 1) * 0.5 + 60
    labels = subject.logits(squares).argmin(axis=1)
    step = 0.05 * generator(1, "direction").normal(0, 1, squares.shape).astype(np.float32)

    _, gradient = Gradients(subject.network.graph).of_loss(squares, labels)

    def loss(at: np.ndarray) -> float:
        logits = subject.logits(at).astype(np.float64)[0]
        others = np.delete(logits, labels[0])
        return float(np.log(np.exp(others).sum()) - logits[labels[0]])

    rise = (loss(squares + step) - loss(squares - step)) / 2
    assert rise == pytest.approx(float((gradient * step).sum()), rel=0.1, abs=2e-4)


def test_a_channel_has_a_gradient_where_it_looks(bundles: Callable[[str], Bundle]) -> None:
    """The mean of a channel of the last map rises along its gradient."""
    graph = bundles("probe").network.graph
    gradients = Gradients(graph, tensor="last_map")
    squares = _squares(64, 1)

    channel = int(gradients.values(squares).mean((0, 2, 3)).argmax())

    value, gradient = gradients.of_channel(squares, channel)

    after, _ = gradients.of_channel(squares + np.sign(gradient).astype(np.float32), channel)
    assert after[0] > value[0]


def test_a_class_is_told_from_all_others_together(bundles: Callable[[str], Bundle]) -> None:
    """The value is the logit less the log of the sum of the others' exponentials."""
    subject = of_bundle(bundles("probe"))
    squares = _squares(64, 1)

    value, _ = Gradients(subject.network.graph).of_class(squares, 0)

    probability = float(subject.probabilities(squares)[0, 0])
    logit = np.log(probability / (1 - probability))
    assert float(value[0]) == pytest.approx(logit, rel=1e-3, abs=1e-2)


def test_a_network_that_is_quite_sure_still_has_a_slope(bundles: Callable[[str], Bundle]) -> None:
    """Where the probability is 1 in 32 bits the cross-entropy is flat, and this loss is not; else
    both have the same direction."""
    graph = bundles("probe").network.graph
    squares = _squares(64, 1)
    label = Gradients(graph).values(squares).argmax(axis=1)

    _, gradient = Gradients(graph).of_loss(squares, label)

    pixels = torch.tensor(squares, requires_grad=True)
    logits = TorchGraph(graph, ["logits"])(pixels)["logits"].double()
    torch.nn.functional.cross_entropy(logits, torch.tensor(label)).backward()
    assert pixels.grad is not None
    plain = pixels.grad.numpy().ravel().astype(np.float64)
    ours = gradient.ravel().astype(np.float64)
    assert np.abs(ours).max() > 0
    assert ours @ plain / np.linalg.norm(ours) / np.linalg.norm(plain) > 0.9999
