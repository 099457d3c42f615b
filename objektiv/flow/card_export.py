"""What the model card of an exported bundle says of the numbers that were made shorter.

In: the card of the run, and a Change. Out: the card with scores of this very file before the text,
and a section about what changed. It is said in the language that is spoken, that of the card.
"""

from __future__ import annotations

from objektiv.base.language import figure, tr, tr_count
from objektiv.flow.card import front
from objektiv.flow.card_markdown import listed, score_row, section, share, table
from objektiv.flow.judge import Judgement
from objektiv.flow.shorter import Change
from objektiv.judging.intervals import Interval, NotDefined
from objektiv.shipping.facts import Facts, Weights

RULE = "---\n"
TOLD: dict[Weights, str] = {"fp32": "fp32", "fp16": "fp16", "int8": "int8"}


def exported_card(card: str, change: Change, facts: Facts, *, name: str, data: str) -> str:
    """The card of a bundle that was made of the one with `facts`, whose card is `card`.

    `name`: of the run; `data`: of its folder of pictures.
    """
    body = card.partition(f"\n{RULE}")[2] if card.startswith(RULE) else card
    head = "\n".join(front(name, data, facts.backbone.licence, change.after.scores))
    place = f"\n## {tr('Evaluation')}\n"
    told = f"\n{_section(change, facts)}\n"
    at = body.find(place)
    body = f"{body[:at]}{told}{body[at:]}" if at >= 0 else f"{body}{told}"
    return f"{RULE}{head}\n{RULE}{body}"


def _section(change: Change, facts: Facts) -> str:
    test, held = change.test, change.held_out
    told = tr(
        "This file holds the network in shorter numbers than it was tested in. Below stand the "
        "scores of the network as it was tested; the figures before the text and in this section "
        "are of this file, on the same test pictures."
    )
    rows = [
        [label, *(_cell(judgement, label, row) for judgement in (change.before, change.after))]
        for row, label in enumerate(_labels())
    ]
    facts_told = listed(
        tr(
            "Accuracy changed by {points} points (95 % interval {low} to {high}, paired) on the "
            "test part; {others} of {items} answers are others.",
            points=_points(test.estimate),
            low=_points(test.low),
            high=_points(test.high),
            others=change.others,
            items=change.after.scores.items,
        ),
        tr(
            "On {items} held-out pictures, by which it was decided whether that is bearable, it "
            "changed by {points} points.",
            items=change.decided,
            points=_points(held.estimate),
        ),
        tr(
            "The limits above which it does not answer, and the threshold if one is told, were "
            "chosen anew for this file on held-out pictures. Its temperature is that of the "
            "network as it was tested; one fitted anew would be {factor} times as high.",
            factor=figure(change.temperature, ".3f"),
        ),
    )
    head = [tr("on the test part"), tr("as tested ({weights})", weights=TOLD[facts.weights])]
    return section(
        tr("What the export changed"),
        told,
        table([*head, tr("this file")], rows),
        facts_told,
        tr_count(
            "Measured on {number} picture of the run.",
            "Measured on {number} pictures of the run.",
            change.looked + change.after.scores.items,
        ),
    )


def _labels() -> list[str]:
    return [
        tr("accuracy"),
        tr("log loss"),
        tr("calibration error"),
        tr("the true class is in the set"),
        tr("genuine pictures refused as strange"),
    ]


def _cell(judgement: Judgement, label: str, row: int) -> str:
    scores, unsure = judgement.scores, judgement.unsure
    sets, strangers = unsure.sets, unsure.strangers
    values: tuple[Interval | NotDefined | None, ...] = (
        scores.accuracy,
        scores.log_loss,
        None,
        None if isinstance(sets, NotDefined) else sets.covered,
        None if isinstance(strangers, NotDefined) else strangers.test,
    )
    if row == 2:
        return share(round(scores.calibration_error, 4))
    _, value, ends = score_row(label, values[row])
    return f"{value} ({ends})" if ends else value


def _points(value: float) -> str:
    return f"{figure(100 * value, '+.1f')}"
