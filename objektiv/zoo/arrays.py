"""Weights of a whole network from a file .safetensors: each array of it, and no other.

In: a file, and the names and shapes that the network wants. Out: the arrays by name.
Names are the library's own: `state_dict()` of timm's network (`conv_stem.weight`), `variable.path`
of Keras' (`stem_conv/kernel`); shapes are the library's, too.
Try: `whole_network(path, {"fc.bias": (1000,)}, name="resnet18")`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from objektiv.base import tensors
from objektiv.base.errors import ModelError

SUFFIX = ".safetensors"
COUNTER = "num_batches_tracked"  # how long torch trained; files may have it, nothing needs it


def whole_network(
    path: Path, wanted: Mapping[str, tuple[int, ...]], *, name: str
) -> dict[str, NDArray[Any]]:
    """The arrays of `path`, which are those that network `name` wants.

    Raises:
        ModelError: the file is damaged; or the first array that is missing, of another shape or
            unexpected.
    """
    found = {k: v for k, v in tensors.read(path).arrays.items() if not k.endswith(COUNTER)}
    needed = {k: shape for k, shape in wanted.items() if not k.endswith(COUNTER)}
    if wrong := _first_difference(found, needed):
        raise ModelError(
            f"the weights do not fit {name}",
            value=wrong,
            allowed=f"The {len(needed)} arrays of the whole network, as its library names them",
            next="give the file of this network, or the name of the file's network",
        )
    return found


def _first_difference(
    found: Mapping[str, NDArray[Any]], wanted: Mapping[str, tuple[int, ...]]
) -> str:
    """What is wrong with the first array that does not fit; empty where all do."""
    for name, shape in wanted.items():
        if name not in found:
            return f"{name} {shape} is missing"
        if found[name].shape != shape:
            return f"{name} is {found[name].shape}, not {shape}"
    unexpected = next((name for name in found if name not in wanted), "")
    return f"{unexpected[:80]} belongs to no layer" if unexpected else ""
