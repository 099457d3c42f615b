"""The model card: what the model is, what it was tested on, and what it should not be used for.

In: what was made of which pictures, and its scores. Out: Markdown in the layout that Hugging Face
reads: figures as YAML before the text. It travels with the bundle and is said in the language that
is spoken. The same run gives the same card.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from objektiv.base.language import figure, tr, tr_count
from objektiv.features.look import Seen
from objektiv.flow.card_evidence import decision, doubts, groups_as_a_whole, honesty
from objektiv.flow.card_markdown import harmless, listed, printable, score_row, section, table
from objektiv.flow.trained import Judged, Made
from objektiv.judging.intervals import Interval
from objektiv.judging.metrics import Scores
from objektiv.shipping.facts import OWN

LICENCES = {  # as weights name them, to what Hugging Face lists
    "apache-2.0": "apache-2.0",
    "mit": "mit",
    "bsd-3-clause": "bsd-3-clause",
    "bsd-2-clause": "bsd-2-clause",
    "cc-by-4.0": "cc-by-4.0",
    "cc-by-nc-4.0": "cc-by-nc-4.0",
}
EXAMPLE = """import objektiv as ob

bundle = ob.load("FOLDER")
print(bundle.classes, ob.predict(bundle, "image.png")[0].probabilities)"""
SHOWN = 6  # classes in the title
LISTED = 100  # classes that are named


def model_card(name: str, seen: Seen, made: Made, judged: Judged) -> str:
    """Markdown; every figure comes from the run called `name`."""
    scores, data = judged.scores, seen.dataset.root.name or "data"
    sections = [
        _details(made),
        _uses(made),
        _data(seen, made, scores, data=data),
        _evaluation(judged),
        decision(judged.judgement),
        groups_as_a_whole(judged.judgement),
        doubts(judged.judgement.unsure),
        honesty(judged.ledger),
        _limits(made),
        _how_to_use(made),
        _provenance(seen, made),
    ]
    title = ", ".join(harmless(c) for c in made.model.classes[:SHOWN])
    title += ", …" if len(made.model.classes) > SHOWN else ""
    head = "\n".join(front(name, data, made.backbone.licence, scores))
    told = tr("Model card: {classes}", classes=title)
    return f"---\n{head}\n---\n\n# {told}\n\n" + "\n\n".join(filter(None, sections)) + "\n"


def front(name: str, data: str, licence: str, scores: Scores) -> Iterator[str]:
    """Lines of YAML; texts are quoted as JSON, which is YAML too."""
    known = LICENCES.get(licence.lower())
    if known:
        yield f"license: {known}"
    elif licence != OWN:
        yield from ("license: other", f"license_name: {_quoted(licence)}")
    yield from ("library_name: objektiv", "pipeline_tag: image-classification")
    yield from ("tags:", "- image-classification", "- objektiv", "- onnx")
    figures = list(_figures(scores))
    yield from ("metrics:", *(f"- {kind}" for kind, _, _ in figures))
    yield from ("model-index:", f"- name: {_quoted(name)}", "  results:", "  - task:")
    yield from ("      type: image-classification", "    dataset:")
    yield from (f"      name: {_quoted(data)}", "      type: imagefolder", "      split: test")
    yield "    metrics:"
    for kind, told, value in figures:
        estimate = value.estimate if isinstance(value, Interval) else value
        span = f" (95 % interval {value.low:.4f} to {value.high:.4f})" if _is(value) else ""
        yield f"    - type: {kind}"
        yield f"      value: {estimate:.6g}"
        yield f"      name: {_quoted(told + span)}"


def _is(value: object) -> bool:
    return isinstance(value, Interval)


def _figures(scores: Scores) -> Iterator[tuple[str, str, Any]]:
    """Type, name and value of what a table of models may want; what is not defined is left out."""
    sought = scores.positive or ""
    found: Sequence[tuple[str, str, Interval | float | None]] = (
        ("accuracy", "accuracy", scores.accuracy),
        ("balanced_accuracy", "balanced accuracy", scores.balanced_accuracy),
        ("sensitivity", f"sensitivity for {sought}", scores.sensitivity),
        ("specificity", f"specificity for {sought}", scores.specificity),
        ("roc_auc", "area under the ROC curve", scores.auc),
        ("f1", "macro F1", scores.macro_f1),
        ("log_loss", "log loss", scores.log_loss),
        ("brier_score", "Brier score", scores.brier),
        ("expected_calibration_error", "calibration error", scores.calibration_error),
    )
    return ((kind, told, value) for kind, told, value in found if value is not None)


def _quoted(text: str) -> str:
    """A text as a scalar that YAML and JSON read alike, in printable letters."""
    return json.dumps(printable(text), ensure_ascii=False)


def _details(made: Made) -> str:
    classes = made.model.classes
    named = ", ".join(harmless(c) for c in classes[:LISTED])
    more = len(classes) - LISTED
    if more > 0:
        named += tr(" and {more} more", more=more)
    told = tr("An image classifier made with objektiv {told}.", told=tr(made.told))
    facts = listed(
        tr("Classes: {classes}", classes=named),
        tr(
            "Input: pictures of any size, RGB; made {size} x {size} pixels by `{fit}`",
            size=str(made.size),
            fit=made.fit,
        ),
        tr("Output: a probability for each class; together they are 1"),
        tr("Form: one ONNX graph with preprocessing, network and calibration inside"),
        _licence(made),
    )
    return section(tr("Model details"), told, facts)


def _licence(made: Made) -> str:
    if made.backbone.licence == OWN:
        return tr("Licence: it began with random weights; who trained it has to choose one")
    return tr(
        "Licence: that of the pretrained network inside, {licence}; who trained the rest may have "
        "to add one",
        licence=harmless(made.backbone.licence),
    )


def _uses(made: Made) -> str:
    kinds = tr(
        "Telling pictures of these classes apart, where they are made as the test pictures "
        "were, and where a person can look again at what matters."
    )
    not_meant = listed(
        tr("Pictures of anything else: the model was only shown its own classes."),
        tr("Pictures from another camera, stain, place or population, until tested there."),
        tr("A diagnosis, or any decision about a person, without a person who decides."),
    )
    return section(
        tr("Uses"), f"### {tr('What it is for')}", kinds, f"### {tr('Out of scope')}", not_meant
    )


def _data(seen: Seen, made: Made, scores: Scores, *, data: str) -> str:
    items = seen.dataset.items
    counts: Mapping[str, int] = dict(items.group_by("label").len().iter_rows())
    shown = seen.dataset.classes[:LISTED]
    rows = [[harmless(label), figure(counts.get(label, 0))] for label in shown]
    groups = (
        tr("Tested on {groups} groups that the model had not seen", groups=scores.groups)
        if scores.groups
        else tr("No groups were named, so pictures of one patient or object may be in both parts")
    )
    aside = len(seen.dataset.quarantine)
    facts = listed(
        tr("Data: {data}", data=harmless(data)),
        tr(
            "Learnt from {learnt} pictures, tested on {tested} others",
            learnt=made.learnt_from,
            tested=scores.items,
        ),
        groups,
        tr_count(
            "Set aside because it could not be used: {number} file",
            "Set aside because they could not be used: {number} files",
            aside,
        )
        if aside
        else tr("No file had to be set aside"),
    )
    return section(tr("Data"), facts, table([tr("class"), tr("pictures")], rows))


def _evaluation(judged: Judged) -> str:
    scores, plain = judged.scores, judged.baseline
    rows = [
        score_row(tr("accuracy"), scores.accuracy),
        score_row(tr("balanced accuracy"), scores.balanced_accuracy),
    ]
    if scores.positive:
        sought = harmless(scores.positive)
        rows += [
            score_row(tr("sensitivity for {name}", name=sought), scores.sensitivity),
            score_row(tr("specificity for {name}", name=sought), scores.specificity),
        ]
    rows += [
        score_row(tr("area under the ROC curve"), scores.auc),
        score_row(tr("log loss"), scores.log_loss),
    ]
    beside = tr(
        "A plain baseline that sees only colours and sizes reaches {plain:.3f}; the model is "
        "{difference:+.3f} away from it (95 % interval {low:+.3f} to {high:+.3f}, paired).",
        plain=plain.scores.accuracy.estimate,
        difference=plain.difference.estimate,
        low=plain.difference.low,
        high=plain.difference.high,
    )
    shown = table([tr("score"), tr("value"), tr("95 % interval")], rows)
    told = tr("Scores are of the test part, which was used for nothing else.")
    return section(tr("Evaluation"), told, shown, _few(scores), beside, _classes(scores))


def _few(scores: Scores) -> str:
    warning = scores.accuracy.warning
    return f"**{tr('Few groups.')}** {tr(warning)}" if warning else ""


def _classes(scores: Scores) -> str:
    rows = [
        score_row(harmless(c.name), c.recall, figure(c.support)) for c in scores.per_class[:LISTED]
    ]
    head = [tr("class"), tr("test pictures"), tr("recognised"), tr("95 % interval")]
    return table(head, rows)


def _limits(made: Made) -> str:
    names = tr("It always names one of its classes, also for pictures of something else.")
    if made.predictions.strangeness is not None:
        names += " " + tr(
            "Beside the name stands how strange a picture is: above the limit the name is no "
            "answer. Strangeness finds other things and other ways of taking pictures, not every "
            "change of colour."
        )
    others = tr(
        "It was tested on pictures made like those it learnt from; another camera, stain or light "
        "may lower every score above."
    )
    return section(tr("Limits"), f"{names} {others}")


def _how_to_use(made: Made) -> str:
    example = "objektiv predict IMAGES --bundle FOLDER"
    return section(
        tr("How to use it"),
        tr("FOLDER is the folder that holds this card and model.onnx."),
        f"```\n{example}\n```",
        f"```python\n{EXAMPLE}\n```",
    )


def _provenance(seen: Seen, made: Made) -> str:
    return section(
        tr("Where it comes from"),
        listed(
            tr(
                "Network: {name}, weights SHA-256 `{sha256}`",
                name=harmless(made.backbone.name),
                sha256=made.backbone.sha256,
            ),
            tr("Precision of arithmetic when tested: {precision}", precision=made.precision),
            tr("Settings, versions, fingerprints of data and split, scores: bundle.json"),
        ),
    )
