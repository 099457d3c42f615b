"""FGSM and PGD are those of the papers, and nothing ever leaves the ball or the range."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from objektiv.base.seeds import generator
from objektiv.explaining.attacks import Aim, Ball, Floats, Labels, fgsm, lengths, pgd, square
from objektiv.explaining.subject import of_bundle
from objektiv.shipping.bundle import Bundle

SIDE = 8
WEIGHTS = generator(0, "linear").normal(0, 0.01, (SIDE * SIDE * 3, 3)).astype(np.float32)


def _logits(squares: Floats) -> Floats:
    return np.asarray(squares.reshape(len(squares), -1) @ WEIGHTS, np.float32)


def _oracle(squares: Floats, labels: Labels) -> tuple[Floats, Floats]:
    """Of a linear model, whose gradient is known by hand: weights times (softmax - truth)."""
    logits = _logits(squares).astype(np.float64)
    chances = np.exp(logits - logits.max(1, keepdims=True))
    chances /= chances.sum(1, keepdims=True)
    rows = np.arange(len(labels))
    losses = -np.log(chances[rows, labels])
    chances[rows, labels] -= 1
    gradient = (chances @ WEIGHTS.T).reshape(squares.shape)
    return losses.astype(np.float32), gradient.astype(np.float32)


def _squares(seed: int = 0, count: int = 5) -> Floats:
    random = generator(seed, "attacked")
    return random.integers(0, 256, (count, SIDE, SIDE, 3)).astype(np.float32)


LABELS = np.array([0, 1, 2, 0, 1])


@given(
    st.integers(0, 10_000),
    st.sampled_from(["linf", "l2"]),
    st.floats(0.01, 128),
    st.booleans(),
    st.booleans(),
)
def test_attacked_squares_stay_in_the_ball_and_the_range(
    seed: int, norm: str, strength: float, targeted: bool, begun: bool
) -> None:
    """Whatever is attacked, however strongly: no value leaves 0 to 255, no square its ball."""
    squares = _squares(seed)
    ball = Ball(norm, strength)  # type: ignore[arg-type]
    aim = Aim(ball, targeted)
    start = ball.anywhere(squares, generator(seed, "start")) if begun else None

    for found in (
        fgsm(squares, LABELS, _oracle, aim=aim),
        pgd(squares, LABELS, _oracle, aim=aim, steps=3, start=start),
        squares if start is None else start,
    ):
        assert found.dtype == np.float32
        assert found.min() >= 0
        assert found.max() <= 255
        change = found - squares
        far = np.abs(change).max() if norm == "linf" else lengths(change).max()
        assert far <= strength * (1 + 1e-5) + 1e-5


@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("targeted", [False, True])
def test_fgsm_and_pgd_equal_the_papers_written_in_torch(
    bundles: Callable[[str], Bundle], norm: str, targeted: bool
) -> None:
    """Written anew with autograd and cross-entropy on pixels of 0 to 1, same start: within 1e-5."""
    torch = pytest.importorskip("torch", reason="needs objektiv[torch]")
    from objektiv.explaining.torch_graph import TorchGraph

    torch.set_num_threads(1)
    subject = of_bundle(bundles("frozen"))
    random = generator(3, "papers")
    squares = random.integers(0, 256, (2, subject.size, subject.size, 3)).astype(np.float32)
    labels = np.array([0, 2])
    strength, steps = 6.0, 4
    ball = Ball(norm, strength)  # type: ignore[arg-type]
    aim = Aim(ball, targeted)
    start = ball.anywhere(squares, generator(4, "start"))
    network = TorchGraph(subject.network.graph, ["logits"])

    x0 = torch.tensor(squares / 255)
    sign = -1 if targeted else 1
    root = np.sqrt(x0[0].numel())
    epsilon = strength / 255 * (1 if norm == "linf" else root)

    def stepped(x: object, size: float) -> object:
        x = x.detach().requires_grad_()  # type: ignore[attr-defined]
        loss = torch.nn.CrossEntropyLoss(reduction="sum")(
            network(x * 255)["logits"].double(), torch.tensor(labels)
        )
        loss.backward()
        if norm == "linf":
            moved = x.detach() + sign * size * x.grad.sign()
            moved = torch.max(torch.min(moved, x0 + epsilon), x0 - epsilon)
        else:
            unit = x.grad / x.grad.flatten(1).norm(dim=1)[:, None, None, None]
            change = x.detach() + sign * size * unit - x0
            change = torch.renorm(change, p=2, dim=0, maxnorm=epsilon)
            moved = x0 + change
        return moved.clamp(0, 1)

    once = stepped(x0, epsilon)
    several = torch.tensor(start / 255)
    for _ in range(steps):
        several = stepped(several, 2.5 * epsilon / steps)

    oracle = subject.oracle()
    found = fgsm(squares, labels, oracle, aim=aim) / 255
    found_several = pgd(squares, labels, oracle, aim=aim, steps=steps, start=start) / 255

    np.testing.assert_allclose(found, once.numpy(), atol=1e-5)  # type: ignore[attr-defined]
    np.testing.assert_allclose(found_several, several.numpy(), atol=1e-5)
    assert np.abs(found - squares / 255).max() > 0.02


def test_fgsm_is_the_worst_that_can_be_done_to_a_linear_model() -> None:
    """Of two classes, the difference of logits falls by the strength times the weights' size."""
    squares = np.full((1, SIDE, SIDE, 3), 128, np.float32)

    def two(at: Floats, labels: Labels) -> tuple[Floats, Floats]:
        difference = (WEIGHTS[:, 1] - WEIGHTS[:, 0]).reshape(1, SIDE, SIDE, 3)
        return np.zeros(1, np.float32), np.repeat(difference, len(at), axis=0)

    found = fgsm(squares, np.array([0]), two, aim=Aim(Ball("linf", 3.0)))

    before, after = _logits(squares)[0], _logits(found)[0]
    fall = (before[0] - before[1]) - (after[0] - after[1])
    assert fall == pytest.approx(3.0 * np.abs(WEIGHTS[:, 0] - WEIGHTS[:, 1]).sum(), rel=1e-3)


def test_the_square_attack_reaches_most_of_what_is_possible() -> None:
    """On a linear model, whose worst change is known, it finds more than half of it, in the ball,
    and never asks more often than it may."""
    squares = np.full((1, SIDE, SIDE, 3), 128, np.float32)
    asked = []

    def scores(at: Floats) -> Floats:
        asked.append(len(at))
        logits = _logits(at)[:, :2]
        return logits + np.array([1000, 0], np.float32)  # the aim is never reached

    found = square(squares, np.array([0]), scores, aim=Aim(Ball("linf", 3.0)), queries=400, seed=0)

    assert sum(asked) == 400
    assert np.abs(found - squares).max() <= 3.0
    before, after = _logits(squares)[0], _logits(found)[0]
    fall = (before[0] - before[1]) - (after[0] - after[1])
    assert fall > 0.5 * 3.0 * np.abs(WEIGHTS[:, 0] - WEIGHTS[:, 1]).sum()


def test_the_square_attack_stops_where_the_aim_is_reached() -> None:
    """A picture that is wrong already is asked for once."""
    asked = []

    def scores(at: Floats) -> Floats:
        asked.append(len(at))
        return np.array([[0.0, 1.0]], np.float32)

    square(_squares(count=1), np.array([0]), scores, aim=Aim(Ball("linf", 1.0)), queries=50)

    assert asked == [1]
