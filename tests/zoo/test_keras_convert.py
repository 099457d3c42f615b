"""From a name and weights to files, through Keras' own process."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import onnx
import pytest

from objektiv.base.errors import MissingExtra, ModelError, UsageError
from objektiv.base.extras import missing_packages
from objektiv.zoo import keras_convert
from objektiv.zoo.keras_convert import convert_keras
from tests.zoo.keras_asking import ask_keras

needs_keras = pytest.mark.skipif(bool(missing_packages("zoo")), reason="no extra `zoo`")


@needs_keras
def test_a_network_becomes_a_file_and_facts(tmp_path: Path) -> None:
    """The folder holds the graph alone, and the facts name tensors that are in it."""
    facts = convert_keras("MobileNetV2", weights="random", folder=tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["network.onnx"]
    graph = onnx.load(tmp_path / "network.onnx").graph
    made = {name for node in graph.node for name in node.output}
    assert {facts["last_map"], facts["final"], facts["logits"]} <= made
    assert facts["parameters"] == 3_538_984
    assert (facts["size"], facts["smallest"], facts["classes"]) == (224, 32, "imagenet")
    assert facts["scale"] == 1 / 127.5 and facts["mean"] == facts["std"] == [1, 1, 1]
    assert facts["random"] and facts["origin"] == "drawn, not trained"


@needs_keras
@pytest.mark.slow
def test_all_layouts_of_files_give_the_same_network(tmp_path: Path) -> None:
    """Weights that went through a file, .h5 of either layout or .safetensors, give their graph."""
    ask_keras(tmp_path, "save", "EfficientNetB0", tmp_path)
    expected = (tmp_path / "network.onnx").read_bytes()

    for name in ("old.h5", "new.weights.h5", "own.safetensors"):
        folder = tmp_path / name.partition(".")[0]
        folder.mkdir()
        facts = convert_keras("EfficientNetB0", weights=str(tmp_path / name), folder=folder)

        assert (folder / "network.onnx").read_bytes() == expected, name
        assert facts["sha256"] == hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
        assert not facts["random"] and "TPU" in facts["origin"]


@needs_keras
@pytest.mark.slow
def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    """A file of MobileNetV2 does not become an EfficientNet."""
    ask_keras(tmp_path, "save", "MobileNetV2", tmp_path)
    folder = tmp_path / "new"
    folder.mkdir()

    for name in ("old.h5", "new.weights.h5", "own.safetensors"):
        with pytest.raises(ModelError, match="the weights do not fit efficientnetb0"):
            convert_keras("EfficientNetB0", weights=str(tmp_path / name), folder=folder)
        assert list(folder.iterdir()) == []


def test_an_unknown_name_starts_no_process(tmp_path: Path, monkeypatch: Any) -> None:
    """A name outside the table is refused at once, with the nearest."""
    monkeypatch.setattr(subprocess, "run", None)

    with pytest.raises(UsageError, match="did you mean 'ResNet50'"):
        convert_keras("Resnet50", weights="random", folder=tmp_path)


def test_without_keras_the_command_is_told(tmp_path: Path, monkeypatch: Any) -> None:
    """Where Keras is missing the error says how to install it."""
    monkeypatch.setattr(
        "objektiv.base.extras.missing_packages", lambda extra: ("keras",) * (extra == "zoo")
    )

    with pytest.raises(MissingExtra, match=r'pip install "objektiv\[zoo\]"'):
        convert_keras("MobileNet", weights="random", folder=tmp_path)


def _answering(monkeypatch: Any, answer: dict[str, str] | None, code: int) -> None:
    """Let the process write `answer`, or nothing, and end with `code`."""

    def run(*_: Any, env: dict[str, str], **__: Any) -> Any:
        home = Path(env["KERAS_HOME"])
        assert [path.name for path in home.iterdir()] == [keras_convert.REQUEST]
        if answer is not None:
            (home / keras_convert.ANSWER).write_text(json.dumps(answer))
        return subprocess.CompletedProcess([], code, "", "Killed")

    monkeypatch.setattr(keras_convert.extras, "require", lambda *_, **__: None)
    monkeypatch.setattr(subprocess, "run", run)


def test_an_error_in_the_process_comes_back_whole(tmp_path: Path, monkeypatch: Any) -> None:
    """The process's error arrives with its kind and its four parts."""
    parts = {"error": "ModelError", "happened": "a", "value": "b", "allowed": "c", "next": "d"}
    _answering(monkeypatch, parts, 1)

    with pytest.raises(ModelError, match=r"^a: b\. c\. Next: d$"):
        convert_keras("MobileNet", weights="random", folder=tmp_path)


def test_a_killed_process_is_an_error_too(tmp_path: Path, monkeypatch: Any) -> None:
    """A process that ends without an answer, as one out of memory does, is told so."""
    _answering(monkeypatch, None, -9)

    with pytest.raises(ModelError, match="ended while it worked on MobileNet: exit code -9: Kill"):
        convert_keras("MobileNet", weights="random", folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_missing_is_told(tmp_path: Path) -> None:
    """Weights that do not exist are an error of ours, before any process starts."""
    with pytest.raises(ModelError, match="no weights file"):
        convert_keras("MobileNet", weights=str(tmp_path / "none.h5"), folder=tmp_path)
