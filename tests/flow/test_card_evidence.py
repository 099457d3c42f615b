"""The card tells where the line is drawn, what that finds, and how often the test was looked at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from objektiv.base.language import speaking
from objektiv.flow.card_evidence import decision, doubts, groups_as_a_whole, honesty
from objektiv.flow.entries import Check, Ends, Found, Honesty, Look, Probed
from objektiv.flow.judge import Judgement, judge
from objektiv.flow.ledger import Ledger
from objektiv.judging.predictions import Predictions
from objektiv.judging.settings import JudgeSettings

ITEMS, GROUPS = 240, 24


def _predictions(*, classes: tuple[str, ...] = ("ill", "well")) -> Predictions:
    """Half validation, half test; the higher the probability of the first class, the truer."""
    draw = np.random.default_rng(7)
    groups = np.arange(ITEMS) % GROUPS
    labels = np.where((groups % 3 == 0) & (np.arange(ITEMS) % 2 == 0), 0, 1)
    first = np.clip(np.where(labels == 0, 0.75, 0.25) + draw.normal(0, 0.18, ITEMS), 0.01, 0.99)
    rest = np.repeat((1 - first)[:, None] / (len(classes) - 1), len(classes) - 1, axis=1)
    probabilities = np.concatenate([first[:, None], rest], axis=1)
    return Predictions(
        ids=tuple(f"i{n}" for n in range(ITEMS)),
        hashes=("",) * ITEMS,
        parts=tuple("test" if g < GROUPS // 2 else "validation" for g in groups),
        folds=(None,) * ITEMS,
        groups=tuple(f"g{g}" for g in groups),
        labels=labels,
        classes=classes,
        logits=np.log(probabilities),
        probabilities=probabilities,
    )


def _judged(*, classes: tuple[str, ...] = ("ill", "well"), **settings: object) -> Judgement:
    return judge(_predictions(classes=classes), JudgeSettings(**settings))  # type: ignore[arg-type]


LEDGER = Ledger("t" * 64, "d" * 64, place=Path("ledger.jsonl"))


def _look(run: str) -> Look:
    return Look(
        time="2026-01-01", command="train", run=run, model="probe", test="t", items=9, accuracy=0.9
    )


def test_the_threshold_is_told_with_what_was_demanded() -> None:
    """And its result on test has an interval."""
    found = _judged(sensitivity=0.9)
    told = decision(found)

    assert "This was chosen on 120 pictures that are not test, for a sensitivity of 90 %." in told
    assert f"from a probability of {found.operating.threshold.value:.4f} on" in told  # type: ignore[union-attr]
    sensitivity = found.operating.sensitivity.estimate  # type: ignore[union-attr]
    assert f"| sensitivity for ill | {sensitivity:.3f} |" in told


def test_without_a_demand_the_most_probable_class_decides() -> None:
    """Nothing was chosen, and the card says so."""
    assert "called ill where that is the most probable class" in decision(_judged())


@pytest.mark.parametrize(
    ("demand", "told"),
    [
        ({"specificity": 0.8}, "for a specificity of 80 %"),
        ({"cost_miss": 10, "cost_alarm": 1}, "for the least cost, 10 a miss and 1 an alarm"),
    ],
)
def test_other_demands_are_told(demand: dict[str, float], told: str) -> None:
    """Specificity and costs."""
    assert told in decision(_judged(**demand))


def test_what_was_not_reached_is_said() -> None:
    """A threshold that calls everything positive is no success."""
    found = _judged(sensitivity=1.0)
    point = found.operating
    missed = replace(point, threshold=replace(point.threshold, reached=False))  # type: ignore[arg-type, type-var, union-attr]
    told = decision(replace(found, operating=missed))  # type: ignore[arg-type]

    assert "**What was demanded was not reached there by any useful threshold.**" in told


def test_predictive_values_stand_for_each_prevalence() -> None:
    """A row each, with people in whole numbers."""
    told = decision(_judged(sensitivity=0.9, prevalence=(0.02, 0.3)))

    assert "| 2 % |" in told
    assert "| 30 % |" in told
    assert told.count("| 5 % |") == 0


def test_without_a_positive_class_there_is_no_operating_point() -> None:
    """Three classes and none that is looked for: the section is left out."""
    assert decision(_judged(classes=("a", "b", "c"))) == ""


def test_whole_groups_are_told_where_decisions_are_defined() -> None:
    """Each group counts once."""
    told = groups_as_a_whole(_judged(sensitivity=0.9))

    assert "| on 12 test groups | value | 95 % interval |" in told
    assert "sensitivity for ill" in told
    assert groups_as_a_whole(_judged(classes=("a", "b", "c"))) == ""


def test_looks_are_counted() -> None:
    """One is the first; of several the runs are named; without a ledger nobody knows."""
    one = replace(LEDGER, looks=(_look("a-001"),))
    two = replace(LEDGER, looks=(_look("a-001"), _look("b_2|")), counted=3)

    assert "This run was the first that looked at this test part" in honesty(one)
    assert "looked at 5 times, by a-001, b\\_2&#124;." in honesty(two)
    assert "nobody knows how often" in honesty(replace(LEDGER, place=None))


def test_audits_are_told_and_missed() -> None:
    """What was checked, the strongest shortcut, the flattering split; or the command to type."""
    check = Check(
        time="2026-01-01",
        data="d",
        items=600,
        quarantined={"empty": 2},
        findings=(
            Found(kind="copies", severity="warning", title="t", items=3),
            Found(kind="sizes", severity="note", title="t", items=3),
        ),
        probes=(Probed(name="file size", accuracy=0.7123, share=0.4),),
        model=0.95,
    )
    ends = {k: Ends(estimate=e, low=e - 0.01, high=e + 0.01) for k, e in _ENDS.items()}
    honest = Honesty(time="2026-01-01", data="d", items=600, clusters=30, **ends)
    told = honesty(replace(LEDGER, check=check, honesty=honest))
    bare = honesty(LEDGER)

    assert "600 pictures, 1 findings, 2 files set aside" in told
    assert "file size, told 71.2 % of the labels" in told
    assert "A random split would have claimed 0.970; with groups kept whole it is 0.940" in told
    assert "`objektiv check`" in bare
    assert "`objektiv split --honest`" in bare
    assert "Not on record" not in told


_ENDS = {"random": 0.97, "honest": 0.94, "difference": 0.03}


def test_a_german_card_says_it_in_german() -> None:
    """Sentences and numbers."""
    with speaking("de"):
        told = decision(_judged(sensitivity=0.9))

    assert "## Entscheidungsschwelle" in told
    assert "für eine Sensitivität von 90 %" in told


def test_promises_of_sets_and_strangeness_are_told_with_their_test() -> None:
    """What was promised stands beside what came of it."""
    made = _predictions()
    strange = replace(made, strangeness=np.linspace(0, 1, ITEMS))
    told = doubts(judge(strange, JudgeSettings(coverage=0.9, refuse=0.1)).unsure)

    assert "hold the true one in 90 % of the cases" in told
    assert "so that 10 % of genuine pictures are refused" in told
    assert "| the true class is in the set | 0." in told
    assert "| genuine pictures refused as strange | 0." in told


def test_without_held_out_items_nothing_is_promised() -> None:
    """A table of test items alone has neither limits nor sets, and the section is left out."""
    test = _predictions().only("test")

    assert doubts(judge(test, JudgeSettings()).unsure) == ""
