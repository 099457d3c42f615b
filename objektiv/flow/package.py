"""Make a run's bundle and model card, and compare the bundle with what was tested.

In: a run folder, what was seen, made and judged. Out: `model/` and `model_card.md`, and what was
measured of them: the largest difference of a probability, size and speed.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from objektiv.base import files
from objektiv.base.errors import ModelError
from objektiv.base.language import speaking
from objektiv.data.images import decode, read_bytes
from objektiv.features.graph import count_numbers
from objektiv.features.look import Seen
from objektiv.flow import run as names
from objektiv.flow.card import model_card
from objektiv.flow.entries import data_hash
from objektiv.flow.limits import decision_of, limits_of
from objektiv.flow.run import Run
from objektiv.flow.settings import TrainSettings
from objektiv.flow.trained import Judged, Made, Shipped
from objektiv.judging.metrics import Scores
from objektiv.judging.predictions import Predictions
from objektiv.shipping.assemble import model_graph
from objektiv.shipping.bundle import Bundle
from objektiv.shipping.facts import MEMBERS, MODEL
from objektiv.shipping.write import BundleContents, write_bundle

COMPARED = 4  # test pictures that go through the finished bundle; more would want a batch
TIMED = 0.25  # seconds of pictures one by one, from which the speed is told
LOCAL = {
    "bank",
    "labels",
    "language",
    "name",
    "out",
    "split",
    "workers",
}  # of this machine; do not travel
LIMIT = 0.02  # of a probability; storing features in 16 bits moves it by about 0.001


def package(run: Run, seen: Seen, made: Made, judged: Judged, settings: TrainSettings) -> Shipped:
    """Write the bundle and its card.

    Raises:
        ModelError: what would ship is not what was tested.
    """
    contents = _contents(run, seen, made, judged, settings)
    bundle = write_bundle(run.bundle, contents)
    files.write_text(run.folder / names.CARD, contents.card)
    test = _sample(judged.predictions.only("test"))
    pictures = _pictures(seen, test.ids, settings.max_pixels)
    difference = float(np.abs(bundle.predict(pictures).probabilities - test.probabilities).max())
    if difference > LIMIT:
        shutil.rmtree(run.bundle)
        raise ModelError(
            "the bundle does not say what was tested",
            value=f"a probability differs by {difference:.3f}",
            allowed=f"At most {LIMIT}",
            next="report this with `objektiv doctor`; the bundle was not kept",
        )
    return Shipped(
        difference,
        bytes=sum((run.bundle / name).stat().st_size for name in MEMBERS),
        weights_bytes=(run.bundle / MODEL).stat().st_size,
        numbers=count_numbers(contents.model),
        images_per_second=_speed(bundle, pictures),
    )


def _contents(
    run: Run, seen: Seen, made: Made, judged: Judged, settings: TrainSettings
) -> BundleContents:
    with speaking(settings.language):
        card = model_card(run.folder.name, seen, made, judged)
    return BundleContents(
        model=model_graph(made.model, size=made.size, fit=made.fit),
        classes=made.model.classes,
        size=made.size,
        fit=made.fit,
        backbone=made.backbone,
        head=made.head,
        temperature=made.model.temperature,
        card=card,
        data=data_hash(seen.dataset.items["hash"]),
        split=files.sha256((run.folder / names.SPLIT).read_bytes()),
        settings=settings.model_dump(mode="json", exclude=LOCAL),
        scores=plain_scores(judged.scores),
        # int8 is in the graph; the engine is told of bf16 alone
        weights="int8" if made.precision == "int8" else "fp32",
        precisions=("fp32", "bf16") if made.precision == "bf16" else ("fp32",),
        tested_precision="bf16" if made.precision == "bf16" else "fp32",
        strange=made.predictions.strangeness is not None,
        limits=limits_of(judged.judgement.unsure),
        decision=decision_of(judged.judgement),
    )


def plain_scores(scores: Scores) -> dict[str, Any]:
    """The scores that travel with the bundle."""
    found = asdict(scores)
    return {name: found[name] for name in ("items", "groups", "accuracy", "balanced_accuracy")}


def _sample(test: Predictions) -> Predictions:
    """An even sample of the test part."""
    return test.rows(np.unique(np.linspace(0, len(test) - 1, COMPARED).astype(np.int64)))


def _pictures(seen: Seen, ids: Sequence[str], max_pixels: int) -> list[NDArray[np.uint8]]:
    paths = dict(seen.dataset.items.select("id", "path").iter_rows())
    return [
        decode(read_bytes(paths[id], name=id), name=id, max_pixels=max_pixels).pixels for id in ids
    ]


def _speed(bundle: Bundle, pictures: Sequence[NDArray[np.uint8]]) -> float:
    """Pictures a second, one after the other; the network is compiled for that already."""
    done, start = 0, time.perf_counter()
    while (seconds := time.perf_counter() - start) < TIMED:
        bundle.predict([pictures[done % len(pictures)]])
        done += 1
    return done / seconds
