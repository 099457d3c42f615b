"""Networks that learn, against finite differences, scikit-learn and torch."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

from objektiv.scratch.activations import RELU, SIGMOID, TANH
from objektiv.scratch.costs import BINARY_CROSS_ENTROPY, CROSS_ENTROPY, SQUARED_ERROR
from objektiv.scratch.descent import finite_differences
from objektiv.scratch.layers import Dense, Softmax
from objektiv.scratch.network import Network, Plan, learn, perceptron
from objektiv.scratch.shapes import ShapeError, one_hot


def small(seed: int = 0) -> Network:
    """Six inputs, five hidden nodes, three sigmoid outputs, as the thesis has them."""
    return perceptron([6, 5, 3], bends=[TANH, SIGMOID], random=np.random.default_rng(seed))


def test_backpropagation_by_finite_differences() -> None:
    """The slopes of all weights of a whole network are how its cost changes."""
    random = np.random.default_rng(1)
    network, inputs = small(), random.normal(size=(4, 6))
    targets = one_hot(np.array([0, 2, 1, 2]), 3)

    def cost() -> float:
        return CROSS_ENTROPY.value(network.forward(inputs), targets)

    network.backward(CROSS_ENTROPY.slope(network.forward(inputs), targets))
    found = [layer.slopes[name] for layer, name in network.learned()]

    assert len(found) == 4
    for (layer, name), slope in zip(network.learned(), found, strict=True):
        np.testing.assert_allclose(
            slope, finite_differences(cost, layer.weights[name]), rtol=1e-5, atol=1e-8
        )


def test_steps_are_those_of_torch() -> None:
    """From the same weights and batches, torch's autograd and SGD come to the same weights."""
    torch = pytest.importorskip("torch")
    random = np.random.default_rng(2)
    inputs, labels = random.normal(size=(30, 6)), random.integers(0, 3, 30)
    ours = small()
    dense = [layer for layer in ours.layers if isinstance(layer, Dense)]
    theirs = [torch.tensor(layer.weights[n].copy()) for layer in dense for n in layer.weights]
    for weights in theirs:
        weights.requires_grad_(True)
    learn(
        ours,
        inputs,
        targets=one_hot(labels, 3),
        cost=CROSS_ENTROPY,
        plan=Plan(rate=0.5, batch=30, epochs=5),
    )
    optimizer = torch.optim.SGD(theirs, lr=0.5)
    for _ in range(5):
        first, bias1, second, bias2 = theirs
        z = torch.tanh(torch.tensor(inputs) @ first + bias1) @ second + bias2
        outputs = torch.nn.functional.logsigmoid(z)  # log of shares, but for their sum
        loss = torch.nn.functional.cross_entropy(outputs, torch.tensor(labels))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    mine = [layer.weights[name] for layer in dense for name in layer.weights]
    for left, right in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(left, right.detach().numpy(), rtol=1e-6, atol=1e-9)


def test_xor_is_learned() -> None:
    """A hidden layer parts what no line can part."""
    inputs = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    targets = np.array([[0.0], [1], [1], [0]])
    network = perceptron([2, 4, 1], bends=[TANH, SIGMOID], random=np.random.default_rng(1))
    history = learn(
        network,
        inputs,
        targets=targets,
        cost=BINARY_CROSS_ENTROPY,
        plan=Plan(rate=1.0, batch=4, epochs=500),
    )

    assert (np.round(network.forward(inputs)) == targets).all()
    assert history[-1] < 0.05 < history[0]


def test_digits_are_learned_as_by_scikit_learn() -> None:
    """On scikit-learn's digits the accuracy is within two points of its own MLP."""
    pictures, labels = load_digits(return_X_y=True)
    pictures = pictures / 16
    train, test = slice(0, 1200), slice(1200, None)
    random = np.random.default_rng(0)
    hidden = perceptron([64, 32, 10], bends=[RELU], random=random)
    ours = Network([*hidden.layers, Softmax()])
    plan = Plan(rate=0.2, batch=50, epochs=30)
    learn(ours, pictures[train], targets=one_hot(labels[train], 10), cost=CROSS_ENTROPY, plan=plan)
    theirs = MLPClassifier(
        32,
        solver="sgd",
        learning_rate_init=0.2,
        momentum=0,
        alpha=0,
        batch_size=50,
        max_iter=30,
        tol=0,
        n_iter_no_change=100,
        random_state=0,
    )
    with pytest.warns(UserWarning, match="hasn't converged"):
        theirs.fit(pictures[train], labels[train])
    found = (ours.forward(pictures[test]).argmax(axis=1) == labels[test]).mean()

    assert found == pytest.approx(theirs.score(pictures[test], labels[test]), abs=0.02)
    assert found > 0.88


def test_parameters_are_counted() -> None:
    """784-50-5 learns 784 x 50 + 50 + 50 x 5 + 5 numbers."""
    random = np.random.default_rng(0)

    assert perceptron([784, 50, 5], bends=[SIGMOID] * 2, random=random).parameters() == 39_505


def test_same_seed_learns_the_same() -> None:
    """Weights and batches follow from the seeds."""
    inputs, targets = np.eye(6), np.eye(6)[:, :3]
    runs = []
    for _ in range(2):
        network = small(4)
        learn(network, inputs, targets=targets, cost=SQUARED_ERROR, plan=Plan(batch=2, seed=5))
        runs.append(network.forward(inputs))

    assert (runs[0] == runs[1]).all()


def test_given_weights_stay() -> None:
    """Learning changes the layer's own copy of the weights it was given."""
    first = np.ones((6, 3))
    learn(
        Network([Dense(first)]),
        np.eye(6),
        targets=np.zeros((6, 3)),
        cost=SQUARED_ERROR,
        plan=Plan(rate=0.5),
    )

    assert (first == 1).all()


def test_float32_stays() -> None:
    """A network made in single precision computes and learns in it."""
    random = np.random.default_rng(0)
    network = perceptron([6, 5, 3], bends=[SIGMOID] * 2, random=random, kind=np.float32)
    inputs, targets = np.eye(6, dtype=np.float32), np.eye(6, 3, dtype=np.float32)
    learn(network, inputs, targets=targets, cost=CROSS_ENTROPY, plan=Plan())

    assert network.forward(inputs).dtype == np.float32
    assert {slope.dtype for layer in network.layers for slope in layer.slopes.values()} == {
        np.dtype(np.float32)
    }


def test_wrong_number_of_bends_is_refused() -> None:
    """Two layers of nodes need two bends, or one and plain sums."""
    with pytest.raises(ValueError, match="2 layers of nodes and 3 bends"):
        perceptron([6, 5, 3], bends=[TANH] * 3, random=np.random.default_rng(0))


def test_slopes_of_another_shape_are_refused() -> None:
    """Backward takes a slope for each output of the last forward, and shows both shapes."""
    network = small()
    network.forward(np.zeros((4, 6)))
    with pytest.raises(ShapeError, match=r"outputs and slopes.*\(4, 3\).*\(4,\)"):
        network.backward(np.zeros(4))


def test_other_targets_are_refused() -> None:
    """Class numbers instead of one-hot targets, and other numbers of items, are refused."""
    network, inputs = small(), np.zeros((4, 6))
    with pytest.raises(ShapeError, match=r"\(4, 3\).*\(4,\).*one_hot"):
        learn(network, inputs, targets=np.zeros(4), cost=CROSS_ENTROPY, plan=Plan())
    with pytest.raises(ShapeError, match=r"\(4, 6\).*\(5, 3\)"):
        learn(network, inputs, targets=np.zeros((5, 3)), cost=CROSS_ENTROPY, plan=Plan())
