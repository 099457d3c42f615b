"""Calibrate a model that was made, where more than a temperature is asked for.

In: a Made, and the kind. Out: the same with another calibration, in its graph and in its
predictions: of held-out items by calibrators that have not seen their group, of test by the one
that ships.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from objektiv.base.errors import DataError
from objektiv.base.language import say
from objektiv.flow.trained import Made
from objektiv.judging.calibrators import Kind, cross_fitted, fit_calibrator, left_out
from objektiv.shipping.recalibrated import Recalibrated

TOLD = {
    "vector": say(
        "Probabilities are calibrated by a scale and a shift of each class (vector scaling), "
        "beside the temperature."
    ),
    "isotonic": say(
        "Probabilities are calibrated by a rising line for each class (isotonic regression), "
        "beside the temperature."
    ),
}


def calibrated(made: Made, kind: Kind) -> Made:
    """The model under this calibration; every family fits a temperature by itself.

    Raises:
        DataError: the held-out items are of one group, so that nothing can be left out.
    """
    if kind == "temperature":
        return made
    predictions = made.predictions
    held = np.array([part != "test" for part in predictions.parts])
    own = predictions.rows(np.flatnonzero(held))
    folds = left_out(own.group_numbers, len(own))
    if folds is None:
        raise DataError(
            "a calibration cannot be judged",
            value=f"{len(own):,} held-out items of one group",
            allowed="At least two groups are needed outside of the test part",
            next="leave `--calibration` away",
        )
    fitted = fit_calibrator(kind, own.logits, own.labels)
    probabilities = fitted.probabilities(predictions.logits)
    probabilities[held] = cross_fitted(kind, own.logits, own.labels, folds)
    logits = np.log(np.maximum(probabilities, np.finfo(np.float32).tiny))
    return replace(
        made,
        model=Recalibrated(made.model, fitted),
        predictions=replace(predictions, logits=logits, probabilities=probabilities),
        notes=(*made.notes, TOLD[kind]),
    )
