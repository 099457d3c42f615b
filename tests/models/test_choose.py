"""Choosing and fitting: nobody is judged by a map that has seen them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from objektiv.judging.calibration import softmax
from objektiv.models import choose
from objektiv.models.choose import MIDDLE, candidates, fit, fit_baseline, out_of_fold
from objektiv.models.settings import ProbeSettings
from tests.models.features import drawn

SETTINGS = ProbeSettings()


def test_the_first_set_of_blocks_holds_the_others_and_no_size() -> None:
    """The size of a picture is the baseline's, never the model's."""
    first, *others = candidates(drawn()[0])

    assert all(set(other) < set(first) for other in others)
    assert "size" not in first
    assert "colours" in first


def test_labels_without_signal_are_judged_at_chance() -> None:
    """Out-of-fold accuracy of random labels is chance; in-fold it would be near 1."""
    features, truth = drawn(240)
    labels = np.random.default_rng(9).integers(2, size=240)
    fitted = fit(features, replace(truth, labels=labels), settings=SETTINGS)

    assert (fitted.logits.argmax(axis=1) == labels).mean() == pytest.approx(0.5, abs=0.12)
    assert fitted.chosen.strength < 100


def test_an_items_own_label_does_not_reach_its_out_of_fold_logits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Turning the labels of one fold changes the other folds' logits, not its own."""
    monkeypatch.setattr(
        choose, "STRENGTHS", (choose.MIDDLE,)
    )  # what is chosen depends on all labels
    monkeypatch.setattr(choose, "candidates", lambda features: [("stem", "stage1", "final")])
    features, truth = drawn(apart=0.5)
    turned = truth.labels.copy()
    turned[truth.folds == 0] = 1 - turned[truth.folds == 0]
    one = fit(features, truth, settings=SETTINGS)
    two = fit(features, replace(truth, labels=turned), settings=SETTINGS)
    raw = [f.logits * f.probe.temperature for f in (one, two)]
    own = truth.folds == 0

    assert raw[0][own] == pytest.approx(raw[1][own], abs=1e-6)
    assert np.abs(raw[0][~own] - raw[1][~own]).max() > 0.1


def test_the_temperature_is_that_of_the_out_of_fold_logits() -> None:
    """No other temperature gives the out-of-fold logits a smaller log loss."""
    features, truth = drawn(apart=0.6)
    fitted = fit(features, truth, settings=SETTINGS)
    raw = fitted.logits * fitted.probe.temperature
    rows = np.arange(len(truth.labels))

    def loss(temperature: float) -> float:
        return float(-np.log(softmax(raw / temperature)[rows, truth.labels]).mean())

    own = loss(fitted.probe.temperature)
    assert own <= min(loss(t) for t in np.geomspace(0.1, 10, 200)) + 1e-9


def test_the_best_trial_is_chosen() -> None:
    """The chosen trial has the smallest log loss of all that were tried."""
    fitted = fit(*drawn(apart=0.4), settings=SETTINGS)

    assert min(t.log_loss for t in fitted.trials) == fitted.chosen.log_loss
    assert fitted.probe.blocks == fitted.chosen.blocks


def test_the_baseline_reads_colours_and_size_alone() -> None:
    """Features of the network change nothing about the baseline."""
    features, truth = drawn()
    other = features.values.copy()
    other[:, :46] = 0
    blind = replace(features, values=other)
    one, two = (fit_baseline(f, truth, settings=SETTINGS) for f in (features, blind))

    assert one.probe.blocks == ("colours", "size")
    assert one.logits.tobytes() == two.logits.tobytes()


def test_the_same_data_gives_the_same_bytes() -> None:
    """Two fits of the same features agree to the last bit."""
    one, two = (fit(*drawn(classes=3), settings=SETTINGS) for _ in range(2))

    assert one.logits.tobytes() == two.logits.tobytes()
    assert one.probe.weights.tobytes() == two.probe.weights.tobytes()


def test_balanced_weights_raise_the_recall_of_a_rare_class() -> None:
    """With nine items against one, the rare class is found more often when classes count alike."""
    features, truth = drawn(300, apart=0.25)
    rare = (np.arange(300) % 10 == 0).astype(np.int64)
    values = features.values.copy()
    values[rare == 1] += 0.4
    features, truth = replace(features, values=values), replace(truth, labels=rare)
    equal = fit(features, truth, settings=SETTINGS)
    balanced = fit(features, truth, settings=ProbeSettings(class_weights="balanced"))
    recalls = [(f.logits.argmax(axis=1) == 1)[rare == 1].mean() for f in (equal, balanced)]

    assert recalls[1] > recalls[0]


def test_head_names_are_suggested(tmp_path: Path) -> None:
    """An unknown head is refused with the near name."""
    with pytest.raises(Exception, match="did you mean 'logistic'"):
        fit(*drawn(), settings=ProbeSettings(head="logistik"))


def test_the_strength_is_walked_to_from_the_middle() -> None:
    """Both neighbours of the best strength are tried unless it is the last of the list."""
    features, truth = drawn(apart=0.15)
    fitted = fit(features, truth, settings=SETTINGS)
    tried = [t.strength for t in fitted.trials if t.blocks == fitted.chosen.blocks]
    at = choose.STRENGTHS.index(fitted.chosen.strength)

    assert set(choose.STRENGTHS[max(at - 1, 0) : at + 2]) <= set(tried)
    assert {t.blocks for t in fitted.trials} == set(candidates(features))


def test_heads_out_of_fold_agree_with_the_whole_choice() -> None:
    """One set of blocks, judged out of fold, is what choosing finds for this set."""
    features, truth = drawn()
    chosen = fit(features, truth, settings=ProbeSettings())

    trial, logits = out_of_fold(features, truth, settings=ProbeSettings())
    again, same = out_of_fold(features, truth, settings=ProbeSettings(), strength=MIDDLE)

    (middle,) = [t for t in chosen.trials if t.blocks == trial.blocks and t.strength == MIDDLE]
    assert again.log_loss == pytest.approx(middle.log_loss, rel=1e-2)
    assert trial.log_loss <= again.log_loss + 1e-9
    assert logits.shape == same.shape == (len(truth.labels), 2)
    assert trial.accuracy == (logits.argmax(axis=1) == truth.labels).mean()
