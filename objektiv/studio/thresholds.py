"""What the slider of a run needs: the probability of one class, of each picture, and the truth.

In: requests for `/p/PROJECT/runs/RUN/chances?sought=A`. Out: JSON with the pictures that a
threshold may be chosen on (validation and train, judged out of fold) apart from those of the test.
"""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse

from objektiv.base.errors import UsageError
from objektiv.base.names import suggestion
from objektiv.flow.finished import Finished
from objektiv.judging.intervals import NotDefined
from objektiv.judging.predictions import Predictions
from objektiv.judging.threshold import chances
from objektiv.studio.pages import project_of
from objektiv.studio.projects import Project
from objektiv.studio.results import opened

router = APIRouter(prefix="/p/{project}/runs/{name}")
DIGITS = 5  # of a probability: more than a slider tells apart


@router.get("/chances")
def show(project: Annotated[Project, Depends(project_of)], name: str, sought: str) -> JSONResponse:
    """Probabilities of `sought`, rising, and 1 where it is the truth."""
    done = opened(project.run(name))
    whole = done.judged.predictions
    if sought not in whole.classes:
        raise UsageError(
            "there is no such class in this run",
            value=repr(sought),
            allowed=f"Classes: {', '.join(whole.classes)}",
            next=suggestion(sought, whole.classes) or "go back to the run",
        )
    held_out = whole.held_out()
    return JSONResponse(
        {
            "sought": sought,
            "chosen": _chosen(done, sought),
            "validation": _of(held_out, sought) if held_out else None,
            "test": _of(whole.only("test"), sought),
        }
    )


def _chosen(done: Finished, sought: str) -> float | None:
    """The threshold of the run, where it speaks of this class."""
    point = done.judged.judgement.operating
    if isinstance(point, NotDefined) or point.threshold.positive != sought:
        return None
    return point.threshold.value


def _of(part: Predictions, sought: str) -> dict[str, Any]:
    values = chances(part, sought)
    order = np.argsort(values, kind="stable")
    truth = part.labels[order] == part.classes.index(sought)
    return {
        "chances": np.round(values[order], DIGITS).tolist(),
        "truth": truth.astype(int).tolist(),
    }
