"""The part of a page that shows scores: score by score, class by class, reliability, mistakes.

In: test predictions with what was judged of them. Out: what report_scores.html is filled with.
Try: `scored_part(predictions.only("test"), judgement.scores, judgement=judgement)`.
"""

from __future__ import annotations

from typing import Any

from objektiv.data.dataset import Dataset
from objektiv.faces import figures, judged, sections, words
from objektiv.faces.pictures import thumbnails
from objektiv.flow.judge import Judgement
from objektiv.judging.calibration import reliability
from objektiv.judging.metrics import Scores
from objektiv.judging.predictions import Predictions

WIDE = 12  # classes from which the confusion matrix shows counts only


def scored_part(
    test: Predictions,
    scores: Scores,
    *,
    baseline: Scores | None = None,
    judgement: Judgement | None = None,
    dataset: Dataset | None = None,
) -> dict[str, Any]:
    """`baseline` stands beside the scores where there is one, pictures where `dataset` has them."""
    mistakes = sections.worst_mistakes(test)
    ids = [mistake.id for mistake in mistakes]
    shown = thumbnails(dataset, ids) if dataset else (None,) * len(ids)
    wrong = int((~test.correct).sum())
    lines = words.score_lines(scores, baseline or scores)
    classes = len(test.classes)
    return {
        "scores": scores,
        "beside_baseline": baseline is not None,
        "score_lines": judged.with_ranges(lines, judgement) if judgement else lines,
        "class_table": sections.class_table(scores, judgement.ranges if judgement else None),
        "matrix": sections.confusion(scores),
        "wide": classes > WIDE,
        "mix_ups": sections.mix_ups(scores) if classes > 2 and wrong else None,
        "reliability": figures.reliability(reliability(test), classes=classes),
        "gap": 100 * scores.calibration_error,
        "mistakes": list(zip(mistakes, shown, strict=True)),
        "wrong": wrong,
    }
