"""The card of an exported bundle: scores of the file first, then what changed, then the run's."""

from __future__ import annotations

from pathlib import Path

import pytest

from objektiv.base.progress import Progress
from objektiv.flow.card_export import exported_card
from objektiv.flow.run import Run
from objektiv.flow.shorter import Change, measure
from objektiv.shipping.bundle import Bundle, load


@pytest.fixture(scope="module")
def change(trained: Path, shapes: Path) -> Change:
    """Of a bundle beside itself: nothing."""
    bundle, own = load(trained / "model"), Run(trained).predictions()
    paths = {id: shapes / id for id in own.ids}
    return measure(Run(trained), (bundle, bundle), paths, progress=Progress())


@pytest.fixture
def bundle(trained: Path) -> Bundle:
    """The run's."""
    return load(trained / "model")


def test_the_section_stands_before_the_evaluation(bundle: Bundle, change: Change) -> None:
    """The card stays whole, with one front and one more section."""
    card = exported_card(bundle.card, change, bundle.facts, name="shapes-001", data="shapes")
    heads = [line for line in card.splitlines() if line.startswith("## ")]
    before = [line for line in bundle.card.splitlines() if line.startswith("## ")]

    at = heads.index("## What the export changed")
    assert heads[at + 1] == "## Evaluation"
    assert heads[:at] + heads[at + 1 :] == before
    assert card.startswith("---\nlicense: apache-2.0\n")
    assert card.count("\n---\n") == bundle.card.count("\n---\n")
    assert "changed by +0.0 points" in card


def test_a_card_without_an_evaluation_gets_the_section_at_its_end(
    bundle: Bundle, change: Change
) -> None:
    """Somebody else's card is not lost."""
    card = exported_card("# Mine\n", change, bundle.facts, name="a", data="b")

    assert card.index("# Mine") < card.index("## What the export changed")
