"""A dense layer behind a frozen network: its gradients, its figures, its two ways of looking."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from objektiv.base.errors import ModelError
from objektiv.base.progress import Progress
from objektiv.features.graph import FLOAT, GraphBuilder
from objektiv.features.last_map import LastMap
from objektiv.judging.calibration import softmax
from objektiv.models.frozen import BIAS, WEIGHT, Frozen, initial_dense, summary_of
from objektiv.models.kinds import Ending
from objektiv.models.layers import last_layer
from objektiv.models.settings import NetworkSettings
from objektiv.training.frozen import Teaching, fit, gradient, read
from objektiv.training.history import Learnt
from objektiv.training.pictures import Lessons, of_arrays
from objektiv.training.settings import FitSettings
from tests.features import networks
from tests.features.networks import SIZE

COUNT = 60


@pytest.fixture
def maps(models: Path) -> LastMap:
    """A small network with random weights."""
    networks.store_small()
    return LastMap("small", size=SIZE, rescale="unit")


def _lessons(classes: int = 2, *, changed: bool = True) -> Lessons:
    """Squares that are lighter the higher their class, some of them for validation."""
    random = np.random.default_rng(0)
    labels = np.arange(COUNT) % classes
    noise = random.integers(0, 60, (COUNT, SIZE, SIZE, 3))
    squares = (noise + (labels * 150 // max(classes - 1, 1))[:, None, None, None]).astype(np.uint8)
    pictures = of_arrays(squares, labels)

    def change(square: Any, out: Any, epoch: int, row: int) -> None:
        out[:] = square[:, ::-1] if (epoch + row) % 2 else square

    return Lessons(
        pictures.only(np.arange(0, 40)),
        pictures.only(np.arange(40, 60)),
        change if changed else None,
    )


def _teaching(classes: int = 2, **values: Any) -> Teaching:
    views = values.pop("views", "fresh")
    output = values.pop("output", "auto")
    given = {"epochs": 4, "batch": 8, "learning_rate": 0.01, "patience": "off"}
    last, ending = last_layer(NetworkSettings(output=output), classes=classes)
    settings = FitSettings.model_validate(given | values)
    return Teaching(settings, views, last, ending, classes, "fp32")


def _fit(maps: LastMap, lessons: Lessons, teaching: Teaching, seed: int = 0) -> Learnt:
    return fit(maps, lessons, teaching, seed=seed, progress=Progress())


def _by_hand(maps: LastMap, squares: Any) -> Any:
    session = onnxruntime.InferenceSession(maps.graph(), providers=["CPUExecutionProvider"])
    return session.run(None, {"pixels": squares.astype(np.float32)})[0]


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("output", ["auto", "softmax", "sigmoid"])
def test_gradient_is_that_of_the_loss(classes: int, output: str) -> None:
    """Against differences of the cross-entropy, for each way to read the last layer."""
    teaching = _teaching(classes, output=output)
    z = np.random.default_rng(1).normal(0, 2, (5, teaching.last.units))
    labels = np.arange(5) % classes

    def loss(z: Any) -> Any:
        probabilities = softmax(read(z, teaching.ending, classes=classes))
        return -np.log(probabilities[np.arange(5), labels])

    found = gradient(z, labels, teaching.ending, classes=classes)

    for unit in range(teaching.last.units):
        step = np.zeros_like(z)
        step[:, unit] = 1e-6
        slope = (loss(z + step) - loss(z - step)) / 2e-6
        np.testing.assert_allclose(found[:, unit], slope, atol=1e-6)


@pytest.mark.parametrize(("ending", "classes"), [("sigmoid", 2), ("softmax", 3), ("sigmoid", 3)])
def test_answers_are_read_as_keras_reads_them(ending: Ending, classes: int) -> None:
    """One sigmoid is the second class; more are divided by their sum."""
    units = 1 if (ending, classes) == ("sigmoid", 2) else classes
    z = np.array([[0.5, -1.0, 2.0][:units]])
    sigmoid = 1 / (1 + np.exp(-z[0]))
    expected = {
        ("sigmoid", 2): [1 - sigmoid[0], sigmoid[0]],
        ("softmax", 3): np.exp(z[0]) / np.exp(z[0]).sum(),
        ("sigmoid", 3): sigmoid / sigmoid.sum(),
    }[ending, classes]

    found = softmax(read(z, ending, classes=classes))

    np.testing.assert_allclose(found[0], expected, atol=1e-12)


@pytest.mark.parametrize("views", ["fresh", 2])
@pytest.mark.parametrize("classes", [2, 3])
def test_it_learns(maps: LastMap, views: Any, classes: int) -> None:
    """Brightness is told apart in a few epochs, whichever way it looks."""
    learnt = _fit(maps, _lessons(classes), _teaching(classes, views=views, epochs=8))

    best = learnt.history[learnt.best_epoch - 1]
    assert best.val_accuracy > 0.9
    assert learnt.history[-1].train_loss < learnt.history[0].train_loss / 2
    units = 1 if classes == 2 else classes
    assert learnt.trainable == units * (maps.width + 1)
    assert learnt.parameters == maps.parameters + learnt.trainable


def test_an_epoch_is_what_it_says(maps: LastMap) -> None:
    """One epoch of one batch is one step of gradient descent, reckoned by hand."""
    lessons, rate = _lessons(changed=False), 0.1
    teaching = _teaching(epochs=1, batch=40, optimizer="sgd", learning_rate=rate)
    values = _by_hand(maps, lessons.train.squares[:40])
    first = initial_dense(1, maps.width, seed=0)
    p = 1 / (1 + np.exp(-(values @ first[WEIGHT].T + first[BIAS])[:, 0]))
    wrong = p - lessons.train.labels[:40]

    learnt = _fit(maps, lessons, teaching)

    weight = first[WEIGHT][0] - rate * (wrong @ values) / 40
    np.testing.assert_allclose(learnt.state[WEIGHT][0], weight, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(learnt.state[BIAS], -rate * wrong.mean(), rtol=1e-3, atol=1e-6)
    truth = lessons.train.labels[:40]
    loss = -np.log(np.where(truth == 1, p, 1 - p)).mean()
    assert learnt.history[0].train_loss == pytest.approx(loss, rel=1e-3)
    assert learnt.history[0].train_accuracy == pytest.approx(((p > 0.5) == truth).mean())


def test_fresh_pictures_change_each_epoch(maps: LastMap) -> None:
    """The change is asked for with the epoch and the row, each once an epoch."""
    lessons, asked = _lessons(), []

    def change(square: Any, out: Any, epoch: int, row: int) -> None:
        asked.append((epoch, row))
        out[:] = square

    watched = Lessons(lessons.train, lessons.validation, change)
    _fit(maps, watched, _teaching(epochs=2))

    assert sorted(asked) == [(epoch, row) for epoch in range(2) for row in range(40)]


def test_views_are_looked_at_once(maps: LastMap) -> None:
    """Two views of each picture serve four epochs."""
    lessons, asked = _lessons(), []

    def change(square: Any, out: Any, epoch: int, row: int) -> None:
        asked.append((epoch, row))
        out[:] = square

    watched = Lessons(lessons.train, lessons.validation, change)
    _fit(maps, watched, _teaching(views=2))

    assert sorted(asked) == [(view, row) for view in range(2) for row in range(40)]


def test_without_changes_both_ways_are_one(maps: LastMap) -> None:
    """Pictures that stay as they are give the same weights, fresh or kept in half precision."""
    lessons = _lessons(changed=False)

    fresh = _fit(maps, lessons, _teaching())
    kept = _fit(maps, lessons, _teaching(views=3))

    np.testing.assert_allclose(fresh.state[WEIGHT], kept.state[WEIGHT], atol=2e-3)


def test_the_same_seed_gives_the_same_weights(maps: LastMap) -> None:
    """Whatever the number of threads."""
    lessons = _lessons()
    one = Lessons(lessons.train, lessons.validation, lessons.change, workers=1)

    found = [_fit(maps, given, _teaching(epochs=2)).state[WEIGHT] for given in (lessons, one)]

    np.testing.assert_array_equal(found[0], found[1])


def test_patience_stops_it(maps: LastMap) -> None:
    """Nothing better than a perfect epoch comes, and the best weights are kept."""
    learnt = _fit(maps, _lessons(), _teaching(epochs=50, patience=2))

    assert learnt.stopped == "patience"
    assert len(learnt.history) == learnt.best_epoch + 2


def test_weights_that_run_away_are_told(maps: LastMap) -> None:
    """A loss that is no number ends the training with advice."""
    runaway = _teaching(optimizer="sgd", learning_rate=1000, weight_decay=1, epochs=9)

    with pytest.raises(ModelError, match="--learning-rate"), np.errstate(all="ignore"):
        _fit(maps, _lessons(), runaway)


@pytest.mark.parametrize(("classes", "output"), [(2, "auto"), (3, "auto"), (3, "sigmoid")])
def test_what_ships_says_what_was_validated(maps: LastMap, classes: int, output: str) -> None:
    """The graph's answers on the validation pictures have the accuracy of the best epoch."""
    lessons, teaching = _lessons(classes), _teaching(classes, output=output, epochs=1)
    learnt = _fit(maps, lessons, teaching)
    names = tuple(f"class {n}" for n in range(classes))
    model = Frozen(maps, names, teaching.ending, learnt.state, temperature=2.0)
    graph = GraphBuilder()
    model.add(graph, graph.input("pixels", FLOAT, ["n", SIZE, SIZE, 3]))
    for output_name in ("logits", "probabilities"):
        graph.output(output_name, FLOAT, ["n", classes])

    session = onnxruntime.InferenceSession(
        graph.to_bytes("frozen"), providers=["CPUExecutionProvider"]
    )
    squares = lessons.validation.squares[40:60].astype(np.float32)
    logits, probabilities = session.run(None, {"pixels": squares})

    labels = lessons.validation.labels[40:60]
    right = softmax(2.0 * logits.astype(np.float64))[np.arange(20), labels]
    best = learnt.history[learnt.best_epoch - 1]
    assert -np.log(right).mean() == pytest.approx(best.val_loss, rel=1e-3)
    assert (probabilities.argmax(1) == labels).mean() == pytest.approx(best.val_accuracy)
    np.testing.assert_allclose(probabilities, softmax(logits.astype(np.float64)), atol=1e-6)


def test_the_table_shows_the_network_as_one_row(maps: LastMap) -> None:
    """As Keras shows it: the network, Flatten, Dense; only the last can be trained."""
    last, _ = last_layer(NetworkSettings(), classes=2)

    table = summary_of(maps, last)

    assert [row.name for row in table.rows] == ["small", "flatten", "output"]
    assert table.trainable == maps.width + 1
    assert table.parameters == maps.parameters + maps.width + 1
