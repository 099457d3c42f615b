"""When a model should not answer: is its certainty earned, what does it promise, what is strange.

In: predictions of the test part, and of held-out items on which everything is chosen. Out: an
Unsure: calibrations before and after, prediction sets, accuracy of the share that is answered, and
how many genuine items are refused as strange. What was chosen before, for a bundle, can be given.
Try: `unsure(p.only("test"), p.held_out(), JudgeSettings(coverage=0.99)).sets`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from objektiv.base.language import say
from objektiv.judging.answered import RiskCoverage, risk_coverage
from objektiv.judging.calibration import ReliabilityBin, reliability, softmax
from objektiv.judging.calibrators import KINDS, Kind, cross_fitted, fit_calibrator, left_out
from objektiv.judging.conformal import (
    SetRule,
    SetScores,
    fit_sets,
    limit_of,
    score_sets,
    spread_of_groups,
    warning_of,
)
from objektiv.judging.intervals import Interval, NotDefined, proportion
from objektiv.judging.metrics import calibration_error, log_loss
from objektiv.judging.predictions import Predictions
from objektiv.judging.settings import JudgeSettings

MOST_CLASSES = 200  # of vector scaling, whose steps solve two equations a class


@dataclass(frozen=True)
class Calibrated:
    """What probabilities are worth in one form; errors are expected calibration errors.

    `before`: without any calibration; `given`: as the predictions have them; the others are fitted
    on the held-out items, where they judge what they were not fitted on. Held-out figures are None
    where there are no such items, `reliability` is that of the test part.
    """

    kind: Kind | Literal["before", "given"]
    held_out_log_loss: float | None
    held_out_error: float | None
    log_loss: Interval
    error: float
    reliability: tuple[ReliabilityBin, ...]


@dataclass(frozen=True)
class Refused:
    """How many genuine items are refused as unlike those learnt from; should be `wanted`."""

    wanted: float
    limit: float  # of strangeness
    test: Interval
    groups: tuple[float, float, float] | None  # refused: 10 % of groups, half, 90 % are below
    warning: str | None


@dataclass(frozen=True)
class Chosen:
    """What was chosen before, on the held-out items of another run: what a bundle tells."""

    rule: SetRule | None = None
    limit: float | None = None
    refused: float | None = None

    @classmethod
    def of(cls, unsure: Mapping[str, Any]) -> Chosen:
        """What stands in an Unsure that was written down."""
        rule, strangers = unsure["sets"].get("rule"), unsure["strangers"]
        if rule:
            lists = {name: tuple(rule[name]) for name in ("classes", "floors", "always")}
            rule = SetRule(**rule | lists)
        return cls(rule, strangers.get("limit"), strangers.get("wanted"))


@dataclass(frozen=True)
class Unsure:
    """What tells when not to answer, all of the test part.

    `sets` keep their promise for each class, `sets_of_all` only for all items together.
    """

    calibrations: tuple[Calibrated, ...]
    sets: SetScores | NotDefined
    sets_of_all: SetScores | NotDefined
    answered: RiskCoverage
    strangers: Refused | NotDefined

    def to_dict(self) -> dict[str, Any]:
        """A mapping that is JSON; what is not defined is a mapping with its reason."""
        return asdict(self)


def unsure(
    test: Predictions,
    held_out: Predictions | None,
    settings: JudgeSettings,
    *,
    temperature: float | None = None,
    chosen: Chosen | None = None,
) -> Unsure:
    """Judge `test`, at least one item, with what is chosen on `held_out` or was `chosen` before.

    `temperature`: by which the logits were divided already, so that it can be told what they were
    worth before.
    """
    nothing = NotDefined(say("there are no held-out items to choose on"))
    sets: list[SetScores | NotDefined] = [nothing, nothing]
    if chosen and chosen.rule:
        sets[0] = score_sets(chosen.rule, test)
    elif held_out:
        sets = [
            score_sets(fit_sets(held_out, coverage=settings.coverage, by_class=by_class), test)
            for by_class in (True, False)
        ]
    return Unsure(
        calibrations=tuple(_calibrations(test, held_out, temperature)),
        sets=sets[0],
        sets_of_all=sets[1],
        answered=risk_coverage(test),
        strangers=_refused(test, held_out, settings, chosen),
    )


def _calibrations(
    test: Predictions, held_out: Predictions | None, temperature: float | None
) -> Iterator[Calibrated]:
    if temperature is not None:
        own = _of(held_out, softmax(held_out.logits * temperature)) if held_out else None
        yield _judged("before", own, _of(test, softmax(test.logits * temperature)))
    yield _judged("given", held_out, test)
    folds = left_out(held_out.group_numbers, len(held_out)) if held_out else None
    if held_out is None or folds is None:
        return
    for kind in KINDS:
        if kind == "vector" and len(test.classes) > MOST_CLASSES:
            continue
        inside = cross_fitted(kind, held_out.logits, held_out.labels, folds)
        fitted = fit_calibrator(kind, held_out.logits, held_out.labels)
        outside = fitted.probabilities(test.logits)
        yield _judged(kind, _of(held_out, inside), _of(test, outside))


def _of(predictions: Predictions, probabilities: NDArray[np.float64]) -> Predictions:
    return replace(predictions, probabilities=probabilities)


def _judged(
    kind: Kind | Literal["before", "given"], held_out: Predictions | None, test: Predictions
) -> Calibrated:
    return Calibrated(
        kind,
        log_loss(held_out).estimate if held_out else None,
        calibration_error(held_out) if held_out else None,
        log_loss(test),
        calibration_error(test),
        reliability(test),
    )


def _refused(
    test: Predictions, held_out: Predictions | None, settings: JudgeSettings, chosen: Chosen | None
) -> Refused | NotDefined:
    if test.strangeness is None:
        return NotDefined(say("the model does not measure how strange a picture is"))
    wanted, limit, warning = settings.refuse, None, None
    if chosen:
        limit, wanted = chosen.limit, chosen.refused or wanted
    elif held_out and held_out.strangeness is not None:
        limit = limit_of(held_out.strangeness, exceeded=wanted)
        warning = warning_of(held_out.group_numbers)
    if limit is None:
        return NotDefined(say("too few held-out items to choose a limit on"))
    above, groups = test.strangeness > limit, test.group_numbers
    spread = None if groups is None else spread_of_groups(above, groups)
    return Refused(wanted, limit, proportion(above, groups), spread, warning)
