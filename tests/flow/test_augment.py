"""Trying augmentation on a folder, with a few operators so that it is short."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

from objektiv.auditing.operators import OPERATORS, Operator
from objektiv.base.errors import UsageError
from objektiv.base.progress import Event, Progress
from objektiv.data.dataset import read
from objektiv.data.settings import AugmentSettings
from objektiv.features import engine
from objektiv.features.bank import views
from objektiv.flow.augment import asked_for, augment, operators_on
from objektiv.flow.settings import AugmentDataSettings
from tests.features.conftest import compile_once
from tests.flow import drawn

FEW = {
    "rotation": Operator("rotation", "Rotation", ((10, 90),), 0, "{:g}°"),
    "horizontal_flip": OPERATORS["horizontal_flip"],
}


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Three strengths in all."""
    monkeypatch.setattr(engine, "_compile", compile_once)
    with mock.patch.dict(OPERATORS, FEW, clear=True):  # type: ignore[arg-type]
        yield


def _settings(bank: Path, **more: object) -> AugmentDataSettings:
    values = {"bank": bank, "precision": "fp32", "size": 32, "sample": 20, "group": drawn.GROUP}
    return AugmentDataSettings.model_validate(values | more)


def test_every_strength_is_judged_and_the_recommended_ones_together(
    shapes: Path, tmp_path: Path
) -> None:
    """Discs and stripes may be mirrored, and what is chosen is what is recommended."""
    events: list[Event] = []
    found = augment(shapes, _settings(tmp_path), progress=Progress(events.append))

    assert [(t.step.operator, t.step.value) for t in found.trials] == [
        ("rotation", 10),
        ("rotation", 90),
        ("horizontal_flip", 1),
    ]
    assert found.recommended.horizontal_flip and found.chosen == found.recommended
    assert not found.asked and operators_on(found.chosen)
    assert (found.total, found.sample, len(found.seen.dataset.items)) == (60, 20, 60)
    assert found.accuracy is not None and found.accuracy.groups == 10
    assert found.square.shape == (32, 32, 3) and found.square.dtype == np.uint8
    assert {e.step: e.total for e in events if e.finished} == {
        "look at images": 60,
        "try operators": 5,
    }
    assert sorted(view.images for view in views(tmp_path)) == [20, 20, 20, 20, 20, 60]


def test_settings_that_are_asked_for_are_judged_as_a_whole(shapes: Path, tmp_path: Path) -> None:
    """They are chosen instead of the recommended ones, and decide how corners are filled."""
    settings = _settings(tmp_path, brightness=(0.01, 0.02), fill_mode="constant", fill_value=9)
    found = augment(read(shapes, settings), settings, progress=Progress())

    assert found.asked and found.chosen == asked_for(settings)
    assert found.together.far.estimate > 0.9  # nearly black
    assert (found.recommended.fill_mode, found.recommended.fill_value) == ("constant", 9)
    assert found.recommended.brightness == (1, 1)


def test_a_way_of_filling_is_no_operator() -> None:
    """It changes nothing by itself."""
    assert not operators_on(AugmentSettings(fill_mode="wrap", fill_value=3))
    assert operators_on(AugmentSettings(fill_mode="wrap", vertical_flip=True))


def test_the_same_seed_gives_the_same_evidence(shapes: Path, tmp_path: Path) -> None:
    """From an empty and from a warm bank."""
    first, second = (augment(shapes, _settings(tmp_path), progress=Progress()) for _ in range(2))

    assert first.trials == second.trials and first.together == second.together
    assert first.shown == second.shown and np.array_equal(first.square, second.square)


def test_the_bank_may_not_lie_among_the_data(shapes: Path) -> None:
    """Its folder would be a class the next time."""
    with pytest.raises(UsageError, match="lies among the data"):
        augment(shapes, _settings(shapes / "bank"), progress=Progress())
