"""Files .h5 are looked through before Keras reads them: what is not plain is refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from objektiv.base import tensors
from objektiv.base.errors import ModelError

h5py = pytest.importorskip("h5py", reason="the extra `zoo`, whose Keras brings it")

from objektiv.zoo import keras_weights  # noqa: E402


def _bomb(file: Any) -> None:
    """885 bytes that declare 8.9 PiB (CVE-2026-0897)."""
    file.create_dataset("kernel", (10**15,), "f4")


def _chunked_bomb(file: Any) -> None:
    file.create_dataset("kernel", (10**9,), "f4", chunks=(10**6,), compression="gzip")


def _external(file: Any) -> None:
    file.create_dataset("kernel", (8,), "f4", external=[("/etc/hostname", 0, 32)])


def _virtual(file: Any) -> None:
    layout = h5py.VirtualLayout((8,), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "kernel", (8,))
    file.create_virtual_dataset("kernel", layout)


def _external_link(file: Any) -> None:
    file["kernel"] = h5py.ExternalLink("other.h5", "/kernel")


def _soft_link(file: Any) -> None:
    file["real"] = np.zeros(8, np.float32)
    file["kernel"] = h5py.SoftLink("/real")


def _circle(file: Any) -> None:
    file.create_group("inner")["again"] = file["/"]


def _twice(file: Any) -> None:
    file["one"] = np.zeros(8, np.float32)
    file["two"] = file["one"]


def _objects(file: Any) -> None:
    file.create_dataset("kernel", (2,), h5py.string_dtype())[:] = ["a", "b"]


def _named_type(file: Any) -> None:
    file["type"] = np.dtype("f4")


ATTACKS: dict[Callable[[Any], None], str] = {
    _bomb: "larger than what the file holds",
    _chunked_bomb: "packed or lies elsewhere",
    _external: "packed or lies elsewhere",
    _virtual: "packed or lies elsewhere",
    _external_link: "points to another place or file",
    _soft_link: "points to another place or file",
    _circle: "reached on two ways",
    _twice: "reached on two ways",
    _objects: "no plain numbers",
    _named_type: "neither a group nor an array",
}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: str(attack.__name__).strip("_"))
def test_a_strange_file_is_refused(attack: Callable[[Any], None], tmp_path: Path) -> None:
    """Declared sizes, links, other files and strange types are each refused by their name."""
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        attack(file)

    with pytest.raises(ModelError, match=ATTACKS[attack]):
        keras_weights.check(path)


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    """A file that ends early is refused, and so is one that is no HDF5 at all."""
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        file["kernel"] = np.zeros(1000, np.float32)
    for data in (path.read_bytes()[:2000], b"PK\x03\x04 no HDF5", b""):
        path.write_bytes(data)

        with pytest.raises(ModelError, match="HDF5 cannot read it"):
            keras_weights.check(path)


@pytest.mark.parametrize("seed", range(3))
def test_damaged_files_end_in_one_error(seed: int, tmp_path: Path) -> None:
    """Whatever bytes are changed, the look through ends in its own error or finds plain arrays."""
    path, random = tmp_path / "weights.h5", np.random.default_rng(seed)
    with h5py.File(path, "w") as file:
        file.create_group("layer").attrs["weight_names"] = [b"kernel"]
        file["layer/kernel"] = np.zeros((3, 3, 4), np.float32)
    data = path.read_bytes()
    for _ in range(200):
        changed = bytearray(data)
        for place in random.integers(0, len(data), 4):
            changed[place] = random.integers(0, 256)
        path.write_bytes(changed)
        try:
            assert keras_weights.check(path) in (".h5", ".weights.h5")
        except ModelError as error:
            assert error.happened == "the weights file is refused"


def test_plain_files_of_both_layouts_pass(tmp_path: Path) -> None:
    """Keras' older layout is known by its list of layers, the newer one has none."""
    for name, attribute in (("old", True), ("new", False)):
        with h5py.File(tmp_path / name, "w") as file:
            file.create_group("conv")["kernel"] = np.ones((3, 3, 4, 8), np.float32)
            if attribute:
                file.attrs["layer_names"] = [b"conv"]
                file.attrs["keras_version"] = "2.1"

    assert keras_weights.check(tmp_path / "old") == ".h5"
    assert keras_weights.check(tmp_path / "new") == ".weights.h5"


def test_drawn_numbers_repeat_and_are_never_trivial() -> None:
    """The same seed gives the same numbers, and no statistic stays at its beginning."""

    class Variable(SimpleNamespace):
        def assign(self, values: Any) -> None:
            self.values = values

    paths = ("conv/kernel", "conv/bias", "bn/gamma", "bn/beta", "bn/moving_mean")
    models = [
        SimpleNamespace(weights=[Variable(path=p, shape=(3, 3, 8, 16)) for p in paths])
        for _ in range(2)
    ]
    for model in models:
        keras_weights.draw(model, seed=5)

    for one, other in zip(*(model.weights for model in models), strict=True):
        assert np.array_equal(one.values, other.values)
        assert one.values.std() > 0.05
    kernel = models[0].weights[0].values
    assert kernel.std() == pytest.approx(np.sqrt(2 / 72), rel=0.05)


def test_arrays_of_safetensors_go_to_the_variables_of_their_names(tmp_path: Path) -> None:
    """Each variable gets the array of its path, in its own kind of number."""
    got: dict[str, Any] = {}
    variables = [
        SimpleNamespace(path=path, shape=(2,), dtype=kind, assign=partial(got.__setitem__, path))
        for path, kind in (("conv/kernel", "float32"), ("normalization/count", "int32"))
    ]
    path = tmp_path / "copy"
    held = {"normalization/count": np.array([3, 4]), "conv/kernel": np.array([0.5, 2])}
    tensors.write(path, held, {})

    keras_weights.load_arrays(SimpleNamespace(name="small", weights=variables), path)

    assert got["conv/kernel"].tolist() == [0.5, 2] and got["conv/kernel"].dtype == np.float32
    assert got["normalization/count"].tolist() == [3, 4]
    assert got["normalization/count"].dtype == np.int32


def test_arrays_of_another_network_are_refused(tmp_path: Path) -> None:
    """A file that lacks a variable does not pass, and the variable is named."""
    tensors.write(tmp_path / "copy", {"dense/kernel": np.zeros(2)}, {})
    model = SimpleNamespace(name="small", weights=[SimpleNamespace(path="conv/kernel", shape=(2,))])

    with pytest.raises(ModelError, match=r"do not fit small: conv/kernel \(2,\) is missing"):
        keras_weights.load_arrays(model, tmp_path / "copy")
