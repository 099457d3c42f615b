"""The ideal picture is one that the network is surer of, and what makes it smooth is right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from objektiv.base.errors import MissingExtra, UsageError
from objektiv.base.progress import Progress
from objektiv.base.seeds import generator
from objektiv.explaining.attack_settings import DreamSettings
from objektiv.explaining.dream import Wish, dream, maps_of, smoothing, variation
from objektiv.explaining.subject import Subject, of_bundle
from objektiv.shipping.bundle import Bundle

FEW = DreamSettings(steps=24, frames=3, smooth=5)


@pytest.fixture
def subject(bundles: Callable[[str], Bundle]) -> Subject:
    """The small frozen network of three classes."""
    return of_bundle(bundles("frozen"))


def test_total_variation_is_the_mean_difference_of_neighbours() -> None:
    """A checkerboard of 0 and 10 differs everywhere by 10, a flat picture nowhere."""
    board = 10 * (np.indices((6, 6)).sum(0) % 2)[..., None].repeat(3, 2)

    assert variation(board) == 10
    assert variation(np.full((6, 6, 3), 7)) == 0


def test_smoothing_is_the_gradient_of_the_squared_differences() -> None:
    """Against finite differences of half the sum of squared differences of neighbours."""
    random = generator(0, "smooth")
    picture = random.normal(0, 1, (5, 6, 3)).astype(np.float32)
    direction = random.normal(0, 1, picture.shape)

    def energy(at: np.ndarray) -> float:
        return float(sum((np.diff(at, axis=axis) ** 2).sum() for axis in (0, 1)) / 2)

    step = 1e-4
    rise = (energy(picture + step * direction) - energy(picture - step * direction)) / (2 * step)
    assert rise == pytest.approx(float((smoothing(picture) * direction).sum()), rel=1e-3)


def test_an_ideal_picture_is_surer_and_smoother_than_plain_ascent(subject: Subject) -> None:
    """The probability rises; without the means against noise the variation is larger."""
    torch = pytest.importorskip("torch", reason="needs objektiv[torch]")
    torch.set_num_threads(1)

    found = dream(subject, Wish(label="dog"), FEW, progress=Progress())

    place = subject.place_of("dog")
    own = subject.probabilities(found.ideal.picture.astype(np.float32)[None])[0, place]
    assert found.ideal.value == pytest.approx(float(own))
    assert found.ideal.value > 2 * found.ideal.values[0]
    assert found.plain is not None
    assert found.plain.variation > 2 * found.ideal.variation
    assert len(found.ideal.frames) == len(found.ideal.values) == 3
    again = dream(subject, Wish(label="dog"), FEW, progress=Progress())
    np.testing.assert_array_equal(again.ideal.picture, found.ideal.picture)


def test_a_channel_may_be_ideal(subject: Subject) -> None:
    """Its mean on the ideal picture is higher than on the noise it began with."""
    torch = pytest.importorskip("torch", reason="needs objektiv[torch]")
    torch.set_num_threads(1)
    tensor, channels = next(iter(maps_of(subject).items()))
    settings = FEW.model_copy(update={"plain": False, "smooth": 0.0})

    values = [
        dream(subject, Wish(channel=f"{tensor}:{n}"), settings, progress=Progress()).ideal
        for n in range(min(channels, 2))
    ]

    assert any(v.values[-1] > v.values[0] for v in values)


@pytest.mark.parametrize(
    ("wish", "match"),
    [
        (Wish(label="dogg"), "did you mean 'dog'"),
        (Wish(channel="last_mop:1"), "did you mean 'last_map'"),
        (Wish(channel="last_map:12"), "12 channels"),
        (Wish(channel="last_map"), "no such channel"),
        (Wish(), "one thing can be ideal"),
        (Wish(label="dog", channel="last_map:1"), "one thing can be ideal"),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(
    subject: Subject, wish: Wish, match: str
) -> None:
    """Classes, maps and channels, each with the nearest."""
    with pytest.raises(UsageError, match=match):
        dream(subject, wish, FEW, progress=Progress())


def test_missing_torch_is_told(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs it."""
    monkeypatch.setattr("objektiv.base.extras._is_installed", lambda name: name != "torch")

    with pytest.raises(MissingExtra, match="pip install"):
        dream(subject, Wish(label="dog"), FEW, progress=Progress())
