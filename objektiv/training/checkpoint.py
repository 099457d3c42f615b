"""Checkpoints that hold arrays and JSON, no pickle, and say what they belong to.

In: Lightning's checkpoint, a mapping. Out: one safetensors file, old or new, never half: weights,
what the optimizer keeps, and as JSON where training stands. Lightning's loops keep nothing of
their own: order, rates and noise follow from seed, epoch and step.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch
from lightning.pytorch.plugins.io import CheckpointIO

from objektiv.base import files, tensors
from objektiv.base.errors import DataError, ModelError

FOLDER = "checkpoint"  # below a run
LAST = "last.safetensors"
BEST = "best-{}.safetensors"  # the number of its epoch
STANDS = "stands"  # the key of what a learner adds: where training stands
FORMAT = 1


class Arrays(CheckpointIO):
    """Writes and reads what Lightning asks for; what follows from the settings is left out."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None
    ) -> None:
        """Publish one file."""
        arrays = {f"network/{name}": value for name, value in checkpoint["state_dict"].items()}
        (optimizer,) = checkpoint["optimizer_states"]
        for number, kept in optimizer["state"].items():
            arrays |= {f"optimizer/{number}/{name}": value for name, value in kept.items()}
        about = {
            "format": FORMAT,
            "groups": optimizer["param_groups"],
            STANDS: checkpoint[STANDS],
        }
        tensors.write(
            Path(path),
            {name: value.detach().cpu().numpy() for name, value in arrays.items()},
            {"objektiv": json.dumps(about, allow_nan=False)},
        )

    def load_checkpoint(
        self, path: Any, map_location: Any = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """The mapping that Lightning restores from."""
        found = tensors.read(Path(path))
        about = _about(found, path=Path(path))
        state: dict[int, dict[str, torch.Tensor]] = {}
        network: dict[str, torch.Tensor] = {}
        for name, array in found.arrays.items():
            kind, _, rest = name.partition("/")
            tensor = torch.from_numpy(np.array(array))
            if kind == "network":
                network[rest] = tensor
            else:
                number, _, kept = rest.partition("/")
                state.setdefault(int(number), {})[kept] = tensor
        return {
            "state_dict": network,
            "optimizer_states": [{"state": state, "param_groups": about["groups"]}],
            "lr_schedulers": [],
            "callbacks": {},
            "epoch": 0,
            "global_step": 0,
            "pytorch-lightning_version": lightning.__version__,
            STANDS: about[STANDS],
        }

    def remove_checkpoint(self, path: Any) -> None:
        """Delete one file."""
        Path(path).unlink(missing_ok=True)


def read_stands(path: Path) -> dict[str, Any]:
    """Where training stood, and what it belongs to.

    Raises:
        ModelError: the file is no checkpoint of this format.
    """
    stands: dict[str, Any] = _about(tensors.read(path), path=path)[STANDS]
    return stands


def _about(found: tensors.Tensors, *, path: Path) -> dict[str, Any]:
    """What a file says beside its arrays."""
    try:
        about = files.parse_json(found.about.get("objektiv", "").encode(), name=str(path))
    except DataError:
        about = {}
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise ModelError(
            f"{path} is no checkpoint that this version can go on from",
            value=f"format {about.get('format')!r}" if isinstance(about, dict) else "no format",
            allowed=f"Format {FORMAT} is read",
            next="delete its folder and train again from the beginning",
        )
    return about


def require_same(kept: Mapping[str, Any], now: Mapping[str, Any], *, path: Path) -> None:
    """Check that a checkpoint belongs to this training.

    Raises:
        ModelError: it does not; the first difference is named with both values.
    """
    for name in [*now, *(name for name in kept if name not in now)]:
        old, new = kept.get(name), now.get(name)
        if old != new:
            raise ModelError(
                f"{path} belongs to another training: {name} differs",
                value=f"{old!r:.60} then, {new!r:.60} now",
                allowed="A training goes on with the same data, settings, seed and versions only",
                next="give what it had then, or train again in a new folder",
            )


def save_best(folder: Path, number: int, state: Mapping[str, Any]) -> None:
    """Publish the state of the best epoch."""
    tensors.write(folder / BEST.format(number), state, {})


def load_best(folder: Path, number: int) -> dict[str, Any]:
    """The state of an epoch that was the best."""
    return tensors.read(folder / BEST.format(number)).arrays


def tidy(folder: Path, *, best: int | None) -> None:
    """Delete the states of epochs that are no longer the best, and what a killed process left."""
    files.remove_litter(folder)
    for path in folder.glob(BEST.format("*")):
        if best is None or path.name != BEST.format(best):
            path.unlink(missing_ok=True)
