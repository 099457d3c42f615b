"""A small drawn dataset with invented predictions, as the report wants it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from objektiv.data.dataset import FACTS, ITEMS, QUARANTINE, Dataset
from objektiv.data.split import SCHEMA, Split
from objektiv.faces.report import ReportData
from objektiv.flow.judge import judge
from objektiv.judging.intervals import paired_difference
from objektiv.judging.metrics import score
from objektiv.judging.predictions import Predictions
from objektiv.judging.settings import JudgeSettings

ITEM_COUNT = 60
PARTS = ("train", "validation", "test")

MakeReport = Callable[..., ReportData]


def _png(number: int) -> bytes:
    """A gradient of its own size and colour."""
    height, width = 50 + number % 7, 60 + number % 5
    row = np.linspace(0, 255, width).astype(np.uint8)
    pixels = np.stack([np.tile(row, (height, 1))] * 3, axis=2)
    pixels[:, :, number % 3] = 4 * number
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """Files of drawn pictures; tests only read them."""
    folder = tmp_path_factory.mktemp("pictures")
    paths = tuple(folder / f"{number}.png" for number in range(ITEM_COUNT))
    for number, path in enumerate(paths):
        path.write_bytes(_png(number))
    return paths


def _dataset(paths: Sequence[Path], classes: Sequence[str], groups: int | None) -> Dataset:
    rows = []
    for n, path in enumerate(paths):
        label, data = classes[n % len(classes)], path.read_bytes()
        group = None if groups is None else f"g{n % groups}"
        facts = (hashlib.sha256(data).hexdigest(), 60 + n % 5, 50 + n % 7, "PNG", "")
        rows.append((f"{label}/{n}.png", str(path), label, group, None, *facts))
    return Dataset(
        root=paths[0].parent,
        classes=tuple(classes),
        items=pl.DataFrame(rows, schema=ITEMS | FACTS, orient="row"),
        quarantine=pl.DataFrame(schema=QUARANTINE),
    )


def _predictions(dataset: Dataset, split: Split, *, wrong: int) -> Predictions:
    """Every `wrong`-th item is wrong, the later the surer; the others are right."""
    label = [dataset.classes.index(name) for name in dataset.items["label"]]
    probabilities = np.full((len(label), len(dataset.classes)), 0.0)
    for n, k in enumerate(label):
        said = (k + 1) % len(dataset.classes) if n % wrong == 0 else k
        sure = 0.6 + 0.39 * n / len(label)
        probabilities[n] = (1 - sure) / (len(dataset.classes) - 1)
        probabilities[n, said] = sure
    return Predictions(
        ids=tuple(dataset.items["id"]),
        hashes=tuple(dataset.items["hash"]),
        parts=tuple(split.table["part"]),
        folds=tuple(split.table["fold"]),
        groups=tuple(dataset.items["group"]),
        labels=np.array(label),
        classes=dataset.classes,
        logits=np.log(probabilities),
        probabilities=probabilities,
    )


@pytest.fixture
def make_report(pictures: tuple[Path, ...]) -> MakeReport:
    """`make_report(classes=..., groups=..., wrong=..., **other fields of ReportData)`."""

    def make(
        *,
        classes: Sequence[str] = ("cat", "dog"),
        groups: int | None = None,
        wrong: int = 5,
        plain_wrong: int = 3,
        **fields: object,
    ) -> ReportData:
        dataset = _dataset(pictures, classes, groups)
        rows = [
            (name, PARTS[n // 20], n % 5 if n < 40 else None)
            for n, name in enumerate(dataset.items["id"])
        ]
        split = Split(pl.DataFrame(rows, schema=SCHEMA, orient="row"))
        model = _predictions(dataset, split, wrong=wrong)
        plain = _predictions(dataset, split, wrong=plain_wrong)
        test, plain_test = model.only("test"), plain.only("test")
        data = ReportData(
            title="cells-001",
            dataset=dataset,
            split=split,
            predictions=model,
            baseline=plain,
            scores=score(test),
            baseline_scores=score(plain_test),
            difference=paired_difference(test, plain_test),
            timings={"look at images": 14.6, "fit": 0.2},
            choices=[
                {"blocks": "stages", "strength": 0.1, "log_loss": 0.128, "chosen": False},
                {"blocks": "all", "strength": 1.0, "log_loss": 0.125, "chosen": True},
            ],
            settings={"split": {"seed": 1337}, "backbone": "lite0"},
            machine={"cpu": "a processor", "memory": 2**34, "libraries": {"numpy": "2.4.6"}},
            notes=["A note of the run."],
            next_commands=["objektiv export runs/cells-001"],
            judgement=judge(model, JudgeSettings()),
        )
        return replace(data, **fields)  # type: ignore[arg-type]

    return make
