"""The family `network`: layers by settings, which learn from random weights.

In: a Job. Out: a Made. It ships, and is tested, in fp32.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace

from objektiv.base.language import say
from objektiv.data.dataset import Dataset
from objektiv.data.settings import AugmentSettings
from objektiv.features.graph import FLOAT, GraphBuilder
from objektiv.features.look import usual_side
from objektiv.features.preprocess import PIXELS
from objektiv.flow import pupils
from objektiv.flow.learn import learn
from objektiv.flow.settings import TrainSettings
from objektiv.flow.trained import Family, Job, Made
from objektiv.models.layers import network, summary
from objektiv.models.network import Network, State
from objektiv.models.recipes import RECIPES
from objektiv.models.settings import NetworkSettings
from objektiv.shipping.facts import OWN, Backbone
from objektiv.training.settings import FitSettings

FAMILY = "network"
LARGEST = 128  # pixels of a side that `--size auto` gives; a network from nothing pays for each


def settle(dataset: Dataset, settings: TrainSettings) -> TrainSettings:
    """The size of the images made concrete.

    Raises:
        SettingsError: the layers do not fit to each other or to the size.
    """
    if settings.size == "auto":
        side = usual_side(dataset, max_pixels=settings.max_pixels) or LARGEST
        settings = settings.model_copy(update={"size": min(LARGEST, math.ceil(side))})
    network(settings, classes=len(dataset.classes)).weights(int(settings.size))
    return settings


def make(job: Job) -> Made:
    """Train the network; go on where its folder holds a checkpoint."""
    with job.log.step("load torch"):
        from objektiv.training.build import FromNothing

    settings, classes = job.settings, job.items.classes
    size = int(settings.size)
    layers = network(settings, classes=len(classes))
    lessons = pupils.lessons(job, size=size)
    learnt, forecast = learn(job, FromNothing(layers, size=size), lessons)
    raw = Network(layers, classes, size, learnt.state)
    with job.log.step("predict"):
        graph = pupils.Judging(_graph(raw), size, "fp32")
        temperature, predictions = pupils.calibrated(job, pupils.outputs(job, graph))
    recipe, rows = RECIPES.get(settings.model), summary(layers, size=size)
    return Made(
        name=recipe.name,
        family=FAMILY,
        told=say(
            "as `{recipe}`: {title},\ntrained from random weights",
            recipe=recipe.name,
            title=say(recipe.title),
        ),
        model=replace(raw, temperature=temperature),
        predictions=predictions,
        size=size,
        fit=settings.fit,
        precision="fp32",
        backbone=Backbone(name=recipe.name, sha256=_digest(learnt.state), licence=OWN),
        head=layers.ending,
        learnt_from=len(lessons.train),
        parameters=rows.parameters,
        trainable=rows.trainable,
        seconds=pupils.seconds_of(job, learnt),
        history=pupils.history_of(learnt),
        forecast=forecast,
        summary=rows,
        notes=pupils.notes_of(learnt, settings),
    )


def _graph(model: Network) -> bytes:
    graph = GraphBuilder()
    model.add(graph, graph.input(PIXELS, FLOAT, ["batch", model.size, model.size, 3]))
    graph.output("logits", FLOAT, ["batch", len(model.classes)])
    return graph.to_bytes("network")


def _digest(state: State) -> str:
    found = hashlib.sha256()
    for name in sorted(state):
        found.update(name.encode() + state[name].tobytes())
    return found.hexdigest()


NETWORK = Family(
    settle, make, extra="torch", resumes=True, reads=(NetworkSettings, FitSettings, AugmentSettings)
)
