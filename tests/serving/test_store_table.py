"""The table of predictions: addresses that leak nothing, versions, and errors in our words."""

from __future__ import annotations

import logging
import sqlite3
import traceback
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="needs objektiv[store]")

from objektiv.base.errors import ObjektivError, StoreError, UsageError
from objektiv.serving import store_table
from objektiv.serving.store_table import REASONS, VERSION, Table
from tests.serving.rows import row

SECRET = "hunter2-geheim"


def _rows_in(path: Path) -> list[tuple[str, ...]]:
    with sqlite3.connect(path) as connection:
        found = connection.execute("SELECT id FROM predictions ORDER BY number").fetchall()
    connection.close()
    return found


@pytest.mark.parametrize("form", ["{}", "sqlite:///{}"])
@pytest.mark.parametrize("name", ["a.sqlite3", "a b%20?#&mode=ro.sqlite3", "ü;--.db"])
def test_a_path_names_exactly_this_file(tmp_path: Path, form: str, name: str) -> None:
    """Signs that mean something in an address mean nothing in a file's name."""
    if "?" in name and form != "{}":
        pytest.skip("an address with a question mark is refused")
    table = Table(form.format(tmp_path / name))
    table.prepare()
    table.insert([row("one").values()])
    table.close()

    assert [p.name for p in tmp_path.iterdir()] == [name]
    assert _rows_in(tmp_path / name) == [("one",)]


@pytest.mark.parametrize(
    "address",
    [
        "",
        f"postgresql:/me:{SECRET}@host/db",
        f"postgresql//me:{SECRET}@host/db",
        f"postgresql://me:{SECRET}@host:port/db",
        f"postgresql://me:{SECRET}@[::1/db",
        f"mysql://me:{SECRET}@host/db",
        f"postgresql+psycopg2://me:{SECRET}@host/db",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///a.db?mode=memory",
        f"sqlite://{SECRET}/a.db",
    ],
)
def test_wrong_addresses_are_refused_and_not_repeated(address: str) -> None:
    """An address that is none of a store is refused, and no part of it is in the message."""
    with pytest.raises(UsageError, match="this is no address of a store") as caught:
        Table(address)

    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_a_password_is_in_no_message_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    """Where a server does not answer, neither error, its chain nor any log has the password."""
    caplog.set_level(logging.DEBUG)
    address = f"postgresql://{SECRET}me:{SECRET}@127.0.0.1:1/db?password={SECRET}"
    table = Table(address)

    with pytest.raises(StoreError) as caught:
        table.prepare()

    assert caught.value.reason == "unreachable"
    assert caught.value.__cause__ is None and caught.value.__suppress_context__
    assert SECRET not in "".join(traceback.format_exception(caught.value)) + caplog.text
    assert SECRET not in table.name + repr(table) + str(caught.value.args)


def test_library_texts_stay_inside(tmp_path: Path) -> None:
    """A message has the database's code and no statement, value or sentence of a library."""
    path = tmp_path / "a.sqlite3"
    table = Table(str(path))
    table.prepare()
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE predictions")
    connection.close()

    with pytest.raises(StoreError) as caught:
        table.insert([row("one").values()])
    table.close()

    text = str(caught.value)
    assert caught.value.reason == "failed" and "SQLITE_ERROR" in text
    assert not [
        word for word in ("INSERT", "no such table", "sqlalche", "sqlite3.") if word in text
    ]


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE objektiv_store SET version = 2", "version 2"),
        ("DELETE FROM objektiv_store", "no version"),
        ("DROP TABLE objektiv_store", "no version"),
        ("INSERT INTO objektiv_store VALUES (7)", "no version"),
    ],
)
def test_another_version_is_neither_written_nor_read(
    tmp_path: Path, statement: str, told: str
) -> None:
    """A store of another version, or none of ours, is refused and not changed."""
    path = tmp_path / "a.sqlite3"
    table = Table(str(path))
    table.prepare()
    table.close()
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()
    before = path.read_bytes()

    for mode in ("rwc", "rw"):
        table = Table(str(path), mode=mode)
        with pytest.raises(StoreError, match=f"{told}, {VERSION} is read") as caught:
            table.prepare() if mode == "rwc" else table.check()
        table.close()
        assert caught.value.reason == "version"
    assert path.read_bytes() == before


def test_what_a_kill_left_half_made_is_completed(tmp_path: Path) -> None:
    """A store whose maker died behind the version row is completed by the next."""
    path = tmp_path / "a.sqlite3"
    table = Table(str(path))
    table.prepare()
    table.close()
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE predictions")
    connection.close()

    table = Table(str(path))
    table.prepare()
    table.insert([row("one").values()])
    table.close()

    assert _rows_in(path) == [("one",)]


def test_text_that_is_no_database_is_damaged(tmp_path: Path) -> None:
    """A file of something else is refused as damaged, and kept."""
    path = tmp_path / "notes.txt"
    path.write_text("milk, bread\n" * 100)

    with pytest.raises(StoreError, match="damaged, or no database") as caught:
        Table(str(path)).prepare()

    assert caught.value.reason == "damaged"
    assert path.read_text().startswith("milk")


@pytest.mark.parametrize("name", ["", "no/such/folder.sqlite3"])
def test_a_place_that_cannot_be_opened_is_refused(tmp_path: Path, name: str) -> None:
    """A folder, or a file in a folder that is not there, gives the reason refused."""
    with pytest.raises(StoreError, match="may not be opened or written") as caught:
        Table(str(tmp_path / name)).prepare()

    assert (caught.value.reason, caught.value.exit_code) == ("refused", 5)


def test_reading_makes_no_file(tmp_path: Path) -> None:
    """A store that is not there is not made by looking at it."""
    with pytest.raises(StoreError, match="may not be opened"):
        Table(str(tmp_path / "none.sqlite3"), mode="rw").check()

    assert list(tmp_path.iterdir()) == []


def test_a_wal_file_gets_a_journal_that_is_deleted(tmp_path: Path) -> None:
    """Where SQLite's write-ahead log was on, it is off: below 3.51.3 it can lose rows."""
    path = tmp_path / "a.sqlite3"
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA journal_mode=WAL").fetchone() == ("wal",)
    connection.close()

    table = Table(str(path))
    table.prepare()
    table.insert([row("one").values()])
    table.close()

    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    connection.close()
    assert [p.name for p in tmp_path.iterdir()] == ["a.sqlite3"]


def test_a_row_too_many_leaves_none_of_its_transaction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a full disk all rows of one call are stored or none, and what was there stays."""
    real = sqlite3.connect

    def small(*words: object, **named: object) -> sqlite3.Connection:
        made = real(*words, **named)  # type: ignore[call-overload]
        made.execute("PRAGMA max_page_count=40")
        return made

    monkeypatch.setattr(store_table.sqlite3, "connect", small)
    path = tmp_path / "a.sqlite3"
    table = Table(str(path))
    table.prepare()
    table.insert([row("first").values()])

    with pytest.raises(StoreError, match="the disk of the store is full") as caught:
        table.insert([row(f"n{i}").values() for i in range(2_000)])
    table.close()

    assert caught.value.reason == "full"
    assert _rows_in(path) == [("first",)]


def test_every_reason_makes_a_whole_message() -> None:
    """Each reason has four parts, ends no part with a full stop and exits with 5."""
    for reason in REASONS:
        error: ObjektivError = store_table.trouble(reason, "here")
        assert error.exit_code == 5
        assert all(part and part[-1] != "." for part in (error.happened, error.allowed, error.next))
