"""The page shows heat, its parts and its doubts, with every name escaped."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from objektiv.base.language import speaking
from objektiv.explaining.answer import Heat
from objektiv.explaining.contributions import CONSTANT, Part
from objektiv.explaining.sanity import Curves, Sanity, told
from objektiv.faces.explain_page import as_json, called, page, parts_table, short
from objektiv.flow.explain import Explained

SANITY = Sanity(0.9, 0.6, 0.4, Curves(0.6, 0.4, 0.5, 0.5))
PARTS = (Part("stage1", 2.0), Part(CONSTANT, -0.5))
HEAT = Heat(
    np.ones((8, 6), np.float32),
    1,
    1.5,
    0.8,
    "contributions",
    parts=PARTS,
    sanity=Sanity(0.9, 0.6, 0.4, SANITY.curves, told(SANITY, "<b>dog")),
)
ONE = Explained(Path("a<script>.png"), "f" * 64, np.zeros((8, 6, 3), np.uint8), HEAT)
CLASSES = ("cat", "<b>dog", "screw")


def test_the_page_escapes_names_and_shows_doubts() -> None:
    """Names of files and classes are text, warnings stand beside the map."""
    text = page([ONE], classes=CLASSES, title="t", notes=["a note"])

    assert "<script>" not in text
    assert "<b>dog" not in text
    assert "shows the picture rather than what the model learnt" in text.replace("&#39;", "'")
    assert "a note" in text
    assert text.count("data:image") == 2


def test_parts_stand_in_the_language_that_is_spoken() -> None:
    """The sum stands below its parts."""
    table = parts_table(HEAT)
    assert table.rows == (("stage1", "+2.00"), (CONSTANT, "-0.50"))
    assert table.foot == ("together", "+1.50")
    with speaking("de"):
        assert parts_table(HEAT).rows[1] == ("Konstante des Modells", "-0,50")


def test_what_was_explained_is_told() -> None:
    """A class, or of two one rather than the other."""
    assert called(HEAT, CLASSES) == "<b>dog, 80.0 %"
    two = Heat(HEAT.map, 0, 1.0, 0.7, "occlusion", against=1)
    assert called(two, ("cat", "dog")) == "cat rather than dog, 70.0 %"


def test_numbers_and_short_words_are_those_of_the_heat() -> None:
    """JSON holds what the page shows, and an error where there is none."""
    row = as_json(ONE, CLASSES)
    assert (row["class"], row["logit"], row["sanity"]["heat_outside_the_object"]) == (
        "<b>dog",
        1.5,
        0.6,
    )
    assert as_json(Explained(Path("b.png")), CLASSES) == {"file": "b.png", "error": {}}
    assert short(ONE) == ("60.0 %", "0.90", "stage1 +2.0, constant of the model -0.5")
    assert short(Explained(Path("b.png"))) == ("-", "-", "-")
    assert len(HEAT.sanity.doubts) == 3
