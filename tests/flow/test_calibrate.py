"""Another calibration than the temperature is judged fairly and ships."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from objektiv.base.errors import DataError
from objektiv.flow.calibrate import calibrated
from objektiv.flow.run import Run
from objektiv.flow.trained import Made
from objektiv.flow.use import answers
from objektiv.judging.calibrators import Kind, fit_calibrator
from objektiv.shipping.bundle import load
from objektiv.shipping.recalibrated import Recalibrated
from tests.flow.conftest import TrainOn


@pytest.fixture
def made(train_on: TrainOn, shapes: Path) -> Made:
    """A probe of the shapes, as its family hands it over, but not always right."""
    made = train_on(shapes, group=r"g\d+").made
    logits = made.predictions.logits
    noisy = logits + np.random.default_rng(0).normal(0, np.abs(logits).mean(), logits.shape)
    return replace(made, predictions=replace(made.predictions, logits=noisy))


def test_the_temperature_changes_nothing(made: Made) -> None:
    """Families fit it themselves."""
    assert calibrated(made, "temperature") is made


@pytest.mark.parametrize("kind", ["vector", "isotonic"])
def test_held_out_items_are_calibrated_by_what_has_not_seen_them(made: Made, kind: Kind) -> None:
    """Test gets the calibrator that ships; held-out items do not, and keep their order."""
    found = calibrated(made, kind)
    held = [part != "test" for part in made.predictions.parts]
    own = made.predictions.rows(np.flatnonzero(held))
    shipped = fit_calibrator(kind, own.logits, own.labels).probabilities(made.predictions.logits)
    off = np.abs(found.predictions.probabilities - shipped).max(axis=1)

    assert off[np.logical_not(held)].max() < 1e-12
    assert off[held].max() > 1e-6
    assert isinstance(found.model, Recalibrated)
    assert found.predictions.ids == made.predictions.ids
    assert (found.predictions.strangeness == made.predictions.strangeness).all()
    assert any("calibrated by" in note for note in found.notes)


def test_items_of_one_group_cannot_be_calibrated(made: Made) -> None:
    """Where nothing can be left out the message says so."""
    groups = ("one",) * len(made.predictions)
    alone = replace(made, predictions=replace(made.predictions, groups=groups))

    with pytest.raises(DataError, match="held-out items of one group.*two groups are needed"):
        calibrated(alone, "isotonic")


def test_a_run_ships_the_calibration_that_was_asked_for(
    shapes: Path, bank: Path, trained: Path, tmp_path: Path
) -> None:
    """The bundle says the calibrated probabilities of the run."""
    from objektiv.faces import python
    from objektiv.flow.settings import TrainSettings

    settings = TrainSettings(
        group=r"g\d+", out=tmp_path, bank=bank, precision="fp32", calibration="isotonic"
    )
    run = Run(python.train(shapes, settings=settings).folder)
    test = run.predictions().only("test")
    said = list(answers(load(run.bundle), [shapes / id for id in test.ids]))
    probabilities = np.stack([a.probabilities for a in said if a.probabilities is not None])

    assert np.abs(probabilities - test.probabilities).max() < 1e-3
    assert not np.allclose(
        test.probabilities, Run(trained).predictions().only("test").probabilities, atol=1e-3
    )
