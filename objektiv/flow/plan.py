"""Before you wait: what each choice would take here, measured for a few seconds on your pictures.

In: a folder and TrainSettings. Out: a Prospect a model: time, memory and disk, or what is missing.
Times are of all epochs; patience may end them sooner. They hold while nothing else runs.
Try: `plan(Path("cells"), TrainSettings(), progress=Progress()).prospects`.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from objektiv.base import extras
from objektiv.base.errors import ModelError, UsageError
from objektiv.base.progress import Progress
from objektiv.data import dataset as datasets
from objektiv.data.dataset import Dataset
from objektiv.features.backbones import BACKBONES
from objektiv.features.engine import Engine, Prepared, resolve_precision
from objektiv.features.last_map import LastMap
from objektiv.features.look import Seen, look
from objektiv.features.settings import FeatureSettings
from objektiv.features.weights import read_state
from objektiv.flow import train_finetune, train_frozen, train_network
from objektiv.flow.pupils import changes
from objektiv.flow.resolve import part_of
from objektiv.flow.settings import TrainSettings
from objektiv.models.choose import Truth, fit
from objektiv.models.layers import last_layer, network, summary
from objektiv.models.model import Probe
from objektiv.models.recipes import RECIPES, resolve
from objektiv.training import pictures as squares
from objektiv.training.pictures import Lessons
from objektiv.training.settings import FitSettings

SAMPLE, FEW = 64, 8  # pictures that are looked at
TORCH = 8.0  # seconds until torch and Lightning are there
TEST = 0.02  # seconds for each picture that is predicted at the end
WHILE_TRAINING = 20  # bytes on disk for each weight: best, last, what the optimizer keeps
IN_MEMORY = 16  # bytes for each weight: itself, gradient, what the optimizer keeps

VALUES = 140  # numbers that EfficientNet-Lite0 keeps for each pixel while it learns


@dataclass(frozen=True)
class Prospect:
    """What one model would take; None where it cannot be said, and `note` says why."""

    model: str
    title: str
    epochs: int | None = None
    seconds: float | None = None
    memory: int | None = None  # bytes
    disk: int | None = None  # bytes, while it trains
    note: str = ""


@dataclass(frozen=True)
class Plan:
    """The choices, the quick probe first."""

    images: int
    prospects: tuple[Prospect, ...]


@dataclass(frozen=True, eq=False)
class _Sample:
    """Pictures that are measured, and how many each part will have."""

    dataset: Dataset  # the sample
    classes: tuple[str, ...]
    items: int
    progress: Progress

    def parts(self, settings: TrainSettings) -> tuple[int, int]:
        """About so many in train and validation."""
        return tuple(round(self.items * share) for share in settings.ratios[:2])  # type: ignore[return-value]


def plan(data: Path, settings: TrainSettings, *, progress: Progress) -> Plan:
    """Measure each choice; with `model` set, only that one beside the probe.

    Raises:
        DataError: nothing usable is found.
    """
    dataset = datasets.read(data, settings)
    datasets.require_trainable(dataset)
    rows = np.unique(np.linspace(0, len(dataset.items) - 1, SAMPLE).astype(np.int64))
    sample = _Sample(
        replace(dataset, items=dataset.items[rows]), dataset.classes, len(dataset.items), progress
    )
    probe = _probe(sample, settings)
    chosen = [settings.model] if "model" in settings.model_fields_set else list(RECIPES)
    given = settings.model_dump(exclude_unset=True)
    found = [probe]
    for name in chosen:
        if name != probe.model:
            own = resolve(TrainSettings(**{**given, "model": name}))
            found.append(_beside(_prospect(sample, dataset, own), probe))
    return Plan(len(dataset.items), tuple(found))


def _probe(sample: _Sample, settings: TrainSettings) -> Prospect:
    """A look at few and at more pictures tells the speed; the head's time grows like a root."""
    times: list[float] = []
    for count in (FEW, SAMPLE):
        part = replace(sample.dataset, items=sample.dataset.items[:: max(1, SAMPLE // count)])
        with tempfile.TemporaryDirectory() as folder:  # the bank would know them
            how = FeatureSettings(bank=Path(folder), precision=settings.precision)
            began = time.perf_counter()
            seen = look(part, how, max_pixels=settings.max_pixels, progress=sample.progress)
            times.append(time.perf_counter() - began)
    each = max(times[1] - times[0], 1e-3) / max(len(sample.dataset.items) - FEW, 1)
    began = time.perf_counter()
    _fit(seen, settings)
    head = (time.perf_counter() - began) * math.sqrt(sample.items / len(seen.features.ids))
    columns = seen.features.values.shape[1]
    weights = BACKBONES.get(how.backbone).parameters
    return Prospect(
        "probe",
        RECIPES.get("probe").title,
        seconds=times[0] + each * sample.items + head,
        memory=12 * sample.items * columns + 4 * weights,
        disk=2 * sample.items * columns + 4 * weights,
        note="looking is done once; the bank keeps it",
    )


def _fit(seen: Seen, settings: TrainSettings) -> None:
    classes = seen.dataset.classes
    labels = np.array([classes.index(label) for label in seen.dataset.items["label"]], np.int64)
    places = np.zeros(len(labels), np.int64)
    for k in range(len(classes)):  # every class in every fold
        own = labels == k
        places[own] = np.arange(own.sum()) % 3
    fit(seen.features, Truth(labels, places, classes), settings=settings)


def _beside(prospect: Prospect, probe: Prospect) -> Prospect:
    """Every training makes the probe too."""
    if prospect.seconds is None or probe.seconds is None:
        return prospect
    return replace(prospect, seconds=prospect.seconds + probe.seconds)


def _prospect(sample: _Sample, whole: Dataset, settings: TrainSettings) -> Prospect:
    recipe = RECIPES.get(settings.model)
    bare = Prospect(recipe.name, recipe.title, epochs=settings.epochs)
    torch = recipe.family in ("network", "finetune")
    if torch and extras.missing_packages("torch"):
        return replace(bare, note=f"needs `{extras.install_command('torch')}`")
    try:
        return _MEASURES[recipe.family](sample, whole, settings, bare)
    except (ModelError, UsageError) as error:
        return replace(bare, note=f"{error.happened}: {error.next}")


def _network(sample: _Sample, whole: Dataset, settings: TrainSettings, bare: Prospect) -> Prospect:
    from objektiv.training.build import FromNothing  # torch

    settings = train_network.settle(whole, settings)
    size = int(settings.size)
    layers = network(settings, classes=len(sample.classes))
    rows = summary(layers, size=size)
    values = sum(math.prod(row.shape) for row in rows.rows)
    return _learnt(sample, settings, bare, FromNothing(layers, size=size), rows.parameters, values)


def _finetune(sample: _Sample, whole: Dataset, settings: TrainSettings, bare: Prospect) -> Prospect:
    from objektiv.training.finetune import FineTuned  # torch

    settings = train_finetune.settle(whole, settings)
    backbone = BACKBONES.get(settings.backbone)
    weights = np.zeros((backbone.width, len(sample.classes)), np.float32)
    head = Probe(sample.classes, tuple(backbone.blocks), weights, weights[0], 1.0)
    tuned = FineTuned(read_state(train_finetune.WEIGHTS), head, batch_norm=settings.batch_norm)
    values = VALUES * int(settings.size) ** 2
    return _learnt(sample, settings, bare, tuned, backbone.parameters, values)


def _learnt(
    sample: _Sample,
    settings: TrainSettings,
    bare: Prospect,
    trainable: object,
    parameters: int,
    values: int,
) -> Prospect:
    from objektiv.training.rehearse import rehearse

    lessons, reading = _lessons(sample, settings)
    how = part_of(FitSettings, settings)
    measured = rehearse(trainable, lessons, how, seed=settings.seed)  # type: ignore[arg-type]
    train, validation = sample.parts(settings)
    seconds = settings.epochs * measured.epoch(train, validation)
    return replace(
        bare,
        seconds=TORCH + reading * (train + validation) + seconds + TEST * sample.items * 0.4,
        memory=(train + validation) * 3 * int(settings.size) ** 2
        + IN_MEMORY * parameters
        + 8 * min(settings.batch, train) * values,
        disk=WHILE_TRAINING * parameters,
    )


def _lessons(sample: _Sample, settings: TrainSettings) -> tuple[Lessons, float]:
    """The sample as lessons, and the seconds that reading one picture takes."""
    items = sample.dataset.items
    labels = [sample.classes.index(label) for label in items["label"]]
    how = squares.Reading(int(settings.size), settings.fit, settings.max_pixels, settings.workers)
    began = time.perf_counter()
    read = squares.read(items["path"].to_list(), labels, how, progress=sample.progress)
    each = (time.perf_counter() - began) / len(labels)
    rows = np.arange(len(labels))
    change = changes(settings, items["id"].to_list())
    three = rows % 4 > 0
    return Lessons(read.only(rows[three]), read.only(rows[~three]), change), each


def _frozen(sample: _Sample, whole: Dataset, settings: TrainSettings, bare: Prospect) -> Prospect:
    settings = train_frozen.settle(whole, settings)
    size, precision = int(settings.size), resolve_precision(settings.precision)
    maps = LastMap(settings.backbone, size=size, rescale=settings.rescale)
    lessons, reading = _lessons(sample, settings)
    engine = Engine(maps.graph(), size=size, precision=precision, described=False)

    def prepare(row: int) -> Prepared[int]:
        return Prepared(row, lessons.train.squares[row].astype(np.float32))

    list(engine.run([0], prepare))  # compiles
    rows = lessons.train.rows.tolist()
    began = time.perf_counter()
    list(engine.run(rows, prepare))
    each = (time.perf_counter() - began) / len(rows)
    train, validation = sample.parts(settings)
    looks = settings.epochs if settings.views == "fresh" else int(settings.views)
    pictures = train * looks + validation * 2 + sample.items * settings.ratios[2]
    last, _ = last_layer(settings, classes=len(sample.classes))
    kept = 0 if settings.views == "fresh" else train * int(settings.views) * maps.width * 2
    return replace(
        bare,
        seconds=reading * (train + validation) + each * pictures,
        memory=(train + validation) * 3 * size**2
        + kept
        + 4 * (maps.parameters + validation * maps.width)
        + IN_MEMORY * last.units * maps.width,
        disk=4 * maps.parameters,
    )


_Measure = Callable[[_Sample, Dataset, TrainSettings, Prospect], Prospect]
_MEASURES: Mapping[str, _Measure] = {
    train_network.FAMILY: _network,
    train_finetune.FAMILY: _finetune,
    train_frozen.FAMILY: _frozen,
}
