"""What `objektiv models` prints, and pretrained networks used by `objektiv predict`."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import pytest

from objektiv.base import tensors
from objektiv.cli import main as cli
from objektiv.cli.exits import run
from objektiv.features import store
from objektiv.features.backbones import imagenet_classes
from objektiv.models.recipes import RECIPES
from tests.features import networks


def _ask(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    capsys.readouterr()
    code = run(cli.app, [str(word) for word in words])
    told = capsys.readouterr()
    assert code == 0, told.err
    return told.out


def test_the_list_tells_networks_and_recipes(
    models: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line a network, with the command that makes it ready, and one a recipe."""
    monkeypatch.setenv("COLUMNS", "300")
    networks.store_small(name="mine", licence="a licence")

    told = _ask(capsys, "models")

    lines = {line.split()[0]: line for line in told.splitlines() if line.strip()}
    assert lines["lite0"].endswith("ready")
    assert lines["VGG19"].split()[1:7] == ["549.0", "143,667,240", "224", "19", "0.713", "0.900"]
    assert lines["VGG19"].endswith("objektiv models add VGG19")
    assert lines["mine"].endswith("ready, random weights") and "a licence" in lines["mine"]
    assert [name for name in RECIPES if name not in lines] == []
    assert "784-50-5" in lines["mlp-50"] and "thesis" in lines["mlp-50"]


def test_adding_using_and_removing(
    models: Path, tmp_path: Path, shapes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A network from a file is added, names pictures by its own classes, and is removed."""
    (tmp_path / "mine.onnx").write_bytes(networks.small())
    (tmp_path / "classes.txt").write_text("\n".join(networks.CLASSES), encoding="utf-8")
    given = ["--weights", tmp_path / "mine.onnx", "--classes", tmp_path / "classes.txt"]
    given += ["--mean", "1,1,1", "--std", "1,1,1", "--scale", 1 / 127.5]

    added = _ask(capsys, "models", "add", "mine", *given)
    said = _ask(capsys, "predict", shapes / "disc", "--backbone", "mine", "--json")
    removed = _ask(capsys, "models", "remove", "mine")

    assert "Classes: blank, ring, blob, stripe.\n" in added
    assert "Input: squares of 64 pixels (from 32 pixels on), RGB, (pixels * 0.00784314" in added
    answers = [json.loads(line) for line in said.splitlines()]
    assert len(answers) == 30
    assert {name for a in answers for name in a["probabilities"]} == set(networks.CLASSES)
    assert removed.startswith("Removed mine: 0.0 MB") and store.names() == ()


def _measured(
    capsys: pytest.CaptureFixture[str], real_data: Path, backbone: str
) -> tuple[int, int]:
    """Right answers and pictures of the ImageNet sample, through the command line."""
    folder = real_data / "imagenet_sample"
    with (folder / "labels.csv").open(encoding="utf-8") as stream:
        labels = {row["file"]: int(row["class_index"]) for row in csv.DictReader(stream)}
    paths = [next(folder.rglob(name)) for name in labels]
    said = _ask(capsys, "predict", *paths, "--backbone", backbone, "--json")
    answers = [json.loads(line)["class"] for line in said.splitlines()]
    expected = [imagenet_classes()[k] for k in labels.values()]
    assert len(answers) == len(expected) == 120
    return sum(a == b for a, b in zip(answers, expected, strict=True)), len(answers)


@pytest.mark.slow
def test_lite0_names_real_pictures(real_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of 120 ImageNet pictures 104 got the right one of 1,000 names first."""
    right, _ = _measured(capsys, real_data, "lite0")
    assert right >= 102


SHA256 = {
    "mobilenetv2_100_timm_dequantised.pth": (
        "b5a0f157acbaad86835701612fb62c57cfec15b8803ab0be20c7ff3b85b9503e"
    ),
    "squeezenet1_0_torchvision.pth": (
        "440f71976286067e39e39b6eee943c6b76b632b8cbfb8fee5c2e08c4a6083611"
    ),
}


def _state(real_data: Path, name: str) -> dict[str, object]:
    """Trained weights; the file is opened only if it is the one that is known."""
    torch = pytest.importorskip("torch", reason="the weights are torch's")
    pytest.importorskip("onnxscript", reason="torch's exporter needs it")
    path = real_data / "weights" / name
    assert hashlib.sha256(path.read_bytes()).hexdigest() == SHA256[name]
    state: dict[str, object] = torch.load(path, weights_only=True)
    return state


@pytest.mark.slow
def test_mobilenet_from_timm_names_real_pictures(
    models: Path, tmp_path: Path, real_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """timm's MobileNetV2 with weights from a safetensors file is right on about 87 %."""
    pytest.importorskip("timm", reason="the network is timm's")
    state = _state(real_data, "mobilenetv2_100_timm_dequantised.pth")
    arrays = {name: tensor.numpy() for name, tensor in state.items()}  # type: ignore[attr-defined]
    tensors.write(tmp_path / "w.safetensors", arrays, {})
    half = "0.5,0.5,0.5"
    given = ["--padding", "same", "--weights", tmp_path / "w.safetensors"]

    _ask(capsys, "models", "add", "timm:mobilenetv2_100", *given, "--mean", half, "--std", half)
    right, _ = _measured(capsys, real_data, "timm:mobilenetv2_100")

    assert right >= 102  # 104


@pytest.mark.slow
def test_squeezenet_from_a_file_names_real_pictures(
    models: Path, tmp_path: Path, real_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """torchvision's SqueezeNet, exported to ONNX and added as a file, is right on 69 %."""
    torchvision = pytest.importorskip("torchvision", reason="the network is torchvision's")
    import torch

    net = torchvision.models.squeezenet1_0(weights=None).eval()
    net.load_state_dict(_state(real_data, "squeezenet1_0_torchvision.pth"))
    path = tmp_path / "squeezenet.onnx"
    program = torch.export.export(
        net, (torch.zeros(2, 3, 227, 227),), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},)
    )
    torch.onnx.export(program, (), path, dynamo=True, external_data=False, verbose=False)
    given = ["--mean", "123,117,104", "--std", "1,1,1", "--scale", 1]

    _ask(capsys, "models", "add", "squeezenet", "--weights", path, *given)
    right, _ = _measured(capsys, real_data, "squeezenet")

    assert right >= 80  # 83
