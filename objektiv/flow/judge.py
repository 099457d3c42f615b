"""Judge: everything that predictions alone can tell, in one record.

In: Predictions of all parts, JudgeSettings and, where asked for, columns to look at. Out: a
Judgement. What is chosen (a threshold, a share of a group) is chosen on items that are not test;
test is only scored. `train` and `evaluate` call it, so the same predictions are judged alike
wherever they come from.
Try: `judge(Predictions.load(Path("p.parquet")), JudgeSettings(sensitivity=0.98)).operating`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from objektiv.base.errors import UsageError
from objektiv.base.names import suggestion
from objektiv.judging.curves import Curve, precision_recall, roc
from objektiv.judging.intervals import Interval, NotDefined
from objektiv.judging.metrics import Scores, positive_class, score
from objektiv.judging.pooled import Groups, pooled
from objektiv.judging.predictions import Predictions
from objektiv.judging.prevalence import Expected, expected
from objektiv.judging.ranges import Ranges, ranges
from objektiv.judging.resampling import calibration_range
from objektiv.judging.settings import JudgeSettings
from objektiv.judging.subgroups import Subgroups, subgroups
from objektiv.judging.threshold import OperatingPoint, Threshold, choose, operating_point


@dataclass(frozen=True, eq=False)
class Judgement:
    """All of the test part, save for what says otherwise.

    `held_out`: scores of what thresholds were chosen on; None where there is no such part.
    `operating`: at the threshold that was demanded, else where the positive class is the most
    probable; of the positive class, as are the curves and `prevalence`.
    """

    positive: str | None
    scores: Scores
    held_out: Scores | None
    ranges: Ranges
    calibration_error: Interval
    roc: Curve | NotDefined
    precision_recall: Curve | NotDefined
    operating: OperatingPoint | NotDefined
    prevalence: tuple[Expected | NotDefined, ...]
    groups: Groups | NotDefined
    subgroups: tuple[Subgroups, ...]

    def to_dict(self) -> dict[str, Any]:
        """A mapping that is JSON; what is not defined is a mapping with its reason."""
        return asdict(self)


def judge(
    predictions: Predictions,
    settings: JudgeSettings,
    *,
    columns: pl.DataFrame | None = None,
    threshold: Threshold | None = None,
) -> Judgement:
    """Judge the test part; `threshold`: one that was chosen before, of a bundle.

    `columns`: `id` and what `settings.by` names.

    Raises:
        UsageError: there is no test item, the positive class is none of the classes, or a column
            is not there.
    """
    test, held_out = predictions.only("test"), predictions.held_out()
    positive = positive_class(predictions.classes, settings.positive)
    require_columns(settings.by, columns.columns if columns is not None else ())
    unsought = NotDefined("no positive class is named")
    operating: OperatingPoint | NotDefined = unsought
    if positive:
        chosen = threshold or choose(held_out, positive, settings)
        operating = chosen if isinstance(chosen, NotDefined) else operating_point(test, chosen)
    return Judgement(
        positive=positive,
        scores=score(test, positive=positive),
        held_out=score(held_out, positive=positive) if held_out else None,
        ranges=ranges(test, positive=positive),
        calibration_error=calibration_range(test),
        roc=roc(test, positive=positive) if positive else unsought,
        precision_recall=precision_recall(test, positive=positive) if positive else unsought,
        operating=operating,
        prevalence=()
        if isinstance(operating, NotDefined)
        else tuple(
            expected(test, operating.threshold, prevalence=share) for share in settings.prevalence
        ),
        groups=pooled(test, held_out, positive, settings),
        subgroups=()
        if columns is None
        else subgroups(test, columns, settings.by, positive=positive),
    )


def require_columns(wanted: tuple[str, ...], known: tuple[str, ...] | list[str]) -> None:
    """Check that every column that scores are told by is there.

    Raises:
        UsageError: one is not.
    """
    known = [name for name in known if name != "id"]
    if strange := [name for name in wanted if name not in known]:
        hint = suggestion(strange[0], known)
        raise UsageError(
            "there is no such column to tell scores by",
            value=", ".join(map(repr, strange)),
            allowed=f"Columns: {', '.join(known) or 'none'}",
            next=f"{hint} " * bool(hint) + "name one of them with `--by`, or leave it away",
        )
