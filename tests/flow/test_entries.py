"""Entries of the ledger: what is one, and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from objektiv.flow import entries
from objektiv.flow.entries import Check, Found, Look
from tests.judging.test_predictions import make


def look(run: str = "cells-001", test: str = "t", **changes: object) -> Look:
    """One look at a test part."""
    values = {"command": "train", "model": "probe", "items": 60, "accuracy": 0.9}
    values |= {"time": entries.now(), "run": run, "test": test, **changes}
    return Look(**values)  # type: ignore[arg-type]


def checked(**changes: object) -> Check:
    """One check of the data."""
    found = (Found(kind="copies", severity="warning", title="Copies", items=3),)
    values = {"time": entries.now(), "data": "d", "items": 60, "quarantined": {"truncated": 2}}
    values |= {"findings": found, "probes": (), "model": None, **changes}
    return Check(**values)  # type: ignore[arg-type]


LINES = [
    b"{",
    b"null",
    b"[]",
    b'{"kind": "look"}',
    b'{"kind": "bet", "time": "now"}',
    b'{"kind":"look","time":"","command":"train","run":"x","model":"m","test":"t","items":-1,'
    b'"accuracy":0.9}',
    b'{"kind":"look","time":"","command":"train","run":"x","model":"m","test":"t","items":1,'
    b'"accuracy":NaN}',
    b'{"kind":"look","time":"","command":"train","run":"x","run":"y","model":"m","test":"t",'
    b'"items":1,"accuracy":1}',
    b'{"kind":"look","items":' + b"9" * 5000 + b"}",
    b"[" * 10_000,
    b"\xff\xfe\x00",
    b'{"kind":"look","time":"' + b"a" * 501 + b'","command":"train","run":"x","model":"m",'
    b'"test":"t","items":1,"accuracy":1}',
]


@pytest.mark.parametrize("line", LINES, ids=range(len(LINES)))
def test_a_broken_line_is_no_entry(line: bytes) -> None:
    """Whatever it is, it is None, not an error."""
    assert entries.parse(line) is None


@pytest.mark.parametrize("entry", [look(), checked()])
def test_an_entry_comes_back_equal(entry: Look | Check) -> None:
    """Written as a line and read again."""
    assert entries.parse(entry.model_dump_json().encode()) == entry


def test_a_long_name_is_cut() -> None:
    """A run of any name has an entry that can be read again."""
    found = entries.look_at(make(), Path("x" * 900), command="train", model="y" * 900, accuracy=1)

    assert entries.parse(found.model_dump_json().encode()) == found


def test_the_hash_of_a_part_is_of_ids_and_contents() -> None:
    """Any order gives the same; another content or id gives another."""
    p = make()
    turned = p.rows([5, 4, 3, 2, 1, 0])

    assert entries.part_hash(turned) == entries.part_hash(p)
    assert entries.part_hash(make(hashes=("x",) * 6)) != entries.part_hash(p)
    assert entries.part_hash(p.rows([0, 1])) != entries.part_hash(p)
