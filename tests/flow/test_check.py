"""Checking a folder: the files it leaves, and that it leaves the pictures alone."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from objektiv.base.progress import Event, Progress
from objektiv.data.dataset import read
from objektiv.data.settings import ReadSettings
from objektiv.flow.check import DataCheck, check
from objektiv.flow.settings import CheckDataSettings
from tests.features import tiny


def _quick(bank: Path, out: Path) -> CheckDataSettings:
    values = {"backbone": "tiny", "size": tiny.SIZE, "precision": "fp32", "bank": bank, "out": out}
    return CheckDataSettings(**values)


def test_cleaned_table_can_be_read_as_labels(planted_check: DataCheck) -> None:
    """What --labels reads is what was kept, from another folder than the pictures' own."""
    manifest, root = planted_check.manifest, planted_check.seen.dataset.root
    assert manifest is not None
    assert not manifest.is_relative_to(root)

    dataset = read(root, ReadSettings(labels=manifest))

    kept = planted_check.checked.cleaned.kept
    assert set(dataset.items["id"]) == set(kept["path"])
    assert dataset.items["group"].is_not_null().all()
    assert Path(dataset.items["path"][0]).is_file()


def test_kept_and_left_out_are_all_there_is(planted_check: DataCheck) -> None:
    """Every file stands in one of the two tables, with a reason where it is left out."""
    folder, checked = planted_check.folder, planted_check.checked
    text = (folder / "left_out.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    kept = set(checked.cleaned.kept["path"])

    assert kept.isdisjoint(row["path"] for row in rows)
    assert len(kept) + len(rows) == len(checked.dataset.items) + len(checked.dataset.quarantine)
    assert all(row["reason"] for row in rows)


def test_only_the_ledger_is_written_beside_the_pictures(tmp_path: Path) -> None:
    """Not a byte of a picture changes, not even a time stamp; the check is on record."""
    root = tmp_path / "data"
    tiny.write_pictures(root, 40)
    before = {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in root.rglob("*.png")}

    with tiny.registered():
        check(root, _quick(tmp_path / "bank", tmp_path), fixing="write", progress=Progress())

    assert {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in root.rglob("*.png")} == before
    assert sorted(p.name for p in root.iterdir()) == [".objektiv", "a", "b"]


def test_a_second_check_looks_at_nothing_anew(tmp_path: Path) -> None:
    """The bank keeps the changed pictures too, and the findings are the same."""
    tiny.write_pictures(tmp_path / "data", 40)
    settings = _quick(tmp_path / "bank", tmp_path)
    with tiny.registered():
        first = check(tmp_path / "data", settings, progress=Progress())
        shards = sorted((tmp_path / "bank").rglob("*.shard"))
        second = check(tmp_path / "data", settings, progress=Progress())

    assert len(shards) == 4  # as they are, blurred, their borders, and thumbnails
    assert sorted((tmp_path / "bank").rglob("*.shard")) == shards
    assert second.seen.looked == 0
    found = [(f.kind, f.evidence) for f in first.checked.findings]
    assert [(f.kind, f.evidence) for f in second.checked.findings] == found
    assert first.folder != second.folder
    assert first.manifest is None


def test_findings_are_kept_for_programs(planted_check: DataCheck) -> None:
    """findings.json has every finding with the command that deals with it."""
    told = json.loads((planted_check.folder / "findings.json").read_text(encoding="utf-8"))

    assert [f["kind"] for f in told] == [f.kind for f in planted_check.checked.findings]
    assert all(f["command"].startswith("objektiv ") and "{" not in f["command"] for f in told)
    assert all(f["table"] is None or (planted_check.folder / f["table"]).is_file() for f in told)
    torn = next(f for f in told if f["kind"] == "leaking-groups")
    assert torn["command"].endswith(r"--group 'g\d+' --parts new")


def test_loose_pictures_of_one_folder_can_be_checked(tmp_path: Path) -> None:
    """A folder without class folders is one class; heads are not fitted, files are judged."""
    for path in tiny.write_pictures(tmp_path / "data", 6):
        path.rename(tmp_path / "data" / path.name)

    with tiny.registered():
        found = check(tmp_path / "data", _quick(tmp_path / "bank", tmp_path), progress=Progress())

    assert [f.kind for f in found.checked.findings] == ["one-class"]
    assert found.checked.suspects is None
    assert found.checked.probes is None


def test_a_cancelled_check_leaves_no_folder(tmp_path: Path) -> None:
    """Stopped while looking, it has written nothing but the bank."""
    tiny.write_pictures(tmp_path / "data", 40)

    def stop(event: Event) -> None:
        raise KeyboardInterrupt("enough")

    with tiny.registered(), pytest.raises(KeyboardInterrupt, match="enough"):
        settings = _quick(tmp_path / "bank", tmp_path / "checks")
        check(tmp_path / "data", settings, progress=Progress(stop))

    assert not (tmp_path / "checks").exists()


def test_a_check_is_put_on_record(planted_check: DataCheck) -> None:
    """The ledger of the data has the findings, what was set aside and the probes."""
    kept = planted_check.ledger.check
    checked = planted_check.checked

    assert kept is not None
    assert [f.kind for f in kept.findings] == [f.kind for f in checked.findings]
    assert sum(kept.quarantined.values()) == len(checked.dataset.quarantine) > 0
    assert checked.probes is not None
    assert [p.name for p in kept.probes] == [p.name for p in checked.probes.probes]
    assert planted_check.ledger.wanting == ("split --honest",)
