"""One picture's answer as JSON and in words."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from objektiv.faces.answered import answered, order, told_doubt
from objektiv.flow.use import Answer
from objektiv.shipping.limits import Doubt

CLASSES = ("ill", "well", "blurred", "empty", "torn", "twin")


@pytest.mark.parametrize(
    ("doubt", "told"),
    [
        (None, ""),
        (
            Doubt("strange", strangeness=8.13, limit=4.2),
            "unlike the pictures it learnt from: strangeness 8.13, limit 4.20",
        ),
        (
            Doubt("several", coverage=0.95, possible=(1, 0)),
            "well and ill are both possible at a coverage of 95 %",
        ),
        (
            Doubt("several", coverage=0.995, possible=(0, 1, 2)),
            "ill, well and blurred are possible at a coverage of 99.5 %",
        ),
        (
            Doubt("several", coverage=0.9, possible=(0, 1, 2, 3, 4, 5)),
            "ill, well, blurred and 3 more are possible at a coverage of 90 %",
        ),
        (Doubt("none", coverage=0.9), "no class is probable enough at a coverage of 90 %"),
    ],
)
def test_a_doubt_is_told_in_words(doubt: Doubt | None, told: str) -> None:
    """Each kind of doubt is one phrase that names what it rests on."""
    assert told_doubt(doubt, CLASSES) == told


PROBABILITIES = np.array([0.1, 0.5, 0.4, 0, 0, 0], np.float32)


def test_an_answer_is_plain_json() -> None:
    """Class, probabilities, doubt, strangeness and notes stand in JSON; the called class leads."""
    doubt = Doubt("several", coverage=0.9, possible=(1, 2))
    answer = Answer(
        Path("a.png"),
        hash="ab",
        probabilities=PROBABILITIES,
        strangeness=1.23456,
        called=2,
        doubt=doubt,
        notes=("CMYK",),
    )

    assert json.loads(json.dumps(answered(answer, CLASSES, top=3))) == {
        "sha256": "ab",
        "class": "blurred",
        "abstain": {
            "reason": "several",
            "message": "well and blurred are both possible at a coverage of 90 %",
            "coverage": 0.9,
            "possible": ["well", "blurred"],
        },
        "strangeness": 1.2346,
        "probabilities": {"blurred": 0.4, "well": 0.5, "ill": 0.1},
        "notes": ["CMYK"],
    }


def test_classes_stand_by_probability_behind_the_called_one() -> None:
    """Without a threshold the most probable class leads; equal ones keep their order."""
    assert order(Answer(Path("a"), probabilities=PROBABILITIES), 6) == [1, 2, 0, 3, 4, 5]
    assert order(Answer(Path("a"), probabilities=PROBABILITIES, called=0), 2) == [0, 1]
