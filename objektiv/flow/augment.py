"""Augment: which random changes of training pictures suit a dataset, tried before anything learns.

In: a folder or a Dataset, and AugmentDataSettings. Out: an Augmentation with evidence about every
operator at several strengths, the recommended settings and one picture to show them on. Nothing is
written but the bank.
Try: `augment(Path("cells"), AugmentDataSettings(), progress=Progress()).recommended`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from objektiv.auditing.augmentation import Evidence, Judge, Trial, recommend
from objektiv.auditing.operators import OPERATORS, filling, interpolation
from objektiv.auditing.probes import draw_sample
from objektiv.base import seeds
from objektiv.base.places import BANK
from objektiv.base.progress import Progress
from objektiv.data import dataset as datasets
from objektiv.data.dataset import Dataset
from objektiv.data.images import Pixels, decode, read_bytes, to_square
from objektiv.data.settings import AugmentSettings
from objektiv.features.changes import Augmented
from objektiv.features.look import Features, Seen, look
from objektiv.flow.run import require_outside
from objektiv.flow.settings import AugmentDataSettings
from objektiv.judging.intervals import Interval


@dataclass(frozen=True, eq=False)
class Augmentation:
    """What was found; `chosen` is what the user asked for, else what is recommended.

    `seen` holds the pictures of reference, `sample` of which were augmented. `control` is a move by
    half a pixel. `together` judges `chosen`, drawn as training draws it.
    """

    settings: AugmentDataSettings
    total: int  # pictures that the data hold
    seen: Seen
    sample: int
    accuracy: Interval | None  # of the sample, out of fold
    control: Evidence
    trials: tuple[Trial, ...]
    recommended: AugmentSettings
    chosen: AugmentSettings
    together: Evidence
    shown: str  # id of the picture that the page shows
    square: Pixels
    seconds: float

    @property
    def asked(self) -> bool:
        """Whether the user named an operator."""
        return operators_on(asked_for(self.settings))


def augment(
    data: Path | Dataset, settings: AugmentDataSettings, *, progress: Progress
) -> Augmentation:
    """Try every operator of OPERATORS on a sample of the pictures.

    Raises:
        DataError: no image can be used.
        UsageError: the bank lies among the data.
        Cancelled: on request; what was looked at stays in the bank.
    """
    start = time.monotonic()
    if isinstance(data, Path) and not settings.labels:  # a folder is searched
        require_outside(data, settings.bank or BANK.folder(), option="bank")
    dataset = data if isinstance(data, Dataset) else datasets.read(data, settings)
    reference = replace(dataset, items=draw_sample(dataset.items))
    seen = look(reference, settings, max_pixels=settings.max_pixels, progress=progress)
    own = replace(seen.dataset, items=draw_sample(seen.dataset.items, most=settings.sample))
    judge = Judge(seen, own.items["id"].to_list())
    viewer = _Viewer(own, seen, settings)
    like = asked_for(settings)
    steps = [step for operator in OPERATORS.values() for step in operator.steps]
    with progress.step("try operators", total=len(steps) + 2) as step:

        def judged(view: Augmented) -> Evidence:
            evidence = judge.judge(viewer.look(view))
            step.advance()
            return evidence

        control = judged(viewer.ends(interpolation(seen.size)))
        trials = tuple(Trial(s, judged(viewer.ends(s.settings(like)))) for s in steps)
        recommended = recommend(trials, like=like)
        chosen = like if operators_on(like) else recommended
        together = judged(Augmented(chosen, settings.seed))
    shown = _choose(own.items["id"].to_list(), seed=settings.seed)
    return Augmentation(
        settings=settings,
        total=len(dataset.items),
        seen=seen,
        sample=len(own.items),
        accuracy=judge.accuracy,
        control=control,
        trials=trials,
        recommended=recommended,
        chosen=chosen,
        together=together,
        shown=shown,
        square=_square(seen, shown, settings),
        seconds=time.monotonic() - start,
    )


def asked_for(settings: AugmentDataSettings) -> AugmentSettings:
    """The settings of augmentation alone."""
    own = {name: getattr(settings, name) for name in AugmentSettings.model_fields}
    return AugmentSettings.model_validate(own)


def operators_on(settings: AugmentSettings) -> bool:
    """Whether any operator does anything."""
    return settings != AugmentSettings.model_validate(filling(settings))


class _Viewer:
    """Looks at changed views of a sample; its own steps are not told, since they are short."""

    def __init__(self, own: Dataset, seen: Seen, settings: AugmentDataSettings) -> None:
        self._own = own
        self._settings = settings.model_copy(
            update={"size": seen.size, "precision": seen.precision}
        )

    def ends(self, settings: AugmentSettings) -> Augmented:
        """Views with each operator at an end of its range."""
        return Augmented(settings, self._settings.seed, drawn="ends")

    def look(self, view: Augmented) -> Features:
        """Features of one view of each picture."""
        settings = self._settings
        return look(
            self._own, settings, max_pixels=settings.max_pixels, progress=Progress(), change=view
        ).features


def _choose(ids: list[str], *, seed: int) -> str:
    return ids[int(seeds.generator(seed, "augmented picture").integers(len(ids)))]


def _square(seen: Seen, id: str, settings: AugmentDataSettings) -> Pixels:
    """The picture as the network gets it, rounded."""
    path = dict(seen.dataset.items.select("id", "path").iter_rows())[id]
    picture = decode(read_bytes(path, name=id), name=id, max_pixels=settings.max_pixels)
    square = to_square(picture.pixels, size=seen.size, fit=settings.fit)
    return np.rint(square).astype(np.uint8)
