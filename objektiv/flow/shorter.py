"""What shorter numbers change: the same pictures through a bundle before and after, judged.

In: a finished run, its bundle and one with shorter numbers. Out: a Change: how many answers are
others, what that does to the accuracy, and limits chosen anew.

A head that was fitted on all pictures but those of test has seen its held-out ones, so its answers
to them are too sure. The predictions of a run come from heads that had not; each of them is moved
here by as much as the finished bundle's answer to that picture moves. For a network, which learnt
from no such picture, that is the new bundle's answer itself. Whether the loss is bearable, and
every limit, is decided on these; the test part is only reported.
Try: `measure(run, (before, after), paths, progress=Progress())`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from objektiv.base.errors import DataError
from objektiv.base.progress import Progress
from objektiv.flow.judge import Judgement, judge, settings_of
from objektiv.flow.run import Run
from objektiv.flow.use import Answer, answers
from objektiv.judging.calibration import fit_temperature, softmax
from objektiv.judging.intervals import Interval, paired_difference
from objektiv.judging.predictions import Predictions
from objektiv.shipping.bundle import Bundle

MOST = 5_000  # held-out pictures that are looked at, an even sample


@dataclass(frozen=True, eq=False)
class Change:
    """What is another in the bundle `after`; accuracies are of the most probable class.

    `held_out`, `test`: accuracy after minus before, paired; `others`: answers of the test part that
    are others; `temperature`: what one fitted to the held-out answers would still be, 1 where the
    bundle's own holds. `before`, `after`: all judgements, each by limits chosen on its own held-out
    answers. `looked`: held-out pictures, of which `decided` told whether the loss is bearable.
    """

    held_out: Interval
    test: Interval
    others: int
    temperature: float
    before: Judgement
    after: Judgement
    looked: int
    decided: int
    predictions: Predictions  # after, held-out and test

    @property
    def loss(self) -> float:
        """Points of accuracy that are lost on held-out pictures; negative where some are won."""
        return -100 * self.held_out.estimate


def measure(
    run: Run,
    bundles: tuple[Bundle, Bundle],
    paths: Mapping[str, Path],
    *,
    calibrated_on: Collection[str] = (),
    progress: Progress,
) -> Change:
    """What the second bundle changes of the first, on the run's own pictures.

    `calibrated_on`: ids of pictures that the second was made with, which decide nothing.

    Raises:
        DataError: a picture is not there, cannot be read, or is not the one that was trained on.
    """
    own = run.predictions()
    kept = own.rows(_places(own))
    old, new = (_said(bundle, kept, paths, progress) for bundle in bundles)
    held = np.array([part != "test" for part in kept.parts])
    before = _moved(kept, old, old, held)
    after = _moved(kept, old, new, held)
    settings = settings_of(run)
    deciding = np.flatnonzero(held & ~np.isin(kept.ids, list(calibrated_on)))
    if not len(deciding):
        deciding = np.flatnonzero(held)
    test = [predictions.only("test") for predictions in (before, after)]
    own_held = after.rows(np.flatnonzero(held))
    return Change(
        held_out=paired_difference(after.rows(deciding), before.rows(deciding)),
        test=paired_difference(test[1], test[0]),
        others=int((test[0].predicted != test[1].predicted).sum()),
        temperature=fit_temperature(own_held.logits, own_held.labels),
        before=judge(before, settings),
        after=judge(after, settings),
        looked=int(held.sum()),
        decided=len(deciding),
        predictions=after,
    )


def _places(own: Predictions) -> np.ndarray:
    """All of test, and an even sample of the others."""
    test = np.array([part == "test" for part in own.parts])
    held = np.flatnonzero(~test)
    if len(held) > MOST:
        held = held[np.linspace(0, len(held) - 1, MOST).astype(np.int64)]
    return np.sort(np.concatenate([np.flatnonzero(test), held]))


def _said(
    bundle: Bundle, kept: Predictions, paths: Mapping[str, Path], progress: Progress
) -> list[Answer]:
    found: list[Answer] = []
    with progress.step(f"predict in {bundle.facts.weights}", total=len(kept)) as step:
        for id, hash, answer in zip(
            kept.ids, kept.hashes, answers(bundle, [paths[id] for id in kept.ids]), strict=True
        ):
            if answer.error or answer.hash != hash:
                raise DataError(
                    "a picture of the run is not what it was",
                    value=answer.error.happened if answer.error else f"{id} was changed",
                    allowed="The pictures that were trained and tested on are needed to measure",
                    next="name their folder with `--data`, or export without `--precision`",
                )
            found.append(answer)
            step.advance()
    return found


def _moved(
    kept: Predictions, old: Sequence[Answer], new: Sequence[Answer], held: np.ndarray
) -> Predictions:
    """Held-out predictions moved by what differs from `old` to `new`; of test those of `new`."""
    stacked = {}
    for name, said in (("old", old), ("new", new)):
        values = np.array([answer.probabilities for answer in said], np.float64)
        stacked[name] = replace(kept, probabilities=values / values.sum(axis=1, keepdims=True))
    change = stacked["new"].log_probabilities - stacked["old"].log_probabilities
    logits = kept.log_probabilities + change
    logits[~held] = stacked["new"].log_probabilities[~held]
    strange = kept.strangeness
    if strange is not None and new[0].strangeness is not None:
        ends = [np.array([a.strangeness for a in said], np.float64) for said in (old, new)]
        strange = np.where(held, np.maximum(strange + ends[1] - ends[0], 0), ends[1])
    return replace(kept, logits=logits, probabilities=softmax(logits), strangeness=strange)
