"""What `train` and `demo` do and print.

In: checked options. Out: text on standard output, progress on standard error, files in a run.
Try: `objektiv train --help`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from objektiv.base.errors import UsageError
from objektiv.base.language import speaking
from objektiv.base.progress import Progress
from objektiv.data.settings import SmearSettings
from objektiv.faces.decisions import print_decisions
from objektiv.faces.doubts import unsure_lines
from objektiv.faces.honesty import looks_told
from objektiv.faces.report import write_report
from objektiv.faces.story import forecast_note, next_commands, report_data
from objektiv.faces.terminal import print_line, print_scores, terminal_listener
from objektiv.faces.words import beside_probe, count
from objektiv.flow.finished import finished
from objektiv.flow.settings import TrainSettings
from objektiv.flow.train import resume as resume_step
from objektiv.flow.train import train as train_step
from objektiv.flow.trained import Trained


def _progress() -> Progress:
    return Progress(terminal_listener(sys.stderr))


def train(data: Path, settings: TrainSettings) -> None:
    """Train, print the scores, and say where everything is."""
    _finish(train_step(data, settings, progress=_progress()))


def resume(data: Path, run: Path, settings: TrainSettings) -> None:
    """Go on with a run that was cut off, likewise.

    Raises:
        UsageError: settings were given, and the run has its own.
    """
    if given := sorted(settings.model_fields_set):
        raise UsageError(
            "a run goes on with its own settings",
            value=", ".join(f"--{name.replace('_', '-')}" for name in given),
            allowed="Nothing but DATA and --resume may be given",
            next="leave it away, or train anew without `--resume`",
        )
    _finish(resume_step(data, run, progress=_progress()))


def _finish(trained: Trained) -> None:
    with speaking(trained.settings.language):
        write_report(report_data(finished(trained)), trained.run.report)
    _print_trained(trained)


def _print_trained(trained: Trained) -> None:
    judged, out = trained.judged, sys.stdout
    plain = judged.baseline
    print_scores(judged.scores, plain.scores, difference=plain.difference, stream=out)
    if judged.probe:
        print_line(beside_probe(judged.probe.difference), out)
    print_decisions(judged.judgement, out)
    for line in unsure_lines(judged.judgement.unsure):
        print_line(line, out)
    print()
    for note in trained.made.notes:
        print_line(note, out)
    if trained.made.forecast:
        print_line(forecast_note(trained.made.forecast), out)
    for note in (*trained.seen.dataset.notes, *trained.split.notes):
        print_line(f"Note: {note}", out)
    aside = trained.seen.dataset.quarantine
    if len(aside):
        counts = aside["reason"].value_counts(sort=True).iter_rows()
        reasons = ", ".join(f"{number} {reason}" for reason, number in counts)
        files = count(len(aside), "file")
        print_line(f"Set aside: {files} ({reasons}); listed in the report.", out)
    for told in looks_told(judged.ledger):
        print_line(told, out)
    seconds = sum(trained.timings.values())
    looked = count(trained.seen.looked, "image")
    print_line(f"Took {seconds:.1f} s; looked at {looked} anew.", out)
    print_line(f"Report: {trained.run.report}", out)
    print_line(f"Next: {next_commands(trained.run)[0]}", out)


def demo(dataset: str, folder: Path, drawing: SmearSettings, *, bank: Path | None) -> None:
    """Draw pictures and train on them."""
    from objektiv.data import digits, smear  # other commands do not draw

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
