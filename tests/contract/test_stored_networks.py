"""Stored networks through the real command line: the whole way, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from objektiv.base import tensors
from objektiv.base.extras import missing_packages
from objektiv.features import store
from objektiv.features.entry import FACTS, NETWORK
from tests.contract.asking import Ask, Row, Words, World, assert_refused, assert_row, in_a_process
from tests.features import networks

USAGE, MODEL_CODE, MACHINE = 2, 4, 5


def test_a_stored_network_goes_the_whole_way(models: Path, world: World) -> None:
    """Trained on, shipped, and named with by its bundle after the store has lost it."""
    networks.store_small(licence="a licence", origin="an origin")

    done = world.ask(*world.train(world.shapes, "--backbone", "small", "--size", "64"))
    (run,) = world.out.iterdir()
    gone = world.ask("models", "remove", "small")
    said = world.ask(*world.predict("--run", run, "--json"))

    assert (done.code, gone.code, said.code) == (0, 0, 0), done.err + gone.err + said.err
    assert json.loads(said.out)["class"] == "disc"
    facts = json.loads((run / "model" / "bundle.json").read_text(encoding="utf-8"))
    assert facts["backbone"]["licence"] == "a licence"
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["model"]["parameters"] > 5_000
    assert "an origin" in (run / "model" / "model_card.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_stored_network_is_frozen_under_a_dense_layer(models: Path, world: World) -> None:
    """The course's recipe of a frozen network takes one of the store."""
    networks.store_small()
    given = ["--model", "mobilenetv2-frozen", "--backbone", "small", "--size", "64"]

    done = world.ask(*world.train(world.shapes, *given, "--epochs", "2"))
    (run,) = world.out.iterdir()
    said = world.ask(*world.predict("--run", run))

    assert (done.code, said.code) == (0, 0), done.err + said.err


def _add(world: World, name: str, weights: object, *more: object) -> Words:
    return ["models", "add", name, "--weights", weights, *more]


def _changed(name: str, change: Callable[[Path], None], *words: object) -> Ask:
    """Predict with a stored network of which a file was changed."""

    def ask(world: World) -> Words:
        networks.store_small()
        change(store.folder_of("small") / name)
        return world.predict("--backbone", "small")

    return ask


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def _stored(*options: object, **facts: object) -> Ask:
    def ask(world: World) -> Words:
        networks.store_small(**facts)
        return world.train(world.data(), "--backbone", "small", *options)

    return ask


ROWS: dict[str, Row] = {
    "a network that is not ready": (
        *(MODEL_CODE, "VGG19 is not ready: .*`objektiv models add VGG19` fetches it.*--weights"),
        lambda w: w.train(w.data(), "--backbone", "VGG19"),
    ),
    "a network of timm that is not ready": (
        *(MODEL_CODE, "not ready: .*`objektiv models add timm:resnet18`"),
        lambda w: w.predict("--backbone", "timm:resnet18"),
    ),
    "a recipe whose network is not ready": (
        *(MODEL_CODE, "`objektiv models add MobileNetV2`"),
        lambda w: w.train(w.data(), "--model", "mobilenetv2-frozen", "--epochs", "1"),
    ),
    "pictures too small for the network": (
        *(MODEL_CODE, "does not take pictures of this size: --size 32. From 48 pixels on"),
        _stored("--size", "32", smallest=48),
    ),
    "a cut network": (MODEL_CODE, "network.onnx of small .*models add", _changed(NETWORK, _cut)),
    "cut facts": (MODEL_CODE, "network.json of small cannot be used", _changed(FACTS, _cut)),
    "a pickle for weights": (
        *(MODEL_CODE, "opening one may run it.*safetensors"),
        lambda w: _add(w, "timm:resnet18", w.file("w.pth", b"\x80\x04.")),
    ),
    "a file that is not there": (
        *(MODEL_CODE, "no weights file: .*did you mean 'mine.onnx'"),
        lambda w: _add(w, "mine", f"{w.file('mine.onnx')}x"),
    ),
    "a cut ONNX file": (
        *(MODEL_CODE, "not a whole ONNX file"),
        lambda w: _add(w, "mine", w.file("mine.onnx", networks.small()[:900])),
    ),
    "an unknown network": (
        *(USAGE, "no network of Keras has this name: 'VGG18'.*did you mean 'VGG1[69]'"),
        lambda w: ["models", "add", "VGG18"],
    ),
    "a network that nobody stored": (
        *(MODEL_CODE, "the store has no network of this name: 'small'. Stored: none"),
        lambda w: ["models", "remove", "small"],
    ),
    "a wrong deviation": (
        *(USAGE, "std.* greater than 0"),
        lambda w: _add(w, "mine", w.file("mine.onnx"), "--std", "0,1,1"),
    ),
    "a name that leaves the store": (
        *(USAGE, "no network can have this name"),
        lambda w: _add(w, "../../mine", w.file("mine.onnx", networks.small())),
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_what_cannot_be_done_is_refused(models: Path, world: World, name: str) -> None:
    """Its exit code, four parts, no traceback, nothing half in the store or among the runs."""
    before = store.names()

    assert_row(world, ROWS[name])

    assert set(store.names()) - set(before) <= {"small"}
    assert not models.exists() or {p.name for p in models.iterdir()} <= {"small"}


def test_a_taken_name_is_refused(models: Path, world: World) -> None:
    """A second network of a name is refused; the first stays as it was."""
    entry = networks.store_small()

    answer = world.ask(*_add(world, "small", world.file("small.onnx", networks.small(seed=1))))

    assert_refused(answer, USAGE, "has a network of this name: small. Nothing is overwritten")
    assert store.read_entry("small") == entry


needs_torch = pytest.mark.skipif(bool(missing_packages("torch")), reason="no extra `torch`")
needs_keras = pytest.mark.skipif(bool(missing_packages("zoo")), reason="no extra `zoo`")
ANOTHER = {"conv.weight": np.zeros((4, 3, 3, 3), np.float32)}


@needs_torch
@pytest.mark.slow
def test_weights_of_another_network_of_timm_are_refused(models: Path, world: World) -> None:
    """The first tensor that is missing is named; a cut file is told to be cut."""
    tensors.write(world.tmp / "w.safetensors", ANOTHER, {})
    (world.tmp / "cut.safetensors").write_bytes((world.tmp / "w.safetensors").read_bytes()[:-4])

    other = world.ask(*_add(world, "timm:resnet18", world.tmp / "w.safetensors"))
    cut = world.ask(*_add(world, "timm:resnet18", world.tmp / "cut.safetensors"))

    assert_refused(other, MODEL_CODE, r"do not fit resnet18: conv1.weight \(64, .* is missing")
    assert_refused(cut, MODEL_CODE, "cannot be read as safetensors: 'conv.weight'")
    assert store.names() == ()


@needs_keras
@pytest.mark.slow
def test_weights_of_another_network_of_keras_are_refused(models: Path, world: World) -> None:
    """The first tensor that is missing is named; a cut file is told to be cut."""
    tensors.write(world.tmp / "w.safetensors", ANOTHER, {})
    (world.tmp / "cut.safetensors").write_bytes((world.tmp / "w.safetensors").read_bytes()[:-4])

    other = world.ask(*_add(world, "MobileNetV2", world.tmp / "w.safetensors"))
    cut = world.ask(*_add(world, "MobileNetV2", world.tmp / "cut.safetensors"))

    assert_refused(other, MODEL_CODE, r"do not fit .*Conv1/kernel .* is missing")
    assert_refused(cut, MODEL_CODE, "cannot be read as safetensors: 'conv.weight'")
    assert store.names() == ()


NOWHERE = "http://127.0.0.1:9"  # nobody listens there: a machine without the internet


@needs_keras
@pytest.mark.slow
def test_without_the_internet_keras_says_how_to_bring_a_file(
    models: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Published weights that cannot be fetched end with what to do, and nothing is left."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, NOWHERE)

    answer = world.ask("models", "add", "MobileNetV2")

    assert_refused(answer, MACHINE, "cannot fetch the weights of MobileNetV2.*--weights FILE")
    assert store.names() == ()


@needs_torch
@pytest.mark.slow
def test_without_the_internet_timm_says_how_to_bring_a_file(models: Path, world: World) -> None:
    """The same for the model hub."""
    program = f"""
import os
for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
    os.environ[name] = "{NOWHERE}"
"""

    answer = in_a_process(program, "models", "add", "timm:resnet18")

    assert answer.code == MACHINE, answer.err
    assert "the weights of resnet18 cannot be fetched" in answer.err
    assert "--weights FILE" in answer.err and "Traceback" not in answer.err
    assert store.names() == ()
