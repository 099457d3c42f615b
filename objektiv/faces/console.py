"""What each command does and prints: one function a command.

In: checked options. Out: text on standard output, progress on standard error, files in a run.
Try: `objektiv train --help`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from objektiv.base.progress import Progress
from objektiv.data import digits, smear
from objektiv.data.settings import SmearSettings
from objektiv.faces.report import write_report
from objektiv.faces.story import next_commands, report_data
from objektiv.faces.terminal import (
    print_line,
    print_scores,
    print_table,
    terminal_listener,
)
from objektiv.faces.words import headline, percent, percent_range
from objektiv.features.direct import Direct
from objektiv.flow import use
from objektiv.flow.run import open_run
from objektiv.flow.settings import EvaluateSettings, TrainSettings
from objektiv.flow.train import Trained
from objektiv.flow.train import train as train_step
from objektiv.shipping.bundle import load

SHOWN_IN_JSON = 20  # classes; a network's own 1,000 would fill the screen


def _progress() -> Progress:
    return Progress(terminal_listener(sys.stderr))


def train(data: Path, settings: TrainSettings) -> None:
    """Train, print the scores, and say where everything is."""
    trained = train_step(data, settings, progress=_progress())
    write_report(report_data(trained), trained.run.report)
    _print_trained(trained)


def _print_trained(trained: Trained) -> None:
    judged, out = trained.judged, sys.stdout
    print_scores(judged.scores, judged.baseline_scores, difference=judged.difference, stream=out)
    print()
    for note in (*trained.seen.dataset.notes, *trained.split.notes):
        print_line(f"Note: {note}", out)
    aside = trained.seen.dataset.quarantine
    if len(aside):
        counts = aside["reason"].value_counts(sort=True).iter_rows()
        reasons = ", ".join(f"{number} {reason}" for reason, number in counts)
        print_line(f"Set aside: {len(aside)} files ({reasons}); listed in the report.", out)
    seconds = sum(trained.timings.values())
    print_line(f"Took {seconds:.1f} s; {trained.seen.looked:,} images were looked at anew.", out)
    print_line(f"Report: {trained.run.report}", out)
    print_line(f"Next: {next_commands(trained)[0]}", out)


def demo(dataset: str, folder: Path, drawing: SmearSettings, *, bank: Path | None) -> None:
    """Draw pictures and train on them."""
    progress = _progress()
    if dataset == "smear":
        print_line("Drawing a synthetic blood smear; no real picture is used.", sys.stdout)
        data = smear.draw_smear(folder / "smear", drawing, progress=progress)
    else:
        print_line("Writing scikit-learn's handwritten digits (real, 8 x 8 pixels).", sys.stdout)
        data = digits.write_digits(folder / "digits", progress=progress)
    group = smear.GROUP if dataset == "smear" else None
    settings = TrainSettings(
        group=group, out=folder / "runs", name=f"demo-{dataset}", bank=bank or folder / "bank"
    )
    train(data, settings)


def evaluate(data: Path, bundle: Path, settings: EvaluateSettings) -> None:
    """Score a bundle on another folder."""
    judged = use.evaluate(data, load(bundle), settings, progress=_progress())
    scores = judged.scores
    print_line(f"{headline(scores)}.", sys.stdout)
    rows = [
        (c.name, f"{c.support:,}", percent(c.recall.estimate), percent_range(c.recall))
        for c in scores.per_class
        if c.recall
    ]
    print_table(("class", "items", "recall", "95 %"), rows, stream=sys.stdout)
    if aside := len(judged.dataset.quarantine):
        print_line(f"Set aside: {aside} files; listed in quarantine.csv.", sys.stdout)
    print_line(f"Predictions: {judged.run.folder}", sys.stdout)


def open_model(*, bundle: Path | None, run: Path | None, backbone: str | None) -> use.Model:
    """The one model that was named."""
    if backbone is not None:
        return Direct(backbone)
    if run is not None:
        bundle = open_run(run).bundle
    return load(bundle or Path())


def predict(model: use.Model, images: Sequence[Path], *, as_json: bool, top: int) -> int:
    """Print what `model` says about each image; the exit code is 3 if none could be read."""
    paths = use.pictures_in(images)
    readable = 0
    rows: list[tuple[str, ...]] = []
    for answer in use.answers(model, paths):
        readable += answer.error is None
        if as_json:
            print(json.dumps(_json(answer, model.classes), ensure_ascii=True))
        elif answer.error:
            print_line(f"objektiv: {answer.error}", sys.stderr)
        else:
            rows.append((str(answer.path), *_best(answer, model.classes, top)))
    if rows:
        shown = min(top, len(model.classes))
        head = ["image", "class", "probability"]
        head += [name for k in range(2, shown + 1) for name in (f"{k}.", "probability")]
        print_table(head, rows, stream=sys.stdout)
    return 0 if readable else 3


def _order(answer: use.Answer, top: int) -> list[int]:
    probabilities = np.asarray(answer.probabilities)
    return [int(k) for k in np.argsort(-probabilities, kind="stable")[:top]]


def _best(answer: use.Answer, classes: Sequence[str], top: int) -> list[str]:
    probabilities = np.asarray(answer.probabilities)
    pairs = ((classes[k], f"{probabilities[k]:.3f}") for k in _order(answer, top))
    return [cell for pair in pairs for cell in pair]


def _json(answer: use.Answer, classes: Sequence[str]) -> dict[str, object]:
    if answer.error:
        return {
            "file": str(answer.path),
            "error": {"reason": answer.error.reason, "message": str(answer.error)},
        }
    probabilities = np.asarray(answer.probabilities, np.float64)
    order = _order(answer, SHOWN_IN_JSON)
    return {
        "file": str(answer.path),
        "sha256": answer.hash,
        "class": classes[order[0]],
        "probabilities": {classes[k]: round(float(probabilities[k]), 6) for k in order},
    }


def export(run: Path, to: Path | None) -> None:
    """Write a run's bundle as one file and say what to do with it."""
    opened = open_run(run)
    target = use.export(opened, to or Path(f"{run.resolve().name}.objektiv"))
    print_line(f"Bundle: {target} ({target.stat().st_size / 1e6:.1f} MB)", sys.stdout)
    print_line(f"Next: objektiv predict IMAGES --bundle {target}", sys.stdout)
