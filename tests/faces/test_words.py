"""Numbers as words: rounding that does not lie, and verdicts that fit the intervals."""

from __future__ import annotations

from dataclasses import replace

import pytest

from objektiv.faces import words
from objektiv.judging.intervals import Interval
from objektiv.judging.metrics import Scores, score
from tests.faces.conftest import MakeReport


def _interval(estimate: float, low: float, high: float) -> Interval:
    return Interval(estimate, low, high, "by hand", None, None)


def _scores(make_report: MakeReport, accuracy: float) -> Scores:
    scores = score(make_report().predictions.only("test"))
    return replace(scores, accuracy=_interval(accuracy, accuracy, accuracy))


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.9575, "95.8 %"),
        (1.0, "100.0 %"),
        (0.9998, "99.98 %"),
        (0.00004, "0.004 %"),
        (0.0, "0.0 %"),
        (None, "-"),
    ],
)
def test_percent_never_rounds_to_all_or_nothing(share: float | None, text: str) -> None:
    """One digit is shown, and more where one would make a whole of what is none."""
    assert words.percent(share) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.7, "1 min"),
        (250, "4 min 10 s"),
        (7380, "2 h 3 min"),
        (7200, "2 h"),
    ],
)
def test_duration_is_short(seconds: float, text: str) -> None:
    """A time has at most two units."""
    assert words.duration(seconds) == text


def test_headline_tells_counts_share_interval_and_groups(make_report: MakeReport) -> None:
    """The head line holds the counts of the confusion matrix and the interval's own ends."""
    scores = replace(
        score(make_report().predictions.only("test")),
        items=1200,
        confusion=((570, 30), (21, 579)),
        accuracy=Interval(1149 / 1200, 0.943, 0.97, "by hand", 24, None),
    )

    assert words.headline(scores) == (
        "Of 1,200 test pictures 1,149 were right: 95.8 % (95 % interval 94.3 to 97.0, by 24 groups)"
    )


def test_meaning_asks_for_groups_where_there_are_none(make_report: MakeReport) -> None:
    """Without groups the reader is told when the interval is too narrow, with groups not."""
    lone = words.meaning(_scores(make_report, 0.9).accuracy)
    grouped = words.meaning(Interval(0.9, 0.8, 0.95, "by hand", 24, None))

    assert "--group" in lone
    assert "--group" not in grouped
    assert "counts groups" in grouped


@pytest.mark.parametrize(
    ("difference", "sentence", "warning"),
    [
        ((0.2, 0.15, 0.25), "is better than colour", ""),
        ((0.01, 0.005, 0.015), "is better than colour", "proves little about what the network"),
        ((0.01, -0.01, 0.03), "is not shown to be better", "proves little about what the network"),
        ((0.1, -0.05, 0.25), "is not shown to be better", "would be needed to tell them apart"),
        ((-0.1, -0.15, -0.05), "is worse than colour", "sees only colours comes further"),
    ],
)
def test_verdict_follows_the_interval(
    make_report: MakeReport,
    difference: tuple[float, float, float],
    sentence: str,
    warning: str,
) -> None:
    """Better needs an interval above zero, and a close baseline is a warning all the same."""
    scores, plain = _scores(make_report, 0.95), _scores(make_report, 0.9)
    told = words.verdict(scores, plain, _interval(*difference))

    assert sentence in told.sentence
    assert warning in told.warning
    assert bool(warning) == bool(told.warning)


def test_verdict_names_a_model_that_only_guesses(make_report: MakeReport) -> None:
    """Scores no higher than the share of the largest class are called what they are."""
    scores = _scores(make_report, 0.5)

    told = words.verdict(scores, scores, _interval(0.0, -0.1, 0.1))

    assert "always naming the most frequent class" in told.warning


def test_score_lines_show_the_scores(make_report: MakeReport) -> None:
    """Each line repeats the number of Scores, and two classes have sensitivity by name."""
    data = make_report()
    lines = {line.name: line for line in words.score_lines(data.scores, data.baseline_scores)}

    assert lines["accuracy"].model == words.percent(data.scores.accuracy.estimate)
    assert lines["accuracy"].baseline == words.percent(data.baseline_scores.accuracy.estimate)
    assert lines["log loss"].model == f"{data.scores.log_loss.estimate:.3f}"
    assert lines["sensitivity"].explained == "share of cat that was recognised"
    assert lines["Brier score"].model_range == ""


def test_many_classes_have_no_sensitivity(make_report: MakeReport) -> None:
    """With three classes nobody is told of sensitivity."""
    data = make_report(classes=("a", "b", "c"))
    names = [line.name for line in words.score_lines(data.scores, data.baseline_scores)]

    assert "sensitivity" not in names
    assert "balanced accuracy" in names


def test_marks_that_steer_are_written_out() -> None:
    """Controls, line breaks and marks that turn the text are escaped; letters of all kinds stay."""
    assert words.shown("a\x1b[31m\nb\u202ec") == r"a\x1b[31m\nb\u202ec"
    assert (
        words.shown("M\u00fcller \u05e9\u05dc \u7ec6\u00a0\u00b5m")
        == "M\u00fcller \u05e9\u05dc \u7ec6\u00a0\u00b5m"
    )
