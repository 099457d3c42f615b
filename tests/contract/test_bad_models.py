"""Bad bundles, runs and disks are answered as bad input is: code, four parts, nothing lost."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from objektiv.base import files
from objektiv.flow.run import Run
from objektiv.shipping.facts import FACTS, GOLDEN, MODEL, UNSEALED, sealed
from tests.contract.asking import Ask, Row, Words, World, assert_refused, assert_row, finished

MODEL_CODE, MACHINE = 4, 5
Change = Callable[[Path], None]


def _damaged(change: Change) -> Ask:
    def ask(world: World) -> Words:
        change(bundle := world.bundle())
        return world.predict("--bundle", bundle)

    return ask


def _put(path: Path, data: bytes) -> None:
    path.unlink()  # a link to the run's own file
    path.write_bytes(data)


def _written(name: str, change: Callable[[bytes], bytes]) -> Ask:
    return _damaged(lambda bundle: _put(bundle / name, change((bundle / name).read_bytes())))


def _forged(name: str, change: Callable[[bytes], bytes]) -> Ask:
    """A member changed, and hashes and seal that fit it: the forger's work."""

    def forge(bundle: Path) -> None:
        data = change((bundle / name).read_bytes())
        _put(bundle / name, data)
        facts = json.loads((bundle / FACTS).read_bytes())
        facts["files"][name] = {"bytes": len(data), "sha256": files.sha256(data)}
        _put(bundle / FACTS, sealed(json.dumps(facts | {"seal": UNSEALED}).encode()))

    return _damaged(forge)


def _flip(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def _off(data: bytes) -> bytes:
    """The golden values with a probability that is 0.01 off."""
    golden = json.loads(data)
    rows = golden["expected"]["fp32"]["probabilities"]
    step = 0.01 if rows[0][0] < 0.5 else -0.01
    rows[0] = [rows[0][0] + step, rows[0][1] - step]
    return json.dumps(golden).encode()


def _outside(data: bytes) -> bytes:
    """The graph with its first weights in another file."""
    model = onnx.load_from_string(data)
    tensor = model.graph.initializer[0]
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    return bytes(model.SerializeToString())


def _not_a_number(data: bytes) -> bytes:
    model = onnx.load_from_string(data)
    tensor = next(t for t in model.graph.initializer if t.data_type == onnx.TensorProto.FLOAT)
    values = onnx.numpy_helper.to_array(tensor).copy()
    values.flat[0] = np.nan
    tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    return bytes(model.SerializeToString())


def _foreign(data: bytes) -> bytes:
    model = onnx.load_from_string(data)
    model.graph.node[0].domain = "evil"
    return bytes(model.SerializeToString())


def _packed(change: Callable[[bytes], bytes]) -> Ask:
    def ask(world: World) -> Words:
        assert world.ask("export", world.trained, "--to", world.tmp / "a.objektiv").code == 0
        data = (world.tmp / "a.objektiv").read_bytes()
        return world.predict("--bundle", world.file("b.objektiv", change(data)))

    return ask


def _pickle(option: str, suffix: str) -> Ask:
    return lambda w: w.predict(option, w.file(f"model{suffix}", b"\x80\x04."))


MODELS: dict[str, Row] = {
    "a flipped bit": (
        *(MODEL_CODE, "model.onnx has been changed or damaged: sha256 .*bundle.json says"),
        _written(MODEL, _flip),
    ),
    "a cut graph": (MODEL_CODE, "model.onnx has been changed", _written(MODEL, lambda d: d[:999])),
    "a flipped golden picture": (
        *(MODEL_CODE, "rings.png has been changed"),
        _written("golden/rings.png", _flip),
    ),
    "a missing graph": (MODEL_CODE, "missing model.onnx", _damaged(lambda b: (b / MODEL).unlink())),
    "missing facts": (MODEL_CODE, "missing bundle.json", _damaged(lambda b: (b / FACTS).unlink())),
    "a member too many": (
        *(MODEL_CODE, "members that no bundle has.*'x.pkl'"),
        _damaged(lambda b: (b / "x.pkl").touch()),
    ),
    "a class renamed": (
        *(MODEL_CODE, "bundle.json has been changed"),
        _written(FACTS, lambda d: d.replace(b'"disc"', b'"disk"')),
    ),
    "facts that are no JSON": (MODEL_CODE, "be read as JSON", _written(FACTS, lambda d: d[:-9])),
    "facts that are empty": (MODEL_CODE, "be read as JSON", _written(FACTS, lambda d: b"")),
    "a key twice": (
        *(MODEL_CODE, "a key appears twice"),
        _written(FACTS, lambda d: d.replace(b"{", b'{"format": 1,', 1)),
    ),
    "a newer format": (
        *(MODEL_CODE, "another format version: 3. This objektiv reads versions 1 and 2. .*upgrade"),
        _written(FACTS, lambda d: d.replace(b'"format": 2', b'"format": 3')),
    ),
    "a golden value 0.01 off": (MODEL_CODE, "golden.*0.01", _forged(GOLDEN, _off)),
    "a weight that is no number": (MODEL_CODE, "not finite|NaN", _forged(MODEL, _not_a_number)),
    "weights in another file": (MODEL_CODE, "another file|external", _forged(MODEL, _outside)),
    "an unknown operation": (MODEL_CODE, r"node\[0\].domain", _forged(MODEL, _foreign)),
    "a cut zip": (MODEL_CODE, "not a whole zip", _packed(lambda d: d[:5000])),
    "an empty zip": (MODEL_CODE, "not a whole zip", _packed(lambda d: b"")),
    "a zip with a flipped bit": (MODEL_CODE, "not a whole zip", _packed(_flip)),
    "a bundle that is not there": (
        *(MODEL_CODE, "no bundle: nothing is there"),
        lambda w: w.predict("--bundle", w.tmp / "no.objektiv"),
    ),
    "a picture for a bundle": (
        *(MODEL_CODE, "no bundle: this is a file of another kind"),
        lambda w: w.predict("--bundle", w.picture),
    ),
    "a run for a bundle": (
        *(MODEL_CODE, "holds a bundle and is none: .*name .*model"),
        lambda w: w.predict("--bundle", w.trained),
    ),
    "a folder that is no run": (
        *(MODEL_CODE, "no finished run: .* has no metrics.json"),
        lambda w: ["export", w.shapes, "--to", w.tmp / "a.objektiv"],
    ),
    "a file for a run": (
        *(MODEL_CODE, "a file, not a run's folder"),
        lambda w: w.predict("--run", w.picture),
    ),
    **{
        f"{suffix} as {option}": (MODEL_CODE, "reads no pickles", _pickle(option, suffix))
        for suffix in (".pt", ".pkl", ".keras", ".h5")
        for option in ("--bundle", "--run")
    },
    "a pickle to evaluate": (
        *(MODEL_CODE, "reads no pickles"),
        lambda w: ["evaluate", w.shapes, "--bundle", w.file("model.PT", b"\x80\x04.")],
    ),
}

MACHINES: dict[str, Row] = {
    "runs below a file": (
        *(MACHINE, "cannot write .*A folder that this user may write to is needed"),
        lambda w: w.train(w.shapes, "--out", w.file("a")),
    ),
    "a bank below a file": (
        *(MACHINE, "cannot write .*A folder that this user may write to is needed"),
        lambda w: w.train(w.data(), "--bank", w.file("a")),
    ),
    "an evaluation below a file": (
        *(MACHINE, "cannot write"),
        lambda w: ["evaluate", w.data(), "--bundle", w.trained / "model", "--out", w.file("a")],
    ),
    "a packed bundle below a file": (
        *(MACHINE, "cannot write"),
        lambda w: ["export", w.trained, "--to", w.file("a") / "b.objektiv"],
    ),
    "a demo below a file": (MACHINE, "cannot write", lambda w: ["demo", "--folder", w.file("a")]),
}

TABLE = MODELS | MACHINES


@pytest.mark.parametrize("name", TABLE)
def test_a_bad_model_or_place_is_refused(world: World, name: str) -> None:
    """Its exit code, four parts, no traceback; no run is left, and nothing finished is touched."""
    assert_row(world, TABLE[name])


def _full(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A disk that is full when a file of this name is to be published."""
    replace, opened = os.replace, Path.open

    def refuse(path: Any) -> None:
        if str(path).endswith(name):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def replacing(source: Any, target: Any) -> None:
        refuse(target)
        replace(source, target)

    def opening(path: Path, mode: str = "r", *more: Any, **how: Any) -> Any:
        if mode == "a":
            refuse(path)
        return opened(path, mode, *more, **how)

    monkeypatch.setattr(os, "replace", replacing)
    monkeypatch.setattr(Path, "open", opening)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        *((name, False) for name in ("settings.yaml", "log.txt", "progress.jsonl", "split.csv")),
        ("baseline.parquet", True),
        ("report.html", True),
    ],
)
def test_a_full_disk_loses_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str, kept: bool
) -> None:
    """Wherever the disk gets full: the machine's code; predictions stay, a run without goes."""
    before = finished(world)
    _full(monkeypatch, name)

    answer = world.ask(*world.train(world.data()))

    assert_refused(answer, MACHINE, rf"cannot write .*{name}: No space left.*MB are free.*kept")
    assert before.items() <= finished(world).items()
    left = list(world.out.iterdir())
    assert len(left) == kept
    assert [len(Run(run).predictions()) for run in left] == [16] * kept
    assert list(world.tmp.rglob("*.tmp-*")) == []


def test_a_bank_on_a_full_disk_ends_the_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shard that finds no space is told, and no run is left."""
    _full(monkeypatch, ".shard")

    answer = world.ask(*world.train(world.data(count=3), "--bank", world.tmp / "bank"))

    assert_refused(answer, MACHINE, r"cannot write .*\.shard: No space left")
    assert list(world.out.iterdir()) == []


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write everywhere"
)
def test_a_folder_that_may_not_be_written_is_refused(world: World) -> None:
    """Runs, a bank and a packed bundle in a read-only folder: the machine's code, nothing lost."""
    (world.tmp / "locked").mkdir(mode=0o500)
    data = world.data()
    locked = world.tmp / "locked"
    for words in (
        world.train(data, "--out", locked / "runs"),
        world.train(data, "--bank", locked / "bank"),
        ["export", world.trained, "--to", locked / "a.objektiv"],
    ):
        assert_row(world, (MACHINE, "cannot write .*Permission denied", lambda _, w=words: w))
