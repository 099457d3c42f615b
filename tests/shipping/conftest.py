"""A small network in a bundle, made once, and ways to spoil copies of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from objektiv.base import files
from objektiv.base.seeds import generator
from objektiv.data.settings import Fit
from objektiv.features.graph import FLOAT, UINT8, GraphBuilder
from objektiv.features.preprocess import add_preprocessing
from objektiv.shipping.facts import FACTS, MEMBERS, UNSEALED, Backbone, sealed
from objektiv.shipping.limits import Decision, Limits
from objektiv.shipping.write import BundleContents, write_bundle

CLASSES = ("blank", "ring", "blob")
SIZE = 32
HASH = "0" * 64

Members = dict[str, bytes]
MakeGraph = Callable[..., bytes]


def _graph(size: int = SIZE, fit: Fit = "letterbox", *, strange: bool = False) -> bytes:
    """Two convolutions, three poolings and a matrix: the kinds of operation a backbone has.

    `strange`: with the length of the features as strangeness.
    """
    random = generator(0, "network")

    def weights(*shape: int) -> str:
        return graph.constant(random.normal(0, 0.4, shape).astype(np.float32))

    graph = GraphBuilder()
    image = graph.input("image", UINT8, ["height", "width", 3])
    pixels = add_preprocessing(graph, image, size=size, fit=fit)
    x = graph.add("Transpose", [pixels], perm=[0, 3, 1, 2])
    x = graph.add("Sub", [graph.add("Mul", [x, graph.floats(1 / 127.5)]), graph.floats(1.0)])
    for channels, made in ((3, 8), (8, 8)):
        options: dict[str, Any] = {
            "strides": [2, 2],
            "kernel_shape": [3, 3],
            "auto_pad": "SAME_UPPER",
        }
        x = graph.add("Conv", [x, weights(made, channels, 3, 3), weights(made)], **options)
        x = graph.add("Clip", [x, graph.floats(0.0), graph.floats(6.0)])
    axes = graph.ints(2, 3)
    pooled = [graph.add(f"Reduce{kind}", [x, axes], keepdims=0) for kind in ("Mean", "Max")]
    features = graph.add("Concat", pooled, output="features", axis=1)
    graph.add("Gemm", [features, weights(16, len(CLASSES)), weights(3)], output="logits")
    graph.add("Softmax", ["logits"], output="probabilities", axis=1)
    graph.output("logits", FLOAT, [1, len(CLASSES)])
    graph.output("probabilities", FLOAT, [1, len(CLASSES)])
    if strange:
        graph.add("ReduceL2", [features, graph.ints(1)], output="strangeness", keepdims=1)
        graph.output("strangeness", FLOAT, [1, 1])
    data: bytes = graph.model("test").SerializeToString()
    return data


@pytest.fixture(scope="session")
def make_graph() -> MakeGraph:
    """Builds the small network's file: `make_graph(size=32, fit="crop")`."""
    return _graph


def _contents(**changes: Any) -> BundleContents:
    given: dict[str, Any] = {
        "classes": CLASSES,
        "size": SIZE,
        "fit": "letterbox",
        "backbone": Backbone(name="small", sha256=HASH, licence="Apache-2.0"),
        "head": "logistic",
        "temperature": 1.25,
        "card": "# A small network for tests\n",
        "data": HASH,
        "split": HASH,
        "settings": {"seed": 1337},
        "scores": {"accuracy": 0.75, "auc": None},
    }
    given |= changes
    if "model" not in given:
        strange = given.get("strange", False)
        given["model"] = _graph(given["size"], given["fit"], strange=strange)
    return BundleContents(**given)


@pytest.fixture(scope="session")
def make_contents() -> Callable[..., BundleContents]:
    """Builds the contents of a bundle; what is given replaces a field."""
    return _contents


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound bundle as a folder; tests must not change it."""
    folder = tmp_path_factory.mktemp("sound") / "model"
    write_bundle(folder, _contents())
    return folder


LIMITS = Limits(strangeness=4.0, refused=0.05, coverage=0.9, floors=(0.2, 0.3, 0.4))


@pytest.fixture(scope="session")
def strange(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound bundle that measures strangeness and has limits; tests must not change it."""
    folder = tmp_path_factory.mktemp("strange") / "model"
    decision = Decision(positive="ring", threshold=0.3)
    write_bundle(folder, _contents(strange=True, limits=LIMITS, decision=decision))
    return folder


@pytest.fixture
def members(folder: Path) -> Members:
    """The bytes of the sound bundle by member name, to be changed."""
    return {name: (folder / name).read_bytes() for name in MEMBERS}


def _place(members: Members, target: Path) -> Path:
    for name, data in members.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(data)
    return target


@pytest.fixture
def place(tmp_path: Path) -> Callable[[Members], Path]:
    """Writes members into a new folder, as they are."""
    return lambda members: _place(members, tmp_path / "spoilt")


@pytest.fixture
def rehash(tmp_path: Path) -> Callable[[Members], Path]:
    """Writes members into a new folder, with hashes that fit: the forger's work."""

    def write(members: Members) -> Path:
        facts = json.loads(members[FACTS])
        for name in facts["files"]:
            data = members[name]
            facts["files"][name] = {"bytes": len(data), "sha256": files.sha256(data)}
        facts["seal"] = UNSEALED
        text = sealed(json.dumps(facts).encode())
        return _place(members | {FACTS: text}, tmp_path / "forged")

    return write
