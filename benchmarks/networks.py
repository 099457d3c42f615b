"""Networks from scratch beside the probe: Fashion-MNIST whole, and the thesis' screws.

Fashion-MNIST: 60,000 pictures to learn from (validation drawn from them), the 10,000 of its own
test part judged once. screws_thesis: the 4,500 test pictures of the thesis cut 3,600 / 900, which
is not comparable with the thesis, whose training pictures were taken separately. In: the folder of
data sets; --work keeps the pictures and features. Out: a table, and JSON with --out.
Try: `python -m benchmarks.networks --data ../shared/data --limit 2000 --only screws`.
"""

from __future__ import annotations

import contextlib
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import measure
from objektiv.base.progress import Progress
from objektiv.data import dataset as datasets
from objektiv.data import split as splits
from objektiv.flow.get import get
from objektiv.flow.settings import TrainSettings
from objektiv.flow.train import train
from objektiv.flow.trained import Beside, Trained
from objektiv.intake.settings import GetSettings
from objektiv.judging.intervals import proportion
from objektiv.judging.predictions import Predictions

FASHION, SCREWS = ("small-cnn", "course-cnn", "mlp-50"), ("mlp-50", "cnn-16-32-pool")
OURS, COURSE, SECONDS = 0.945, 0.91, 20 * 60
SEED = 0


def row_of(data: str, model: str, test: Predictions, run: Trained | None) -> measure.Row:
    """One model on the test items."""
    interval = proportion(test.correct, test.group_numbers)
    row: measure.Row = {
        "data": data,
        "model": model,
        "test items": len(test),
        "accuracy": interval.estimate,
        "95 %": f"{interval.low:.4f} to {interval.high:.4f}",
    }
    if run is not None:
        row |= {
            "parameters": run.parameters,
            "bundle MB": run.shipped.bytes / 1e6,
            "training s": run.made.seconds,
            "epochs": len(run.made.history.rows),
            "images/s, one by one": run.shipped.images_per_second,
        }
    return row


def beside(data: str, name: str, model: Beside | None) -> list[measure.Row]:
    """What stands beside every network, on the same items."""
    return [] if model is None else [row_of(data, name, model.predictions.only("test"), None)]


class Comparison:
    """Rows as they come."""

    def __init__(self, data: Path, work: Path, limit: int | None) -> None:
        self._data, self._work, self._limit = data, work, limit
        self.rows: list[measure.Row] = []

    def _pictures(self, name: str) -> Path:
        folder = self._work / name
        if not folder.exists():
            get(str(self._data / name), GetSettings(to=folder), progress=Progress())
        return folder

    def compare(self, name: str, models: tuple[str, ...], **options: Any) -> dict[str, Trained]:
        """Each model trained on the same split; then what stands beside them."""
        runs: dict[str, Trained] = {}
        for model in models:
            settings = TrainSettings(
                model=model,
                seed=SEED,
                bank=self._work / "bank",
                out=self._work / "runs",
                name=f"{name}-{model}",
                **options,
            )
            dataset = datasets.read(self._pictures(name), settings)
            rows = measure.even_sample(range(len(dataset.items)), self._limit)
            dataset = replace(dataset, items=dataset.items[rows])
            split = splits.split(dataset, settings)
            runs[model] = train(dataset, settings, split=split, progress=Progress())
            test = runs[model].judged.predictions.only("test")
            self.rows.append(row_of(name, model, test, runs[model]))
            print(self.rows[-1], flush=True)
        judged = runs[models[0]].judged
        self.rows += beside(name, "probe", judged.probe)
        self.rows += beside(name, "plain baseline", judged.baseline)
        return runs


def main() -> None:
    """Measure, print, and write where asked."""
    parser = measure.parser(__doc__, rounds=1)
    parser.add_argument("--work", type=Path, help="folder of pictures, features and runs, to keep")
    parser.add_argument("--only", nargs="+", choices=("fashion", "screws"))
    arguments = parser.parse_args()
    wanted = arguments.only or ("screws", "fashion")
    result = measure.Result("Networks from scratch", "")
    with contextlib.ExitStack() as stack:
        temporary = stack.enter_context(tempfile.TemporaryDirectory())
        found = Comparison(arguments.data, arguments.work or Path(temporary), arguments.limit)
        if "screws" in wanted:
            found.compare("screws_thesis", SCREWS, ratios=(0.64, 0.16, 0.2))
        if "fashion" in wanted:
            runs = found.compare("fashion_mnist", FASHION)
            ours, course = (runs[model] for model in FASHION[:2])
            result.claims += [
                measure.at_least("Fashion-MNIST, small-cnn", _accuracy(ours), OURS),
                measure.at_most("small-cnn, training", ours.made.seconds, SECONDS, unit="s"),
                measure.at_least("Fashion-MNIST, course-cnn", _accuracy(course), COURSE),
            ]
    result.rows = found.rows
    result.about = (
        "Every network with its recipe's settings, one seed, stopped by or judged on validation "
        "alone; test is looked at once. Seconds are those of the training. The screws are the "
        "thesis' 4,500 test pictures cut 3,600 / 900 at random: near copies of few photographs, "
        "so their accuracies say little, and none of them compares with the thesis."
    )
    result.publish(arguments.out)


def _accuracy(run: Trained) -> float:
    return run.judged.scores.accuracy.estimate


if __name__ == "__main__":
    main()
