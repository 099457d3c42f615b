"""Classical against neural: logistic regression, boosted trees and networks on random tables.

In: sizes of the tables, ROWSxCOLUMNS; a fifth of each is judged. Out: a table on the screen, and a
plot of accuracy (with its 95 % interval) against seconds of training. The course has 50,000 x 20
and 500,000 x 30 and does not tell how they were made: ours are scikit-learn's, half of the columns
informative, a quarter mixtures of them, so the figures are not those of the course.
Boosted trees need `pip install 'objektiv[learn]'`; without it they are left out.
Try: `python examples/classical_against_neural.py --sizes 5000x20`.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import util
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from objektiv.judging.intervals import Interval, proportion
from objektiv.scratch.activations import RELU, SIGMOID
from objektiv.scratch.costs import BINARY_CROSS_ENTROPY
from objektiv.scratch.network import Plan, learn, perceptron

SIZES = ("50000x20", "500000x30")
HIDDEN, EPOCHS, BATCH = (64, 32), 20, 100
Predict = Callable[[Any], Any]  # rows to answers 0 or 1
Fit = Callable[[Any, Any, int], Predict]  # rows, answers, epochs of networks


def size(text: str) -> str:
    """A size as it was given, where it is ROWSxCOLUMNS, with enough of both."""
    rows, _, columns = text.partition("x")
    if not (rows.isdecimal() and columns.isdecimal() and int(rows) >= 100 and int(columns) >= 6):
        raise argparse.ArgumentTypeError(f"{text!r} is not ROWSxCOLUMNS of at least 100x6")
    return text


def logistic(rows: Any, answers: Any, epochs: int) -> Predict:
    """A line through a sigmoid."""
    return LogisticRegression(max_iter=1000).fit(rows, answers).predict


def trees(rows: Any, answers: Any, epochs: int) -> Predict:
    """XGBoost's boosted trees, with its own defaults."""
    from xgboost import XGBClassifier

    return XGBClassifier(random_state=0).fit(rows, answers).predict


def scratch(rows: Any, answers: Any, epochs: int) -> Predict:
    """Our perceptron from scratch, by plain gradient descent."""
    random = np.random.default_rng(0)
    sizes = [rows.shape[1], *HIDDEN, 1]
    network = perceptron(sizes, bends=[RELU, RELU, SIGMOID], random=random, kind=np.float32)
    targets = answers[:, np.newaxis].astype(np.float32)
    plan = Plan(rate=0.1, batch=BATCH, epochs=epochs)
    learn(network, rows, targets=targets, cost=BINARY_CROSS_ENTROPY, plan=plan)
    return lambda new: (network.forward(new)[:, 0] > 0.5).astype(int)


def library(rows: Any, answers: Any, epochs: int) -> Predict:
    """scikit-learn's perceptron of the same size, by Adam."""
    model = MLPClassifier(HIDDEN, batch_size=BATCH, max_iter=epochs, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the epochs are given
        return model.fit(rows, answers).predict


MODELS: dict[str, Fit] = {
    "logistic regression": logistic,
    "boosted trees (XGBoost)": trees,
    "network from scratch": scratch,
    "network of scikit-learn": library,
}


@dataclass(frozen=True)
class Row:
    """One model on one table."""

    table: str
    model: str
    accuracy: Interval
    seconds: float

    def __str__(self) -> str:
        """A line of the printed table."""
        accuracy = self.accuracy
        return (
            f"{self.table:<12}{self.model:<26}{accuracy.estimate:.4f}  "
            f"{accuracy.low:.4f} to {accuracy.high:.4f}  {self.seconds:8.2f} s"
        )


def compared(table: str, *, epochs: int, seed: int = 0) -> Iterator[Row]:
    """Each model that can be had, trained and judged on the same rows."""
    rows, columns = map(int, table.split("x"))
    inputs, answers = make_classification(
        rows,
        columns,
        n_informative=columns // 2,
        n_redundant=columns // 4,
        class_sep=1.5,
        random_state=seed,
    )
    train, test, right, asked = train_test_split(inputs, answers, test_size=0.2, random_state=seed)
    scale = StandardScaler().fit(train)
    train, test = (scale.transform(part).astype(np.float32) for part in (train, test))
    for name, fit in MODELS.items():
        if fit is trees and util.find_spec("xgboost") is None:
            print(f"{table:<12}{name:<26}left out: pip install 'objektiv[learn]'")
            continue
        start = time.perf_counter()
        predict = fit(train, right, epochs)
        seconds = time.perf_counter() - start
        yield Row(table, name, proportion(predict(test) == asked, None), seconds)


def plot(rows: list[Row], target: Path) -> None:
    """Accuracy with its interval against seconds, one panel a table."""
    tables = list(dict.fromkeys(row.table for row in rows))
    figure = Figure(figsize=(6 * len(tables), 4), layout="constrained")
    for axes, table in zip(figure.subplots(1, len(tables), squeeze=False)[0], tables, strict=True):
        for row in (row for row in rows if row.table == table):
            middle = row.accuracy.estimate
            ends = [[middle - row.accuracy.low], [row.accuracy.high - middle]]
            axes.errorbar(row.seconds, middle, yerr=ends, fmt="o", capsize=4, label=row.model)
        axes.set(title=table, xlabel="seconds of training", ylabel="accuracy", xscale="log")
        axes.legend()
    figure.savefig(target, dpi=120)


def main(arguments: list[str] | None = None) -> list[Row]:
    """Compare, print a line a model, and draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--sizes", nargs="+", type=size, default=SIZES, help="ROWSxCOLUMNS of each table"
    )
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="of the networks")
    parser.add_argument("--plot", type=Path, default=Path("classical_against_neural.png"))
    given = parser.parse_args(arguments)
    if given.plot.exists():
        parser.error(f"{given.plot} exists: name another file with --plot")
    print(f"{'table':<12}{'model':<26}accuracy, 95 % interval          training")
    found = []
    for table in given.sizes:
        for row in compared(table, epochs=given.epochs):
            print(row, flush=True)
            found.append(row)
    plot(found, given.plot)
    print(given.plot)
    return found


if __name__ == "__main__":
    main()
