"""The table of stored predictions: its address, its columns, its version, and what went wrong.

In: an address (a path, `sqlite:///FILE`, `postgresql://...`) and rows. Out: rows that are on the
disk, or a StoreError. An address may hold a password, and a library's message may repeat it: so
neither is ever put into a message of ours, nor chained behind one.
Try: `table = Table("predictions.sqlite3"); table.prepare(); table.insert(rows)`.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, SQLAlchemyError

from objektiv.base.errors import StoreError, UsageError

VERSION = 1  # of the columns below; a store of another version is neither written nor read
WAIT = 5.0  # seconds that a lock or a connection is waited for
PAGE = 5_000  # rows read in one go: a reader holds SQLite's lock for no longer than this takes
REASONS: Mapping[str, str] = {
    "full": "the disk of the store is full",
    "disk": "the disk of the store refuses to be read or written",
    "locked": "another program holds the store",
    "refused": "the store may not be opened or written",
    "unreachable": "the database server does not answer",
    "damaged": "the store is damaged, or no database",
    "version": "the store is not one of ours, or of another version",
    "twice": "predictions with these ids are stored already",
    "busy": "too many predictions wait to be stored",
    "closed": "the store is closed",
    "failed": "the database refused the predictions",
}
_NEXT: Mapping[str, str] = {
    "full": "free space on that disk; the server goes on by itself",
    "disk": "look at the disk and its quota; the server goes on by itself",
    "locked": "end the program that holds it; the server goes on by itself",
    "refused": "check the folder, its permissions, the user and the password",
    "unreachable": "check that the database runs and that its name is right",
    "damaged": "restore it from a backup, or name a new file",
    "version": "name a new store, or use the version of objektiv that wrote it",
    "busy": "ask again in a moment, or with fewer pictures at once",
}
_ADDRESS = "A file, sqlite:///FILE or postgresql://USER@HOST/DATABASE"
# Beginnings of SQLite's names of errors and of PostgreSQL's states (its manual, appendix A).
_CODES: tuple[tuple[str, str], ...] = (
    ("SQLITE_FULL", "full"),
    ("SQLITE_BUSY", "locked"),
    ("SQLITE_LOCKED", "locked"),
    ("SQLITE_IOERR", "disk"),
    ("SQLITE_READONLY", "refused"),
    ("SQLITE_PERM", "refused"),
    ("SQLITE_AUTH", "refused"),
    ("SQLITE_CANTOPEN", "refused"),
    ("SQLITE_CORRUPT", "damaged"),
    ("SQLITE_NOTADB", "damaged"),
    ("53100", "full"),
    ("55P03", "locked"),
    ("57014", "locked"),  # it took longer than WAIT
    ("28", "refused"),
    ("3D", "refused"),
    ("42501", "refused"),
    ("08", "unreachable"),
    ("57P", "unreachable"),
    ("53300", "unreachable"),
)

_META = sa.MetaData()
_VERSIONS = sa.Table("objektiv_store", _META, sa.Column("version", sa.Integer, primary_key=True))
PREDICTIONS = sa.Table(
    "predictions",
    _META,
    sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),  # of the request, and the picture's
    sa.Column("time", sa.DateTime(timezone=True), nullable=False),  # UTC
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("model_sha256", sa.Text, nullable=False),
    sa.Column("picture_sha256", sa.Text, nullable=False),
    sa.Column("class", sa.Text, nullable=False),
    sa.Column("probabilities", sa.Text, nullable=False),  # JSON, classes in the model's order
    sa.Column("features", sa.LargeBinary),  # float16, little-endian
    sa.Column("abstain_reason", sa.Text),  # why the class is no answer
    sa.Column("milliseconds", sa.Float, nullable=False),
)


class Table:
    """One database; a thread of its own uses each of these."""

    def __init__(self, address: str, *, mode: Literal["rwc", "rw"] = "rwc") -> None:
        """`mode`: "rw" makes no file where there is none.

        Raises:
            UsageError: the address is none of ours; the message does not repeat it.
        """
        url = _url(address)
        self.file = Path(str(url.database)) if url.drivername == "sqlite" else None
        # what may be shown of the address: never the user, the password or further settings
        self.name = str(self.file) if self.file else f"postgresql at {url.host or 'this machine'}"
        self._engine = _sqlite(self.file, mode) if self.file else _postgresql(url)
        self._identity: tuple[int, int] | None = None

    def prepare(self) -> None:
        """Make the tables where there are none, and check the version.

        Raises:
            StoreError: the store cannot be opened, or is of another version.
        """
        with self._telling():
            try:
                self._make()
            except DBAPIError as error:
                if _reason(error)[0] not in ("failed", "twice"):
                    raise
                self._make()  # another server made the tables at this moment
        self.check()
        self._identity = self._look()

    def _make(self) -> None:
        """The version first: a process that dies between the two leaves what the next completes."""
        with self._engine.begin() as connection:
            if sa.inspect(connection).has_table(PREDICTIONS.name):
                return
            _VERSIONS.create(connection, checkfirst=True)
            found = list(connection.scalars(sa.select(_VERSIONS.c.version)))
            if not found:
                connection.execute(sa.insert(_VERSIONS).values(version=VERSION))
            if found in ([], [VERSION]):
                PREDICTIONS.create(connection, checkfirst=True)

    def _look(self) -> tuple[int, int] | None:
        """Which file SQLite has open; None for PostgreSQL, and where there is none."""
        if self.file is None or not self.file.exists():
            return None
        found = self.file.stat()
        return found.st_dev, found.st_ino

    def check(self) -> None:
        """Only look whether this is a store of this version.

        Raises:
            StoreError: it is not, or it cannot be opened.
        """
        with self._telling(), self._engine.connect() as connection:
            there = [sa.inspect(connection).has_table(t.name) for t in (_VERSIONS, PREDICTIONS)]
            found = list(connection.scalars(sa.select(_VERSIONS.c.version))) if all(there) else []
        if found != [VERSION]:
            told = f"version {found[0]}" if len(found) == 1 else "no version"
            raise trouble("version", f"{self.name}: {told}, {VERSION} is read")

    def insert(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Store all rows or none; when this returns they are on the disk.

        Raises:
            StoreError: none is stored.
        """
        if self._look() != self._identity:  # moved away: rows must not follow it into nowhere
            self._engine.dispose()
            self.prepare()
        with self._telling(), self._engine.begin() as connection:
            connection.execute(sa.insert(PREDICTIONS), list(rows))

    def probe(self) -> None:
        """Write without a change, to see whether writing works again.

        Raises:
            StoreError: it does not.
        """
        self.prepare()
        with self._telling(), self._engine.begin() as connection:
            connection.execute(sa.update(_VERSIONS).values(version=VERSION))

    def pages(self, *, model: str = "") -> Iterator[list[Mapping[str, Any]]]:
        """Rows in the order in which they were stored, at most PAGE at a time.

        `model`: only of those whose SHA-256 begins so.

        Raises:
            StoreError: the store cannot be read.
        """
        last = -1
        while True:
            ask = sa.select(PREDICTIONS).where(PREDICTIONS.c.number > last)
            ask = ask.where(PREDICTIONS.c.model_sha256.startswith(model, autoescape=True))
            with self._telling(), self._engine.connect() as connection:
                ask = ask.order_by(PREDICTIONS.c.number).limit(PAGE)
                rows: list[Mapping[str, Any]] = [
                    dict(row) for row in connection.execute(ask).mappings()
                ]
            if not rows:
                return
            last = rows[-1]["number"]
            yield rows

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """Turn a library's error into ours, without its text."""
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            reason, code = _reason(error)
            raise trouble(reason, f"{self.name} ({code})") from None


def trouble(reason: str, value: str) -> StoreError:
    """The error of a reason of REASONS."""
    return StoreError(
        f"the store of predictions cannot be used: {REASONS[reason]}",
        value=value,
        allowed="What was stored before is kept",
        next=_NEXT.get(reason, "see the state of the database; nothing of the request is stored"),
        reason=reason,
    )


def _reason(error: SQLAlchemyError | sqlite3.Error) -> tuple[str, str]:
    """The word of REASONS, and the code that an administrator looks up."""
    cause = getattr(error, "orig", error)
    code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or ""
    if isinstance(error, IntegrityError):
        return "twice", code
    found = next((reason for start, reason in _CODES if code.startswith(start)), None)
    if found is None:  # psycopg gives no state where there was no connection
        found = "failed" if code else "unreachable"
    return found, code or "no connection"


def _url(address: str) -> sa.URL:
    """The address as SQLAlchemy takes it: "sqlite" with a file, or "postgresql+psycopg"."""
    scheme, separator, rest = address.partition("://")
    if not separator:
        # `postgresql:user:word@host` is a slip, not a file: never shown, never made
        drive = re.match(r"[A-Za-z]:[\\/]", address)
        if not address or "@" in address or (":" in address and not drive):
            raise _no_address()
        return sa.URL.create("sqlite", database=address)
    if scheme == "sqlite":
        if rest[:1] != "/" or rest[1:] in ("", ":memory:") or "?" in rest:
            raise _no_address()
        return sa.URL.create("sqlite", database=rest[1:])
    if scheme not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise _no_address()
    try:
        url = sa.make_url(f"postgresql+psycopg://{rest}")
    except (ArgumentError, ValueError):
        url = None
    if url is None:
        raise _no_address()
    return url


def _no_address() -> UsageError:
    return UsageError(
        "this is no address of a store",
        value="not shown, since it may hold a password",
        allowed=_ADDRESS,
        next="for example `predictions.sqlite3`",
    )


def _sqlite(file: Path, mode: str) -> sa.Engine:
    """A journal that is deleted after each transaction: WAL can lose rows below SQLite 3.51.3."""
    path = quote(file.absolute().as_posix())
    uri = f"file:{path if path.startswith('/') else '/' + path}?mode={mode}"

    def connect() -> sqlite3.Connection:
        made = sqlite3.connect(uri, uri=True, timeout=WAIT, check_same_thread=False)
        if mode == "rwc":
            made.execute("PRAGMA journal_mode=DELETE")
            made.execute("PRAGMA synchronous=EXTRA")  # FULL, and the folder is synced too
        return made

    return sa.create_engine(
        "sqlite://", creator=connect, poolclass=sa.QueuePool, hide_parameters=True
    )


def _postgresql(url: sa.URL) -> sa.Engine:
    milliseconds = int(WAIT * 1000)
    limits = f"-c lock_timeout={milliseconds} -c statement_timeout={milliseconds}"
    wait = {"connect_timeout": int(WAIT), "options": limits}
    return sa.create_engine(
        url, connect_args=wait, hide_parameters=True, pool_pre_ping=True, pool_size=1
    )
