"""Numbers as words that a person without statistics can read; the report and the terminal share it.

In: counts, shares, seconds, intervals, scores. Out: phrases in the language that is spoken, the
English ones in plain ASCII, save for the names of classes. What cannot be computed is a dash.
Try: `headline(score(predictions.only("test")))`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from objektiv.base.language import figure, mark, tr, tr_count
from objektiv.judging.intervals import Interval
from objektiv.judging.metrics import Scores

NONE = "-"  # stands where nothing could be computed
CLOSE = 0.03  # accuracies nearer than this are told to be close
BASELINE = mark("colour statistics")  # what the plain baseline looks at, beside the size


def shown(text: str) -> str:
    """`text` without what steers a terminal or turns a page round: such marks as `\\u202e`."""
    if text.isprintable():
        return text
    return "".join(c if _is_plain(c) else ascii(c)[1:-1] for c in text)


def _is_plain(character: str) -> bool:
    """Not a control, a lone surrogate, nor a mark that turns the direction of what follows."""
    return character == " " or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp")


def count(number: int, what: str, *, plural: str = "") -> str:
    """`1 picture`, `1,200 pictures`, `2 classes` with plural="classes"; in English alone."""
    return f"{number:,} {what if number == 1 else plural or what + 's'}"


def pictures(number: int) -> str:
    """`1,200 pictures`."""
    return tr_count("{number} picture", "{number} pictures", number)


def groups(number: int) -> str:
    """`12 groups`."""
    return tr_count("{number} group", "{number} groups", number)


def whole(number: int) -> str:
    """A number without digits behind the point: `27,558`."""
    return figure(number)


def percent(share: float | None) -> str:
    """`95.8 %`; more digits where one would make a whole of what is none (99.98 %)."""
    return NONE if share is None else f"{_hundredths(share)} %"


def _hundredths(share: float) -> str:
    for digits in (1, 2, 3):
        text = f"{100 * share:.{digits}f}"
        if share in (0.0, 1.0) or float(text) not in (0.0, 100.0):
            break
    return figure(100 * share, f".{digits}f")


def points(difference: float) -> str:
    """A difference of shares in percentage points, with its sign: `+1.3`."""
    text = f"{100 * difference:+.1f}"
    return figure(
        0.0 if float(text) == 0 else 100 * difference, ".1f" if float(text) == 0 else "+.1f"
    )


def span(low: str, high: str) -> str:
    """`94.3 to 97.0`."""
    return tr("{low} to {high}", low=low, high=high)


def percent_range(interval: Interval) -> str:
    """The ends of an interval of a share: `94.3 to 97.0`."""
    return span(_hundredths(interval.low), _hundredths(interval.high))


def points_range(interval: Interval) -> str:
    """The ends of an interval of a difference: `-0.4 to +3.0`."""
    return span(points(interval.low), points(interval.high))


def number(value: float | None) -> str:
    """Three digits behind the point: `0.128`."""
    return NONE if value is None else figure(value, ".3f")


def number_range(interval: Interval) -> str:
    """The ends of an interval of a number: `0.120 to 0.136`."""
    return span(number(interval.low), number(interval.high))


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `4 min 10 s`, `2 h 3 min`."""
    if seconds < 9.95:
        return f"{figure(seconds, '.1f')} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")
    return f"{figure(whole // 3600)} h" + (
        f" {whole % 3600 // 60} min" if whole % 3600 // 60 else ""
    )


def headline(scores: Scores) -> str:
    """`Of 1,200 test pictures 1,149 were right: 95.8 % (95 % interval 94.3 to 97.0, ...)`."""
    before, share, after = headline_parts(scores)
    return f"{before}: {share}{after}"


def headline_parts(scores: Scores) -> tuple[str, str, str]:
    """The headline before the share, the share, and what follows."""
    right = sum(row[k] for k, row in enumerate(scores.confusion))
    accuracy = scores.accuracy
    tested = tr_count("{number} test picture||of", "{number} test pictures||of", scores.items)
    before = tr_count(
        "Of {tested} {number} was right", "Of {tested} {number} were right", right, tested=tested
    )
    interval = tr("95 % interval {span}", span=percent_range(accuracy))
    if accuracy.groups is not None:
        interval += tr_count(", by {number} group", ", by {number} groups", accuracy.groups)
    return before, percent(accuracy.estimate), f" ({interval})"


def meaning(interval: Interval) -> str:
    """What the interval of the accuracy promises, and what it does not."""
    if interval.groups is None:
        first = tr(
            "With other pictures from the same source the share would come out a little different."
        )
        units = tr(
            "Each picture counts as an independent trial. If pictures belong together (one "
            "patient, one part, one video), the interval is too narrow: use --group."
        )
    else:
        first = tr(
            "With other groups from the same source the share would come out a little different."
        )
        units = tr(
            "Pictures of one group succeed and fail together, so the interval counts groups."
        )
    promise = tr("Of 100 intervals made this way, about 95 hold the true share.")
    limits = tr("It says nothing about pictures of another kind, place or camera.")
    return f"{first} {promise} {units} {limits}"


@dataclass(frozen=True)
class Verdict:
    """What the comparison with the baseline says; `warning` is empty where there is none."""

    better: bool
    sentence: str
    warning: str


def verdict(scores: Scores, baseline: Scores, difference: Interval) -> Verdict:
    """Whether the model beats the plain baseline, and what that says about what it saw."""
    # Not "the deep features": the head may use the colours too, as one block among its own.
    parts = {"baseline": tr(BASELINE), "span": _beside(difference)}
    better = difference.low > 0
    if better:
        sentence = tr("This model is better than {baseline} alone here ({span}).", **parts)
    elif difference.high < 0:
        sentence = tr("This model is worse than {baseline} alone here ({span}).", **parts)
    else:
        sentence = tr(
            "This model is not shown to be better than {baseline} alone here ({span}).", **parts
        )
    if better and difference.estimate >= CLOSE:
        return Verdict(better, sentence, "")
    if max(scores.accuracy.estimate, baseline.accuracy.estimate) <= most_frequent(scores):
        warning = tr("Neither is better than always naming the most frequent class.")
    elif difference.estimate < CLOSE:
        far = (
            tr("A method that sees only colours comes further, ")
            if difference.high < 0
            else tr("A method that sees only colours comes about as far, ")
        )
        warning = far + tr(
            "so this score proves little about what the network saw: the colours of these "
            "pictures may be all it uses."
        )
    else:
        warning = tr("More test pictures, or more groups, would be needed to tell them apart.")
    return Verdict(better, sentence, warning)


def _beside(difference: Interval) -> str:
    return tr(
        "{points} points, 95 % interval {span}",
        points=points(difference.estimate),
        span=points_range(difference),
    )


def beside_probe(difference: Interval) -> str:
    """Whether a network beats the quick probe; `difference` is paired, the network minus it."""
    span = _beside(difference)
    if difference.low > 0:
        return tr("It is better than the quick probe, which takes seconds ({span}).", span=span)
    if difference.high < 0:
        return tr("It is worse than the quick probe, which takes seconds ({span}).", span=span)
    return tr(
        "It is not shown to be better than the quick probe, which takes seconds ({span}).",
        span=span,
    )


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
        (tr("accuracy"), tr("share of pictures that were right"), lambda s: s.accuracy),
        (
            tr("balanced accuracy"),
            tr("the same, each class weighing alike"),
            lambda s: s.balanced_accuracy,
        ),
    ]
    if sought:
        told = mark("share of {name} that was recognised")
        shares += [
            (tr("sensitivity"), tr(told, name=sought), lambda s: s.sensitivity),
            (tr("specificity"), tr(told, name=other), lambda s: s.specificity),
        ]
    shares.append(
        (tr("macro F1"), tr("precision and recall in one, mean of classes"), lambda s: s.macro_f1)
    )
    numbers: list[tuple[str, str, _Get]] = [
        (
            tr("AUC"),
            tr("how well probabilities sort the classes; 1 is best, 0.5 is chance"),
            lambda s: s.auc,
        ),
        (
            tr("log loss"),
            tr("price of wrong or unsure probabilities; 0 is best"),
            lambda s: s.log_loss,
        ),
        (
            tr("Brier score"),
            tr("squared error of the probabilities; 0 is best"),
            lambda s: s.brier,
        ),
    ]
    gap = (tr("calibration error"), tr("how far confidence is from truth, on average"))
    return [
        *(_line(line, scores, baseline, (percent, percent_range)) for line in shares),
        *(_line(line, scores, baseline, (number, number_range)) for line in numbers),
        _line((*gap, lambda s: s.calibration_error), scores, baseline, (percent, percent_range)),
    ]


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
