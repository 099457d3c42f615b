"""The family `frozen`: a pretrained network as it is, its last map flattened, one dense layer.

In: a Job. Out: a Made. The engine looks and NumPy trains the layer, so that torch is not needed.
It learns, is tested and ships in the `--precision` that was asked for.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from objektiv.base.errors import UsageError
from objektiv.base.language import say
from objektiv.data.dataset import Dataset
from objektiv.data.settings import AugmentSettings
from objektiv.features.backbones import BACKBONES
from objektiv.features.engine import resolve_precision
from objektiv.features.last_map import LastMap
from objektiv.features.look import choose_size
from objektiv.flow import pupils
from objektiv.flow.resolve import part_of
from objektiv.flow.settings import TrainSettings
from objektiv.flow.trained import Family, Job, Made
from objektiv.models.frozen import BIAS, WEIGHT, Frozen, summary_of
from objektiv.models.layers import last_layer
from objektiv.models.recipes import RECIPES
from objektiv.models.settings import FrozenSettings, NetworkSettings
from objektiv.shipping.facts import Backbone
from objektiv.training import frozen, history
from objektiv.training.settings import FitSettings

FAMILY = "frozen"


def settle(dataset: Dataset, settings: TrainSettings) -> TrainSettings:
    """The size of the images made concrete.

    Raises:
        UsageError: something was asked for that this family has not.
        ModelError: the backbone is not ready, or does not take this size.
    """
    asked = {"--budget": settings.budget, "--precision int8": settings.precision == "int8"}
    for name, given in asked.items():
        if given:
            raise UsageError(
                "a frozen network has no such thing",
                value=name,
                allowed="Epochs decide how long it trains; fp32 and bf16 are its arithmetic",
                next="leave the option away",
            )
    size = choose_size(dataset, settings.size, max_pixels=settings.max_pixels)
    BACKBONES.get(settings.backbone).require_size(size)
    return settings.model_copy(update={"size": size})


def make(job: Job) -> Made:
    """Train the last layer."""
    settings, classes = job.settings, job.items.classes
    size, precision = int(settings.size), resolve_precision(settings.precision)
    maps = LastMap(settings.backbone, size=size, rescale=settings.rescale)
    last, ending = last_layer(settings, classes=len(classes))
    lessons = pupils.lessons(job, size=size)
    teaching = frozen.Teaching(
        part_of(FitSettings, settings), settings.views, last, ending, len(classes), precision
    )
    with job.log.step("train") as told:
        learnt = frozen.fit(maps, lessons, teaching, seed=settings.seed, progress=job.progress)
        history.save(learnt.history, job.run.folder)
        told += pupils.told_of(learnt)
    raw = Frozen(maps, classes, ending, learnt.state)
    with job.log.step("predict"):
        values = pupils.outputs(job, pupils.Judging(maps.graph(), size, precision))
        temperature, predictions = pupils.calibrated(job, _logits(raw, values))
    backbone, rows = maps.network, summary_of(maps, last)
    recipe = RECIPES.get(settings.model)
    return Made(
        name=recipe.name,
        family=FAMILY,
        told=say(
            "on {network} (weights: {licence},\n{origin}), frozen, with one dense layer",
            network=backbone.title,
            licence=backbone.weights.licence,
            origin=backbone.weights.origin,
        ),
        model=replace(raw, temperature=temperature),
        predictions=predictions,
        size=size,
        fit=settings.fit,
        precision=precision,
        backbone=Backbone(
            name=backbone.name, sha256=backbone.weights.sha256, licence=backbone.weights.licence
        ),
        head=ending,
        learnt_from=len(lessons.train),
        parameters=rows.parameters,
        trainable=rows.trainable,
        seconds=pupils.seconds_of(job, learnt),
        history=pupils.history_of(learnt),
        summary=rows,
        notes=pupils.notes_of(learnt, settings),
    )


def _logits(model: Frozen, maps: pupils.Numbers) -> pupils.Numbers:
    """The layer in 32 bits, as its graph computes it."""
    z = (maps.astype(np.float32) @ model.state[WEIGHT].T + model.state[BIAS]).astype(np.float64)
    if model.ending == "softmax":
        return z
    if len(model.classes) == 2:
        return np.column_stack([np.zeros(len(z)), z[:, 0]])
    return -np.logaddexp(0, -z)  # log(sigmoid(z))


FROZEN = Family(settle, make, reads=(FrozenSettings, FitSettings, AugmentSettings, NetworkSettings))
