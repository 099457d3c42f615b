"""What places and parts add sums to what the model says, whatever its end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from objektiv.base.seeds import generator
from objektiv.data.images import decode, to_square
from objektiv.explaining.answer import linear_end
from objektiv.explaining.contributions import BOTH, COLOURS, CONSTANT, attribute, contributions
from objektiv.explaining.pieces import Piece, Tail
from objektiv.shipping.bundle import Bundle
from objektiv.shipping.taps import Taps
from tests.explaining.small import SIZE, drawn

ODD = [drawn(1), drawn(2, height=30, width=200), np.zeros((5, 5, 3), np.uint8)]
ODD += [np.full((64, 64, 3), 255, np.uint8), np.arange(300, dtype=np.uint8).reshape(10, 10, 3)]

Bundles = Callable[[str], Bundle]


def _sums(bundle: Bundle, picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the parts of each class sum to, and what the graph gives."""
    tail = linear_end(bundle)
    assert tail is not None
    square = to_square(picture, size=bundle.facts.size, fit=bundle.facts.fit)
    values = Taps(bundle.network, (*tail.tensors, tail.output))(square[None])
    parts = [contributions(tail, values, unit)[0] for unit in np.eye(len(bundle.classes))]
    return np.array([sum(p.value for p in own) for own in parts]), values[tail.output][0]


@pytest.mark.parametrize("name", ["lite0", "probe", "strange", "two", "frozen", "sigmoid"])
def test_parts_sum_to_every_logit_of_drawn_pictures(bundles: Bundles, name: str) -> None:
    """The parts of each class sum to its logit within 1e-4, as the bundle predicts it."""
    bundle = bundles(name)
    for picture in ODD:
        found, _ = _sums(bundle, picture)

        expected = bundle.predict([picture]).logits[0]
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_parts_sum_to_what_goes_into_a_sigmoid_of_each_class(bundles: Bundles) -> None:
    """Where each class has its own sigmoid, the sum is what the sigmoid gets."""
    bundle = bundles("rest")
    found, before = _sums(bundle, drawn(3))

    np.testing.assert_allclose(found, before, atol=1e-4)
    expected = bundle.predict([drawn(3)]).logits[0]
    np.testing.assert_allclose(np.log(1 / (1 + np.exp(-found))) / 1.3, expected, atol=1e-4)


@pytest.mark.slow
def test_parts_sum_to_every_logit_of_real_pictures(bundles: Bundles, real_data: Path) -> None:
    """On cells, cats and dogs too."""
    folders = ("malaria/Parasitized", "cats_dogs")
    paths = [p for f in folders for p in sorted((real_data / f).rglob("*.*g"))[:4]]
    assert len(paths) == 8
    for path in paths:
        picture = decode(path.read_bytes(), name=path.name, max_pixels=50_000_000).pixels
        found, _ = _sums(bundles("lite0"), picture)
        expected = bundles("lite0").predict([picture]).logits[0]
        np.testing.assert_allclose(found, expected, atol=1e-4)


def _tail(piece: Piece, weights: np.ndarray, **changes: object) -> Tail:
    values = {"bias": np.zeros(1), "pieces": (piece,), "usual": np.zeros(len(weights))} | changes
    return Tail(weights[:, None], **values)  # type: ignore[arg-type]


def test_each_statistic_is_shared_by_its_own_rule() -> None:
    """Mean by value, maximum to those that have it, deviation by squared distance."""
    x = np.array([[[1.0, 3.0], [3.0, 5.0]], [[2.0, 2.0], [2.0, 2.0]]], np.float32)
    values = {"x": x[None]}

    def places(statistic: str, weights: list[float]) -> np.ndarray:
        piece = Piece("s", "pooled", "x", 0, 2, (statistic,))  # type: ignore[arg-type]
        return attribute(piece, values, np.array([weights]), np.zeros(2))[0]

    np.testing.assert_allclose(places("mean", [1, 0]), x[0] / 4)
    np.testing.assert_allclose(places("maximum", [2, 0]), [[0, 0], [0, 10]])
    np.testing.assert_allclose(places("maximum", [0, 1]), np.full((2, 2), 0.5))  # all share
    deviation = x[0].std()
    np.testing.assert_allclose(
        places("deviation", [1, 1]), (x[0] - 3) ** 2 / (4 * deviation), rtol=1e-6
    )


def test_a_length_is_a_constant_of_the_picture() -> None:
    """A normalised piece is divided by the length of its statistics."""
    x = generator(0, "x").normal(0, 1, (1, 3, 4, 4)).astype(np.float32)
    piece = Piece("s", "pooled", "x", 0, 9, ("mean", "maximum", "deviation"), normalised=True)
    weights = generator(0, "w").normal(size=9)

    found = attribute(piece, {"x": x}, weights[None], np.zeros(9))[0].sum()

    flat = x[0].reshape(3, -1).astype(np.float64)
    statistics = np.concatenate([flat.mean(axis=1), flat.max(axis=1), flat.std(axis=1)])
    assert found == pytest.approx(weights @ statistics / np.linalg.norm(statistics), abs=1e-6)


def test_the_usual_picture_is_taken_off_and_comes_back_in_the_constant() -> None:
    """With a usual picture known each part is what it adds beyond it, and the sum stays."""
    x = generator(0, "x").normal(0, 1, (1, 3, 4, 4)).astype(np.float32)
    piece = Piece("s", "pooled", "x", 0, 3, ("mean",))
    weights, usual = np.array([1.0, -2.0, 0.5]), np.array([0.3, 0.1, -0.2])

    plain, _ = contributions(_tail(piece, weights), {"x": x}, np.ones(1))
    shifted, _ = contributions(_tail(piece, weights, usual=usual), {"x": x}, np.ones(1))

    assert [p.name for p in plain] == ["s", CONSTANT]
    assert shifted[0].value == pytest.approx(plain[0].value - weights @ usual)
    assert sum(p.value for p in shifted) == pytest.approx(sum(p.value for p in plain))
    assert shifted[0].places is not None and plain[0].places is not None
    np.testing.assert_allclose(shifted[0].places, plain[0].places - weights @ usual / 16)


def test_what_is_as_usual_gets_no_heat() -> None:
    """A maximum that every picture has is not hot, however large it is."""
    x = np.zeros((1, 2, 4, 4), np.float32)
    x[0, 0, 0, 0], x[0, 1, 2, 2] = 5, 3
    piece = Piece("s", "pooled", "x", 0, 2, ("maximum",))

    found = attribute(piece, {"x": x}, np.ones((1, 2)), np.array([5.0, 1.0]))[0]

    assert found[0, 0] == 0
    assert found[2, 2] == pytest.approx(2)
    assert found.sum() == pytest.approx(2)


def test_colours_have_no_place(bundles: Bundles) -> None:
    """The plain numbers are a part of their own, or one with the constant."""
    for name, expected in (("probe", [COLOURS, CONSTANT]), ("strange", [BOTH])):
        bundle = bundles(name)
        tail = linear_end(bundle)
        assert tail is not None
        square = np.zeros((1, SIZE, SIZE, 3), np.float32)
        values = Taps(bundle.network, tail.tensors)(square)
        parts, _ = contributions(tail, values, np.eye(3)[0])
        assert [p.name for p in parts if p.places is None] == expected
        assert [p.name for p in parts[:3]] == ["stage1", "stage2", "final"]


def test_shuffled_models_see_the_same_maps_with_other_weights() -> None:
    """They are drawn from the same weights, differ from each other and are the same again."""
    x = generator(0, "x").normal(0, 1, (1, 30, 4, 4)).astype(np.float32)
    tail = _tail(Piece("s", "pooled", "x", 0, 30, ("mean",)), np.arange(30.0))

    _, others = contributions(tail, {"x": x}, np.ones(1), shuffled=3)
    _, again = contributions(tail, {"x": x}, np.ones(1), shuffled=3)

    sums = [own[0].value for own in others]
    assert len({round(value, 6) for value in sums}) == 3
    assert sums == [own[0].value for own in again]
