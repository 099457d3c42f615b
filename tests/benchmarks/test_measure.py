"""What all benchmarks share: turns, claims, samples, and a file that the page of figures reads."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from benchmarks import measure
from scripts import benchmark_page


def test_sides_take_turns(capsys: pytest.CaptureFixture[str]) -> None:
    """Every side is measured once a round, in the order of the mapping."""
    turns: list[str] = []

    def side(name: str) -> float:
        turns.append(name)
        return float(len(turns))

    found = measure.interleaved({"a": lambda: side("a"), "b": lambda: side("b")}, rounds=3)

    assert turns == ["a", "b", "a", "b", "a", "b"]
    assert found == {"a": [1.0, 3.0, 5.0], "b": [2.0, 4.0, 6.0]}
    assert "round 3 of 3, b: 6" in capsys.readouterr().out


def test_spread_is_the_median_and_both_ends() -> None:
    """The figure of several rounds is their median, beside the lowest and the highest."""
    assert measure.spread([5.0, 1.0, 100.0], "seconds") == {
        "seconds": 5.0,
        "lowest": 1.0,
        "highest": 100.0,
        "rounds": 3,
    }


@pytest.mark.parametrize(
    ("claim", "holds"),
    [
        (measure.at_least("a", 4.0, 4), True),
        (measure.at_least("a", 3.999, 4), False),
        (measure.at_most("a", 2.0, 2), True),
        (measure.at_most("a", 2.001, 2), False),
    ],
)
def test_claims_hold_up_to_their_limit(claim: measure.Claim, holds: bool) -> None:
    """A figure at the limit holds, one beyond it does not."""
    assert claim.holds is holds


def test_a_claim_tells_its_target() -> None:
    """The target names the side, the limit and the unit."""
    assert measure.at_most("help", 0.3, 0.5, unit="s").target == "at most 0.5 s"


def test_samples_are_even() -> None:
    """A sample takes items at even distances, and all where there are too few."""
    assert measure.even_sample(range(10), 4) == [0, 2, 5, 7]
    assert measure.even_sample("abc", 5) == ["a", "b", "c"]
    assert measure.even_sample("abc", None) == ["a", "b", "c"]


def test_cycling_begins_again() -> None:
    """More things than there are come from the beginning again."""
    assert list(measure.cycle("ab", 5)) == ["a", "b", "a", "b", "a"]


def test_results_fit_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is published is what the page of figures reads, missed claims included."""
    result = measure.Result("Speed", "Of nothing.", load=9.0)
    result.rows = [{"what": "ours", **measure.spread([2.0], "images/s")}]
    result.claims = [measure.at_least("images", 2.0, 700, unit="a second")]

    result.publish(tmp_path / "new" / "speed.json")

    written = json.loads((tmp_path / "new" / "speed.json").read_text(encoding="utf-8"))
    assert written["claims"] == [
        {"what": "images", "value": 2.0, "target": "at least 700 a second", "holds": False}
    ]
    assert written["load_before"] == 9.0
    assert "**no**" in benchmark_page.page(tmp_path / "new")
    assert "NOT QUIET" in capsys.readouterr().out


def test_a_failing_process_is_not_timed() -> None:
    """A process that fails raises with what it said, so that no figure is made of it."""
    code = "import sys; sys.exit('out of cells')"

    with pytest.raises(RuntimeError, match="out of cells"):
        measure.seconds_of_process([sys.executable, "-c", code])


def test_pictures_come_from_class_folders(tmp_path: Path) -> None:
    """Visible files of class folders are found in order, and can be laid elsewhere."""
    for name in ("b/2.png", "a/1.png", "a/.hidden", "c.png"):
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / name).write_bytes(name.encode())

    found = measure.pictures(tmp_path / "data", None)
    copy = measure.class_folders(found[1:], tmp_path / "copy")

    assert [path.name for path in found] == ["1.png", "2.png"]
    assert [path.relative_to(copy).as_posix() for path in copy.glob("*/*")] == ["b/2.png"]
    assert (copy / "b" / "2.png").read_bytes() == b"b/2.png"


def test_no_pictures_is_said(tmp_path: Path) -> None:
    """A folder without pictures ends the program with what --data must name."""
    with pytest.raises(SystemExit, match="--data must name"):
        measure.pictures(tmp_path, None)
