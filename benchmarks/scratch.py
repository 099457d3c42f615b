"""The perceptron from scratch beside torch: the thesis' screws, 784-50-5, and seconds an epoch.

In: the folder of data sets. Out: a row a side, JSON with --out. The 4,500 test pictures of the
thesis are cut 3,600 / 900 at random with the same share of each class, anew each round; a fifth of
the 3,600 is validation, which says which epoch is kept, on both sides. Both begin with the same
weights and draw their batches themselves.
Try: `python -m benchmarks.scratch --data ../shared/data --rounds 1 --epochs 5`.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from benchmarks import measure
from objektiv.base.progress import Progress
from objektiv.flow.settings import TrainSettings
from objektiv.judging.intervals import proportion
from objektiv.models.layers import Layers, network
from objektiv.models.network import initial
from objektiv.models.recipes import resolve
from objektiv.scratch.activations import SIGMOID
from objektiv.scratch.costs import CROSS_ENTROPY
from objektiv.scratch.layers import Dense
from objektiv.scratch.network import Network, Plan, learn, perceptron
from objektiv.scratch.shapes import one_hot
from objektiv.training.build import FromNothing
from objektiv.training.fit import Lessons, fit
from objektiv.training.history import Learnt
from objektiv.training.pictures import of_arrays

SIDE, CLASSES, RECIPE = 28, 5, "mlp-50"
POINT, TIMES = 0.01, 3.0  # what is claimed
TIMED = 10  # epochs a measurement

Floats = NDArray[np.float32]
State = dict[str, Any]


class Part(NamedTuple):
    """Pictures (items, 28, 28), uint8, and their labels (items,)."""

    pictures: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def rows(self) -> Floats:
        """(items, 784), from 0 to 1."""
        flat = self.pictures.reshape(len(self.labels), -1)
        rows: Floats = np.divide(flat, 255, dtype=np.float32)
        return rows

    def targets(self) -> Floats:
        """(items, 5)."""
        return one_hot(self.labels, CLASSES).astype(np.float32)

    def squares(self) -> NDArray[np.uint8]:
        """(items, 28, 28, 3)."""
        return np.repeat(self.pictures[..., np.newaxis], 3, axis=3)


def cut(folder: Path, seed: int, *, limit: int | None) -> tuple[Part, Part, Part]:
    """Train, validation and test."""
    pictures = np.load(folder / "screws_thesis" / "X_test.npy", allow_pickle=False)
    labels = np.load(folder / "screws_thesis" / "y_test.npy", allow_pickle=False)
    rows = np.array(measure.even_sample(range(len(labels)), limit))
    pictures, labels = pictures[rows].reshape(-1, SIDE, SIDE), labels[rows].astype(np.int64)
    parts = []
    for share in (0.2, 0.2):  # test, then validation
        pictures, part, labels, right = train_test_split(
            pictures, labels, test_size=share, stratify=labels, random_state=seed
        )
        parts.append(Part(part, right))
    return Part(pictures, labels), parts[1], parts[0]


def ours(first: State, parts: tuple[Part, Part, Part], settings: TrainSettings) -> NDArray[Any]:
    """Which test pictures the network from scratch gets right, (items,)."""
    train, validation, test = parts
    made = scratch(first)
    inputs, targets, seen = train.rows(), train.targets(), validation.rows()
    best, kept = -1.0, made.forward(test.rows())
    for epoch in range(settings.epochs):
        plan = Plan(rate=settings.learning_rate, batch=settings.batch, epochs=1, seed=epoch)
        learn(made, inputs, targets=targets, cost=CROSS_ENTROPY, plan=plan)
        found = float((made.forward(seen).argmax(axis=1) == validation.labels).mean())
        if found > best:
            best, kept = found, made.forward(test.rows())
    right: NDArray[Any] = kept.argmax(axis=1) == test.labels
    return right


def scratch(first: State) -> Network:
    """Our network with these first weights (nodes, inputs), as the recipe draws them."""
    random = np.random.default_rng(0)
    bends = [SIGMOID, SIGMOID]
    made = perceptron([SIDE**2, 50, CLASSES], bends=bends, random=random, kind=np.float32)
    dense = [layer for layer in made.layers if isinstance(layer, Dense)]
    drawn = [value for name, value in first.items() if value.ndim == 2]
    for layer, weights in zip(dense, drawn, strict=True):
        layer.weights["weights"][:] = weights.T
    return made


def recipe(
    layers: Layers, parts: tuple[Part, Part, Part], settings: TrainSettings, *, seed: int
) -> tuple[NDArray[Any], Learnt]:
    """Which test pictures the recipe gets right, and how it learned."""
    train, validation, test = parts
    trainable = FromNothing(layers, size=SIDE)
    learning, choosing = (of_arrays(p.squares(), p.labels) for p in (train, validation))
    lessons = Lessons(learning, choosing)
    with tempfile.TemporaryDirectory() as folder:
        learnt = fit(
            trainable, lessons, settings, seed=seed, folder=Path(folder), progress=Progress()
        )
    module = trainable.module(seed).eval()
    trainable.load(module, learnt.state)
    with torch.no_grad():
        found = module(torch.tensor(test.squares())).argmax(dim=1).numpy()
    return found == test.labels, learnt


def epochs_of_torch(train: Part, settings: TrainSettings) -> Callable[[], object]:
    """TIMED epochs of plain torch, as its users would write them."""
    modules = (torch.nn.Linear(SIDE**2, 50), torch.nn.Sigmoid(), torch.nn.Linear(50, CLASSES))
    module = torch.nn.Sequential(*modules)
    optimizer = torch.optim.SGD(module.parameters(), lr=settings.learning_rate)
    inputs, labels = torch.tensor(train.rows()), torch.tensor(train.labels)

    def epochs() -> None:
        for _ in range(TIMED):
            for rows in torch.randperm(len(labels)).split(settings.batch):
                shares = torch.nn.functional.logsigmoid(module(inputs[rows]))
                loss = torch.nn.functional.cross_entropy(shares, labels[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()

    return epochs


def epochs_of_ours(first: State, train: Part, settings: TrainSettings) -> Callable[[], object]:
    """TIMED epochs of the network from scratch."""
    made, inputs, targets = scratch(first), train.rows(), train.targets()
    plan = Plan(rate=settings.learning_rate, batch=settings.batch, epochs=TIMED)
    return lambda: learn(made, inputs, targets=targets, cost=CROSS_ENTROPY, plan=plan)


def row_of(side: str, seed: int, right: NDArray[Any]) -> measure.Row:
    """One side on one cut."""
    interval = proportion(right, None)
    return {
        "side": side,
        "cut": seed,
        "test items": len(right),
        "accuracy": interval.estimate,
        "95 %": f"{interval.low:.4f} to {interval.high:.4f}",
    }


def main() -> None:
    """Measure, print, and write where asked."""
    parser = measure.parser(__doc__, rounds=5)
    parser.add_argument("--epochs", type=int, help="instead of the recipe's, to try it")
    arguments = parser.parse_args()
    result = measure.Result("Networks from scratch in NumPy", "")
    changed = {} if arguments.epochs is None else {"epochs": arguments.epochs}
    settings = resolve(TrainSettings(model=RECIPE, device="cpu", **changed))
    layers = network(settings, classes=CLASSES)
    differences, seconds = [], []
    for seed in range(arguments.rounds):
        parts = cut(arguments.data, seed, limit=arguments.limit)
        theirs, learnt = recipe(layers, parts, settings, seed=seed)
        mine = ours(initial(layers, size=SIDE, seed=seed), parts, settings)
        differences.append(float(mine.mean() - theirs.mean()))
        seconds += [epoch.seconds for epoch in learnt.history]
        result.rows += [row_of("scratch", seed, mine), row_of(RECIPE, seed, theirs)]
        print(result.rows[-2:], flush=True)
    first, train = initial(layers, size=SIDE, seed=0), parts[0]
    sides = {
        "scratch": epochs_of_ours(first, train, settings),
        "plain torch": epochs_of_torch(train, settings),
    }
    for side in sides.values():
        side()  # warm
    timed = {
        name: lambda side=side: measure.seconds_of(side) / TIMED for name, side in sides.items()
    }
    spent = measure.interleaved(timed, rounds=max(arguments.rounds, 3))
    for name, values in spent.items():
        result.rows.append({"side": name, **measure.spread(values, "s an epoch")})
    result.rows.append(
        {"side": f"{RECIPE}, with loading and validation", **measure.spread(seconds, "s an epoch")}
    )
    mean = statistics.mean(differences)
    pairs = zip(spent["scratch"], spent["plain torch"], strict=True)
    times = statistics.median(mine / theirs for mine, theirs in pairs)
    result.claims = [
        measure.at_least(f"accuracy, scratch less {RECIPE}, mean of cuts", mean, -POINT),
        measure.at_most("epoch, scratch against plain torch", times, TIMES, unit="times"),
    ]
    result.about = (
        f"784-50-5 with five sigmoids under cross-entropy, plain gradient descent of "
        f"{settings.learning_rate:g}, batches of {settings.batch}, {settings.epochs} epochs, the "
        "best by validation kept. The screws are near copies of few photographs, cut at random: "
        "nothing here compares with the thesis, whose training pictures were taken separately."
    )
    result.publish(arguments.out)


if __name__ == "__main__":
    main()
