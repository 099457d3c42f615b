"""What a run chose about when not to answer goes into its bundle, and judges other folders."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from objektiv.flow.judge import judge, judgement_of
from objektiv.flow.limits import chosen_of, decision_of, judge_by, limits_of
from objektiv.flow.run import Run
from objektiv.flow.use import answers
from objektiv.judging.conformal import SetRule
from objektiv.judging.intervals import NotDefined
from objektiv.judging.settings import JudgeSettings
from objektiv.judging.unsure import Chosen, Refused
from objektiv.shipping.bundle import load
from objektiv.shipping.limits import Decision, Limits


def test_the_bundle_holds_what_the_run_chose(trained: Path) -> None:
    """Limit, floors and coverage of bundle.json are those of judgement.json."""
    facts = load(trained / "model").facts
    said = json.loads((trained / "judgement.json").read_text())["unsure"]

    assert facts.limits.strangeness == said["strangers"]["limit"]
    assert facts.limits.refused == 0.05
    assert list(facts.limits.floors or ()) == said["sets"]["rule"]["floors"]
    assert facts.limits.coverage == 0.95
    assert facts.decision is None


def test_the_bundle_says_the_strangeness_of_the_run(trained: Path, shapes: Path) -> None:
    """For test pictures the graph gives the strangeness that stands in the predictions."""
    test = Run(trained).predictions().only("test")
    said = list(answers(load(trained / "model"), [shapes / id for id in test.ids]))

    assert test.strangeness is not None
    assert [a.strangeness for a in said] == pytest.approx(test.strangeness.tolist(), rel=0.01)
    assert all(answer.doubt is None or answer.doubt.why != "strange" for answer in said[:2])


def test_noise_is_none_of_the_shapes(trained: Path, tmp_path: Path) -> None:
    """A picture of another kind is doubted as strange, whatever class is most probable."""
    from objektiv.data.drawing import png

    rng = np.random.default_rng(0)
    for number in range(3):
        picture = rng.integers(0, 256, (60, 50, 3)).astype(np.uint8)
        (tmp_path / f"{number}.png").write_bytes(png(picture))

    for answer in answers(load(trained / "model"), sorted(tmp_path.iterdir())):
        assert answer.doubt is not None and answer.doubt.why == "strange"
        assert answer.strangeness == answer.doubt.strangeness


def test_limits_go_into_a_bundle_and_come_back(trained: Path) -> None:
    """What is judged with a bundle's limits uses the same floors and limit."""
    run = Run(trained)
    unsure = judge(run.predictions(), JudgeSettings()).unsure
    facts = load(trained / "model").facts.model_copy(update={"limits": limits_of(unsure)})
    chosen = chosen_of(facts)

    assert isinstance(unsure.strangers, Refused) and not isinstance(unsure.sets, NotDefined)
    assert chosen.limit == unsure.strangers.limit
    assert isinstance(chosen.rule, SetRule) and chosen.rule.floors == unsure.sets.rule.floors
    again = judge(run.predictions().only("test"), JudgeSettings(), limits=chosen).unsure
    assert not isinstance(again.sets, NotDefined)
    assert again.sets.covered == unsure.sets.covered
    assert again.strangers == replace(unsure.strangers, warning=None)


def test_what_was_not_chosen_is_not_told() -> None:
    """Without held-out items a bundle has no limits, and nothing comes back."""
    from objektiv.judging.unsure import unsure
    from tests.judging.test_unsure import _said

    limits = limits_of(unsure(_said(1), None, JudgeSettings()))

    assert limits == Limits()


def test_a_written_judgement_gives_back_what_was_chosen(trained: Path) -> None:
    """The rule and the limit are read out of judgement.json as they were."""
    said = json.loads((trained / "judgement.json").read_text())["unsure"]
    found = judgement_of(Run(trained)).unsure
    chosen = Chosen.of(said)

    assert not isinstance(found.sets, NotDefined) and chosen.rule == found.sets.rule
    assert isinstance(found.strangers, Refused)
    assert (chosen.limit, chosen.refused) == (found.strangers.limit, found.strangers.wanted)
    assert Chosen.of({"sets": {"reason": "x"}, "strangers": {"reason": "x"}}) == Chosen()


def test_a_threshold_that_was_demanded_is_the_bundles_decision(trained: Path) -> None:
    """It is told with its class; without a demand the most probable class is called."""
    predictions = Run(trained).predictions()
    demanded = judge(predictions, JudgeSettings(positive="disc", sensitivity=0.9))
    decision = decision_of(demanded)

    assert isinstance(decision, Decision) and decision.positive == "disc"
    assert not isinstance(demanded.operating, NotDefined)
    assert decision.threshold == demanded.operating.threshold.value
    assert decision_of(judge(predictions, JudgeSettings(positive="disc"))) is None


def test_a_bundles_threshold_judges_other_folders_unless_another_class_is_named(
    trained: Path,
) -> None:
    """What the maker demanded is the operating point of an evaluation; nothing is chosen anew."""
    predictions = Run(trained).predictions().only("test")
    decision = Decision(positive="stripe", threshold=0.9)
    facts = load(trained / "model").facts.model_copy(update={"decision": decision})

    point = judge_by(facts, predictions, JudgeSettings(), columns=None).operating
    other = judge_by(facts, predictions, JudgeSettings(positive="disc"), columns=None).operating

    assert not isinstance(point, NotDefined) and not isinstance(other, NotDefined)
    assert (point.threshold.positive, point.threshold.value, point.threshold.way) == (
        "stripe",
        0.9,
        "given",
    )
    assert other.threshold.positive == "disc" and other.threshold.value is None
