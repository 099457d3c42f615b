"""The training pictures that tried pictures are like."""

from __future__ import annotations

from pathlib import Path

from objektiv.flow.run import Run
from objektiv.studio.kin import COUNT, like
from tests.data.pictures import png
from tests.flow.drawn import picture


def test_a_picture_is_like_those_of_its_kind(trained: Path) -> None:
    """The nearest of all are of its class, the nearest of the others are not."""
    (found,), why = like(Run(trained), [("a.png", png(picture("disc", 99)))], ["disc"])

    assert why is None
    assert len(found.nearest) == COUNT
    assert {near.label for near in found.nearest} == {"disc"}
    assert {near.label for near in found.others} == {"stripe"}
    assert found.nearest[0].distance <= found.nearest[-1].distance


def test_what_is_no_picture_is_like_nothing(trained: Path) -> None:
    """The others are told all the same."""
    sent = [("evil.svg", b"<svg></svg>"), ("a.png", png(picture("disc", 99)))]

    found, _ = like(Run(trained), sent, ["", "disc"])

    assert found[0].nearest == ()
    assert found[1].nearest


def test_what_is_tried_is_not_kept(trained: Path, bank: Path) -> None:
    """The bank holds nothing more than before."""
    run = Run(trained)
    like(run, [("a.png", png(picture("disc", 98)))], ["disc"])
    before = sum(path.stat().st_size for path in bank.rglob("*.*") if path.is_file())

    like(run, [("b.png", png(picture("disc", 97)))], ["disc"])

    after = sum(path.stat().st_size for path in bank.rglob("*.*") if path.is_file())
    assert after == before
