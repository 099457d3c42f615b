"""From a name and weights to a network in the store."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import numpy_helper

from objektiv.base import files, tensors
from objektiv.base.errors import MissingExtra, ModelError, UsageError
from objektiv.base.extras import missing_packages
from objektiv.features import store
from objektiv.features.backbones import BACKBONES
from objektiv.zoo import add as step
from objektiv.zoo.add import add
from objektiv.zoo.settings import AddSettings
from tests.features import networks

needs_keras = pytest.mark.skipif(bool(missing_packages("zoo")), reason="no extra `zoo`")
needs_torch = pytest.mark.skipif(bool(missing_packages("torch")), reason="no extra `torch`")


def _file(folder: Path, data: bytes | None = None) -> str:
    path = folder / "mine.onnx"
    path.write_bytes(networks.small() if data is None else data)
    return str(path)


def test_a_file_becomes_a_backbone(models: Path, tmp_path: Path) -> None:
    """What the user told stands in the facts, and the network is ready under its name."""
    classes = tmp_path / "classes.txt"
    classes.write_text("ring\nblob\nfünf\nno ring\n", encoding="utf-8")
    weights = _file(tmp_path)

    entry = add(
        "mine",
        AddSettings(
            weights=weights, mean=(1, 2, 3), colours="BGR", classes=str(classes), licence="MIT"
        ),
    )

    assert entry.classes == ("ring", "blob", "fünf", "no ring")
    assert (entry.mean, entry.std) == ((1, 2, 3), (0.229, 0.224, 0.225))
    assert (entry.colours, entry.licence, entry.origin) == ("BGR", "MIT", "the file mine.onnx")
    assert entry.sha256 == files.sha256(Path(weights).read_bytes())
    assert BACKBONES.get("mine").native_size == networks.SIZE
    assert store.read_entry("mine") == entry


def test_classes_that_nobody_told_are_numbers(models: Path, tmp_path: Path) -> None:
    """Four outputs without names are class 0 to class 3, the licence is not stated."""
    entry = add("mine", AddSettings(weights=_file(tmp_path)))

    assert entry.classes == ("class 0", "class 1", "class 2", "class 3")
    assert entry.licence == "not stated"


@needs_keras
@pytest.mark.slow
def test_a_network_of_keras_is_drawn(models: Path) -> None:
    """Random weights are known by the hash of their graph, and said to be random."""
    entry = add("MobileNetV2", AddSettings(weights="random"))

    assert entry.random and entry.parameters == 3_538_984
    assert entry.sha256 == entry.network
    assert (entry.scale, entry.mean) == (1 / 127.5, (1, 1, 1))
    assert BACKBONES.get("MobileNetV2").last_map == 1280


@needs_torch
@pytest.mark.slow
def test_a_network_of_timm_takes_a_file(models: Path, tmp_path: Path) -> None:
    """Weights out of a file are in the graph, and what the user told of them in the facts."""
    import timm

    pytest.importorskip("onnxscript")
    state = {k: v.numpy() for k, v in timm.create_model("test_resnet").state_dict().items()}
    tensors.write(tmp_path / "w.safetensors", state, {})

    entry = add("timm:test_resnet", AddSettings(weights=str(tmp_path / "w.safetensors"), scale=0.5))

    assert (entry.scale, entry.random) == (0.5, False)
    assert entry.origin == "the file w.safetensors, for test_resnet"
    assert entry.licence == "not stated"
    arrays = map(numpy_helper.to_array, store.load("timm:test_resnet").graph.initializer)
    last = state["fc.weight"]
    assert any(np.array_equal(found, w) for found in arrays for w in (last, last.T))


def _refused(models: Path, name: str, told: str, **given: Any) -> None:
    with pytest.raises((UsageError, ModelError), match=told):
        add(name, AddSettings(**given))
    assert store.names() == ()
    assert not models.exists() or not list(models.iterdir())


def test_what_does_not_go_together_is_refused(models: Path, tmp_path: Path) -> None:
    """Names, files and settings that contradict each other leave nothing in the store."""
    weights = _file(tmp_path)
    pickle, names = tmp_path / "w.pth", tmp_path / "names.txt"
    pickle.write_bytes(b"\x80\x04.")
    names.write_text("a\nb\n", encoding="utf-8")
    (tmp_path / "gaps.txt").write_text("a\n\nb\n", encoding="utf-8")

    _refused(models, "lite0", "comes with objektiv")
    _refused(models, "../mine", "no network can have this name", weights=weights)
    _refused(models, "MobileNetv2", "did you mean 'MobileNetV2'")
    _refused(models, "mine", "no network of Keras has this name", weights="random")
    _refused(models, "mine", "mine.onnx", weights=f"{weights}x")
    _refused(models, "MobileNetV2", r"For MobileNetV2: .h5 or .safetensors", weights=weights)
    _refused(models, "timm:resnet18", "opening one may run it", weights=str(pickle))
    _refused(models, "mine", "another padding", weights=weights, padding="same")
    _refused(models, "mine", "2 classes, 4 outputs", weights=weights, classes=str(names))
    _refused(models, "mine", "1,000 classes, 4 outputs", weights=weights, classes="imagenet")
    _refused(models, "mine", "line 2", weights=weights, classes=str(tmp_path / "gaps.txt"))
    _refused(models, "mine", "cannot be read", weights=weights, classes=str(tmp_path / "no.txt"))


def test_a_taken_name_is_refused_before_any_work(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second network of a name is refused, and the first stays."""
    first = add("mine", AddSettings(weights=_file(tmp_path)))
    monkeypatch.setattr(step.brought, "read_onnx", None)

    with pytest.raises(UsageError, match="has a network of this name.*models remove mine"):
        add("mine", AddSettings(weights=_file(tmp_path)))

    assert store.read_entry("mine") == first


def test_an_operation_that_no_network_of_ours_holds_is_refused(
    models: Path, tmp_path: Path
) -> None:
    """A file with another operation of ONNX is refused by the walk, and told to be exported."""
    net = networks.Drawn()
    x = net.convolution(net.x, 8, stride=2)
    x = net.made(net.graph.add("Celu", [x]), 8)
    weights = _file(tmp_path, net.data(net.mean(x)))

    _refused(models, "mine", "'Celu'.*export the network anew", weights=weights)


def test_a_missing_extra_is_told(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without torch the command that installs it is told, and nothing is imported."""
    monkeypatch.setattr(step.extras, "missing_packages", lambda extra: ("torch",))
    monkeypatch.delitem(sys.modules, "objektiv.zoo.timm_graph", raising=False)

    with pytest.raises(MissingExtra, match=r"pip install .objektiv\[torch\]"):
        add("timm:resnet18", AddSettings(weights="random"))

    assert "objektiv.zoo.timm_graph" not in sys.modules
