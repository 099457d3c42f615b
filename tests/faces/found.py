"""An Explored of drawn files, without a network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from objektiv.auditing.facts import facts_of
from objektiv.auditing.feature_map import feature_map
from objektiv.auditing.means import class_means
from objektiv.base.progress import Progress
from objektiv.flow.explore import Explored
from objektiv.flow.settings import ExploreSettings
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
