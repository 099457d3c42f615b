"""Whether fine-tuning earns its time: beside the probe and the plain baseline, on the same items.

Malaria at random (60/20/20, seed 0) and by patient in 5 folds. Each model is made by
`objektiv train --model finetune` with its own defaults, and stands beside the probe that the same
run fits on the bank. In: the folder of data sets; --bank keeps the features. Out: a table of
accuracies with paired differences, and JSON with --out. About five minutes a fold on 2 cores.
Try: `python -m benchmarks.finetune --data ../shared/data --limit 300 --folds 2`.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import accuracy, measure
from objektiv.base.progress import Progress
from objektiv.data import dataset as datasets
from objektiv.data import split as splits
from objektiv.data.dataset import Dataset
from objektiv.data.split import Split
from objektiv.flow.settings import TrainSettings
from objektiv.flow.train import train
from objektiv.flow.trained import Trained
from objektiv.judging.intervals import Interval, paired_difference, proportion
from objektiv.judging.metrics import score
from objektiv.judging.predictions import Predictions

RANDOM, BY_PATIENT, SECONDS = 0.965, 0.955, 15 * 60  # aims of a fold
SIDES = ("fine-tuned", "probe", "plain baseline")


def splits_of(dataset: Dataset, settings: TrainSettings, protocol: str) -> Iterator[Split]:
    """One split of the whole at random, or one a fold by patient."""
    if protocol == "random":
        yield splits.split(dataset, settings)
        return
    for test in accuracy.rows_by_group(dataset):
        yield accuracy.split_with(dataset, test, settings)


def tests_of(trained: Trained) -> tuple[Predictions, ...]:
    """The test items as each of SIDES names them."""
    judged = trained.judged
    if judged.probe is None:
        raise ValueError("a run of a network has a probe beside it")
    sides = (judged.predictions, judged.probe.predictions, judged.baseline.predictions)
    return tuple(side.only("test") for side in sides)


def rows_of(protocol: str, runs: Sequence[Trained]) -> list[measure.Row]:
    """A row a side: accuracy of each fold and of all items, and the paired difference to ours."""
    folds = [tests_of(run) for run in runs]
    whole = [accuracy.one_of(side) for side in zip(*folds, strict=True)]
    seconds = [run.made.seconds for run in runs]
    rows = []
    for number, (name, test) in enumerate(zip(SIDES, whole, strict=True)):
        several = [float(fold[number].correct.mean()) for fold in folds]
        interval = proportion(test.correct, test.group_numbers)
        row: measure.Row = {
            "protocol": protocol,
            "model": name,
            "items": len(test),
            "accuracy": float(np.mean(several)),
            "95 %": f"{interval.low:.3f} to {interval.high:.3f}",
            "lowest": min(several),
            "highest": max(several),
            "AUC": _auc(test),
        }
        if number:
            apart = paired_difference(whole[0], test)
            row |= {"fine-tuned minus this": apart.estimate, "difference 95 %": _ends(apart)}
        else:
            row["seconds a fold"] = float(np.mean(seconds))
            row["slowest"] = max(seconds)
        rows.append(row)
    return rows


def _auc(test: Predictions) -> float:
    found = score(test).auc
    return float("nan") if found is None else found.estimate


def _ends(interval: Interval) -> str:
    return f"{interval.low:+.3f} to {interval.high:+.3f}"


def measured(data: Path, protocol: str, options: dict[str, Any], arguments: Any) -> list[Trained]:
    """A run a split, kept only while this program runs."""
    settings = TrainSettings(model="finetune", seed=0, **options)
    dataset = datasets.read(data, settings)
    rows = measure.even_sample(range(len(dataset.items)), arguments.limit)
    dataset = replace(dataset, items=dataset.items[rows])
    runs = []
    for number, split in enumerate(splits_of(dataset, settings, protocol)):
        if number == arguments.folds:
            break
        runs.append(train(dataset, settings, split=split, progress=Progress()))
        found = [round(float(side.correct.mean()), 4) for side in tests_of(runs[-1])]
        print(protocol, number, found, f"{runs[-1].made.seconds:.0f} s", flush=True)
    return runs


def main() -> None:
    """Measure, print, and write where asked."""
    parser = measure.parser(__doc__, rounds=1)
    parser.add_argument("--bank", type=Path, help="folder of features, to keep")
    parser.add_argument("--folds", type=int, default=accuracy.FOLDS, help="fewer, to try it")
    arguments = parser.parse_args()
    result = measure.Result("Fine-tuning", "")
    with contextlib.ExitStack() as stack:
        temporary = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        options: dict[str, Any] = {"bank": arguments.bank or temporary / "bank", "out": temporary}
        for protocol, more, aim in (
            ("by patient", {"group": accuracy.GROUP}, BY_PATIENT),
            ("random", {}, RANDOM),
        ):
            runs = measured(arguments.data / "malaria", protocol, options | more, arguments)
            rows = rows_of(f"malaria, {protocol}", runs)
            result.rows += rows
            what = f"malaria, {protocol}, fine-tuned"
            result.claims += [
                measure.at_least(what, rows[0]["accuracy"], aim),
                measure.at_most(f"{what}, slowest fold", rows[0]["slowest"], SECONDS, unit="s"),
            ]
    result.about = (
        "The whole of EfficientNet-Lite0 trained on from the probe (`--model finetune`, its own "
        "defaults) beside the probe and the plain baseline of the same run. The fine-tuned network "
        "learns from the train part and is stopped by validation; the probe learns from both. "
        "Seconds are those of the fine-tuning alone. A difference whose interval holds 0 is not "
        "shown to be one."
    )
    result.publish(arguments.out)


if __name__ == "__main__":
    main()
