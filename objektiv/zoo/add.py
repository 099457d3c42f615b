"""Bring a pretrained network into the store: from Keras, from timm, or out of a user's file.

In: a name and AddSettings. Out: the stored network's Entry. `MobileNetV2` is a network of Keras,
`timm:resnet18` one of timm; any other name is the user's own, for an ONNX file. The internet is
asked only where the weights are "imagenet".
Try: `add("MobileNetV2", AddSettings(weights="random"))`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from objektiv.base import extras, files
from objektiv.base.errors import ModelError, UsageError
from objektiv.base.names import suggestion
from objektiv.features import store
from objektiv.features.backbones import BACKBONES, KERAS, TIMM
from objektiv.features.entry import Entry, Facts
from objektiv.zoo import files as brought
from objektiv.zoo.keras_convert import GRAPH, convert_keras
from objektiv.zoo.settings import IMAGENET, RANDOM, AddSettings

SUFFIXES = {"Keras": (".h5", ".safetensors"), "timm": (".safetensors",), "a file": (".onnx",)}
THOUSAND = 1000  # outputs, by which a network of ImageNet is known


def add(name: str, settings: AddSettings) -> Entry:
    """Make the network and publish it in the store, whole or not at all.

    Raises:
        UsageError: the name is taken or unknown, or a setting does not go with it.
        MissingExtra: its library is not installed.
        ModelError: the weights or the graph are refused.
        MachineError: weights cannot be fetched, or the disk refuses.
    """
    _require_name(name)
    origin = "Keras" if name in KERAS else "timm" if name.startswith(TIMM) else "a file"
    if settings.weights not in (IMAGENET, RANDOM):
        _require_file(name, origin, Path(settings.weights))
    elif origin == "a file":
        hint = suggestion(name, KERAS)
        raise UsageError(
            "no network of Keras has this name",
            value=repr(name),
            allowed=f"{', '.join(KERAS)}; any of timm as `timm:NAME`; your own as an ONNX file",
            next=f"{hint} " * bool(hint) + f"else `objektiv models add {name} --weights FILE.onnx`",
        )
    if settings.padding != "own" and origin != "timm":
        raise UsageError(
            "only networks of timm are built with another padding",
            value=f"--padding {settings.padding} for {name}",
            allowed="Other networks have their own",
            next="leave `--padding` away",
        )
    if origin == "a file":
        return _add_file(name, settings)
    with tempfile.TemporaryDirectory(prefix="objektiv-") as scratch:
        facts = _converted(name, origin, settings, Path(scratch))
        graph = (Path(scratch) / GRAPH).read_bytes()
    facts["sha256"] = facts["sha256"] or files.sha256(graph)
    if settings.weights not in (IMAGENET, RANDOM):
        facts["origin"] = f"the file {Path(settings.weights).name}, for {facts['title']}"[:500]
        facts["licence"] = "not stated"  # the file need not be the published one
    return store.save(Facts(**facts | _told(settings)), graph)


def _require_name(name: str) -> None:
    store.require_free(name)
    if name in BACKBONES._entries:
        raise UsageError(
            "this network comes with objektiv or as a package",
            value=name,
            allowed="Other names can be added",
            next="choose another name, or see `objektiv models`",
        )


def _require_file(name: str, origin: str, path: Path) -> None:
    if not path.is_file():
        hint = suggestion(path.name, [p.name for p in path.parent.glob("*")])
        raise ModelError(
            "there is no weights file",
            value=path,
            allowed=f"{IMAGENET}, {RANDOM}, or a file that ends in {' or '.join(SUFFIXES[origin])}",
            next=hint or "check the path",
        )
    if path.suffix.lower() not in SUFFIXES[origin]:
        raise ModelError(
            "weights of this kind are not read",
            value=path,
            allowed=f"For {name}: {' or '.join(SUFFIXES[origin])}; nothing that holds a pickle, as "
            ".pt, .pth and .keras do, since opening one may run it",
            next="save the weights as safetensors, or export the whole network as ONNX under a "
            "name of your own",
        )


def _converted(name: str, origin: str, settings: AddSettings, folder: Path) -> dict[str, Any]:
    """The facts that the store keeps, of the graph that is now in `folder`."""
    if origin == "Keras":
        facts = convert_keras(name, weights=settings.weights, folder=folder)
    else:
        extras.require("torch", needed_by=f"turning {name} into ONNX")
        from objektiv.zoo.timm_graph import convert_timm

        facts = convert_timm(
            name.removeprefix(TIMM),
            weights=settings.weights,
            folder=folder,
            padding=settings.padding,
        )
    facts = {key: value for key, value in facts.items() if key in Facts.model_fields}
    return {k: tuple(v) if isinstance(v, list) else v for k, v in facts.items()}


def _add_file(name: str, settings: AddSettings) -> Entry:
    path = Path(settings.weights)
    network = brought.read_onnx(path, name=name)
    numbered = tuple(f"class {number}" for number in range(network.classes))
    facts: dict[str, Any] = {
        "name": name,
        "title": name,
        "family": "onnx",
        "parameters": network.parameters,
        "size": network.size,
        "mean": settings.mean,
        "std": settings.std,
        "scale": settings.scale,
        "colours": settings.colours,
        "classes": IMAGENET if network.classes == THOUSAND else numbered,
        "origin": f"the file {path.name}"[:500],
        "licence": "not stated",
        "sha256": network.sha256,
    }
    facts |= _told(settings)
    told = facts["classes"]
    count = THOUSAND if told == IMAGENET else len(told)
    if count != network.classes:
        raise ModelError(
            "the classes do not fit the network",
            value=f"{count:,} classes, {network.classes:,} outputs",
            allowed="A name for each output of the last layer, in their order",
            next="correct the file behind `--classes`",
        )
    return store.save(Facts(**facts), network.graph, source=brought.source_of(path))


def _told(settings: AddSettings) -> dict[str, Any]:
    """What the user said of the network."""
    names = {"mean", "std", "scale", "colours", "licence", "title"} & settings.model_fields_set
    told = {name: getattr(settings, name) for name in names}
    told = {name: value for name, value in told.items() if value is not None}
    if settings.classes is not None:
        told["classes"] = _classes(settings.classes)
    return told


def _classes(given: str) -> str | tuple[str, ...]:
    if given == IMAGENET:
        return IMAGENET
    try:
        lines = Path(given).read_text(encoding="utf-8").rstrip("\n").split("\n")
    except (OSError, ValueError) as error:
        raise UsageError(
            "the file of classes cannot be read",
            value=f"{given}: {error}",
            allowed=f"{IMAGENET}, or a text file in UTF-8 of one name a line",
            next="check the path behind `--classes`",
        ) from error
    names = tuple(line.strip() for line in lines)
    if wrong := [number for number, n in enumerate(names, 1) if not 0 < len(n) <= 255]:
        raise UsageError(
            "the file of classes has a line that is no name",
            value=f"{given}, line {wrong[0]}",
            allowed="From 1 to 255 characters a line",
            next="correct the line",
        )
    return names
