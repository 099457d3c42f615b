"""Everything that tells when not to answer, in one record."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from objektiv.judging.calibration import softmax
from objektiv.judging.conformal import fit_sets
from objektiv.judging.intervals import NotDefined
from objektiv.judging.metrics import log_loss
from objektiv.judging.predictions import Predictions
from objektiv.judging.settings import JudgeSettings
from objektiv.judging.unsure import Chosen, Refused, unsure
from tests.judging.test_calibration import drawn, predictions_of


def _said(seed: int, *, items: int = 900, strange: float = 0.0) -> Predictions:
    """Predictions of 45 groups that are twice too sure; strangeness differs by group."""
    logits, labels = drawn(seed, items=items, classes=3)
    said = predictions_of(softmax(2 * logits), labels, group_size=20)
    rng = np.random.default_rng(seed)
    by_group = np.repeat(rng.gamma(9, 1 / 9, items // 20), 20)
    values = by_group * rng.gamma(9, 1 / 9, items) + strange
    return replace(said, logits=2 * logits, strangeness=values)


def test_calibrations_stand_beside_each_other() -> None:
    """Before, as given and by each kind; what helps on held-out items helps on test."""
    test, held = _said(1), _said(2)
    found = unsure(test, held, JudgeSettings(), temperature=1.5)
    kinds = [c.kind for c in found.calibrations]
    losses = {c.kind: c.log_loss.estimate for c in found.calibrations}

    assert kinds == ["before", "given", "temperature", "vector", "isotonic"]
    assert losses["before"] > losses["given"] > losses["temperature"] + 0.02
    assert losses["given"] == log_loss(test).estimate
    before = replace(test, probabilities=softmax(1.5 * test.logits))
    assert losses["before"] == log_loss(before).estimate
    for own in found.calibrations[2:]:
        assert own.held_out_log_loss == pytest.approx(own.log_loss.estimate, abs=0.06)
        assert own.error < found.calibrations[1].error
        assert sum(point.items for point in own.reliability) == len(test)


def test_genuine_items_are_refused_as_often_as_wanted() -> None:
    """The limit is chosen on held-out items and refuses about that share of others like them."""
    test, held = _said(3, items=4000), _said(4, items=4000)
    found = unsure(test, held, JudgeSettings(refuse=0.1)).strangers

    assert isinstance(found, Refused)
    assert found.test.estimate == pytest.approx(0.1, abs=0.03)
    assert found.test.groups == 200
    assert found.groups is not None and found.groups[0] < 0.1 < found.groups[2]
    stranger = unsure(_said(3, items=4000, strange=2.0), held, JudgeSettings(refuse=0.1)).strangers
    assert isinstance(stranger, Refused) and stranger.test.estimate > 0.9


def test_without_held_out_items_nothing_is_chosen_and_the_reason_is_told() -> None:
    """Another tool's test predictions get a curve and their own calibration, no promise."""
    found = unsure(_said(5), None, JudgeSettings())

    assert found.sets == NotDefined("there are no held-out items to choose on")
    assert found.strangers == NotDefined("too few held-out items to choose a limit on")
    assert [c.kind for c in found.calibrations] == ["given"]
    assert found.calibrations[0].held_out_log_loss is None
    plain = replace(_said(5), strangeness=None)
    told = unsure(plain, plain, JudgeSettings()).strangers
    assert told == NotDefined("the model does not measure how strange a picture is")


def test_what_was_chosen_before_is_only_scored() -> None:
    """A bundle's limits are used as they are, whatever the predictions hold besides."""
    test, held = _said(6), _said(7)
    rule = fit_sets(held, coverage=0.8, by_class=True)
    found = unsure(test, held, JudgeSettings(), chosen=Chosen(rule, limit=1.5, refused=0.2))

    assert not isinstance(found.sets, NotDefined) and found.sets.rule == rule
    assert isinstance(found.strangers, Refused)
    assert (found.strangers.limit, found.strangers.wanted) == (1.5, 0.2)
    assert test.strangeness is not None
    assert found.strangers.test.estimate == (test.strangeness > 1.5).mean()
    nothing = unsure(test, held, JudgeSettings(), chosen=Chosen())
    assert isinstance(nothing.strangers, NotDefined)


def test_one_group_cannot_be_left_out_so_calibrations_are_not_compared() -> None:
    """Held-out items of a single group give sets with a warning and no comparison."""
    held = _said(8)
    held = replace(held, groups=("one",) * len(held))
    found = unsure(_said(9), held, JudgeSettings())

    assert [c.kind for c in found.calibrations] == ["given"]
    assert not isinstance(found.sets, NotDefined)
    assert found.sets.rule.warning == "chosen on only 1 groups: collect at least 20 to trust it"


def test_the_record_is_json_without_nan() -> None:
    """All of it can be written down strictly."""
    found = unsure(_said(10), _said(11), JudgeSettings(), temperature=2.0)

    text = json.dumps(found.to_dict(), allow_nan=False)

    assert {"calibrations", "sets", "sets_of_all", "answered", "strangers"} == set(json.loads(text))
