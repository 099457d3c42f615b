"""Weights from safetensors: all arrays of a network and no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from objektiv.base import tensors
from objektiv.base.errors import ModelError
from objektiv.zoo.arrays import whole_network

WANTED = {"first.weight": (2, 3), "last.bias": (4,), "norm.num_batches_tracked": ()}


def _file(folder: Path, **changed: Any) -> Path:
    """A file with WANTED's arrays; None takes one away."""
    held = {name: np.ones(shape, np.float32) for name, shape in WANTED.items() if "num" not in name}
    held |= {name.replace("__", "."): array for name, array in changed.items()}
    tensors.write(folder / "w.safetensors", {k: v for k, v in held.items() if v is not None}, {})
    return folder / "w.safetensors"


def test_arrays_of_the_whole_network_come_by_name(tmp_path: Path) -> None:
    """A file that fits gives its arrays; counters of training steps may be there or not."""
    counter = np.zeros((), np.int64)
    for number, more in enumerate([{}, {"norm__num_batches_tracked": counter}]):
        (tmp_path / str(number)).mkdir()

        found = whole_network(_file(tmp_path / str(number), **more), WANTED, name="small")

        assert set(found) == {"first.weight", "last.bias"}
        assert (found["first.weight"] == 1).all() and found["first.weight"].shape == (2, 3)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"last__bias": None}, r"last.bias \(4,\) is missing"),
        ({"first__weight": np.ones((3, 2))}, r"first.weight is \(3, 2\), not \(2, 3\)"),
        ({"second__weight": np.ones(1)}, "second.weight belongs to no layer"),
    ],
)
def test_the_first_array_that_does_not_fit_is_named(
    changed: dict[str, Any], message: str, tmp_path: Path
) -> None:
    """Missing, of another shape, or unexpected: the error names the array."""
    with pytest.raises(ModelError, match=f"the weights do not fit small: {message}"):
        whole_network(_file(tmp_path, **changed), WANTED, name="small")


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    """A file cut off is told as such."""
    path = _file(tmp_path)
    path.write_bytes(path.read_bytes()[:-4])

    with pytest.raises(ModelError, match="cannot be read as safetensors"):
        whole_network(path, WANTED, name="small")
