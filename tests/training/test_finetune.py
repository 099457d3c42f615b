"""Fine-tuning: it begins at the probe, learns what it is told to, and ships what was trained."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch", reason="needs objektiv[torch]")
pytest.importorskip("lightning", reason="needs objektiv[torch]")

import torch

from objektiv.base.errors import ModelError
from objektiv.base.progress import Progress
from objektiv.features.backbones import BACKBONES
from objektiv.features.graph import FLOAT, GraphBuilder
from objektiv.features.preprocess import PIXELS
from objektiv.features.weights import State, read_state
from objektiv.models.model import Probe
from objektiv.models.pooled import Pooled
from objektiv.training.finetune import FineTuned
from objektiv.training.fit import Learnt, Lessons, fit
from objektiv.training.pictures import Pictures, of_arrays
from objektiv.training.settings import FitSettings

SIZE, COUNT = 32, 24
BLOCKS = ("stage2", "final", "stem")  # some, and in another order
SETTINGS = FitSettings(
    epochs=1, batch=8, learning_rate=1e-3, optimizer="adamw", patience="off", device="cpu"
)


@cache
def _package() -> State:
    return read_state("efficientnet-lite0")


def _probe() -> Probe:
    blocks = BACKBONES.get("lite0").blocks
    rng = np.random.default_rng(0)
    columns = sum(blocks[name] for name in BLOCKS)
    weights = rng.normal(0, 3, (columns, 3)).astype(np.float32)
    return Probe(("a", "b", "c"), BLOCKS, weights, np.array([1, 0, -1], np.float32), 1.7)


def _tuned(batch_norm: str = "frozen") -> FineTuned:
    return FineTuned(_package(), _probe(), batch_norm=batch_norm)  # type: ignore[arg-type]


def _pictures() -> Pictures:
    """Noise, brighter in the channel that is the label."""
    rng = np.random.default_rng(2)
    labels = np.arange(COUNT) % 3
    squares = rng.integers(0, 120, (COUNT, SIZE, SIZE, 3), dtype=np.uint8)
    squares[np.arange(COUNT), :, :, labels] += 100
    return of_arrays(squares, labels)


def _graph_says(model: Pooled) -> NDArray[np.float32]:
    """Logits of the graph that ships."""
    graph = GraphBuilder()
    model.add(graph, graph.input(PIXELS, FLOAT, ["images", SIZE, SIZE, 3]))
    graph.output("logits", FLOAT, ["images", 3])
    session = onnxruntime.InferenceSession(graph.to_bytes("tuned"))
    squares = _pictures().squares.astype(np.float32)
    return np.asarray(session.run(["logits"], {PIXELS: squares})[0])


def _torch_says(module: torch.nn.Module) -> NDArray[np.float32]:
    with torch.no_grad():
        return module.eval()(torch.from_numpy(_pictures().squares)).numpy()


def _train(folder: Path, tuned: FineTuned, **settings: object) -> Learnt:
    whole, rows = _pictures(), np.arange(COUNT)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return fit(
            tuned,
            Lessons(whole.only(rows[:16]), whole.only(rows[16:])),
            SETTINGS.model_copy(update=settings),
            seed=1,
            folder=folder,
            progress=Progress(),
        )
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize("batch_norm", ["frozen", "trained"])
def test_it_begins_where_the_probe_is(batch_norm: str) -> None:
    """Before any step the logits are those of the probe's own graph, its temperature included."""
    backbone = BACKBONES.get("lite0")
    expected = _graph_says(Pooled(_probe(), backbone.blocks, backbone.add, SIZE))

    found = _torch_says(_tuned(batch_norm).module(0))

    assert np.ptp(expected) > 1
    assert np.abs(found - expected).max() < 1e-3


@pytest.mark.parametrize("batch_norm", ["frozen", "trained"])
def test_what_was_trained_is_what_ships(tmp_path: Path, batch_norm: str) -> None:
    """The graph made of the state gives the logits of the trained module, and not the probe's."""
    tuned = _tuned(batch_norm)
    learnt = _train(tmp_path, tuned, learning_rate=3e-3)
    module = tuned.module(0)
    before = _torch_says(module)
    tuned.load(module, learnt.state)

    after = _torch_says(module)

    assert np.abs(after - before).max() > 0.05
    assert np.abs(_graph_says(tuned.shipped(learnt.state, size=SIZE)) - after).max() < 1e-3


def test_frozen_normalisation_stays(tmp_path: Path) -> None:
    """Kernels learn; scale, shift, mean and variance are those of the package."""
    state = _train(tmp_path, _tuned()).state
    moved = {
        name
        for name, array in _package().items()
        if "num_b" not in name and not np.array_equal(array, state[name])
    }

    kernels = {n for n, array in _package().items() if array.ndim == 4}
    assert moved == kernels


def test_trained_normalisation_moves(tmp_path: Path) -> None:
    """Scale, shift, mean and variance all move with the kernels; the classes of ImageNet stay."""
    state = _train(tmp_path, _tuned("trained")).state
    still = {
        name
        for name, array in _package().items()
        if "num_b" not in name and np.array_equal(array, state[name])
    }

    assert still == {"_fc.weight", "_fc.bias"}


def test_unfrozen_stages_are_the_last(tmp_path: Path) -> None:
    """Two stages unfrozen move the final convolution and stage 7, and nothing before."""
    learnt = _train(tmp_path, _tuned("trained"), unfreeze=2)
    moved = {
        name
        for name, array in _package().items()
        if "num_b" not in name and not np.array_equal(array, learnt.state[name])
    }

    assert {
        name.rsplit(".", 2)[0] if "blocks" in name else name.split(".")[0] for name in moved
    } == {"_blocks.15", "_conv_head", "_bn1"}
    assert learnt.trainable < learnt.parameters / 2


def test_the_head_learns_alone_at_first(tmp_path: Path) -> None:
    """In the head's epochs the network stays as it is, its statistics too."""
    learnt = _train(tmp_path, _tuned("trained"), head_epochs=1)

    assert all(
        np.array_equal(array, learnt.state[name])
        for name, array in _package().items()
        if "num_batches" not in name
    )
    assert not np.allclose(learnt.state["head.weights"], _probe().weights / 1.7)


def test_it_learns(tmp_path: Path) -> None:
    """Pictures whose colour is their class are told apart after a few epochs."""
    learnt = _train(tmp_path, _tuned(), epochs=8, learning_rate=1e-3)

    assert learnt.history[-1].train_loss < learnt.history[0].train_loss / 2
    assert learnt.history[learnt.best_epoch - 1].val_accuracy >= 7 / 8


def test_a_probe_on_colours_is_refused() -> None:
    """The network alone is trained on, so its probe reads the network alone."""
    probe = _probe()
    coloured = Probe(probe.classes, ("final", "colours"), probe.weights, probe.bias, 1.0)

    with pytest.raises(ModelError, match="network alone"):
        FineTuned(_package(), coloured, batch_norm="frozen")


def test_a_state_of_another_network_is_refused() -> None:
    """A head of other classes does not go in."""
    tuned = _tuned()
    module = tuned.module(0)
    state = tuned.state(module)
    state["head.bias"] = np.zeros(5, np.float32)

    with pytest.raises(ModelError, match=r"head\.bias"):
        tuned.load(module, state)
