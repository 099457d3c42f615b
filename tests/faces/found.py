"""An Explored and an Augmentation of drawn files, without a network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from objektiv.auditing.augmentation import Evidence, Trial, recommend
from objektiv.auditing.facts import facts_of
from objektiv.auditing.feature_map import feature_map
from objektiv.auditing.means import class_means
from objektiv.auditing.operators import OPERATORS
from objektiv.base.progress import Progress
from objektiv.data.settings import AugmentSettings
from objektiv.flow.augment import Augmentation, asked_for, operators_on
from objektiv.flow.explore import Explored
from objektiv.flow.settings import AugmentDataSettings, ExploreSettings
from objektiv.judging.intervals import Interval
from tests.auditing.made import Drawn, seen


def explored(
    folder: Path,
    drawn: Sequence[Drawn],
    *,
    parts: Sequence[str | None] = (),
    aside: int = 0,
    settings: ExploreSettings | None = None,
) -> Explored:
    """What exploring `drawn` gives."""
    looked = seen(folder, drawn, parts=parts, aside=aside)
    labels = looked.dataset.items["label"].to_list()
    return Explored(
        settings=settings or ExploreSettings(),
        seen=looked,
        facts=facts_of(looked),
        means=class_means(looked.dataset, seed=0, progress=Progress()),
        map=feature_map(looked.features, labels, seed=0),
        timings={"look": 0.1},
    )


def coloured(classes: Sequence[str] = ("cat", "dog"), *, each: int = 8) -> list[Drawn]:
    """`each` noisy pictures of a class, of changing sizes."""
    random = np.random.default_rng(0)
    return [
        (name, random.integers(0, 256, (20 + k, 30 + place % 5, 3), dtype=np.uint8))
        for place, name in enumerate(classes)
        for k in range(each)
    ]


def evidence(*, far: float = 0.06, change: float | None = 0.004) -> Evidence:
    """Invented evidence with intervals of their own."""

    def interval(value: float) -> Interval:
        return Interval(value, value - 0.03, value + 0.03, "", None, None)

    return Evidence(interval(far), None if change is None else interval(change), interval(0.61))


def augmentation(folder: Path, settings: AugmentDataSettings | None = None) -> Augmentation:
    """What augmenting would give: of each side of an operator the weakest strength is kept."""
    chosen = settings or AugmentDataSettings()
    looked = seen(folder, coloured())
    like = asked_for(chosen)
    trials = tuple(
        Trial(step, evidence(far=0.06 if number == 0 else 0.5))
        for operator in OPERATORS.values()
        for ladder in operator.ladders
        for number, step in enumerate(ladder)
    )
    recommended: AugmentSettings = recommend(trials, like=like)
    return Augmentation(
        settings=chosen,
        total=100,
        seen=looked,
        sample=5,
        accuracy=evidence(far=0.9).far,
        control=evidence(far=0.08),
        trials=trials,
        recommended=recommended,
        chosen=like if operators_on(like) else recommended,
        together=evidence(far=0.3),
        shown="cat/0000.png",
        square=np.arange(32 * 32 * 3, dtype=np.int64).reshape(32, 32, 3).astype(np.uint8),
        seconds=1.5,
    )
