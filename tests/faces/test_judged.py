"""What the report shows of a Judgement: the record's own numbers, and reasons for what lacks."""

from __future__ import annotations

import numpy as np
import pytest

from objektiv.base.language import speaking
from objektiv.faces.judged import (
    decision_part,
    group_part,
    subgroup_tables,
    with_ranges,
)
from objektiv.faces.words import percent, percent_range, score_lines
from objektiv.flow.judge import Judgement, judge
from objektiv.judging.intervals import Interval
from objektiv.judging.predictions import Predictions
from objektiv.judging.settings import JudgeSettings


def predictions(
    *, groups: int | None = 60, classes: tuple[str, ...] = ("ill", "well"), pure: int = 20
) -> Predictions:
    """600 items, half of them test, of which the model is right on most.

    `pure`: so many groups hold no item of the first class.
    """
    rng = np.random.default_rng(5)
    items = 600
    labels = rng.integers(0, len(classes), items)
    if groups:
        labels[np.arange(items) % groups < pure] = 1
    logits = rng.normal(0, 1, (items, len(classes)))
    logits[np.arange(items), labels] += 2
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return Predictions(
        ids=tuple(f"{n}.png" for n in range(items)),
        hashes=("",) * items,
        parts=tuple("test" if n % 2 else "train" for n in range(items)),
        folds=tuple(None if n % 2 else n % 5 for n in range(items)),
        groups=tuple(None if groups is None else f"g{n % groups}" for n in range(items)),
        labels=labels,
        classes=classes,
        logits=logits,
        probabilities=shares,
    )


@pytest.fixture(scope="module")
def demanded() -> Judgement:
    """A sensitivity of 0.98 was asked for."""
    return judge(predictions(), JudgeSettings(sensitivity=0.98))


def test_threshold_and_what_it_brings_stand_together(demanded: Judgement) -> None:
    """The sentence names the threshold, the tables hold the counts of the record."""
    part, point = decision_part(demanded), demanded.operating
    assert part and part.counts and part.expected and not hasattr(point, "reason")

    value = point.threshold.value  # type: ignore[union-attr]
    assert part.chosen
    assert part.lines[0] == (
        f"A picture is called ill from a probability of {value:.4f} on, which was chosen for a "
        "sensitivity of 98.0 %."
    )
    counts = point.counts  # type: ignore[union-attr]
    assert part.counts.rows[0][1:3] == (str(counts.found), str(counts.missed))
    assert part.counts.rows[1][1:3] == (str(counts.alarmed), str(counts.cleared))
    assert len(part.expected.rows) == 3
    assert part.lines[1].startswith(
        f"Of {demanded.prevalence[1].total:,} pictures, 5 % of them ill"
    )  # type: ignore[union-attr]
    assert percent(point.sensitivity.estimate) in part.summary  # type: ignore[union-attr]
    assert part.expected.rows[1][0] == f"5 % of {demanded.prevalence[1].total:,} pictures"  # type: ignore[union-attr]


def test_curves_hold_the_records_points(demanded: Judgement) -> None:
    """ROC and precision-recall are drawn, with their areas told and their points in the file."""
    part = decision_part(demanded)
    assert part

    (roc, told), (recall, _) = part.curves
    assert (roc.file, recall.file) == ("figures/roc.csv", "figures/precision_recall.csv")
    assert [row[1] for row in roc.rows] == list(demanded.roc.x)  # type: ignore[union-attr]
    area = demanded.roc.area  # type: ignore[union-attr]
    assert isinstance(area, Interval) and f"{area.estimate:.3f}" in told
    assert roc.svg.count("<polygon") == 1 and "the threshold used here" in roc.svg


def test_worst_groups_come_first_and_all_are_there(demanded: Judgement) -> None:
    """Ten are shown, the least certain to be good first; the others can be opened."""
    part, groups = group_part(demanded), demanded.groups
    assert part

    assert [row[0] for row in part.worst.rows] == list(groups.worst[:10])  # type: ignore[union-attr]
    assert len(part.rows.rows) == 30
    assert part.expected and len(part.expected.rows) == 3
    assert part.worst.head[-2:] == ("decision", "right")


def test_what_is_not_defined_says_why() -> None:
    """All groups hold both classes, so none can be told apart: a sentence, not a number."""
    part = group_part(judge(predictions(groups=40, pure=0), JudgeSettings()))
    assert part

    assert part.lines[0].startswith("Whole groups: not defined: ")
    assert part.expected is None
    with speaking("de"):
        told = group_part(judge(predictions(groups=40, pure=0), JudgeSettings()))
    assert told and told.lines[0].startswith("Ganze Gruppen: nicht bestimmt: ")


def test_many_classes_have_no_decision_but_worst_groups() -> None:
    """Without a class that is sought nothing is decided; groups are ranked all the same."""
    found = judge(predictions(classes=("a", "b", "c")), JudgeSettings())

    assert decision_part(found) is None
    part = group_part(found)
    assert part and part.lines == () and part.worst.head == ("group", "pictures", "accuracy")


def test_without_groups_there_is_no_such_section() -> None:
    """Nothing is told of groups where there are none."""
    assert group_part(judge(predictions(groups=None), JudgeSettings())) is None


def test_every_score_gets_its_interval(demanded: Judgement) -> None:
    """Macro F1, Brier score and calibration error have those of the Judgement."""
    lines = with_ranges(score_lines(demanded.scores, demanded.scores), demanded)

    assert all(line.model_range for line in lines)
    found = {line.name: line.model_range for line in lines}
    assert found["macro F1"] == percent_range(demanded.ranges.macro_f1)
    assert found["calibration error"] == percent_range(demanded.calibration_error)


def test_subgroups_have_a_table_a_column() -> None:
    """Numbers of a column are told as ranges, in German with decimal commas."""
    import polars as pl

    made = predictions()
    columns = pl.DataFrame({"id": made.ids, "age": [20 + 0.5 * (n % 61) for n in range(600)]})
    found = judge(made, JudgeSettings(by=("age",)), columns=columns)

    (table,) = subgroup_tables(found)
    assert table.caption == "Scores by age"
    assert table.head == (
        *("age", "pictures", "accuracy", "against the rest", "sensitivity", "specificity"),
    )
    assert len(table.rows) == 4 and table.rows[0][0] == "20 to 27.5"
    row = found.subgroups[0].rows[0]
    assert table.rows[0][2].startswith(percent(row.accuracy.estimate))
    with speaking("de"):
        (german,) = subgroup_tables(found)
    assert german.rows[0][0] == "20 bis 27,5"
