"""timm's networks as plain ONNX give what torch gives, with drawn weights and statistics."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch", reason="the extra `torch` is not installed")
timm = pytest.importorskip("timm", reason="the extra `torch` is not installed")

from objektiv.base import tensors  # noqa: E402
from objektiv.base.errors import MachineError, ModelError, UsageError  # noqa: E402
from objektiv.features.runtime import openvino  # noqa: E402
from objektiv.zoo import timm_graph  # noqa: E402
from objektiv.zoo.timm_graph import convert_timm  # noqa: E402

CLOSE = 1e-4  # of the largest logit
SMALL = "test_resnet"  # timm's own network for tests, 160 pixels
NETWORKS = {  # and a size besides its own, odd on the way down, where the architecture takes any
    "mobilenetv2_100": 150,
    "resnet18": 150,
    "efficientnet_b0": 150,
    "densenet121": 150,
    "convnext_atto": 150,
    "mobilenetv3_small_100": 150,
    "tf_efficientnet_lite0": 135,
    "vit_tiny_patch16_224": None,
    "test_vit": None,
    SMALL: 150,
}


def _logits(graph: bytes, engine: str, inputs: NDArray[np.float32]) -> NDArray[Any]:
    model = onnx.load_from_string(graph)
    for dimension, side in zip(
        model.graph.input[0].type.tensor_type.shape.dim[2:], inputs.shape[2:], strict=True
    ):
        dimension.dim_value = side
    if engine == "onnxruntime":
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), providers=["CPUExecutionProvider"]
        )
        return np.asarray(session.run(["logits"], {"input": inputs})[0])
    options = {"INFERENCE_PRECISION_HINT": "f32"}
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(model.SerializeToString()), "CPU", options)
    return np.asarray(compiled(inputs)["logits"])


def _drawn(name: str, **options: Any) -> Any:
    """The network as `convert_timm` draws it, in torch."""
    model = timm_graph._build(name, options.get("padding", "own"))
    timm_graph._draw(model)
    return model


def _compare(name: str, folder: Path, *, other_size: int | None, **options: Any) -> None:
    facts = convert_timm(name, weights="random", folder=folder, **options)
    graph = (folder / "network.onnx").read_bytes()
    model = _drawn(name, **options)
    for size in filter(None, (facts["size"], other_size)):
        pictures = np.random.default_rng(1).normal(0, 1, (3, 3, size, size)).astype(np.float32)
        with torch.no_grad():
            theirs = model(torch.from_numpy(pictures)).numpy()
        assert theirs.std() > 0.05 * np.abs(theirs).max(), "the pictures must excite the network"
        for engine in ("openvino", "onnxruntime"):
            ours = _logits(graph, engine, pictures)
            assert np.abs(ours - theirs).max() < CLOSE * np.abs(theirs).max(), (size, engine)


@pytest.mark.parametrize(
    "name",
    [n if n == SMALL else pytest.param(n, marks=pytest.mark.slow) for n in NETWORKS],
)
def test_logits_are_those_of_torch(name: str, tmp_path: Path) -> None:
    """Both engines give torch's logits of three pictures, at the own and at another size."""
    _compare(name, tmp_path, other_size=NETWORKS[name])


@pytest.mark.slow
def test_padding_of_tensorflow_holds_for_every_size(tmp_path: Path) -> None:
    """Built with padding `same`, one graph gives torch's logits at even and odd sizes."""
    _compare("mobilenetv2_100", tmp_path, other_size=135, padding="same")

    nodes = onnx.load(tmp_path / "network.onnx").graph.node
    padded = [n for n in nodes if any(a.s == b"SAME_UPPER" for a in n.attribute)]
    assert {tuple(a.ints) for n in padded for a in n.attribute if a.name == "strides"} == {(2, 2)}


@pytest.mark.slow
def test_every_operation_is_one_that_networks_may_hold(tmp_path: Path) -> None:
    """The walk that looks at stored networks takes the graphs of a network with attention."""
    strict = pytest.importorskip("objektiv.features.strict")
    convert_timm("vit_tiny_patch16_224", weights="random", folder=tmp_path)

    def refused(happened: str, **parts: Any) -> ModelError:
        return ModelError(happened, next="", **parts)

    source = strict.Source("network.onnx", "plain", refused)
    walked = strict.walk((tmp_path / "network.onnx").read_bytes(), source)
    strict.check_rules(walked, source)
    assert {"Softmax", "LayerNormalization"} <= {node.op_type for node in walked.graph.node}


@pytest.mark.slow
def test_facts_are_those_of_timm(tmp_path: Path) -> None:
    """Size, normalisation and classes are what timm's table says; tensors bear timm's names."""
    facts = convert_timm(SMALL, weights="random", folder=tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["network.onnx"]
    told = timm.create_model(SMALL).pretrained_cfg
    assert (facts["name"], facts["family"]) == ("timm:test_resnet", "timm")
    assert facts["size"] == told["input_size"][1] == 160
    assert facts["mean"] == list(told["mean"]) and facts["std"] == list(told["std"])
    assert (facts["scale"], facts["colours"], facts["classes"]) == (1 / 255, "RGB", "imagenet")
    assert facts["parameters"] == sum(p.numel() for p in timm.create_model(SMALL).parameters())
    assert facts["random"] and facts["licence"] == "none" and facts["sha256"] == ""
    made = {
        name for node in onnx.load(tmp_path / "network.onnx").graph.node for name in node.output
    }
    assert {"layer1.0.act1/relu", "layer4.0/add", "logits"} <= made


def _save(folder: Path, **changed: Any) -> Path:
    """A file of weights of SMALL, as `safetensors` would write `state_dict()`."""
    state = {name: tensor.numpy() for name, tensor in _drawn(SMALL).state_dict().items()}
    tensors.write(folder / "w.safetensors", state | changed, {})
    return folder / "w.safetensors"


@pytest.mark.slow
def test_a_file_of_weights_gives_the_network_it_came_from(tmp_path: Path) -> None:
    """Weights that went through a file .safetensors give the same graph, told with their hash."""
    path = _save(tmp_path)
    for folder in ("drawn", "read"):
        (tmp_path / folder).mkdir()
    convert_timm(SMALL, weights="random", folder=tmp_path / "drawn")

    facts = convert_timm(SMALL, weights=str(path), folder=tmp_path / "read")

    graphs = [(tmp_path / folder / "network.onnx").read_bytes() for folder in ("drawn", "read")]
    assert graphs[0] == graphs[1]
    assert facts["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert not facts["random"] and facts["licence"] == "apache-2.0"


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    """The first array that does not fit is named, and nothing is written."""
    path = _save(tmp_path, **{"fc.bias": np.zeros(7, np.float32)})
    (tmp_path / "new").mkdir()

    with pytest.raises(ModelError, match=r"do not fit test_resnet: fc.bias is \(7,\), not"):
        convert_timm(SMALL, weights=str(path), folder=tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.slow
def test_published_weights_are_fetched_as_safetensors(tmp_path: Path, monkeypatch: Any) -> None:
    """What timm's table names is fetched, used and removed; no pickle is asked for."""
    path, asked = _save(tmp_path), []

    def download(repository: str, file: str, *, local_dir: Path) -> str:
        asked.append((repository, file))
        (local_dir / file).write_bytes(path.read_bytes())
        return str(local_dir / file)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    (tmp_path / "new").mkdir()
    facts = convert_timm(SMALL, weights="imagenet", folder=tmp_path / "new")

    assert asked == [("timm/test_resnet.r160_in1k", "model.safetensors")]
    assert facts["origin"] == "timm, timm/test_resnet.r160_in1k" and not facts["random"]
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["network.onnx"]


def test_weights_that_cannot_be_fetched_are_told(tmp_path: Path, monkeypatch: Any) -> None:
    """Without a connection the error says what to do."""

    def download(*_: Any, **__: Any) -> str:
        raise ConnectionError("no route")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)

    with pytest.raises(MachineError, match="cannot be fetched: no route.*--weights FILE"):
        convert_timm(SMALL, weights="imagenet", folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("resnet19", {}, "did you mean 'resnet"),
        ("hf-hub:someone/something", {}, "hf-hub:someone/something"),
        ("resnet18.no_such_tag", {}, "timm does not build resnet18.no_such_tag so"),
        (SMALL, {"padding": "same"}, "timm does not build test_resnet so: .*pad_type"),
    ],
)
def test_what_timm_does_not_build_is_refused(
    name: str, options: Any, message: str, tmp_path: Path
) -> None:
    """An unknown name, address or tag, or a padding that the network does not know."""
    with pytest.raises(UsageError, match=message):
        convert_timm(name, weights="random", folder=tmp_path, **options)


def test_what_torch_cannot_export_is_told(tmp_path: Path, monkeypatch: Any) -> None:
    """An error inside torch's exporter becomes one of ours."""

    def export(*_: Any, **__: Any) -> Any:
        raise RuntimeError("no such\noperation")

    monkeypatch.setattr("torch.onnx.export", export)

    with pytest.raises(ModelError, match="torch cannot write test_resnet as ONNX: no such oper"):
        convert_timm(SMALL, weights="random", folder=tmp_path)


def test_building_leaves_torch_s_own_draws_alone() -> None:
    """Whoever draws numbers from torch gets the same with and without a conversion between."""
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    _drawn(SMALL)

    assert torch.equal(torch.rand(2), expected)
