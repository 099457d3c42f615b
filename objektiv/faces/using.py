"""What `predict` and `evaluate` do and print: the commands that use a finished model.

In: checked options. Out: text on standard output, messages on standard error, an exit code.
Apart from `faces.console` because naming one picture must not wait for what training imports.
Try: `objektiv predict --help`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from objektiv.base.errors import DataError, UsageError
from objektiv.base.language import speaking
from objektiv.base.progress import Progress
from objektiv.faces.answered import answered, order, told_doubt
from objektiv.faces.decisions import print_decisions
from objektiv.faces.doubts import unsure_lines
from objektiv.faces.evaluation import write_evaluation
from objektiv.faces.honesty import looks_told
from objektiv.faces.terminal import print_line, print_table, terminal_listener
from objektiv.faces.words import count, headline, percent, percent_range
from objektiv.features.direct import Direct
from objektiv.flow import use
from objektiv.flow.evaluate_table import JudgedTable, evaluate_table
from objektiv.flow.run import open_run
from objektiv.flow.settings import EvaluateSettings, PredictSettings
from objektiv.judging.foreign import SUFFIXES
from objektiv.shipping.bundle import load

ODD = 20  # kinds of odd files that are told


def evaluate(data: Path, bundle: Path | None, settings: EvaluateSettings) -> None:
    """Score a bundle on another folder, or a table of predictions without any.

    Raises:
        UsageError: a folder without a bundle, or a table with one.
    """
    table = data.is_file() and data.suffix.lower() in SUFFIXES
    if table == (bundle is not None):
        raise UsageError(
            "a table of predictions needs no bundle" if table else "pictures need a bundle",
            value=f"{data} with --bundle {bundle}" if table else data,
            allowed="A folder of pictures with --bundle, or a table (.csv, .parquet) without",
            next="leave --bundle away" if table else "name it with `--bundle RUN/model`",
        )
    judged = _evaluated(data, bundle, settings)
    scores = judged.scores
    print_line(f"{headline(scores)}.", sys.stdout)
    rows = [
        (c.name, f"{c.support:,}", percent(c.recall.estimate), percent_range(c.recall))
        for c in scores.per_class
        if c.recall
    ]
    print_table(("class", "items", "recall", "95 %"), rows, stream=sys.stdout)
    print_decisions(judged.judgement, sys.stdout)
    for line in unsure_lines(judged.judgement.unsure):
        print_line(line, sys.stdout)
    warning = scores.accuracy.warning
    for note in (*judged.notes, *([warning] if warning else [])):
        print_line(f"Note: {note}.", sys.stdout)
    aside = len(judged.dataset.quarantine) if isinstance(judged, use.Evaluated) else 0
    if aside:
        print_line(f"Set aside: {count(aside, 'file')}; listed in quarantine.csv.", sys.stdout)
    for told in looks_told(judged.ledger):
        print_line(told, sys.stdout)
    with speaking(settings.language):
        page = write_evaluation(judged)
    print_line(f"Predictions: {judged.run.folder}", sys.stdout)
    print_line(f"Page: {page}", sys.stdout)


def _evaluated(
    data: Path, bundle: Path | None, settings: EvaluateSettings
) -> use.Evaluated | JudgedTable:
    if bundle is None:
        return evaluate_table(data, settings)
    return use.evaluate(
        data, load(bundle), settings, progress=Progress(terminal_listener(sys.stderr))
    )


def open_model(*, bundle: Path | None, run: Path | None, backbone: str | None) -> use.Model:
    """The one model that was named."""
    if backbone is not None:
        return Direct(backbone)
    if run is not None:
        bundle = open_run(run).bundle
    return load(bundle or Path())


def predict(
    model: use.Model, images: Sequence[Path], settings: PredictSettings, *, as_json: bool
) -> int:
    """Print what `model` says about each image; the exit code is 3 if none could be read."""
    paths = use.pictures_in(images)
    readable = doubted = 0
    rows: list[tuple[str, ...]] = []
    odd: list[use.Answer] = []
    for answer in use.answers(model, paths, max_pixels=settings.max_pixels):
        readable += answer.error is None
        if as_json:
            print(json.dumps(_json(answer, model.classes), ensure_ascii=True))
        elif answer.error:
            print_line(f"objektiv: {answer.error}", sys.stderr)
        else:
            doubt = told_doubt(answer.doubt, model.classes)
            rows.append((str(answer.path), *_best(answer, model.classes, settings.top), doubt))
            doubted += answer.doubt is not None
            odd += [replace(answer, logits=None, probabilities=None)] * bool(answer.notes)
    if rows:
        classes = min(settings.top, len(model.classes))
        head = ["image", "class", "probability"]
        head += [name for k in range(2, classes + 1) for name in (f"{k}.", "probability")]
        if not any(row[-1] for row in rows):
            rows = [row[:-1] for row in rows]
        print_table([*head, "doubt"][: len(rows[0])], rows, stream=sys.stdout)
    if doubted:
        print_line(
            f"{doubted:,} of {count(len(rows), 'picture')} should not be answered by this model: "
            "the last column says why.",
            sys.stdout,
        )
    notes = use.odd_notes(odd)
    for note in notes[:ODD]:
        print_line(f"Note: {note}", sys.stdout)
    if len(notes) > ODD:
        more = count(len(notes) - ODD, "more kind")
        print_line(f"Note: {more} of odd files; --json tells all", sys.stdout)
    if readable < len(paths) > 1:
        missed = f"{len(paths) - readable:,} of {count(len(paths), 'file')}"
        print_line(f"objektiv: {missed} could not be read", sys.stderr)
    return 0 if readable else DataError.exit_code


def _best(answer: use.Answer, classes: Sequence[str], top: int) -> list[str]:
    probabilities = np.asarray(answer.probabilities)
    pairs = ((classes[k], f"{probabilities[k]:.3f}") for k in order(answer, top))
    return [cell for pair in pairs for cell in pair]


def _json(answer: use.Answer, classes: Sequence[str]) -> dict[str, object]:
    if answer.error:
        return {
            "file": str(answer.path),
            "error": {"reason": answer.error.reason, "message": str(answer.error)},
        }
    return {"file": str(answer.path), **answered(answer, classes)}
