"""The store of predictions: what it has said to be stored is still there, whatever happens."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sqlalchemy", reason="needs objektiv[store]")

from objektiv.base.errors import MissingExtra, StoreError
from objektiv.serving import store as stores
from objektiv.serving import store_table
from objektiv.serving.store import Store
from objektiv.serving.store_read import read_store
from scripts import order
from tests.serving import postgres
from tests.serving.rows import row


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a store may be made."""
    return tmp_path / "predictions.sqlite3"


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits are short, so that tests are."""
    monkeypatch.setattr(store_table, "WAIT", 0.1)
    monkeypatch.setattr(stores, "PROBE", 0.02)


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    """A PostgreSQL server."""
    pytest.importorskip("psycopg", reason="needs objektiv[store]")
    with postgres.server() as made:
        yield made


def _ids(address: Path | str) -> list[str]:
    return read_store(str(address))["id"].to_list()


def _reason(future: object) -> str:
    error = future.exception(timeout=10)  # type: ignore[attr-defined]
    assert isinstance(error, StoreError), error
    return error.reason


def _until(true: Callable[[], bool]) -> bool:
    end = time.monotonic() + 10
    while not true() and time.monotonic() < end:
        time.sleep(0.01)
    return true()


def test_a_stored_row_can_be_read_at_once(path: Path) -> None:
    """When the Future of a put is done, another connection sees its rows."""
    with Store(str(path)) as store:
        store.put([row("one"), row("two")]).result(timeout=10)

        assert _ids(path) == ["one", "two"]
        assert (store.trouble, store.waiting) == (None, 0)


def test_closing_finishes_what_waits(path: Path) -> None:
    """All that was put before `close` is stored, in order; what comes after is told so."""
    store = Store(str(path))
    futures = [store.put([row(f"n{i}")]) for i in range(1_200)]
    store.close()

    assert [future.result(timeout=0) for future in futures] == [None] * 1_200
    assert _ids(path) == [f"n{i}" for i in range(1_200)]
    assert _reason(store.put([row("late")])) == "closed"


# The parent forks a writer, reads what it has confirmed, and kills it at a random place.
KILLING = """
import os, random, signal, sys, time
import objektiv.serving.store_table  # here, once, not in each child
from objektiv.serving.store import Store
from tests.serving.rows import row

path, kills = sys.argv[1], int(sys.argv[2])
chance = random.Random(6)
confirmed = []
for kill in range(kills):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        store = Store(path)
        puts = ((i, store.put([row(f"{kill}-{i}"), row(f"{kill}-{i}b")])) for i in range(100_000))
        waiting = []
        for i, put in puts:
            waiting.append((i, put))
            if len(waiting) == 4:  # so that a transaction has rows of several requests
                for j, done in waiting:
                    done.result()
                    os.write(writing, b"%d-%d\\n" % (kill, j))
                waiting = []
        os._exit(0)
    os.close(writing)
    stream = os.fdopen(reading, "rb")
    for _ in range(chance.randrange(1, 9)):
        confirmed.append(stream.readline().decode().strip())
    time.sleep(chance.random() * 0.02)  # anywhere between two confirmations
    os.kill(child, signal.SIGKILL)
    confirmed += [line.decode().strip() for line in stream if line.endswith(b"\\n")]
    os.waitpid(child, 0)
print(" ".join(confirmed))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a forked process")
@pytest.mark.parametrize("kills", [20, pytest.param(500, marks=pytest.mark.slow)])
def test_kill_loses_no_confirmed_row(path: Path, kills: int) -> None:
    """After SIGKILLs every confirmed row is there once, and no request is there by half."""
    done = subprocess.run(
        [sys.executable, "-c", KILLING, str(path), str(kills)],
        cwd=order.REPOSITORY,
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    confirmed = done.stdout.split()

    found = _ids(path)
    assert len({name.partition("-")[0] for name in confirmed}) == kills
    assert len(set(found)) == len(found)
    assert set(confirmed) <= set(found)
    assert {f"{name}b" for name in confirmed} <= set(found)
    assert {n for n in found if not n.endswith("b")} == {n[:-1] for n in found if n.endswith("b")}
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


# A quota of the system, not of SQLite: files may grow to 200 kB, then to any size again.
FILLING = """
import json, resource, sys
from objektiv.serving.store import Store
from tests.serving.rows import row

store = Store(sys.argv[1])
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
stored, errors = [], []
for i in range(400):
    error = store.put([row(f"n{i}-{j}") for j in range(20)]).exception(timeout=10)
    stored += [] if error else [f"n{i}-{j}" for j in range(20)]
    errors += [error.reason] if error else []
    if len(errors) == 3:
        break
told = str(store.trouble)
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
store.put([row("after")]).result(timeout=10)
print(json.dumps([stored + ["after"], errors, told, str(store.trouble)]))
store.close()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of a file's size")
def test_a_full_disk_fails_puts_and_heals(path: Path) -> None:
    """Where a file cannot grow, puts fail, nothing stored is lost, and space is enough to go on."""
    done = subprocess.run(
        [sys.executable, "-c", FILLING, str(path)],
        cwd=order.REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    stored, errors, told, after = json.loads(done.stdout)

    assert len(stored) > 20
    assert len(errors) == 3 and set(errors) <= {"disk", "full"}
    assert "the disk of the store" in told and after == "None"
    assert _ids(path) == stored


@pytest.mark.usefixtures("soon")
def test_a_locked_file_fails_puts_until_it_is_free(path: Path) -> None:
    """While another program holds the file puts fail; then `trouble` ends without a put."""
    with Store(str(path)) as store:
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        assert _reason(store.put([row("one")])) == "locked"
        assert store.trouble is not None and store.trouble.reason == "locked"

        holder.execute("ROLLBACK")
        holder.close()
        assert _until(lambda: store.trouble is None)
        store.put([row("two")]).result(timeout=10)

    assert _ids(path) == ["two"]


def test_the_queue_is_bounded_and_refuses_at_once(path: Path) -> None:
    """While nothing can be written at most `queue` rows wait, and the next put fails in no time."""
    with Store(str(path), queue=10) as store:
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        first = store.put([row("first")])
        assert _until(lambda: store.waiting == 0)  # it is being written, in vain for now
        waiting = [store.put([row(f"{i}a"), row(f"{i}b")]) for i in range(5)]
        began = time.perf_counter()
        refused = [store.put([row("more")]) for _ in range(100)]
        seconds = time.perf_counter() - began

        assert {_reason(future) for future in refused} == {"busy"}
        assert (store.waiting, seconds < 1) == (10, True)
        holder.execute("ROLLBACK")
        holder.close()
        for future in (first, *waiting):
            future.result(timeout=10)

    assert len(_ids(path)) == 11


def test_a_put_that_is_cancelled_in_time_is_not_stored(path: Path) -> None:
    """A request that gave up while it waited leaves no row."""
    with Store(str(path)) as store:
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        store.put([row("first")])
        assert _until(lambda: store.waiting == 0)
        given_up, kept = store.put([row("given up")]), store.put([row("kept")])
        assert given_up.cancel()
        holder.execute("ROLLBACK")
        holder.close()
        kept.result(timeout=10)

    assert _ids(path) == ["first", "kept"]


def test_one_id_that_is_taken_spoils_no_other_request(path: Path) -> None:
    """Of requests stored together only the one with a known id fails, and the store is well."""
    with Store(str(path)) as store:
        store.put([row("taken")]).result(timeout=10)
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        store.put([row("first")])
        assert _until(lambda: store.waiting == 0)
        futures = [store.put([row(name)]) for name in ("before", "taken", "after")]
        holder.execute("ROLLBACK")
        holder.close()

        assert _reason(futures[1]) == "twice"
        assert futures[0].result(timeout=10) is futures[2].result(timeout=10) is None
        assert store.trouble is None

    assert _ids(path) == ["taken", "first", "before", "after"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows moves no open file")
def test_a_file_that_is_moved_away_gets_a_successor(path: Path) -> None:
    """Rows stored after the file was moved or deleted go into a new file, not into nowhere."""
    with Store(str(path)) as store:
        store.put([row("old")]).result(timeout=10)
        path.rename(path.with_name("2026-11.sqlite3"))
        store.put([row("new")]).result(timeout=10)
        path.unlink()
        store.put([row("newer")]).result(timeout=10)

    assert _ids(path) == ["newer"]
    assert _ids(path.with_name("2026-11.sqlite3")) == ["old"]


EVIL = ("'); DROP TABLE predictions;--", 'a"b\\', "%s :x {0} ?", "=cmd()", "a\nb", "Zelle ü 細胞")


def test_names_are_values_and_never_statements(path: Path) -> None:
    """Names of classes and models come back as they were, whatever they look like."""
    rows = [
        row(f"id {text}", model=text, called=text, abstain_reason=text, probabilities={text: 1.0})
        for text in EVIL
    ]
    with Store(str(path)) as store:
        store.put(rows).result(timeout=10)

    table = read_store(str(path))
    for column in ("model", "called", "abstain_reason"):
        assert tuple(table[column]) == EVIL
    assert [name.partition(":")[2] for name in table.columns if ":" in name] == list(EVIL)


def test_what_no_database_takes_is_replaced(path: Path) -> None:
    """NUL and half characters become signs that say so, instead of failing the request."""
    with Store(str(path)) as store:
        store.put([row("a", model="x\0y", called="\ud800", probabilities={"\ud800": 1})]).result(10)

    table = read_store(str(path))
    assert (table["model"][0], table["called"][0]) == ("x\ufffdy", "?")
    assert "probability:?" in table.columns


@pytest.mark.parametrize(
    "wrong",
    [{"probabilities": {"ill": float("nan")}}, {"features": np.array([1e6])}],
    ids=["probability", "feature"],
)
def test_numbers_that_are_none_are_refused_before_they_wait(path: Path, wrong: dict) -> None:
    """A value that is not finite is an error of the caller."""
    with Store(str(path)) as store, pytest.raises(ValueError, match="Out of range|do not fit"):
        store.put([row("one", **wrong)])


def test_several_stores_share_a_file(path: Path) -> None:
    """Writers in several threads, each with a Store of its own, all get their rows in."""

    def write(name: int) -> None:
        with Store(str(path)) as store:
            for i in range(10):
                store.put([row(f"{name}-{i}")]).result(timeout=30)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(_ids(path)) == sorted(f"{n}-{i}" for n in range(3) for i in range(10))


def test_missing_extra_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without SQLAlchemy the message has the command that installs it."""
    monkeypatch.setattr(stores.extras, "missing_packages", lambda _: ("sqlalchemy",))

    with pytest.raises(MissingExtra, match=r"missing sqlalchemy.*objektiv\[store\]"):
        Store(str(path))


def test_postgresql_keeps_the_same_rows(server: postgres.Server, path: Path) -> None:
    """Both databases give back the same table for the same rows."""
    rows = [row("one"), row("two", features=None, called=EVIL[0], model="x\0y")]
    rows = [replace(each, model_sha256="f" * 64) for each in rows]  # of this test alone
    for address in (server.address, str(path)):
        with Store(address) as store:
            store.put(rows).result(timeout=10)
            assert "geheim" not in store.name

    assert read_store(server.address, model="f").equals(read_store(str(path)))


@pytest.mark.usefixtures("soon")
def test_a_server_that_went_away_is_found_again(server: postgres.Server) -> None:
    """While PostgreSQL is down puts fail as unreachable; when it is back the store goes on."""
    with Store(server.address) as store:
        store.put([row("before")]).result(timeout=10)
        server.stop()
        try:
            assert _reason(store.put([row("meanwhile")])) == "unreachable"
            assert store.trouble is not None and "geheim" not in str(store.trouble)
        finally:
            server.start()
        assert _until(lambda: store.trouble is None)
        store.put([row("behind")]).result(timeout=10)

    assert {"before", "behind"} <= set(_ids(server.address))
    assert "meanwhile" not in _ids(server.address)
