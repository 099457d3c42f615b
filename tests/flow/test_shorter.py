"""What shorter numbers change is measured on pictures that the model has not learnt from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from objektiv.flow import shorter
from objektiv.flow.run import Run
from objektiv.flow.use import Answer
from objektiv.judging.predictions import Predictions


def _kept() -> Predictions:
    probabilities = np.array([[0.7, 0.3], [0.4, 0.6], [0.55, 0.45], [0.2, 0.8]])
    return Predictions(
        ids=("a", "b", "c", "d"),
        hashes=("", "", "", ""),
        parts=("train", "validation", "test", "test"),
        folds=(0, 1, None, None),
        groups=(None,) * 4,
        labels=np.array([0, 1, 0, 1]),
        classes=("x", "y"),
        logits=np.log(probabilities),
        probabilities=probabilities,
        strangeness=np.array([1.0, 2.0, 3.0, 4.0]),
    )


def _answers(probabilities: np.ndarray, strangeness: list[float]) -> list[Answer]:
    return [
        Answer(Path("x"), probabilities=p.astype(np.float32), strangeness=s)
        for p, s in zip(probabilities, strangeness, strict=True)
    ]


HELD = np.array([True, True, False, False])


def test_equal_bundles_change_nothing() -> None:
    """Held-out predictions stay those of heads that had not seen the item."""
    kept = _kept()
    sure = _answers(np.array([[0.99, 0.01], [0.1, 0.9], *kept.probabilities[2:]]), [1, 2, 3, 4])

    found = shorter._moved(kept, sure, sure, HELD)

    np.testing.assert_allclose(found.probabilities, kept.probabilities, atol=1e-6)
    assert found.strangeness is not None
    np.testing.assert_allclose(found.strangeness, [1, 2, 3, 4])


def test_held_out_answers_move_and_test_answers_are_taken() -> None:
    """The logit of a held-out item moves by what the bundle's moves; test is the new bundle's."""
    kept = _kept()
    old = np.array([[0.9, 0.1], [0.2, 0.8], [0.55, 0.45], [0.2, 0.8]])
    new = np.array([[0.8, 0.2], [0.2, 0.8], [0.3, 0.7], [0.25, 0.75]])
    found = shorter._moved(
        kept, _answers(old, [1.5, 2.5, 3, 4]), _answers(new, [1.7, 2.5, 3.3, 4.4]), HELD
    )

    moved = np.log(0.7 / 0.3) + np.log(0.8 / 0.2) - np.log(0.9 / 0.1)
    assert np.log(found.probabilities[0, 0] / found.probabilities[0, 1]) == pytest.approx(
        moved, abs=1e-5
    )
    np.testing.assert_allclose(found.probabilities[1], kept.probabilities[1], atol=1e-6)
    np.testing.assert_allclose(found.probabilities[2:], new[2:], atol=1e-6)
    assert found.strangeness is not None
    np.testing.assert_allclose(found.strangeness, [1.2, 2.0, 3.3, 4.4], atol=1e-6)


def test_answers_of_zero_and_one_stay_finite() -> None:
    """A probability of 0, whose logarithm is infinite, moves nothing by more than it can."""
    kept = _kept()
    old = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    found = shorter._moved(kept, _answers(old, [1] * 4), _answers(old[::-1], [1] * 4), HELD)

    assert np.isfinite(found.logits).all()


def test_many_held_out_items_are_sampled_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of test stays; of the others no more than the limit."""
    monkeypatch.setattr(shorter, "MOST", 1)
    assert shorter._places(_kept()).tolist() == [0, 2, 3]


def test_pictures_of_the_calibration_decide_nothing(trained: Path, shapes: Path) -> None:
    """Where ranges were measured on some pictures, the loss is that on the others."""
    from objektiv.base.progress import Progress
    from objektiv.shipping.bundle import load

    bundle, own = load(trained / "model"), Run(trained).predictions()
    paths = {id: shapes / id for id in own.ids}
    held = [id for id, part in zip(own.ids, own.parts, strict=True) if part != "test"]
    change = shorter.measure(
        Run(trained), (bundle, bundle), paths, calibrated_on=held[:10], progress=Progress()
    )

    assert change.looked == len(held)
    assert change.decided == len(held) - 10
    assert change.loss == change.others == 0
