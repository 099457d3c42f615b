"""The page of an evaluation: what a bundle, or any tool's predictions, were worth.

In: what `evaluate` found. Out: evaluation.html and the numbers of its figures, in the run's folder.
The sections are those of a training's report, as far as predictions alone can fill them.
Try: `write_evaluation(evaluate_table(Path("p.csv"), EvaluateSettings()))`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from objektiv.base import files
from objektiv.base.language import tr
from objektiv.faces import words
from objektiv.faces.figures import write_figures
from objektiv.faces.honesty import looks_told
from objektiv.faces.report import decided, environment, figures_of, judged_sections
from objektiv.faces.scored import scored_part
from objektiv.flow.evaluate_table import JudgedTable
from objektiv.flow.run import typed
from objektiv.flow.use import Evaluated

PAGE = "evaluation.html"


def write_evaluation(found: Evaluated | JudgedTable) -> Path:
    """Publish the page, and beside it the numbers of its figures; returns where the page is.

    Raises:
        MachineError: a file cannot be written.
    """
    parts, folder = _parts(found), found.run.folder
    write_figures(figures_of(parts), folder)
    files.write_text(folder / PAGE, environment().get_template(PAGE).render(parts))
    return folder / PAGE


def _parts(found: Evaluated | JudgedTable) -> dict[str, Any]:
    """What the template is filled with."""
    test, judgement = found.predictions.only("test"), found.judgement
    scores = judgement.scores
    dataset = found.dataset if isinstance(found, Evaluated) else None
    parts = {
        "title": found.run.folder.name,
        "about": words.pictures(len(test)),
        "notes": [f"{tr(note)}." for note in found.notes],
        "honesty": looks_told(found.ledger),
        "next_commands": [f"objektiv compare {typed(found.run.folder)} OTHER_RUN"],
        "headline": words.headline_parts(scores),
        "meaning": words.meaning(scores.accuracy),
        "warning": scores.accuracy.warning,
        **decided(judgement, scores),
        **scored_part(test, scores, judgement=judgement, dataset=dataset),
    }
    return parts | {"sections": [*judged_sections(parts), ("next", tr("Next"))]}
