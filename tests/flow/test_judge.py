"""One record of all that predictions tell; what is chosen is chosen without the test part."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from objektiv.base.errors import UsageError
from objektiv.base.settings import make, write_yaml
from objektiv.data.dataset import read
from objektiv.data.settings import ReadSettings
from objektiv.flow import run as names
from objektiv.flow.judge import (
    Judgement,
    asked_columns,
    check_asked,
    judge,
    judgement_of,
    save_judged,
)
from objektiv.flow.limits import threshold_of
from objektiv.flow.run import Run
from objektiv.flow.settings import EvaluateSettings
from objektiv.judging.intervals import NotDefined
from objektiv.judging.metrics import score
from objektiv.judging.pooled import Groups
from objektiv.judging.predictions import Predictions
from objektiv.judging.settings import JudgeSettings
from objektiv.judging.threshold import OperatingPoint, Threshold
from objektiv.shipping.bundle import load
from objektiv.shipping.limits import Decision
from tests.judging.made import drawn, ill_or_well
from tests.judging.test_metrics import drawn as drawn_classes
from tests.judging.test_metrics import predictions_of

DEMAND = JudgeSettings(sensitivity=0.9, by=("scanner",))


def parted(p: Predictions, *, test: int = 60) -> Predictions:
    """The last ones as test, all others as train and validation."""
    before = len(p) - test
    parts = ("train", "validation") * before
    return replace(p, parts=(*parts[:before], *("test",) * test))


MIXED = parted(drawn(1, 240, groups=24))
SCANNERS = pl.DataFrame({"id": MIXED.ids, "scanner": ["a", "b"] * 120})


def judged(settings: JudgeSettings = DEMAND, p: Predictions = MIXED) -> Judgement:
    """The usual judgement."""
    return judge(p, settings, columns=SCANNERS if settings.by else None)


def test_only_test_is_scored() -> None:
    """Scores are of the test part, and those of held-out items stand apart."""
    found = judged()

    assert found.scores == score(MIXED.only("test"), positive="ill")
    assert found.held_out
    assert (found.scores.items, found.held_out.items) == (60, 180)


def test_the_test_part_has_no_say_in_a_threshold() -> None:
    """Other test predictions leave the threshold and the share of groups as they are."""
    values = np.array(MIXED.probabilities)
    values[180:] = values[180:, ::-1]
    other = judged(p=replace(MIXED, probabilities=values))
    one = judged()

    assert isinstance(one.operating, OperatingPoint)
    assert isinstance(other.operating, OperatingPoint)
    assert one.operating.threshold == other.operating.threshold
    assert one.operating.sensitivity != other.operating.sensitivity
    assert isinstance(one.groups, Groups)
    assert isinstance(other.groups, Groups)
    assert not isinstance(one.groups.decisions, NotDefined)
    assert not isinstance(other.groups.decisions, NotDefined)
    assert one.groups.decisions.threshold == other.groups.decisions.threshold


def test_without_held_out_items_a_demand_cannot_be_met() -> None:
    """A test part alone has no threshold, and says why; its scores are there."""
    found = judge(drawn(1, 60), JudgeSettings(sensitivity=0.9))

    assert isinstance(found.operating, NotDefined)
    assert "no items beside the test part" in found.operating.reason
    assert (found.held_out, found.prevalence, found.scores.items) == (None, (), 60)


def test_a_threshold_that_was_chosen_before_is_used() -> None:
    """A bundle's own threshold is what a test part alone is judged at."""
    kept = Threshold("ill", 0.3, "sensitivity", demanded=0.9)
    found = judge(drawn(1, 60), JudgeSettings(), threshold=kept)

    assert isinstance(found.operating, OperatingPoint)
    assert found.operating.threshold == kept
    assert len(found.prevalence) == 3


def test_many_classes_have_an_operating_point_where_one_is_sought() -> None:
    """Of three classes one is judged against the others if it is named, else none."""
    p = parted(drawn_classes(3, 3, items=200))
    plain, sought = judge(p, JudgeSettings()), judge(p, JudgeSettings(positive="c1"))

    assert plain.operating == plain.roc == NotDefined("no positive class is named")
    assert isinstance(sought.operating, OperatingPoint)
    assert sought.operating.counts.found == ((p.labels == 1) & (p.predicted == 1))[140:].sum()


@pytest.mark.parametrize("p", [MIXED, parted(drawn_classes(3, 4, items=200)), drawn(2, 5)])
def test_the_record_is_plain_json(p: Predictions) -> None:
    """It is JSON without NaN, and what is not defined is a mapping with its reason."""
    told = judge(p, JudgeSettings()).to_dict()

    assert json.loads(json.dumps(told, allow_nan=False))
    assert told["roc"].get("reason") or len(told["roc"]["x"]) == len(told["roc"]["low"])


BEFORE = np.arange(240) < 180
ODD = {
    "one item": drawn(1, 240).rows([200]),
    "no positive in test": MIXED.rows([k for k in range(240) if k < 180 or MIXED.labels[k]]),
    "positives alone in test": MIXED.rows(
        [k for k in range(240) if k < 180 or not MIXED.labels[k]]
    ),
    "no positive outside of test": MIXED.rows(
        [k for k in range(240) if k >= 180 or MIXED.labels[k]]
    ),
    "one group": ill_or_well([0.9, 0.1, 0.4], [1, 0, 0], groups=["a"] * 3),
    "all alike": parted(ill_or_well(np.full(90, 0.5), np.arange(90) % 2)),
    "certain": parted(ill_or_well(np.arange(90) % 2, np.arange(90) % 2)),
    "certainly wrong": parted(ill_or_well(np.arange(90) % 2, 1 - np.arange(90) % 2)),
    "one class": predictions_of([[1.0]] * 4, [0] * 4),
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize(
    "given",
    [{}, {"sensitivity": 0.98}, {"specificity": 1.0}, {"cost_miss": 9.0, "cost_alarm": 1.0}],
    ids=lambda given: "+".join(given) or "nothing",
)
def test_odd_predictions_are_judged_or_explained(name: str, given: dict[str, float]) -> None:
    """Whatever is missing, a score is a number or has a reason: never NaN, never an error."""
    p = ODD[name]
    told = judge(p, make(JudgeSettings, given)).to_dict()
    text = json.dumps(told, allow_nan=False)

    for point in ("roc", "precision_recall", "operating"):
        assert told[point].get("reason") or told[point].get("positive") or told[point]["threshold"]
    if len({*p.only("test").labels}) < 2:
        assert '"reason": "no ' in text
        assert "auc" in told["scores"]["not_defined"]


def test_a_column_that_is_not_there_is_refused() -> None:
    """An unknown column is named with those that there are."""
    with pytest.raises(UsageError, match=r"'scaner'.*Columns: scanner.*did you mean 'scanner'"):
        judge(MIXED, JudgeSettings(by=("scaner",)), columns=SCANNERS)


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """A folder with a table of labels that says more than labels."""
    rows = ["path,label,Scanner,site"]
    for number in range(6):
        (tmp_path / f"{number}.png").write_bytes(b"")
        rows.append(f"{number}.png,{'ab'[number % 2]},s{number % 3},x")
    (tmp_path / "labels.csv").write_text("\n".join(rows), encoding="utf-8")
    return tmp_path


def test_columns_come_from_the_table_of_labels(labelled: Path) -> None:
    """What the table says of each item becomes a column by its id."""
    settings = ReadSettings(labels=labelled / "labels.csv")
    dataset = read(labelled, settings)
    check_asked(labelled, settings, ("Scanner",))
    found = asked_columns(dataset, settings, ("Scanner",))

    assert found is not None
    assert found.columns == ["id", "Scanner"]
    assert dict(found.iter_rows())["4.png"] == "s1"
    assert asked_columns(dataset, settings, ()) is None


def test_columns_of_manifest_are_known(labelled: Path) -> None:
    """A manifest.csv in the data is such a table."""
    (labelled / "labels.csv").rename(labelled / "manifest.csv")
    dataset = read(labelled, ReadSettings())

    assert asked_columns(dataset, ReadSettings(), ("site",)) is not None


def test_unknown_columns_are_refused_before_a_picture_is_read(labelled: Path) -> None:
    """The message names the columns of the table and what files tell themselves."""
    settings = ReadSettings(labels=labelled / "labels.csv")

    with pytest.raises(UsageError, match=r"'doctor'.*Scanner, site, width, height, format"):
        check_asked(labelled, settings, ("doctor",))


def test_a_run_is_judged_again_from_its_folder(tmp_path: Path) -> None:
    """What was saved gives the same record: threshold, columns and all."""
    settings = EvaluateSettings(sensitivity=0.9, by=("scanner",))
    kept = Threshold("ill", 0.3, "costs", costs=(2.0, 1.0))
    found = judge(MIXED, settings, columns=SCANNERS, threshold=kept)
    write_yaml(settings, tmp_path / names.SETTINGS)
    save_judged(MIXED, found, tmp_path, columns=SCANNERS)
    (tmp_path / names.METRICS).write_text('{"test": {"positive": "ill"}}', encoding="utf-8")
    again = judgement_of(Run(tmp_path))

    assert again.to_dict() == found.to_dict()
    assert Run(tmp_path).predictions().ids == MIXED.ids


def test_a_bundle_has_its_own_threshold(trained: Path) -> None:
    """It holds for its class, unless another is sought or something else is demanded."""
    decision = Decision(positive="stripe", threshold=0.2)
    facts = load(trained / "model").facts
    decided = facts.model_copy(update={"decision": decision})
    found = threshold_of(decided, JudgeSettings())

    assert found == Threshold("stripe", 0.2, "given")
    assert threshold_of(decided, JudgeSettings(positive="stripe")) == found
    assert threshold_of(decided, JudgeSettings(positive="disc")) is None
    assert threshold_of(decided, JudgeSettings(sensitivity=0.9)) is None
    assert threshold_of(facts, JudgeSettings()) is None


def test_the_class_of_a_given_threshold_is_the_positive_one() -> None:
    """Unless another is named, scores speak of the class that the threshold is for."""
    found = judge(drawn(1, 60), JudgeSettings(), threshold=Threshold("well", 0.3, "given"))

    assert found.positive == found.scores.positive == "well"
    assert isinstance(found.operating, OperatingPoint)
