"""Make a run's bundle and model card, and compare the bundle with what the bank said.

In: a run folder, what was seen, fitted and predicted. Out: `model/` and `model_card.md`, and the
largest difference between the shipped bundle's probabilities and the tested ones.
"""

from __future__ import annotations

import shutil
from dataclasses import asdict
from typing import Any

import numpy as np

from objektiv.base import files
from objektiv.base.errors import ModelError
from objektiv.data.images import decode, read_bytes
from objektiv.features.backbones import BACKBONES
from objektiv.features.look import Seen
from objektiv.flow import run as names
from objektiv.flow.card import model_card
from objektiv.flow.run import Run
from objektiv.flow.settings import TrainSettings
from objektiv.judging.metrics import Scores
from objektiv.judging.predictions import Predictions
from objektiv.models.choose import Fitted
from objektiv.shipping.assemble import model_graph
from objektiv.shipping.bundle import Bundle
from objektiv.shipping.facts import Backbone
from objektiv.shipping.write import BundleContents, write_bundle

COMPARED = 4  # test pictures that go through the finished bundle; more would want a batch
LOCAL = {"bank", "labels", "name", "out", "split", "workers"}  # of this machine; do not travel
LIMIT = 0.02  # of a probability; storing features in 16 bits moves it by about 0.001


def package(
    run: Run,
    seen: Seen,
    fitted: Fitted,
    predictions: Predictions,
    settings: TrainSettings,
    scores: Scores,
) -> float:
    """Write the bundle and its card; returns the largest difference of a probability.

    Raises:
        ModelError: what would ship is not what was tested.
    """
    contents = _contents(run, seen, fitted, scores, settings)
    bundle = write_bundle(run.bundle, contents)
    files.write_text(run.folder / names.CARD, contents.card)
    difference = _difference(bundle, seen, predictions.only("test"), settings.max_pixels)
    if difference > LIMIT:
        shutil.rmtree(run.bundle)
        raise ModelError(
            "the bundle does not say what was tested",
            value=f"a probability differs by {difference:.3f}",
            allowed=f"At most {LIMIT}",
            next="report this with `objektiv doctor`; the bundle was not kept",
        )
    return difference


def _contents(
    run: Run, seen: Seen, fitted: Fitted, scores: Scores, settings: TrainSettings
) -> BundleContents:
    backbone = BACKBONES.get(settings.backbone)
    card = model_card(backbone, seen, fitted, scores=scores, settings=settings)
    hashes = "\n".join(sorted(seen.dataset.items["hash"]))
    return BundleContents(
        model=model_graph(
            fitted.probe,
            backbone.name,
            size=seen.size,
            fit=settings.fit,
            precision=seen.precision,
        ),
        classes=fitted.probe.classes,
        size=seen.size,
        fit=settings.fit,
        backbone=Backbone(
            name=backbone.name, sha256=backbone.weights.sha256, licence=backbone.weights.licence
        ),
        head=settings.head,
        temperature=fitted.probe.temperature,
        card=card,
        data=files.sha256(hashes.encode()),
        split=files.sha256((run.folder / names.SPLIT).read_bytes()),
        settings=settings.model_dump(mode="json", exclude=LOCAL),
        scores=_plain(scores),
        # int8 is in the graph; the engine is told of bf16 alone
        weights="int8" if seen.precision == "int8" else "fp32",
        precisions=("fp32", "bf16") if seen.precision == "bf16" else ("fp32",),
        tested_precision="bf16" if seen.precision == "bf16" else "fp32",
    )


def _plain(scores: Scores) -> dict[str, Any]:
    """The scores that travel with the bundle."""
    found = asdict(scores)
    return {name: found[name] for name in ("items", "groups", "accuracy", "balanced_accuracy")}


def _difference(bundle: Bundle, seen: Seen, test: Predictions, max_pixels: int) -> float:
    """An even sample of test files through the bundle, against what the bank's features gave."""
    rows = np.unique(np.linspace(0, len(test) - 1, COMPARED).astype(int))
    paths = dict(seen.dataset.items.select("id", "path").iter_rows())
    pictures = []
    for row in rows:
        id = test.ids[row]
        data = read_bytes(paths[id], name=id)
        pictures.append(decode(data, name=id, max_pixels=max_pixels).pixels)
    got = bundle.predict(pictures).probabilities
    return float(np.abs(got - test.probabilities[rows]).max())
