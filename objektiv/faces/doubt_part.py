"""What the report shows of doubts: calibration, prediction sets, what is answered, what is strange.

In: an Unsure. Out: sentences, tables and figures for the page, in the language that is spoken.
Try: `doubt_part(judge(predictions, JudgeSettings()).unsure)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from objektiv.base.language import mark, tr, tr_count
from objektiv.faces import figures
from objektiv.faces.figures import Figure
from objektiv.faces.sections import MATRIX, Table
from objektiv.faces.words import (
    NONE,
    number,
    number_range,
    percent,
    percent_range,
    pictures,
)
from objektiv.judging.answered import RiskCoverage
from objektiv.judging.conformal import SetScores
from objektiv.judging.intervals import Interval, NotDefined
from objektiv.judging.unsure import Calibrated, Refused, Unsure

FORMS = {
    "before": mark("not calibrated"),
    "given": mark("as judged here"),
    "temperature": mark("one temperature"),
    "vector": mark("vector scaling"),
    "isotonic": mark("isotonic steps"),
}


@dataclass(frozen=True)
class DoubtPart:
    """The section on when not to answer."""

    calibrations: Table | None
    before: Figure | None  # reliability without calibration
    sets: tuple[str, ...]
    set_table: Table | None
    answered: Figure
    answered_told: str
    strangers: tuple[str, ...]

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All of them."""
        return (self.answered, *([self.before] if self.before else []))


def doubt_part(unsure: Unsure, *, classes: int) -> DoubtPart:
    """What there is to tell; reasons stand where something is not defined."""
    sets, strangers = unsure.sets, unsure.strangers
    before = next((c for c in unsure.calibrations if c.kind == "before"), None)
    drawn = None
    if before:
        name = "reliability_before"
        drawn = figures.reliability(before.reliability, classes=classes, name=name)
    return DoubtPart(
        calibrations=_calibrations(unsure.calibrations),
        before=drawn,
        sets=_sets_told(sets),
        set_table=None if isinstance(sets, NotDefined) else _set_table(sets),
        answered=figures.answered(unsure.answered, words=_axes()),
        answered_told=_answered_told(unsure.answered),
        strangers=_strangers_told(strangers),
    )


def _axes() -> tuple[str, str]:
    return tr("answered, % of the pictures, the surest first"), tr("of them right, %")


def _calibrations(found: Sequence[Calibrated]) -> Table | None:
    """Each form of the probabilities; None where there is only one."""
    if len(found) < 2:
        return None
    rows = tuple(
        (
            tr(FORMS[one.kind]),
            f"{number(one.log_loss.estimate)}\n{number_range(one.log_loss)}",
            percent(one.error),
            number(one.held_out_log_loss),
            percent(one.held_out_error),
        )
        for one in found
    )
    head = (
        tr("probabilities"),
        tr("log loss"),
        tr("calibration error"),
        tr("log loss beside the test part"),
        tr("calibration error beside the test part"),
    )
    used = next((k for k, one in enumerate(found) if one.kind == "given"), None)
    caption = tr("What other ways of calibrating would give; the marked one is used")
    return Table(caption, head, rows, marked=() if used is None else (used,))


def _sets_told(sets: SetScores | NotDefined) -> tuple[str, ...]:
    if isinstance(sets, NotDefined):
        return (tr("Prediction sets are not defined: {reason}.", reason=tr(sets.reason)),)
    rule = sets.rule
    told = [
        tr(
            "For each picture the model can name all classes that are possible, so that the true "
            "one is among them in {promise:g} % of the cases. On the test pictures it was in "
            "{covered}.",
            promise=round(100 * rule.coverage, 4),
            covered=_share(sets.covered),
        )
    ]
    right = sets.right_of_one
    told.append(
        tr("{one} of the sets hold one class: an answer.", one=_share(sets.one))
        if right is None
        else tr(
            "{one} of the sets hold one class: an answer, and of these {right} are right. The "
            "others hold several classes or none: there a person should decide.",
            one=_share(sets.one),
            right=_share(right),
        )
    )
    if sets.groups:
        low, half, _ = (percent(share) for share in sets.groups)
        told.append(
            tr(
                "The promise holds on average, not for each group: in half of the groups the true "
                "class is in {half} of the sets or fewer, in one group of ten in {low} or fewer.",
                half=half,
                low=low,
            )
        )
    if rule.always:
        told.append(
            tr(
                "Warning: too few pictures beside the test part are of {classes}, so that is "
                "always called possible.",
                classes=", ".join(rule.always),
            )
        )
    return (*told, *([tr("Warning: {warning}.", warning=tr(rule.warning))] if rule.warning else []))


def _set_table(sets: SetScores) -> Table | None:
    """How often the true class was in the set, by class; None where classes are too many."""
    rule = sets.rule
    if len(rule.classes) > MATRIX:
        return None
    rows = tuple(
        (name, percent(floor), _cell(covered))
        for name, floor, covered in zip(rule.classes, rule.floors, sets.by_class, strict=True)
    )
    head = (tr("class"), tr("possible from a probability of"), tr("true class in the set"))
    sizes = "; ".join(
        tr_count("{classes} in {number} set", "{classes} in {number} sets", n, classes=_of_size(k))
        for k, n in enumerate(sets.sizes)
        if n
    )
    caption = tr("Prediction sets of the test pictures ({sizes})", sizes=sizes)
    return Table(caption, head, rows, (tr("all"), "", _cell(sets.covered)))


def _of_size(classes: int) -> str:
    if not classes:
        return tr("no class")
    return tr_count("{number} class||in", "{number} classes||in", classes)


def _cell(share: Interval | None) -> str:
    return NONE if share is None else f"{percent(share.estimate)}\n{percent_range(share)}"


def _share(share: Interval) -> str:
    return f"{percent(share.estimate)} ({percent_range(share)})"


def _answered_told(found: RiskCoverage) -> str:
    half = min(found.points, key=lambda point: abs(point.share - 0.5))
    return tr(
        "If only the surest {share} of the pictures are answered ({pictures}), {right} of these "
        "are right; the band is the 95 % interval.",
        share=percent(half.share),
        pictures=pictures(half.items),
        right=percent(half.accuracy.estimate),
    )


def _strangers_told(found: Refused | NotDefined) -> tuple[str, ...]:
    if isinstance(found, NotDefined):
        return (tr("No picture is refused as strange: {reason}.", reason=tr(found.reason)),)
    told = [
        tr(
            "A picture that is unlike all pictures learnt from is refused as none of the classes. "
            "The limit ({limit:.2f}) lets {wanted:g} % of genuine pictures be refused; of the test "
            "pictures it was {share}.",
            limit=found.limit,
            wanted=round(100 * found.wanted, 4),
            share=_share(found.test),
        )
    ]
    if found.groups:
        told.append(
            tr(
                "In one of ten groups {high} or more were refused: such groups look different.",
                high=percent(found.groups[2]),
            )
        )
    return (
        *told,
        *([tr("Warning: {warning}.", warning=tr(found.warning))] if found.warning else []),
    )
