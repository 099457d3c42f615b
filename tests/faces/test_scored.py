"""The part of a page that shows scores, with and without what a training has beside them."""

from __future__ import annotations

from dataclasses import replace

from objektiv.faces.scored import scored_part
from objektiv.flow.judge import judge
from objektiv.judging.metrics import score
from objektiv.judging.settings import JudgeSettings
from tests.judging.test_pairs import model


def test_predictions_alone_fill_it() -> None:
    """Scores, classes, confusion, mistakes without pictures; no baseline stands beside them."""
    test = model("1101")
    part = scored_part(test, score(test))

    assert not part["beside_baseline"]
    assert [cell.items for row in part["matrix"] for cell in row] == [1, 1, 0, 2]
    assert [(mistake.id, shown) for mistake, shown in part["mistakes"]] == [("2.png", None)]
    assert (part["wrong"], part["mix_ups"]) == (1, None)


def test_a_judgement_adds_its_intervals() -> None:
    """The Brier score has an interval only there."""
    test = model("1101" * 20)
    judgement = judge(test, JudgeSettings())
    lines = {line.name: line for line in scored_part(test, score(test))["score_lines"]}
    more = scored_part(test, score(test), judgement=judgement)["score_lines"]

    assert lines["Brier score"].model_range == ""
    assert {line.name: line for line in more}["Brier score"].model_range != ""


def test_a_baseline_stands_beside_the_scores() -> None:
    """Where there is one."""
    test, plain = model("1101"), replace(model("1001"))
    part = scored_part(test, score(test), baseline=score(plain))

    assert part["beside_baseline"]
    assert part["score_lines"][0].baseline == "50.0 %"
