"""What a batch needs of memory: counted, and refused where it is not there."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="needs objektiv[torch]")

import torch

from objektiv.base.errors import MachineError
from objektiv.training import memory
from objektiv.training.settings import FitSettings

ADAM = FitSettings(optimizer="adam", batch=10)


class _Net(torch.nn.Module):
    """A linear map and a tanh: what is kept for the gradients is known."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(3, 5, bias=False)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.linear(pixels.float())).sum((1, 2))


def test_what_is_kept_is_counted() -> None:
    """An image of 8 x 8 keeps 3 inputs and 5 outputs of each pixel; weights count four times with
    adam: themselves, their gradient, its mean and its square."""
    found = memory.need(_Net(), ADAM, size=8)

    assert found.fixed == 4 * 15 * 4
    assert found.an_image == pytest.approx(memory.SLACK * 64 * (3 + 5) * 4)


def test_a_batch_that_fits_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With memory for seven images a batch of ten is refused, and seven is the way out, which is
    then taken."""
    found = memory.need(_Net(), ADAM, size=8)
    monkeypatch.setattr(memory, "_free", lambda device: found.of(7) + 1)

    with pytest.raises(MachineError, match="--batch 7") as caught:
        memory.require(_Net(), ADAM, size=8, device="cpu")

    assert "--batch 10" in str(caught.value)
    memory.require(_Net(), ADAM.model_copy(update={"batch": 7}), size=8, device="cpu")


def test_counting_leaves_the_network_and_the_dice_alone() -> None:
    """Statistics of normalisation and the state of torch's random numbers are as before."""
    network = torch.nn.Sequential(_Net(), torch.nn.BatchNorm1d(5), torch.nn.Dropout(0.5))
    dice = torch.get_rng_state()

    memory.need(network, ADAM, size=8)

    assert torch.equal(torch.get_rng_state(), dice)
    assert int(network[1].num_batches_tracked) == 0
