"""The family `finetune`: a pretrained network and the probe behind it, trained on together.

In: a Job. Out: a Made. It begins at a probe that is fitted on the training part alone, so that
validation stays unseen, and ships and is tested in the `--precision` that was asked for.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from objektiv.base.errors import UsageError
from objektiv.base.language import say
from objektiv.data.dataset import Dataset
from objektiv.data.settings import AugmentSettings
from objektiv.features.backbones import BACKBONES, FEATURES
from objektiv.features.engine import resolve_precision
from objektiv.features.graph import FLOAT, GraphBuilder
from objektiv.features.look import Block, Features, choose_size, look
from objektiv.features.preprocess import PIXELS
from objektiv.features.settings import FeatureSettings
from objektiv.features.weights import read_state
from objektiv.flow import pupils
from objektiv.flow.learn import learn
from objektiv.flow.resolve import part_of
from objektiv.flow.settings import TrainSettings
from objektiv.flow.trained import Family, Job, Made
from objektiv.models.choose import Fitted, Truth, fit_network
from objektiv.models.pooled import Pooled
from objektiv.models.recipes import RECIPES
from objektiv.models.strangers import compared, drawn, fit_strangers
from objektiv.shipping.facts import Backbone
from objektiv.training.settings import FitSettings

FAMILY = "finetune"
TUNED, WEIGHTS = "lite0", "efficientnet-lite0"  # the one that training has a twin of


def settle(dataset: Dataset, settings: TrainSettings) -> TrainSettings:
    """The size of the images made concrete.

    Raises:
        UsageError: the backbone or the precision cannot be fine-tuned.
    """
    if settings.backbone != TUNED:
        raise _refused(f"--backbone {settings.backbone}", f"The backbone {TUNED} can be fine-tuned")
    if settings.precision == "int8":
        raise _refused("--precision int8", "fp32, and bf16 where the processor has it, are left")
    size = choose_size(dataset, settings.size, max_pixels=settings.max_pixels)
    return settings.model_copy(update={"size": size})


def _refused(value: str, allowed: str) -> UsageError:
    return UsageError(
        "this cannot be fine-tuned",
        value=value,
        allowed=allowed,
        next="leave the option away, or take `--model probe`",
    )


def make(job: Job) -> Made:
    """Train network and head; go on where the run's folder holds a checkpoint."""
    with job.log.step("load torch"):
        from objektiv.training.finetune import FineTuned

    settings, backbone = job.settings, BACKBONES.get(job.settings.backbone)
    size, precision = int(settings.size), resolve_precision(settings.precision)
    with job.log.step("begin at a probe") as told:
        begin = _begin(job)
        told += [f"blocks {' '.join(begin.chosen.blocks)}"]
    tuned = FineTuned(read_state(WEIGHTS), begin.probe, batch_norm=settings.batch_norm)
    lessons = pupils.lessons(job, size=size)
    learnt, forecast = learn(job, tuned, lessons)
    raw = tuned.shipped(learnt.state, size=size)
    with job.log.step("predict"):
        graph = pupils.Judging(_graph(raw), size, precision)
        features = _features(raw, pupils.outputs(job, graph))
        temperature, predictions = pupils.calibrated(job, raw.probe.logits(features))
    with job.log.step("none of these"):
        usual = drawn(job.items.rows("train"))
        learnt_from = _features(raw, pupils.outputs(job, graph, usual))
        strangers = fit_strangers(learnt_from, compared(raw.blocks))
        predictions = replace(predictions, strangeness=strangers.strangeness(features))
    weights, recipe = backbone.weights, RECIPES.get(settings.model)
    return Made(
        name=recipe.name,
        family=FAMILY,
        told=say(
            "on {network} (weights: {licence},\n{origin}), trained further together with a linear "
            "head",
            network=backbone.title,
            licence=weights.licence,
            origin=weights.origin,
        ),
        model=replace(raw, probe=replace(raw.probe, temperature=temperature), strangers=strangers),
        predictions=predictions,
        size=size,
        fit=settings.fit,
        precision=precision,
        backbone=Backbone(name=backbone.name, sha256=weights.sha256, licence=weights.licence),
        head=settings.head,
        learnt_from=len(lessons.train),
        parameters=learnt.parameters,
        trainable=learnt.trainable,
        seconds=job.log.seconds["begin at a probe"] + pupils.seconds_of(job, learnt),
        history=pupils.history_of(learnt),
        forecast=forecast,
        notes=pupils.notes_of(learnt, settings),
    )


def _begin(job: Job) -> Fitted:
    """A probe on the network's blocks, of the training part alone, as these settings see it."""
    how = part_of(FeatureSettings, job.settings)
    seen = look(job.seen.dataset, how, max_pixels=job.settings.max_pixels, progress=job.progress)
    rows = job.items.rows("train")
    table = job.items.table[rows]
    folds = table["fold"].to_numpy().astype(np.int64)
    truth = Truth(job.items.labels[rows], folds, job.items.classes)
    return fit_network(seen.features.of(table["id"].to_list()), truth, settings=job.settings)


def _graph(model: Pooled) -> bytes:
    """The network up to its features; the head is NumPy's, in 32 bits, as in a bundle."""
    graph = GraphBuilder()
    model.add_network(graph, graph.input(PIXELS, FLOAT, ["batch", model.size, model.size, 3]))
    graph.output(FEATURES, FLOAT, ["batch", sum(model.blocks.values())])
    return graph.to_bytes("fine-tuned")


def _features(model: Pooled, values: pupils.Numbers) -> Features:
    stops = np.cumsum([*model.blocks.values()]).tolist()
    blocks = tuple(
        Block(name, stop - width, stop)
        for (name, width), stop in zip(model.blocks.items(), stops, strict=True)
    )
    names = tuple(map(str, range(len(values))))
    return Features(names, values.astype(np.float32), blocks)


FINETUNE = Family(settle, make, extra="torch", resumes=True, reads=(FitSettings, AugmentSettings))
