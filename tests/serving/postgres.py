"""A PostgreSQL server of the tests' own, in a folder of its own, on a socket in that folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class Server:
    """Its programs run as another user where the tests run as root, which PostgreSQL refuses."""

    def __init__(self, folder: Path, user: int | None) -> None:
        self.folder, self._user = folder, user
        self.address = f"postgresql://objektiv:geheim@/postgres?host={folder}"
        self._run("initdb", "-D", str(folder / "data"), "-A", "trust", "-U", "objektiv", "-N")

    def start(self) -> None:
        """Without syncs: these tests end programs, not machines."""
        options = f"-c listen_addresses='' -k {self.folder} -F"
        log = str(self.folder / "log")
        self._run(
            "pg_ctl", "-D", str(self.folder / "data"), "-w", "-o", options, "-l", log, "start"
        )

    def stop(self) -> None:
        """As a crash would: without waiting for anybody."""
        self._control("-m", "immediate", "stop")

    def _control(self, *words: str) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", *words)

    def _run(self, *words: str) -> None:
        subprocess.run(
            words,
            user=self._user,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=60,
            check=True,
        )


@contextmanager
def server() -> Iterator[Server]:
    """A started server; the test is skipped where PostgreSQL is not installed."""
    if shutil.which("initdb") is None or shutil.which("pg_ctl") is None or os.name == "nt":
        pytest.skip("PostgreSQL's initdb and pg_ctl are not on this machine")
    folder = Path(tempfile.mkdtemp(prefix="objektiv-pg-"))  # short: it holds a socket
    user = None
    try:
        if os.geteuid() == 0:
            import pwd

            user = pwd.getpwnam("nobody").pw_uid
            os.chown(folder, user, -1)
        made = Server(folder, user)
        made.start()
        try:
            yield made
        finally:
            if (folder / "data" / "postmaster.pid").exists():
                made.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
