"""Suspicious labels: the ranking and the confident joint."""

from __future__ import annotations

import numpy as np

from objektiv.auditing.suspects import confident_classes, find_suspects, suspects_finding
from objektiv.models.choose import Truth

# Worked by hand. Mean own probability: class 0 (0.9 + 0.8 + 0.1) / 3 = 0.6, class 1 (0.7 + 0.6) / 2
# = 0.65, class 2 (0.9 + 0.5) / 2 = 0.7.
PROBABILITIES = np.array(
    [
        [0.9, 0.05, 0.05],
        [0.8, 0.1, 0.1],
        [0.1, 0.8, 0.1],  # labelled 0, confidently 1
        [0.2, 0.7, 0.1],
        [0.2, 0.6, 0.2],  # labelled 1, below its mean: counted nowhere
        [0.05, 0.05, 0.9],
        [0.1, 0.4, 0.5],
    ]
)
LABELS = np.array([0, 0, 0, 1, 1, 2, 2])


def test_confident_classes_are_those_worked_out_by_hand() -> None:
    """Only probabilities at or above the mean of their own class count."""
    assert confident_classes(PROBABILITIES, LABELS).tolist() == [0, 0, 1, 1, -1, 2, -1]


def test_of_several_confident_classes_the_most_probable_counts() -> None:
    """The middle item reaches the means of both classes, 0.325 and 0.6: the higher is taken."""
    probabilities = np.array([[0.2, 0.8], [0.4, 0.6], [0.45, 0.55]])

    assert confident_classes(probabilities, np.array([0, 1, 0])).tolist() == [1, 1, 0]


def test_ranking_begins_with_the_worst_margin() -> None:
    """The mislabelled item leads, with its suggestion; it alone is flagged."""
    ids = [f"i{k}" for k in range(7)]
    truth = Truth(LABELS, np.zeros(7, np.int64), ("a", "b", "c"))

    table = find_suspects(ids, PROBABILITIES, truth)

    first = table.row(0, named=True)
    assert (first["id"], first["label"], first["suggested"]) == ("i2", "a", "b")
    assert first["margin"] == 0.1 - 0.8
    assert table["margin"].is_sorted()
    assert table.filter("flagged")["id"].to_list() == ["i2"]


def test_a_class_without_items_is_never_confident() -> None:
    """No mean, no confidence: what is most probable by accident does not count."""
    probabilities = np.array([[0.1, 0.2, 0.7], [0.6, 0.1, 0.3], [0.1, 0.6, 0.3]])

    assert 2 not in confident_classes(probabilities, np.array([0, 0, 1])).tolist()


def test_finding_counts_the_flagged_and_names_the_first() -> None:
    """The evidence has the number, the share and the clearest item."""
    truth = Truth(LABELS, np.zeros(7, np.int64), ("a", "b", "c"))
    table = find_suspects([f"i{k}" for k in range(7)], PROBABILITIES, truth)

    finding = suspects_finding(table)

    assert finding is not None
    assert "1 label of 7 (14.3 %)" in finding.evidence
    assert "i2 is labelled a; the model says b with 80 %" in finding.evidence
    assert suspects_finding(table.filter(~table["flagged"])) is None
