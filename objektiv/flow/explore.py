"""Explore: everything that can be told of a dataset before a model is trained.

In: a folder or a Dataset, and ExploreSettings. Out: an Explored; faces draw and print it.
Try: `explore(Path("cells"), ExploreSettings(), progress=Progress()).facts.sizes`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from objektiv.auditing.facts import Facts, facts_of
from objektiv.auditing.feature_map import FeatureMap, feature_map
from objektiv.auditing.means import ClassMean, class_means
from objektiv.base.places import BANK
from objektiv.base.progress import Progress
from objektiv.data import dataset as datasets
from objektiv.data.dataset import Dataset
from objektiv.features.look import Seen, look
from objektiv.flow.run import require_outside
from objektiv.flow.settings import ExploreSettings


@dataclass(frozen=True, eq=False)
class Explored:
    """What a dataset holds."""

    settings: ExploreSettings
    seen: Seen
    facts: Facts
    means: tuple[ClassMean, ...]
    map: FeatureMap
    timings: dict[str, float]  # seconds a step


def explore(data: Path | Dataset, settings: ExploreSettings, *, progress: Progress) -> Explored:
    """Facts, mean pictures and the feature map; one class is enough, and nothing is written.

    Raises:
        DataError: no image can be used.
        UsageError: the bank lies among the data.
        Cancelled: on request; what was looked at stays in the bank.
    """
    if isinstance(data, Path) and not settings.labels:  # a folder is searched
        require_outside(data, settings.bank or BANK.folder(), option="bank")
    dataset = data if isinstance(data, Dataset) else datasets.read(data, settings)
    start, timings = time.perf_counter(), {}

    def took(step: str) -> None:
        nonlocal start
        now = time.perf_counter()
        timings[step], start = round(now - start, 3), now

    seen = look(dataset, settings, max_pixels=settings.max_pixels, progress=progress)
    took("look")
    facts = facts_of(seen)
    took("count")
    means = class_means(seen.dataset, seed=settings.seed, progress=progress)
    took("mean pictures")
    labels = seen.dataset.items["label"].to_list()
    with progress.step("feature map", total=1) as step:
        places = feature_map(seen.features, labels, seed=settings.seed)
        step.advance()
    took("feature map")
    return Explored(settings, seen, facts, means, places, timings)
