"""Every score agrees with scikit-learn, and what cannot be computed is None."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from objektiv.base.errors import DataError, UsageError
from objektiv.judging import metrics
from objektiv.judging.intervals import wilson
from objektiv.judging.predictions import Predictions


def predictions_of(
    probabilities: Any,
    labels: Any,
    *,
    classes: tuple[str, ...] | None = None,
    groups: tuple[str | None, ...] | None = None,
) -> Predictions:
    """Predictions without anything but what scores need."""
    rows = np.array(probabilities, dtype=np.float64)
    items, count = rows.shape
    return Predictions(
        ids=tuple(map(str, range(items))),
        hashes=("",) * items,
        parts=("test",) * items,
        folds=(None,) * items,
        groups=groups or (None,) * items,
        labels=np.array(labels, dtype=np.int64),
        classes=classes or tuple(f"c{k}" for k in range(count)),
        logits=np.log(np.maximum(rows, 1e-12)),
        probabilities=rows,
    )


def drawn(seed: int, classes: int, *, items: int = 80, steps: int = 0) -> Predictions:
    """Random predictions, every class present; `steps` rounds scores so that many tie."""
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(classes), rng.integers(0, classes, items - classes)])
    scores = rng.gamma(1.0, size=(items, classes)) + 0.8 * np.eye(classes)[labels]
    if steps:
        scores = np.ceil(scores * steps)
    return predictions_of(scores / scores.sum(axis=1, keepdims=True), labels)


cases = given(seed=st.integers(0, 10**6), classes=st.integers(2, 6), steps=st.sampled_from([0, 2]))


@cases
def test_accuracies_are_those_of_scikit_learn(seed: int, classes: int, steps: int) -> None:
    """Accuracy and balanced accuracy agree with scikit-learn."""
    p = drawn(seed, classes, steps=steps)
    scores = metrics.score(p)

    assert scores.accuracy.estimate == pytest.approx(sk.accuracy_score(p.labels, p.predicted))
    expected = sk.balanced_accuracy_score(p.labels, p.predicted)
    assert scores.balanced_accuracy.estimate == pytest.approx(expected)


@cases
def test_scores_of_classes_are_those_of_scikit_learn(seed: int, classes: int, steps: int) -> None:
    """Precision, recall, F1 and support of each class agree, and so do macro F1 and counts."""
    p = drawn(seed, classes, steps=steps)
    scores = metrics.score(p)
    expected = sk.precision_recall_fscore_support(p.labels, p.predicted, zero_division=np.nan)

    found = [
        [c.precision, c.recall.estimate if c.recall else None, c.f1, c.support]
        for c in scores.per_class
    ]
    np.testing.assert_allclose(np.array(found, dtype=float).T, np.array(expected))
    assert scores.macro_f1 == pytest.approx(sk.f1_score(p.labels, p.predicted, average="macro"))
    np.testing.assert_array_equal(scores.confusion, sk.confusion_matrix(p.labels, p.predicted))


@cases
def test_auc_is_that_of_scikit_learn(seed: int, classes: int, steps: int) -> None:
    """The AUC, one against the rest for more than two classes, agrees, ties included."""
    p = drawn(seed, classes, steps=steps)
    found = metrics.score(p).auc
    if classes == 2:
        expected = sk.roc_auc_score(p.labels == 0, p.probabilities[:, 0])
    else:
        expected = sk.roc_auc_score(p.labels, p.probabilities, multi_class="ovr")

    assert found and found.estimate == pytest.approx(expected)


@cases
def test_losses_are_those_of_scikit_learn(seed: int, classes: int, steps: int) -> None:
    """Log loss and the Brier score over all classes agree with scikit-learn."""
    p = drawn(seed, classes, steps=steps)
    scores = metrics.score(p)
    brier = sk.brier_score_loss(p.labels, p.probabilities, scale_by_half=False)

    assert scores.log_loss.estimate == pytest.approx(sk.log_loss(p.labels, p.probabilities))
    assert scores.brier == pytest.approx(brier)


@cases
def test_every_estimate_lies_in_its_interval(seed: int, classes: int, steps: int) -> None:
    """Each interval, of items alone or in groups, holds its estimate and stays in its range."""
    p = drawn(seed, classes, steps=steps)
    groups = tuple(str(i % 7) for i in range(len(p)))
    for scores in (
        metrics.score(p),
        metrics.score(predictions_of(p.probabilities, p.labels, groups=groups)),
    ):
        shares = [scores.accuracy, scores.balanced_accuracy, scores.auc, scores.sensitivity]
        shares += [c.recall for c in scores.per_class]

        assert all(0 <= i.low <= i.estimate <= i.high <= 1 for i in shares if i)
        assert 0 < scores.log_loss.low < scores.log_loss.estimate < scores.log_loss.high


def test_a_sure_mistake_costs_what_it_costs_in_scikit_learn() -> None:
    """A probability of 0 for the truth is clipped as scikit-learn clips it."""
    p = predictions_of([[0.0, 1.0], [0.7, 0.3]], [0, 0])

    assert metrics.log_loss(p).estimate == pytest.approx(
        sk.log_loss(p.labels, p.probabilities, labels=[0, 1])
    )


def error_by_the_definition(p: Predictions, bins: int) -> float:
    """The sum of Guo et al., equation 3, bin by bin as it is written."""
    confidence = p.probabilities.max(axis=1)
    total = 0.0
    for m in range(1, bins + 1):
        inside = [i for i, c in enumerate(confidence) if (m - 1) / bins < c <= m / bins]
        if inside:
            gap = np.mean(p.correct[inside]) - np.mean(confidence[inside])
            total += len(inside) / len(p) * abs(gap)
    return total


@pytest.mark.parametrize("bins", [5, 15])
@pytest.mark.parametrize("seed", range(5))
def test_calibration_error_follows_its_definition(bins: int, seed: int) -> None:
    """The expected calibration error is the weighted sum of gaps of equal-width bins."""
    p = drawn(seed, 3)

    assert metrics.calibration_error(p, bins=bins) == pytest.approx(
        error_by_the_definition(p, bins)
    )


def test_calibration_error_of_a_small_case() -> None:
    """Four items of confidence 0.8, three of them right, are off by 0.05."""
    p = predictions_of([[0.8, 0.2]] * 4, [0, 0, 0, 1])

    assert metrics.calibration_error(p) == pytest.approx(0.05)


def test_variance_of_the_auc_is_that_of_delong() -> None:
    """The interval is Wilson's on A (1 - A) / variance items, variance from all pairs."""
    p = drawn(7, 2, items=200)
    mine, others = (p.probabilities[p.labels == k, 0] for k in (0, 1))
    beats = (mine[:, None] > others) + 0.5 * (mine[:, None] == others)
    area = beats.mean()
    variance = sum(beats.mean(axis=k).var() / beats.shape[1 - k] for k in (0, 1))
    found = metrics.auc(p)
    expected = wilson(area, area * (1 - area) / variance)

    assert found and (found.low, found.high) == pytest.approx(expected)


TWO = predictions_of(
    [[0.9, 0.1]] * 8 + [[0.3, 0.7]] * 2 + [[0.2, 0.8]] * 15 + [[0.6, 0.4]] * 5,
    [0] * 10 + [1] * 20,
    classes=("type_2", "type_10"),
)


def test_the_positive_class_is_the_first() -> None:
    """Sensitivity is the recall of the first class, specificity that of the second."""
    scores = metrics.score(TWO)

    assert scores.positive == "type_2"
    assert scores.sensitivity and scores.sensitivity.estimate == 0.8
    assert scores.specificity and scores.specificity.estimate == 0.75


def test_first_means_natural_order() -> None:
    """Whatever the order of columns, type_2 comes before type_10."""
    turned = predictions_of(
        TWO.probabilities[:, ::-1], 1 - TWO.labels, classes=("type_10", "type_2")
    )

    assert metrics.score(turned).positive == "type_2"
    assert metrics.score(turned).sensitivity == metrics.score(TWO).sensitivity
    assert metrics.score(turned).auc == metrics.score(TWO).auc


def test_the_positive_class_can_be_named() -> None:
    """Naming the other class exchanges sensitivity and specificity."""
    first, other = metrics.score(TWO), metrics.score(TWO, positive="type_10")

    assert (first.sensitivity, first.specificity) == (other.specificity, other.sensitivity)
    assert first.auc and other.auc and first.auc.estimate == pytest.approx(other.auc.estimate)


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (2, r"'c3'.*There are 2 classes, e\.g\. 'c0'.*did you mean"),
        (3, "'c3'.*There are 3 classes"),
    ],
)
def test_a_wrong_positive_class_is_refused(classes: int, message: str) -> None:
    """A positive class that is none of the classes is refused."""
    with pytest.raises(UsageError, match=message):
        metrics.score(drawn(0, classes), positive="c3")


def test_one_of_many_classes_stands_against_the_rest() -> None:
    """Sensitivity and specificity of a named class of three are those of it against all others."""
    p = drawn(0, 3)
    scores = metrics.score(p, positive="c1")
    truth, said = p.labels == 1, p.predicted == 1

    assert scores.sensitivity and scores.specificity
    assert scores.sensitivity.estimate == sk.recall_score(truth, said)
    assert scores.specificity.estimate == pytest.approx(sk.recall_score(~truth, ~said))
    area = metrics.auc_against_rest(p, positive="c1")
    assert area
    assert area.estimate == pytest.approx(sk.roc_auc_score(truth, p.probabilities[:, 1]), abs=1e-12)


def test_more_than_two_classes_have_no_sensitivity_unasked() -> None:
    """With three classes there is no positive one unless it is named."""
    scores = metrics.score(drawn(0, 3))

    assert (scores.positive, scores.sensitivity, scores.specificity) == (None, None, None)


def test_an_absent_class_has_no_recall_and_no_auc() -> None:
    """What needs items of an absent class is None; balanced accuracy is of those present."""
    p = predictions_of([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.5, 0.4, 0.1]], [0, 1, 1])
    scores = metrics.score(p)
    absent = scores.per_class[2]

    assert (absent.support, absent.recall, absent.precision, absent.f1) == (0, None, None, None)
    assert scores.auc is None
    assert scores.balanced_accuracy.estimate == pytest.approx(0.75)
    assert scores.macro_f1 == pytest.approx(sk.f1_score(p.labels, p.predicted, average="macro"))


def test_what_is_none_has_a_reason() -> None:
    """Each score that is None says why, in the record too; the others say nothing."""
    p = predictions_of([[0.6, 0.3, 0.1], [0.7, 0.2, 0.1], [0.5, 0.4, 0.1]], [0, 1, 1])
    scores = metrics.score(p, positive="c2")

    assert metrics.undefined(scores) == scores.to_dict()["not_defined"]
    assert metrics.undefined(scores) == {
        "auc": "no test item is of c2",
        "sensitivity": "no test item is of c2",
        "precision:c1": "no test item was called c1",
        "recall:c2": "no test item is of c2",
        "precision:c2": "no test item was called c2",
        "f1:c2": "no test item is, or was called, c2",
    }
    assert metrics.undefined(metrics.score(drawn(0, 2))) == {}
    alone = metrics.score(predictions_of([[1.0], [1.0]], [0, 0]))
    assert metrics.undefined(alone)["auc"] == "there is one class only"
    assert metrics.undefined(alone)["sensitivity"] == "no positive class is named"


def test_a_class_never_predicted_has_no_precision() -> None:
    """A class that is there but never predicted has precision None, recall and F1 of 0."""
    scores = metrics.score(predictions_of([[0.6, 0.4], [0.7, 0.3]], [0, 1]))
    missed = scores.per_class[1]

    assert (missed.precision, missed.f1) == (None, 0)
    assert missed.recall and missed.recall.estimate == 0


def test_one_class_alone_can_be_scored() -> None:
    """Predictions of one class only have an accuracy of 1 and no AUC."""
    scores = metrics.score(predictions_of([[1.0], [1.0]], [0, 0]))

    assert (scores.accuracy.estimate, scores.auc, scores.positive) == (1, None, None)


def test_nothing_cannot_be_scored() -> None:
    """No item is an error, not a score of NaN."""
    with pytest.raises(DataError, match="nothing can be scored: 0 items"):
        metrics.score(drawn(0, 2).rows([]))


@pytest.mark.parametrize("classes", [1, 2, 4])
def test_scores_are_json(classes: int) -> None:
    """Scores become JSON without NaN, None where nothing could be computed."""
    told = metrics.score(drawn(1, classes).rows([0, 0][:1])).to_dict()
    text = json.dumps(told, allow_nan=False)

    assert json.loads(text)["items"] == 1
    assert json.loads(text)["accuracy"]["method"] == "Wilson"


def test_groups_widen_every_interval() -> None:
    """Copies of items, marked as groups, tell hardly more than the items did."""
    p = drawn(3, 2, items=60)
    times = np.repeat(np.arange(60), 20)
    copies: NDArray[np.float64] = p.probabilities[times]
    plain = metrics.score(p)
    alone = metrics.score(predictions_of(copies, p.labels[times]))
    grouped = metrics.score(predictions_of(copies, p.labels[times], groups=tuple(map(str, times))))

    for name in ("accuracy", "balanced_accuracy", "sensitivity", "specificity", "auc", "log_loss"):
        width = {
            key: getattr(s, name).high - getattr(s, name).low
            for key, s in (("plain", plain), ("alone", alone), ("grouped", grouped))
        }
        assert width["grouped"] == pytest.approx(width["plain"], rel=0.15), name
        assert width["grouped"] > 3 * width["alone"], name
    assert grouped.groups == 60 and grouped.accuracy.groups == 60


def test_recall_counts_the_groups_of_its_class() -> None:
    """A class from two of thirty groups has a recall that warns, whatever the accuracy does."""
    labels = np.array([0] * 270 + [1] * 30)
    groups = tuple(str(i // 10) if k == 0 else f"b{i % 2}" for i, k in enumerate(labels))
    scores = metrics.score(predictions_of([[0.6, 0.4]] * 300, labels, groups=groups))
    rare = scores.per_class[1].recall

    assert scores.accuracy.groups == 29 and scores.accuracy.warning is None
    assert rare and rare.groups == 2 and "only 2 groups" in (rare.warning or "")
