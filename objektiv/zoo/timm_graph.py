"""Turn a network of timm into a plain ONNX file and its facts, as `keras_convert` does for Keras.

In: a name of timm, weights, and an empty folder. Out: `network.onnx` in it, and the facts. torch's
exporter writes the graph; `plain` leaves of it what features take. Tensors are named after timm's
modules (`layer1.0.conv1/conv`). No pickle is read: weights are safetensors.
Try: `convert_timm("resnet18", weights="random", folder=Path("new"))`.
"""

from __future__ import annotations

import ast
import logging
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import huggingface_hub
import numpy as np
import onnx
import timm
import torch
from torch.export import Dim

from objektiv.base import files
from objektiv.base.errors import MachineError, ModelError, UsageError
from objektiv.base.names import Registry
from objektiv.features.graph import OPSET
from objektiv.zoo import arrays
from objektiv.zoo.plain import INPUT, LOGITS, plain
from objektiv.zoo.settings import IMAGENET, RANDOM

GRAPH = "network.onnx"
PUBLISHED = "model.safetensors"  # as timm's authors call it
SCOPES = "pkg.torch.onnx.name_scopes"  # the modules of a node, told by torch's exporter

Padding = Literal["own", "same"]


def convert_timm(
    name: str, *, weights: str, folder: Path, padding: Padding = "own"
) -> dict[str, Any]:
    """Write `network.onnx` into `folder`; returns the facts (docs/decisions/zoo.md).

    `weights` are "random", "imagenet" (those that timm's table names, fetched) or the path of a
    file .safetensors with the names of timm. `padding` "same" builds the network with TensorFlow's
    padding, which weights that were trained there want; networks of EfficientNet's kind know it.

    Raises:
        UsageError: timm has no such name, or the network does not know this padding.
        ModelError: the weights are refused or do not fit, or the graph cannot be written.
        MachineError: the weights cannot be fetched.
    """
    model = _build(name, padding)
    told = model.pretrained_cfg
    random = weights == RANDOM
    if random:
        _draw(model)
        sha256 = ""
    elif weights == IMAGENET:
        with tempfile.TemporaryDirectory(dir=folder, prefix="timm-") as scratch:
            sha256 = _load(model, name, _fetch(name, told, Path(scratch)))
    else:
        sha256 = _load(model, name, Path(weights))
    _, size, _ = told["input_size"]
    classes = int(model.num_classes)
    same = {
        f"{path}.weight"
        for path, module in model.named_modules()
        if type(module).__name__.startswith("Conv2dSame")
    }
    exported = _named(_export(model, name, size))
    graph = plain(exported, name=name, size=size, classes=classes, by_size=same)
    files.write_bytes(folder / GRAPH, graph)
    published = told.get("hf_hub_id") or told.get("url") or "timm"
    return {
        "name": f"timm:{name}",
        "title": name,
        "family": "timm",
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "size": size,
        "smallest": None,
        "mean": list(told["mean"]),
        "std": list(told["std"]),
        "scale": 1 / 255,
        "colours": "RGB",
        "classes": IMAGENET if classes == 1000 else [f"class {n}" for n in range(classes)],
        "origin": "drawn, not trained" if random else f"timm, {published}",
        "licence": "none" if random else told.get("license") or "not stated",
        "sha256": sha256,
        "logits": LOGITS,
        "random": random,
    }


def _build(name: str, padding: Padding) -> Any:
    """The network at rest, with timm's own start of its weights."""
    Registry(
        "network of timm", dict.fromkeys(timm.list_models()), list_command="objektiv models"
    ).get(name.partition(".")[0])
    options = {"pad_type": "same"} if padding == "same" else {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        try:
            # exportable: attention as plain products, which the exporter writes shorter
            return timm.create_model(name, pretrained=False, exportable=True, **options).eval()
        except (RuntimeError, TypeError) as error:
            raise UsageError(
                f"timm does not build {name} so",
                value=" ".join(str(error).split())[:200],
                allowed="A name of timm's list, with or without `.tag` of its weights; padding "
                "`same` for networks of EfficientNet's kind",
                next="give the name without its tag, and padding `own`",
            ) from error


def _draw(model: Any) -> None:
    """Numbers for normalisations too, whose start would hide whether they are computed."""
    random = np.random.default_rng(0)
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if tensor.ndim != 1:
                continue
            if name.endswith((".bias", "running_mean")):
                values = random.normal(0, 0.1, len(tensor))
            else:  # weights of normalisations, scales of layers, variances
                values = random.uniform(0.5, 1.5, len(tensor))
            tensor.copy_(torch.from_numpy(values))


def _fetch(name: str, told: Mapping[str, Any], folder: Path) -> Path:
    """The published weights, as safetensors."""
    if not told.get("hf_hub_id"):
        raise ModelError(
            f"timm names no published weights for {name}",
            value=repr(told.get("tag", "")),
            allowed="Networks with weights on the model hub, a file of your own, or `random`",
            next="give `--weights FILE` or choose another network",
        )
    try:
        return Path(huggingface_hub.hf_hub_download(told["hf_hub_id"], PUBLISHED, local_dir=folder))
    except Exception as error:  # of requests, of the hub, of the disk
        raise MachineError(
            f"the weights of {name} cannot be fetched",
            value=" ".join(str(error).split())[:300],
            allowed="A connection to the internet is needed, or the file itself",
            next=f"fetch {PUBLISHED} elsewhere, then `--weights FILE`",
        ) from error


def _load(model: Any, name: str, path: Path) -> str:
    """Fill the network from a file that has each of its arrays and no other; its SHA-256.

    Raises:
        ModelError: the file is damaged, or of another network.
    """
    state = model.state_dict()
    found = arrays.whole_network(path, {k: tuple(v.shape) for k, v in state.items()}, name=name)
    with torch.no_grad():
        for key, values in found.items():
            state[key].copy_(torch.from_numpy(values.astype(np.float32)))
    return files.sha256(path.read_bytes())


def _export(model: Any, name: str, size: int) -> onnx.ModelProto:
    """The graph as torch's exporter writes it, for any number of pictures."""
    quiet = logging.getLogger("torch.onnx")
    level, picture = quiet.level, torch.zeros(2, 3, size, size)
    quiet.setLevel(logging.ERROR)
    try:
        program = torch.export.export(model, (picture,), dynamic_shapes=({0: Dim.DYNAMIC},))
        _mean_instead_of_strides(program)
        made = torch.onnx.export(
            program,
            dynamo=True,
            opset_version=OPSET,
            input_names=[INPUT],
            output_names=[LOGITS],
            verbose=False,
        )
    except Exception as error:  # torch documents none
        raise ModelError(
            f"torch cannot write {name} as ONNX",
            value=" ".join(str(error).split())[:300],
            allowed="Networks that torch.onnx exports",
            next="choose another network",
        ) from error
    finally:
        quiet.setLevel(level)
    proto: onnx.ModelProto = made.model_proto
    return proto


def _mean_instead_of_strides(program: Any) -> None:
    """The exporter takes a mean over all pixels apart into a dozen index operations."""
    for node in program.graph.nodes:
        if node.target == torch.ops.aten.adaptive_avg_pool2d.default and node.args[1] == [1, 1]:
            node.target = torch.ops.aten.mean.dim
            node.args = (node.args[0], [-1, -2], True)


def _named(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same graph, each tensor called after timm's module and the operation that makes it."""
    seen: Counter[str] = Counter()
    names = {value.name: value.name for value in model.graph.output}
    for node in model.graph.node:
        told = next((p.value for p in node.metadata_props if p.key == SCOPES), "['']")
        module = [scope for scope in ast.literal_eval(told)[:-1] if scope]
        name = f"{module[-1] if module else 'network'}/{node.op_type.lower()}"
        seen[name] += 1
        if seen[name] > 1:
            name += f"_{seen[name]}"
        for place, output in enumerate(node.output):
            names.setdefault(output, f"{name}:{place}" if place else name)
        node.input[:] = [names.get(tensor, tensor) for tensor in node.input]
        node.output[:] = [names[tensor] for tensor in node.output]
    return model
