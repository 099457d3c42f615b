"""Numbers as words that a person without statistics can read; the report and the terminal share it.

In: counts, shares, seconds, intervals, scores. Out: phrases in plain ASCII, save for the names of
classes. What cannot be computed is a dash.
Try: `headline(score(predictions.only("test")))`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from objektiv.judging.intervals import Interval
from objektiv.judging.metrics import Scores

NONE = "-"  # stands where nothing could be computed
CLOSE = 0.03  # accuracies nearer than this are told to be close
BASELINE = "colour statistics"  # what the plain baseline looks at, beside the size


def shown(text: str) -> str:
    """`text` without what steers a terminal or turns a page round: such marks as `\\u202e`."""
    if text.isprintable():
        return text
    return "".join(c if _is_plain(c) else ascii(c)[1:-1] for c in text)


def _is_plain(character: str) -> bool:
    """Not a control, a lone surrogate, nor a mark that turns the direction of what follows."""
    return character == " " or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp")


def count(number: int, what: str, *, plural: str = "") -> str:
    """`1 picture`, `1,200 pictures`, `2 classes` with plural="classes"."""
    return f"{number:,} {what if number == 1 else plural or what + 's'}"


def percent(share: float | None) -> str:
    """`95.8 %`; more digits where one would make a whole of what is none (99.98 %)."""
    return NONE if share is None else f"{_hundredths(share)} %"


def _hundredths(share: float) -> str:
    for digits in (1, 2, 3):
        text = f"{100 * share:.{digits}f}"
        if share in (0.0, 1.0) or float(text) not in (0.0, 100.0):
            return text
    return text


def points(difference: float) -> str:
    """A difference of shares in percentage points, with its sign: `+1.3`."""
    text = f"{100 * difference:+.1f}"
    return "0.0" if float(text) == 0 else text


def percent_range(interval: Interval) -> str:
    """The ends of an interval of a share: `94.3 to 97.0`."""
    return f"{_hundredths(interval.low)} to {_hundredths(interval.high)}"


def points_range(interval: Interval) -> str:
    """The ends of an interval of a difference: `-0.4 to +3.0`."""
    return f"{points(interval.low)} to {points(interval.high)}"


def number(value: float | None) -> str:
    """Three digits behind the point: `0.128`."""
    return NONE if value is None else f"{value:.3f}"


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `4 min 10 s`, `2 h 3 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")
    return f"{whole // 3600:,} h" + (f" {whole % 3600 // 60} min" if whole % 3600 // 60 else "")


def headline(scores: Scores) -> str:
    """`Of 1,200 test pictures 1,149 were right: 95.8 % (95 % interval 94.3 to 97.0, ...)`."""
    right = sum(row[k] for k, row in enumerate(scores.confusion))
    accuracy = scores.accuracy
    by = f", by {count(accuracy.groups, 'group')}" if accuracy.groups is not None else ""
    verb = "was" if right == 1 else "were"
    return (
        f"Of {count(scores.items, 'test picture')} {right:,} {verb} right: "
        f"{percent(accuracy.estimate)} (95 % interval {percent_range(accuracy)}{by})"
    )


def meaning(interval: Interval) -> str:
    """What the interval of the accuracy promises, and what it does not."""
    if interval.groups is None:
        units = "Each picture counts as an independent trial. If pictures belong together "
        units += "(one patient, one part, one video), the interval is too narrow: use --group."
        others = "other pictures"
    else:
        units = "Pictures of one group succeed and fail together, so the interval counts groups."
        others = "other groups"
    return (
        f"With {others} from the same source the share would come out a little different. "
        "Of 100 intervals made this way, about 95 hold the true share. "
        f"{units} It says nothing about pictures of another kind, place or camera."
    )


@dataclass(frozen=True)
class Verdict:
    """What the comparison with the baseline says; `warning` is empty where there is none."""

    better: bool
    sentence: str
    warning: str


def verdict(scores: Scores, baseline: Scores, difference: Interval) -> Verdict:
    """Whether the model beats the plain baseline, and what that says about what it saw."""
    # Not "the deep features": the head may use the colours too, as one block among its own.
    span = f"{points(difference.estimate)} points, 95 % interval {points_range(difference)}"
    better = difference.low > 0
    if better:
        sentence = f"This model is better than {BASELINE} alone here ({span})."
    elif difference.high < 0:
        sentence = f"This model is worse than {BASELINE} alone here ({span})."
    else:
        sentence = f"This model is not shown to be better than {BASELINE} alone here ({span})."
    if better and difference.estimate >= CLOSE:
        return Verdict(better, sentence, "")
    if max(scores.accuracy.estimate, baseline.accuracy.estimate) <= most_frequent(scores):
        warning = "Neither is better than always naming the most frequent class."
    elif difference.estimate < CLOSE:
        far = "further" if difference.high < 0 else "about as far"
        warning = (
            f"A method that sees only colours comes {far}, so this score proves little "
            "about what the network saw: the colours of these pictures may be all it uses."
        )
    else:
        warning = "More test pictures, or more groups, would be needed to tell them apart."
    return Verdict(better, sentence, warning)


def beside_probe(difference: Interval) -> str:
    """Whether a network beats the quick probe; `difference` is paired, the network minus it."""
    span = f"{points(difference.estimate)} points, 95 % interval {points_range(difference)}"
    if difference.low > 0:
        told = "It is better than the quick probe"
    elif difference.high < 0:
        told = "It is worse than the quick probe"
    else:
        told = "It is not shown to be better than the quick probe"
    return f"{told}, which takes seconds ({span})."


def most_frequent(scores: Scores) -> float:
    """The share that always naming the most frequent class would have right."""
    return max(sum(row) for row in scores.confusion) / scores.items


@dataclass(frozen=True)
class ScoreLine:
    """One score as text: of the model and of the baseline, each with its interval or ""."""

    name: str
    explained: str
    model: str
    model_range: str
    baseline: str
    baseline_range: str


_Get = Callable[[Scores], Interval | float | None]


def score_lines(scores: Scores, baseline: Scores) -> list[ScoreLine]:
    """Every score in the order in which people ask for them."""
    sought = scores.positive
    others = [name for name in scores.classes if name != sought]
    other = others[0] if len(others) == 1 else "all others"
    shares: list[tuple[str, str, _Get]] = [
        ("accuracy", "share of pictures that were right", lambda s: s.accuracy),
        ("balanced accuracy", "the same, each class weighing alike", lambda s: s.balanced_accuracy),
    ]
    if sought:
        shares += [
            ("sensitivity", f"share of {sought} that was recognised", lambda s: s.sensitivity),
            ("specificity", f"share of {other} that was recognised", lambda s: s.specificity),
        ]
    shares.append(
        ("macro F1", "precision and recall in one, mean of classes", lambda s: s.macro_f1)
    )
    numbers: list[tuple[str, str, _Get]] = [
        (
            "AUC",
            "how well probabilities sort the classes; 1 is best, 0.5 is chance",
            lambda s: s.auc,
        ),
        ("log loss", "price of wrong or unsure probabilities; 0 is best", lambda s: s.log_loss),
        ("Brier score", "squared error of the probabilities; 0 is best", lambda s: s.brier),
    ]
    gap = ("calibration error", "how far confidence is from truth, on average")
    return [
        *(_line(line, scores, baseline, (percent, percent_range)) for line in shares),
        *(_line(line, scores, baseline, (number, _number_range)) for line in numbers),
        _line((*gap, lambda s: s.calibration_error), scores, baseline, (percent, percent_range)),
    ]


def _number_range(interval: Interval) -> str:
    return f"{number(interval.low)} to {number(interval.high)}"


def _line(
    line: tuple[str, str, _Get],
    scores: Scores,
    baseline: Scores,
    forms: tuple[Callable[[float | None], str], Callable[[Interval], str]],
) -> ScoreLine:
    name, explained, get = line
    texts = []
    for value in (get(scores), get(baseline)):
        if isinstance(value, Interval):
            texts += [forms[0](value.estimate), forms[1](value)]
        else:
            texts += [forms[0](value), ""]
    return ScoreLine(name, explained, *texts)
