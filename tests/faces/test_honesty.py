"""What is said of the ledger."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from objektiv.faces.honesty import audits_told, looks_told
from objektiv.flow.entries import Ends, Honesty, Look, Probed
from objektiv.flow.ledger import Ledger
from tests.flow.test_ledger import checked, look

ENDS = Ends(estimate=0.962, low=0.95, high=0.97)


def ledger(looks: tuple[Look, ...] = (), **changes: object) -> Ledger:
    """A ledger with these looks at its test part."""
    values = {"test": "t", "data": "d", "looks": looks, "place": Path("l.jsonl"), **changes}
    return Ledger(**values)  # type: ignore[arg-type]


def test_the_first_look_is_told_as_such() -> None:
    """One look is no reason to doubt."""
    assert looks_told(ledger((look(),))) == [
        "This was the first look at this test part that is on record."
    ]


def test_several_looks_are_counted_and_named() -> None:
    """The number comes first, then who; more than five runs are told by number."""
    looks = tuple(look(f"a-{n:03d}") for n in range(7))
    (told,) = looks_told(ledger(looks))

    assert told.startswith("This test part was looked at 7 times, by a-002, a-003, a-004, a-005")
    assert "a-006 and 2 runs before. The best of several looks is luckier" in told


def test_looks_at_other_parts_are_told() -> None:
    """Another split of the same pictures does not start the count anew unseen."""
    told = looks_told(ledger((look(),), elsewhere=2))

    assert told[1].startswith("Other test parts of the same pictures were looked at 2 times;")


def test_a_ledger_that_could_not_be_kept_is_told() -> None:
    """Why it lies elsewhere, or nowhere, stands in the sentence."""
    beside = looks_told(ledger((look(),), problem="cannot write x: Read-only file system"))
    nowhere = looks_told(ledger(place=None, problem="cannot write x: Read-only file system"))

    assert beside[-1] == (
        "The ledger is not kept with the pictures (cannot write x: Read-only file system)."
    )
    assert nowhere == [
        "No honesty ledger is kept of these data (cannot write x: Read-only file system)."
    ]


def test_marks_that_steer_a_terminal_are_shown() -> None:
    """What somebody wrote into the file cannot move the cursor or turn a line round."""
    (told,) = looks_told(ledger((look("a\x1b[2J\u202e"), look("b"))))

    assert "\\x1b[2J\\u202e" in told and "\x1b" not in told


def test_what_is_wanting_names_its_command() -> None:
    """Without an audit the two commands that make one are told."""
    told = audits_told(ledger(), "cells")

    assert told == [
        "No check of the data is on record; `objektiv check cells` makes one.",
        "No comparison with a random split is on record; `objektiv split cells --honest` makes "
        "one.",
    ]


def test_audits_are_told_with_their_figures() -> None:
    """Findings, files set aside, the strongest probe, and what a random split claims."""
    probes = (
        Probed(name="borders", accuracy=0.55, share=0.1),
        Probed(name="foreground colours", accuracy=0.95, share=0.98),
    )
    check = checked(time="2026-03-01T10:00:00+00:00", probes=probes, model=0.96)
    honesty = Honesty(
        time="x",
        data="other",
        items=60,
        clusters=10,
        random=ENDS,
        honest=Ends(estimate=0.95, low=0.93, high=0.97),
        difference=Ends(estimate=0.012, low=0.002, high=0.022),
    )
    told = audits_told(replace(ledger(), check=check, honesty=honesty), "cells")

    assert told == [
        "On 2026-03-01 60 pictures were checked: 1 finding (Copies), 2 files set aside.",
        "From foreground colours alone 95.0 % of the labels were told right, where a model "
        "reached 96.0 % (each class weighing alike).",
        "A random split would have claimed 96.2 %; with groups kept whole it is 95.0 % "
        "(+1.2 points, 95 % interval +0.2 to +2.2).",
        "objektiv split saw other pictures than there are now.",
    ]
