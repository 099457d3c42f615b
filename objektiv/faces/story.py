"""A finished training as its report wants it: what was tried, what it took, what comes next.

In: a Finished. Out: ReportData, and the commands worth typing next.
"""

from __future__ import annotations

from pathlib import Path

from objektiv.base.language import tr, tr_count
from objektiv.faces.honesty import audits_told, looks_told
from objektiv.faces.lessons import lesson
from objektiv.faces.report import ReportData
from objektiv.faces.words import duration
from objektiv.flow.finished import Finished
from objektiv.flow.run import Run, typed
from objektiv.flow.trained import Forecast, History


def next_commands(run: Run) -> list[str]:
    """What to type next, best first."""
    folder = typed(run.folder)
    return [
        f"objektiv predict IMAGES --run {folder}",
        f"objektiv evaluate OTHER_FOLDER --bundle {typed(run.bundle)}",
        f"objektiv export {folder}",
    ]


def report_data(done: Finished) -> ReportData:
    """All facts of a training for its report, in the language that is spoken."""
    judged = done.judged
    there = done.dataset.root.is_dir()
    return ReportData(
        title=done.run.folder.name,
        dataset=done.dataset,
        split=done.split,
        predictions=judged.predictions,
        baseline=judged.baseline.predictions,
        scores=judged.scores,
        baseline_scores=judged.baseline.scores,
        difference=judged.baseline.difference,
        timings=done.timings,
        choices=_choices(done.history),
        settings=done.settings.model_dump(mode="json")
        | {"size": done.size, "precision": done.precision},
        machine=done.machine,
        notes=[
            *([] if there else [_gone(done.dataset.root)]),
            *done.dataset.notes,
            *done.split.notes,
            *_own_notes(done),
        ],
        next_commands=next_commands(done.run),
        probe=(judged.probe.scores.accuracy, judged.probe.difference) if judged.probe else None,
        lesson=lesson(done),
        judgement=judged.judgement,
        honesty=(
            *looks_told(judged.ledger),
            *audits_told(judged.ledger, typed(done.dataset.root)),
        ),
        pictures=there,
    )


def _gone(root: Path) -> str:
    return tr(
        "The pictures are no longer at {folder}, so none is shown; --data names where they are.",
        folder=root,
    )


def _choices(history: History) -> list[dict[str, object]]:
    rows = history.rows if history.kind == "trials" else ()
    return [
        {**row, "blocks": " ".join(row["blocks"]), "chosen": number == history.best}
        for number, row in enumerate(rows)
    ]


def forecast_note(forecast: Forecast) -> str:
    """Predicted against actual."""
    return tr(
        "Before it began, {predicted} were predicted for {epochs}; they took {actual}.",
        predicted=duration(forecast.predicted_of_trained),
        epochs=tr_count("{number} epoch", "{number} epochs", forecast.trained),
        actual=duration(forecast.actual),
    )


def _own_notes(done: Finished) -> list[str]:
    return [
        *done.notes,
        *([forecast_note(done.forecast)] if done.forecast else []),
        tr(
            "The bundle was tried on test pictures: its probabilities differ by at most "
            "{difference:.4f} from the ones judged here.",
            difference=done.difference,
        ),
        _looked(done.looked, len(done.dataset.items)),
    ]


def _looked(looked: int, items: int) -> str:
    if looked == 0:
        return tr("No image had to be looked at: the bank knew them all.")
    if looked >= items:
        return tr_count("{number} image looked at anew.", "{number} images looked at anew.", looked)
    return tr_count(
        "{number} image looked at anew; the bank knew the rest, or they are copies.",
        "{number} images looked at anew; the bank knew the rest, or they are copies.",
        looked,
    )
