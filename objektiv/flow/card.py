"""The model card: what the model is, what it was tested on, and what it should not be used for.

In: what was made and its scores. Out: Markdown text that travels with the bundle.
"""

from __future__ import annotations

from objektiv.flow.trained import Made
from objektiv.judging.intervals import Interval
from objektiv.judging.metrics import Scores


def model_card(made: Made, scores: Scores) -> str:
    """Markdown; every figure comes from the run."""
    classes = [_harmless(name) for name in made.model.classes]
    groups = (
        f"{scores.groups:,} groups that the model had not seen"
        if scores.groups
        else "no groups were named, so pictures of one patient or object may be in both parts"
    )
    return f"""# Model card: {", ".join(classes[:6])}

An image classifier made with objektiv {made.told}.

- Classes: {", ".join(classes)}
- Input: pictures of any size, RGB; made {made.size} x {made.size} pixels by `{made.fit}`
- Learnt from {made.learnt_from:,} pictures, tested on {scores.items:,} others
- {groups[0].upper()}{groups[1:]}
- Precision of arithmetic when tested: {made.precision}

## Scores on the test part

| score | value | 95 % interval |
|---|---|---|
{_row("accuracy", scores.accuracy)}
{_row("balanced accuracy", scores.balanced_accuracy)}
{_row(f"sensitivity for {_harmless(scores.positive or '')}", scores.sensitivity)}
{_row(f"specificity for {_harmless(scores.positive or '')}", scores.specificity)}
{_row("area under the ROC curve", scores.auc)}

## Limits

{_limits(made)} It was tested on pictures
made like those it learnt from; another camera, stain or light may lower every score above.
"""


def _limits(made: Made) -> str:
    if made.predictions.strangeness is None:
        return "It always names one of its classes, also for pictures of something else."
    return (
        "It names one of its classes also for pictures of something else. Beside it stands how\n"
        "strange a picture is: above the bundle's limit the class is no answer. Strangeness finds\n"
        "other things and other ways of taking pictures, not every change of colour."
    )


def _harmless(name: str) -> str:
    """A class's name that is no HTML and ends no cell wherever the Markdown is shown."""
    return name.replace("<", "&lt;").replace("|", "&#124;")


def _row(name: str, interval: Interval | None) -> str:
    if interval is None:
        return f"| {name} | not defined here | |"
    return f"| {name} | {interval.estimate:.3f} | {interval.low:.3f} to {interval.high:.3f} |"
