"""The learning rate over time, and the shares of stages."""

from __future__ import annotations

import math

import pytest

from objektiv.training import schedule
from objektiv.training.settings import FitSettings

STEPS = 10  # an epoch


def _rates(**values: object) -> list[float]:
    settings = FitSettings(epochs=4, learning_rate=1.0, **values)  # type: ignore[arg-type]
    return [schedule.rate(settings, step=n, steps_an_epoch=STEPS) for n in range(4 * STEPS)]


def test_constant_stays() -> None:
    """The rate is the same at each step."""
    assert set(_rates()) == {1.0}


def test_cosine_falls_to_nothing() -> None:
    """Half a cosine from 1, a half in the middle, to nearly 0."""
    rates = _rates(schedule="cosine")

    assert rates == pytest.approx([0.5 * (1 + math.cos(math.pi * n / 40)) for n in range(40)])


def test_step_divides_by_ten_twice() -> None:
    """A tenth after half of the epochs, a hundredth after three quarters."""
    assert _rates(schedule="step") == [1.0] * 20 + [0.1] * 10 + [0.01] * 10


def test_one_cycle_is_that_of_torch() -> None:
    """Rise and fall are those of torch's OneCycleLR, whose end differs by a ten-thousandth."""
    torch = pytest.importorskip("torch", reason="needs objektiv[torch]")
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    theirs = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 1.0, total_steps=1000, cycle_momentum=False
    )
    expected = []
    for _ in range(1000):
        expected.append(theirs.get_last_lr()[0])
        optimizer.step()
        theirs.step()
    settings = FitSettings(epochs=100, learning_rate=1.0, schedule="one-cycle")
    ours = [schedule.rate(settings, step=n, steps_an_epoch=10) for n in range(1000)]

    assert ours == pytest.approx(expected, abs=6e-3)  # theirs counts 999 steps of 1,000


def test_warmup_rises_evenly_then_the_schedule_begins() -> None:
    """Ten steps of an epoch, then the whole cosine in what is left."""
    rates = _rates(warmup=1, schedule="cosine")

    assert rates[:10] == pytest.approx([(n + 1) / 11 for n in range(10)])
    assert rates[10] == 1.0
    assert rates[25] == pytest.approx(0.5)


def test_stages_unfreeze_from_the_head_backwards() -> None:
    """First the head alone, then the last stages with rates that fall towards the first."""
    settings = FitSettings(unfreeze=2, head_epochs=1, layer_decay=0.5)

    assert schedule.shares(settings, stages=4, epoch=0) == [0, 0, 0, 1]
    assert schedule.shares(settings, stages=4, epoch=1) == [0, 0.25, 0.5, 1]
    assert schedule.ever_learning(settings, stages=4) == [False, True, True, True]
    assert schedule.shares(FitSettings(), stages=3, epoch=0) == [1, 1, 1]
