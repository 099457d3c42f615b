"""What `objektiv split` says on the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from objektiv.auditing.honest import Honest
from objektiv.cli import main as cli
from objektiv.cli.exits import run
from objektiv.data.grouping import Suggestion
from objektiv.data.hand_on import HandedOn
from objektiv.faces import splitting
from objektiv.flow.settings import DivideSettings
from objektiv.judging.intervals import Interval
from tests.flow import drawn


def test_counts_are_shown_a_class_and_the_groups(
    shapes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line a class, one for all, one for groups, then the files and the next command."""
    out, to = tmp_path / "split.csv", tmp_path / "parted"
    words = ["split", str(shapes), "--group", drawn.GROUP, "--out", str(out), "--to", str(to)]

    code = run(cli.app, [*words, "--by", "hardlink", "--repeats", "2"])

    lines = capsys.readouterr().out.splitlines()
    assert code == 0
    assert [line.split() for line in lines[:5]] == [
        ["class", "train", "validation", "test", "all"],
        ["disc", "18", "6", "6", "30"],
        ["stripe", "18", "6", "6", "30"],
        ["all", "36", "12", "12", "60"],
        ["groups", "6", "2", "2", "10"],
    ]
    assert lines[5] == "5 folds inside train and validation, drawn 2 times."
    assert f"Folders: {to} (60 files by hardlink)" in lines
    assert lines[-1] == f"Next: objektiv train {shapes} --group '{drawn.GROUP}' --split {out}"


def test_a_grouping_is_offered(
    shapes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without groups the names are asked, and the line says how to obey them."""
    assert run(cli.app, ["split", str(shapes), "--out", str(tmp_path / "split.csv")]) == 0

    said = capsys.readouterr().out
    assert "The file names show 10 groups (g00, g01, g02, ...) of 6 to 6 images, 10 with" in said
    assert r"split anew with --group 'g\d+'." in said


def test_lone_images_have_nothing_to_compare(
    shapes: Path, bank: Path, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--honest` without groups and copies says that there is nothing to find."""
    words = ["split", str(shapes), "--out", str(tmp_path / "split.csv"), "--honest"]

    assert run(cli.app, [*words, "--bank", str(bank), "--precision", "fp32"]) == 0
    assert "No group or copy belongs together here" in capsys.readouterr().out


def interval(estimate: float, low: float, high: float) -> Interval:
    return Interval(estimate, low, high, "any", None, None)


def test_a_flattering_split_is_told_with_both_claims() -> None:
    """Both accuracies, the difference in points, and what it was measured on."""
    found = Honest(
        interval(0.964, 0.959, 0.969),
        interval(0.956, 0.943, 0.966),
        interval(0.008, 0.002, 0.014),
        items=6000,
        clusters=120,
        folds=5,
    )

    assert splitting.honest_line(found) == (
        "A random split would flatter: it claims 96.4 % right (95.9 to 96.9), the honest one "
        "95.6 % (94.3 to 96.6), a difference of +0.8 points (+0.2 to +1.4). Measured on all 6,000 "
        "images in 5 folds; 120 groups and sets of copies stay whole."
    )


def test_a_difference_that_may_be_chance_is_not_called_flattery() -> None:
    """Where the interval holds 0, the line says so."""
    found = Honest(
        interval(0.9, 0.8, 0.95),
        interval(0.89, 0.8, 0.95),
        interval(0.01, -0.01, 0.03),
        items=100,
        clusters=20,
        folds=5,
    )

    assert splitting.honest_line(found).startswith("A random split may not flatter here: it claims")


def test_copies_instead_of_links_are_told() -> None:
    """How many, and why."""
    made = HandedOn(Path("parted"), 60, copied=12, why="Invalid cross-device link")

    assert splitting.handed_line(made, "hardlink") == (
        "Folders: parted (60 files by hardlink); 12 could not be linked (Invalid cross-device "
        "link) and were copied"
    )


def test_groups_of_one_class_each_are_suggested_without_a_claim() -> None:
    """Nothing is said of several classes where no group has them."""
    found = Suggestion("p", 9, ("p1", "p2", "p3"), smallest=2, median=2.0, largest=3, spanning=0)

    assert "of 2 to 3 images. If images" in splitting.suggestion_line(found)


def test_the_next_command_reads_the_data_the_same_way() -> None:
    """Options that change what is read are repeated, others are not."""
    settings = DivideSettings(groups=Path("my groups.csv"), parts="new", seed=3)

    assert splitting.next_command(Path("cells"), settings) == (
        'objektiv train cells --groups "my groups.csv" --parts new --split split.csv'
    )


def test_a_pattern_without_match_is_a_data_error(
    shapes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 3 and four parts."""
    out = tmp_path / "split.csv"

    assert run(cli.app, ["split", str(shapes), "--group", "X", "--out", str(out)]) == 3
    assert "60 of 60 names do not match the group pattern 'X'" in capsys.readouterr().err
    assert not out.exists()
