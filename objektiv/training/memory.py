"""What a batch needs of memory, known before the first step, and the batch that fits.

In: a network and the size of its images. Out: nothing, or a MachineError that names a batch.
What is kept for the gradients is counted in a pass over two images and over four, and a batch
needs so much more as it has more images; weights are counted with what the optimizer keeps.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch

from objektiv.base.errors import MachineError
from objektiv.base.machine import usable_memory
from objektiv.training.optimizers import KEPT
from objektiv.training.settings import FitSettings

SLACK = 1.3  # gradients on their way, and what lies unused between pieces of memory
SHARE = 0.9  # of the memory there is that a training may take


@dataclass(frozen=True)
class Need:
    """Bytes of a training."""

    fixed: int  # weights, their gradients, what the optimizer keeps
    an_image: float

    def of(self, batch: int) -> int:
        """Bytes with a batch of so many images."""
        return round(self.fixed + batch * self.an_image)

    def largest(self, free: int) -> int:
        """Images of a batch that fits into `free` bytes; 0 if none does."""
        return max(int((free - self.fixed) / self.an_image), 0)


def need(network: torch.nn.Module, settings: FitSettings, *, size: int) -> Need:
    """What a training of `network` on images of `size` pixels takes."""
    weights = sum(p.numel() * p.element_size() for p in network.parameters())
    two, four = (_kept(network, count, size) for count in (2, 4))
    copies = 2 + KEPT[settings.optimizer]
    return Need(copies * weights, max(SLACK * (four - two) / 2, 1.0))


def require(network: torch.nn.Module, settings: FitSettings, *, size: int, device: str) -> None:
    """Refuse a batch that does not fit.

    Raises:
        MachineError: with the batch that fits.
    """
    free = _free(device)
    if free is None:
        return
    found = need(network, settings, size=size)
    if found.of(settings.batch) <= free:
        return
    fits = found.largest(free)
    raise MachineError(
        "this batch does not fit into memory",
        value=f"--batch {settings.batch} needs {found.of(settings.batch) / 1e9:.1f} GB",
        allowed=f"{free / 1e9:.1f} GB may be used, room for a batch of {fits}",
        next=f"train with `--batch {fits}`" if fits > 1 else "choose a smaller `--size`",
    )


def _free(device: str) -> int | None:
    if device == "cuda":
        return int(SHARE * torch.cuda.mem_get_info()[0])
    memory = usable_memory()
    return int(SHARE * memory) if memory else None


def _kept(network: torch.nn.Module, count: int, size: int) -> int:
    """Bytes that a pass over `count` images keeps for the gradients, without the weights."""
    twin = copy.deepcopy(network).train()  # a pass moves the statistics of normalisation
    seen = {p.untyped_storage().data_ptr() for p in twin.parameters()}
    storages: dict[int, torch.UntypedStorage] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()  # held, so that its place is not given to another
        if storage.data_ptr() not in seen:
            storages[storage.data_ptr()] = storage
        return tensor

    images = torch.zeros(count, size, size, 3, dtype=torch.uint8)
    with (
        torch.random.fork_rng(devices=[]),
        torch.enable_grad(),
        torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
    ):
        twin(images).sum()
    return sum(storage.nbytes() for storage in storages.values())
