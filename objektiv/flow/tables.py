"""What a training writes for people and programs: quarantine, history, story and metrics.

In: a Trained. Out: quarantine.csv, history.csv, story.json, pictures.parquet and metrics.json,
which comes last, so that a folder with it is finished.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from objektiv.base import files
from objektiv.base.machine import this_machine
from objektiv.flow import run as names
from objektiv.flow.finished import about_model, finished, save
from objektiv.flow.run import save_quarantine
from objektiv.flow.trained import Judged, Trained


def write_tables(trained: Trained) -> None:
    """Write them all."""
    folder, seen = trained.run.folder, trained.seen
    save_quarantine(seen.dataset, folder / names.QUARANTINE)
    history = trained.made.history
    if history.kind == "trials":  # epochs were written as they ended
        rows = [{key: _cell(value) for key, value in row.items()} for row in history.rows]
        files.write_text(folder / names.HISTORY, pl.DataFrame(rows).write_csv())
    save(finished(trained))
    metrics = {
        **_scores(trained.judged),
        "model": about_model(trained),
        "chosen": dict(history.rows[history.best]),
        "temperature": trained.made.model.temperature,
        "size": trained.made.size,
        "precision": trained.made.precision,
        "items": len(seen.dataset.items),
        "quarantined": len(seen.dataset.quarantine),
        "looked_at": seen.looked,
        "shipped_difference": trained.shipped.difference,
        "seconds": trained.timings,
        "machine": this_machine().as_dict(),
        "ledger": trained.judged.ledger.to_dict(),
    }
    if forecast := trained.made.forecast:
        metrics["forecast"] = {
            "epochs": forecast.epochs,
            "predicted_seconds": forecast.predicted,
            "trained_epochs": forecast.trained,
            "predicted_seconds_of_trained": round(forecast.predicted_of_trained, 3),
            "actual_seconds": forecast.actual,
        }
    files.write_json(folder / names.METRICS, metrics)


def _cell(value: object) -> object:
    return " ".join(map(str, value)) if isinstance(value, tuple) else value


def _scores(judged: Judged) -> dict[str, Any]:
    found = {
        "test": judged.scores.to_dict(),
        "baseline": judged.baseline.scores.to_dict(),
        "difference": judged.baseline.difference.to_dict(),
    }
    if judged.probe:
        found["probe"] = judged.probe.scores.to_dict()
        found["difference_to_probe"] = judged.probe.difference.to_dict()
    return found
