"""A finished training as its report wants it: what was tried, what it took, what comes next.

In: a Trained. Out: ReportData, and the commands worth typing next.
"""

from __future__ import annotations

from objektiv.base.language import tr, tr_count
from objektiv.base.machine import this_machine
from objektiv.faces.lessons import lesson
from objektiv.faces.report import ReportData
from objektiv.faces.words import duration
from objektiv.flow.run import typed
from objektiv.flow.trained import Forecast, History, Trained


def next_commands(trained: Trained) -> list[str]:
    """What to type next, best first."""
    folder = typed(trained.run.folder)
    return [
        f"objektiv predict IMAGES --run {folder}",
        f"objektiv evaluate OTHER_FOLDER --bundle {typed(trained.run.bundle)}",
        f"objektiv export {folder}",
    ]


def report_data(trained: Trained) -> ReportData:
    """All facts of a training for its report."""
    seen, judged = trained.seen, trained.judged
    return ReportData(
        title=trained.run.folder.name,
        dataset=seen.dataset,
        split=trained.split,
        predictions=judged.predictions,
        baseline=judged.baseline.predictions,
        scores=judged.scores,
        baseline_scores=judged.baseline.scores,
        difference=judged.baseline.difference,
        timings=trained.timings,
        choices=_choices(trained.made.history),
        settings=trained.settings.model_dump(mode="json")
        | {"size": trained.made.size, "precision": trained.made.precision},
        machine=this_machine().as_dict(),
        notes=[*seen.dataset.notes, *trained.split.notes, *_own_notes(trained)],
        next_commands=next_commands(trained),
        probe=(judged.probe.scores.accuracy, judged.probe.difference) if judged.probe else None,
        lesson=lesson(trained),
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


def _own_notes(trained: Trained) -> list[str]:
    return [
        *trained.made.notes,
        *([forecast_note(trained.made.forecast)] if trained.made.forecast else []),
        tr(
            "The bundle was tried on test pictures: its probabilities differ by at most "
            "{difference:.4f} from the ones judged here.",
            difference=trained.shipped.difference,
        ),
        _looked(trained.seen.looked, len(trained.seen.dataset.items)),
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
