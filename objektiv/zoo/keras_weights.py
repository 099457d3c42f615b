"""Give a Keras network its weights: drawn, or from a file that was looked through first.

In: a model, and a seed, a file .safetensors or a file .h5. Out: the model, filled.
An .h5 file can name other files and declare arrays far larger than itself (CVE-2026-0897, -1669,
-12480); so each object in it is looked at before Keras reads any, and only plain arrays that lie
whole in this one file pass. Needs the extra `zoo`, whose Keras brings h5py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from objektiv.base.errors import ModelError
from objektiv.zoo import arrays

OBJECTS = 100_000  # groups, arrays and attributes in one file; the largest network has 4,000


def draw(model: Any, *, seed: int) -> None:
    """Fill the network with random numbers, the statistics of its normalisations too.

    Kernels follow He et al. (2015), so that no layer dies out; it has learnt nothing.
    """
    random = np.random.default_rng(seed)
    for variable in model.weights:
        shape, name = variable.shape, variable.path.rpartition("/")[2]
        if name.endswith("kernel"):
            fan_in = np.prod(shape[:2] if name.startswith("depthwise") else shape[:-1])
            values = random.standard_normal(shape, np.float32) * np.float32(np.sqrt(2 / fan_in))
        elif name in ("gamma", "moving_variance"):
            values = random.uniform(0.5, 1.5, shape)
        elif name in ("beta", "moving_mean", "bias"):
            values = random.normal(0, 0.1, shape)
        else:
            continue  # of the layer Normalization: nothing to draw
        variable.assign(values.astype(np.float32))


def load(model: Any, path: Path) -> None:
    """Fill the network from a file .h5 of Keras, of either layout.

    Raises:
        ModelError: the file is damaged, strange, or of another network.
    """
    layout = check(path)
    named = path.with_name(f"weights{layout}")  # Keras tells the layout by the name
    path.rename(named)
    try:
        model.load_weights(named)
    except (ValueError, KeyError, OSError) as error:
        raise ModelError(
            f"the weights do not fit {model.name}",
            value=" ".join(str(error).split())[:300],
            allowed="The weights of the whole network are needed, with its 1,000 classes",
            next="give the file of this network, or the name of the file's network",
        ) from error


def load_arrays(model: Any, path: Path) -> None:
    """Fill the network from a file .safetensors, its arrays named after `variable.path`.

    Raises:
        ModelError: the file is damaged or of another network.
    """
    wanted = {variable.path: tuple(variable.shape) for variable in model.weights}
    found = arrays.whole_network(path, wanted, name=model.name)
    for variable in model.weights:
        variable.assign(found[variable.path].astype(variable.dtype))


def check(path: Path) -> str:
    """Look at each object in the file; returns Keras' ending for its layout.

    Raises:
        ModelError: something in it is not a plain array inside the file.
    """
    try:
        with h5py.File(path, "r") as file:
            _check_all(file, room=path.stat().st_size)
            return (
                ".h5" if "layer_names" in file.attrs or "model_weights" in file else ".weights.h5"
            )
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        raise _refused(f"HDF5 cannot read it: {' '.join(str(error).split())[:200]}") from error


def _check_all(file: Any, *, room: int) -> None:
    waiting, seen, bytes_told = [file], set(), 0
    while waiting:
        place = waiting.pop()
        address = h5py.h5o.get_info(place.id).addr
        if address in seen:
            raise _refused(f"{place.name[:60]!r} can be reached on two ways")
        seen.add(address)
        bytes_told += _attributes(place)
        if isinstance(place, h5py.Dataset):
            bytes_told += _array(place)
        elif isinstance(place, h5py.Group):
            waiting.extend(_members(place))
        else:
            raise _refused(f"{place.name[:60]!r} is neither a group nor an array")
        if bytes_told > room or len(seen) + len(waiting) > OBJECTS:
            raise _refused("it declares more than it holds")


def _members(group: Any) -> list[Any]:
    if len(group) > OBJECTS:
        raise _refused("it declares more than it holds")
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise _refused(f"{name[:60]!r} points to another place or file")
    return [group[name] for name in group]


def _array(dataset: Any) -> int:
    """The bytes that an array takes, all of them in the file as they are."""
    creation = dataset.id.get_create_plist()
    plain = creation.get_layout() in (h5py.h5d.CONTIGUOUS, h5py.h5d.COMPACT)
    if not plain or creation.get_external_count() or creation.get_nfilters():
        raise _refused(f"the array {dataset.name[:60]!r} is packed or lies elsewhere")
    if dataset.dtype.kind not in "fiu":
        raise _refused(f"the array {dataset.name[:60]!r} holds no plain numbers")
    stored = int(dataset.id.get_storage_size())
    if stored < dataset.nbytes:
        raise _refused(f"the array {dataset.name[:60]!r} is larger than what the file holds of it")
    return stored


def _attributes(place: Any) -> int:
    """The bytes that the attributes of a group or array take."""
    count = h5py.h5a.get_num_attrs(place.id)
    if count > OBJECTS:
        raise _refused("it declares more than it holds")
    found = (h5py.h5a.open(place.id, index=index) for index in range(count))
    return sum(int(attribute.get_storage_size()) for attribute in found)


def _refused(found: str) -> ModelError:
    return ModelError(
        "the weights file is refused",
        value=found,
        allowed="A file .h5 of Keras that holds plain arrays and nothing else",
        next="take the file from its publisher again, or save it anew with `model.save_weights`",
    )
