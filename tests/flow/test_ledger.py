"""The honesty ledger: looks are counted, whoever makes them and whatever is in the file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from objektiv.data.dataset import read as read_data
from objektiv.data.settings import ReadSettings
from objektiv.flow import entries, ledger
from objektiv.flow.entries import Ends, Honesty
from objektiv.flow.ledger import Home, Ledger, add, read
from objektiv.flow.run import Run
from objektiv.shipping.bundle import load
from tests.flow import drawn
from tests.flow.conftest import TrainOn
from tests.flow.test_entries import LINES, checked, look
from tests.flow.test_split import divided
from tests.flow.test_use import _evaluate

ENDS = Ends(estimate=0.9, low=0.8, high=0.95)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Data in a folder of their own, and a bank elsewhere."""
    (tmp_path / "data").mkdir()
    return Home(tmp_path / "data", "d", tmp_path / "bank")


def _file(home: Home) -> Path:
    return home.places[0]


def test_each_look_at_a_test_part_is_counted(home: Home) -> None:
    """Looks at this part are listed in their order; those at others are a number."""
    for run, test in (("a-001", "t"), ("a-002", "other"), ("a-003", "t"), ("a-001", "t")):
        found = add(home, look(run, test))

    assert [entry.run for entry in found.looks] == ["a-001", "a-003", "a-001"]
    assert (found.times, found.elsewhere, found.runs) == (3, 1, ("a-001", "a-003"))
    assert read(home, test="t") == found


def test_the_ledger_lies_with_the_data_and_is_not_read_as_data(shapes: Path, home: Home) -> None:
    """One line an entry in a hidden folder, which the reader of pictures passes over."""
    for kind in ("disc", "stripe"):
        (home.root or Path()).joinpath(kind).symlink_to(shapes / kind)
    found = add(home, look())

    assert found.place == (home.root or Path()) / ".objektiv" / "ledger.jsonl"
    assert found.problem == ""
    assert [json.loads(line)["run"] for line in found.place.read_text().splitlines()] == [
        "cells-001"
    ]


def test_a_hidden_folder_is_no_class(copied: Path) -> None:
    """Data with a ledger have the classes they had, and nothing is noted."""
    before = read_data(copied, ReadSettings())
    add(Home(copied, "d", None), look())
    after = read_data(copied, ReadSettings())

    assert (before.classes, before.notes) == (after.classes, after.notes)
    assert before.items.equals(after.items)


def test_the_last_audit_of_each_kind_is_told(home: Home) -> None:
    """Of several checks the last counts; what is wanting or saw other pictures is named."""
    assert read(home).wanting == ("check", "split --honest")
    add(home, checked(time="2026-01-01T00:00:00+00:00", items=1))
    add(home, checked(time="2026-01-02T00:00:00+00:00"))
    found = add(home, look())

    assert found.check is not None
    assert (found.check.items, found.check.quarantined) == (60, {"truncated": 2})
    assert found.wanting == ("split --honest",)

    values = {"items": 60, "clusters": 9, "random": ENDS, "honest": ENDS, "difference": ENDS}
    found = add(home, Honesty(time=entries.now(), data="older", **values))  # type: ignore[arg-type]
    assert (found.wanting, found.outdated) == ((), ("split --honest",))


@pytest.mark.skipif(os.name == "nt", reason="Windows marks files, not folders, as read-only")
def test_data_that_may_not_be_written_have_it_in_the_bank(home: Home) -> None:
    """The entry is kept, under the hash of the data, and it is told why it is not with them."""
    root = home.root or Path()
    root.chmod(0o555)
    try:
        found = add(home, look())
    finally:
        root.chmod(0o755)

    assert found.place == home.places[1]
    assert "cannot write" in found.problem and "marked as read-only" in found.problem
    assert not root.joinpath(".objektiv").exists()


def test_a_file_in_the_way_sends_it_to_the_bank(home: Home) -> None:
    """Where `.objektiv` cannot be a folder, the bank has the ledger; both places are read."""
    (home.root or Path()).joinpath(".objektiv").write_text("mine")
    add(home, look("a-001"))
    found = add(home, look("a-002"))

    assert found.place == home.places[1]
    assert str(home.bank) in str(found.place)
    assert "cannot write" in found.problem
    assert found.times == 2

    (home.root or Path()).joinpath(".objektiv").unlink()
    assert add(home, look("a-003")).runs == ("a-001", "a-002", "a-003")


def test_nowhere_to_write_ends_no_run(home: Home) -> None:
    """Without any place nothing is kept and nothing raised: what is there is told."""
    (home.root or Path()).joinpath(".objektiv").write_text("mine")

    found = add(Home(home.root, "d", None), look())

    assert (found.place, found.times) == (None, 0)
    assert "cannot write" in found.problem


def test_a_link_is_not_followed(home: Home, tmp_path: Path) -> None:
    """A folder that came with data from elsewhere must not make us write into another place."""
    (tmp_path / "elsewhere").mkdir()
    (home.root or Path()).joinpath(".objektiv").symlink_to(tmp_path / "elsewhere")

    found = add(home, look())

    assert found.place == home.places[1]
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("line", LINES, ids=range(len(LINES)))
def test_a_broken_line_is_counted_and_left(home: Home, line: bytes) -> None:
    """It stops nothing, is told as one unreadable line, and stays in the file."""
    add(home, look("a-001"))
    path = _file(home)
    path.write_bytes(path.read_bytes() + line + b"\n")
    found = add(home, look("a-002"))

    assert (found.runs, found.unreadable) == (("a-001", "a-002"), 1)
    assert line in path.read_bytes()


def test_more_than_is_known_is_read(home: Home) -> None:
    """An entry that a newer version wrote, with more keys, counts."""
    add(home, look())
    path = _file(home)
    path.write_text(path.read_text().replace('{"time"', '{"mood":"good","time"'))

    assert (read(home, test="t").times, read(home).unreadable) == (1, 0)


def test_a_long_ledger_keeps_its_count(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond its size the oldest looks become numbers; none is lost, the newest stay."""
    monkeypatch.setattr(ledger, "LARGEST", 4_000)
    for number in range(60):
        found = add(home, look(f"a-{number:03d}", "t" if number % 3 else "other"))

    assert _file(home).stat().st_size <= 4_000
    assert (read(home, test="t").times, read(home, test="other").times) == (40, 20)
    assert found.runs[-1] == "a-059"
    assert 0 < len(found.looks) < found.times


def test_a_file_far_too_large_is_not_touched(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """What we never wrote is not read whole nor overwritten."""
    add(home, look())
    monkeypatch.setattr(ledger, "LARGEST", 50)
    size = _file(home).stat().st_size

    found = add(home, look("a-002"))

    assert _file(home).stat().st_size == size
    assert "larger than a ledger gets" in found.problem


WRITE = (
    "import sys; from pathlib import Path; from objektiv.flow import entries, ledger\n"
    "for n in range(20):\n"
    "    look = entries.Look(time=entries.now(), command='train', run=f'{sys.argv[2]}-{n}',\n"
    "                       model='probe', test='t', items=1, accuracy=1.0)\n"
    "    ledger.add(ledger.Home(Path(sys.argv[1]), 'd', None), look)\n"
)


def test_processes_at_once_lose_no_look(home: Home) -> None:
    """Four that write at the same time leave the looks of all four."""
    command = [sys.executable, "-c", WRITE, str(home.root)]
    place = Path(__file__).resolve().parents[2]
    writers = [subprocess.Popen([*command, f"w{k}"], cwd=place) for k in range(4)]

    assert [writer.wait(timeout=60) for writer in writers] == [0] * 4
    found = read(home, test="t")
    assert (found.times, len(found.runs), found.unreadable) == (80, 80, 0)


def test_a_record_of_a_run_is_read_as_it_is_now(home: Home) -> None:
    """What a run noted of the ledger finds the looks that came later; it is JSON."""
    then = add(home, look("a-001"))
    add(home, look("a-002"))

    now = ledger.read_again(json.loads(json.dumps(then.to_dict())))

    assert (then.times, now.times) == (1, 2)
    assert isinstance(now, Ledger) and now.place == then.place


def test_training_adds_a_look(copied: Path, train_on: TrainOn) -> None:
    """Two trainings on one split are two looks; the second knows of both, and notes them."""
    train_on(copied, name="first")
    second = train_on(copied, name="second")

    kept = second.judged.ledger
    assert (kept.times, kept.runs, kept.problem) == (2, ("first-001", "second-001"), "")
    assert [look.command for look in kept.looks] == ["train", "train"]
    assert kept.looks[1].accuracy == second.judged.scores.accuracy.estimate
    assert kept.place == copied.resolve() / ".objektiv" / "ledger.jsonl"
    assert second.run.metrics()["ledger"]["times"] == 2


def test_another_split_is_another_test_part(copied: Path, train_on: TrainOn) -> None:
    """Looks at the parts of other seeds are counted apart."""
    train_on(copied, seed=1)
    kept = train_on(copied, seed=2).judged.ledger

    assert (kept.times, kept.elsewhere) == (1, 1)


def test_evaluating_adds_a_look(copied: Path, trained: Path, tmp_path: Path) -> None:
    """The folder that a bundle is scored on keeps the look, with the name of the bundle."""
    bundle = load(trained / "model")
    judged = _evaluate(copied, bundle, tmp_path / "runs")

    (look,) = judged.ledger.looks
    assert (look.command, look.model) == ("evaluate", f"bundle {bundle.sha256[:12]}")
    assert (look.items, look.run) == (16, judged.run.folder.name)
    assert Run(judged.run.folder).metrics()["ledger"]["times"] == 1


def test_comparing_with_a_random_split_is_on_record(copied: Path, tmp_path: Path) -> None:
    """What a random split would have claimed is kept with the data."""
    made = divided(copied, tmp_path, honest=True, group=drawn.GROUP)

    assert made.honest is not None and made.ledger is not None
    kept = made.ledger.honesty
    assert kept is not None
    assert (kept.items, kept.clusters) == (16, made.honest.clusters)
    assert kept.random.estimate == made.honest.random.estimate
    assert made.ledger.wanting == ("check",)
