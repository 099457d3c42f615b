"""The family `probe`: a pretrained network as it is, and a head fitted on the bank.

In: a Job, whose quick probe is the model already. Out: a Made.
"""

from __future__ import annotations

import functools
from dataclasses import asdict, replace

from objektiv.base.language import say
from objektiv.data.dataset import Dataset
from objektiv.features.backbones import BACKBONES
from objektiv.flow.settings import TrainSettings
from objektiv.flow.trained import Family, History, Job, Made
from objektiv.models.pooled import Pooled
from objektiv.shipping.facts import Backbone

FAMILY = "probe"


def settle(dataset: Dataset, settings: TrainSettings) -> TrainSettings:
    """As they are: the look decides what is open."""
    return settings


def make(job: Job) -> Made:
    """The quick probe as the model."""
    settings, fitted, seen = job.settings, job.probe, job.seen
    backbone = BACKBONES.get(settings.backbone)
    weights = backbone.weights
    probe, seconds = fitted.probe, job.log.seconds
    with job.log.step("none of these"):
        strangers, strangeness = job.items.strangers(backbone.blocks)
    return Made(
        name=FAMILY,
        family=FAMILY,
        told=say(
            "on {network} (weights: {licence},\n{origin}), frozen, with a {head} head",
            network=backbone.title,
            licence=weights.licence,
            origin=weights.origin,
            head=settings.head,
        ),
        model=Pooled(
            probe,
            backbone.blocks,
            functools.partial(backbone.add_in, seen.precision),
            seen.size,
            strangers,
        ),
        predictions=replace(job.items.predictions(fitted), strangeness=strangeness),
        size=seen.size,
        fit=settings.fit,
        precision=seen.precision,
        backbone=Backbone(name=backbone.name, sha256=weights.sha256, licence=weights.licence),
        head=settings.head,
        learnt_from=job.items.learning_count,
        trainable=probe.weights.size + probe.bias.size,
        seconds=seconds["look"] + seconds["choose and fit"],
        history=History(
            "trials", tuple(map(asdict, fitted.trials)), fitted.trials.index(fitted.chosen)
        ),
    )


PROBE = Family(settle, make)
