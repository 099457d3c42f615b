"""The server as a process of its own, and who may ask it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from objektiv.base.errors import UsageError
from objektiv.serving.run import TOKEN, wall_of
from objektiv.serving.settings import ServeSettings
from scripts import order
from tests.serving import tiny

SECRET = "abcdefghijklmnopqrstuvwxyz"


@pytest.fixture(autouse=True)
def _no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN, raising=False)


def test_beyond_loopback_a_token_is_needed() -> None:
    """Without one the server does not start, exit code 2."""
    for host in ("0.0.0.0", "::", "192.168.1.5"):
        with pytest.raises(UsageError, match="no token is set") as error:
            wall_of(ServeSettings(host=host))
        assert error.value.exit_code == 2


def test_the_token_comes_from_the_variable_or_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file goes before the variable; with a token every address may be listened on."""
    monkeypatch.setenv(TOKEN, SECRET)
    assert wall_of(ServeSettings(host="0.0.0.0")).token == SECRET
    file = tmp_path / "token"
    file.write_text(f"{SECRET}2\n")
    wall = wall_of(ServeSettings(host="0.0.0.0", token_file=file))

    assert wall.token == f"{SECRET}2"
    assert wall.addresses == "any"
    assert wall_of(ServeSettings()).addresses == "listed"


@pytest.mark.parametrize(
    "token", ["", "short", "with a space in the middle", "ümlaut-ümlaut-ümlaut"]
)
def test_weak_tokens_are_refused(tmp_path: Path, token: str) -> None:
    """A token has 16 plain characters at least, and its own text is not shown."""
    file = tmp_path / "token"
    file.write_text(token, encoding="utf-8")

    with pytest.raises(UsageError, match="the token does not fit") as error:
        wall_of(ServeSettings(token_file=file))
    assert not token or token not in str(error.value)


def test_a_missing_token_file_and_a_wrong_origin_are_told(tmp_path: Path) -> None:
    """Both are mistakes in the command."""
    with pytest.raises(UsageError, match="token cannot be read"):
        wall_of(ServeSettings(token_file=tmp_path / "none"))
    with pytest.raises(UsageError, match="this is no origin: lab.example"):
        wall_of(ServeSettings(origins=("lab.example",)))


def test_names_are_those_of_loopback_and_those_given() -> None:
    """The Host header may hold what was bound and what was named, in small letters."""
    wall = wall_of(ServeSettings(hosts=("Lab.Example",)))

    assert wall.hosts == ("localhost", "127.0.0.1", "[::1]", "lab.example")


def test_a_token_is_asked_for_everywhere_but_for_health(small: Path, tmp_path: Path) -> None:
    """With a token every route but the two pages of health answers 401 without it."""
    file = tmp_path / "token"
    file.write_text(SECRET)
    with tiny.serving(small, token_file=file) as server:
        statuses = {
            path: server.ask(method, path).status
            for method, path in (
                ("GET", "/healthz"),
                ("GET", "/readyz"),
                ("GET", "/"),
                ("GET", "/metrics"),
                ("GET", "/openapi.json"),
                ("GET", "/v1/models"),
                ("POST", "/v1/predict"),
                ("POST", "/v1/models/cells/reload"),
            )
        }
        bearer = {"authorization": f"Bearer {SECRET}", "content_type": "image/png"}
        named = server.ask("POST", "/v1/predict", tiny.picture(), **bearer)

    assert list(statuses.values()) == [200, 200, 401, 401, 401, 401, 401, 401]
    assert named.status == 200


class Process(NamedTuple):
    """A server of its own."""

    process: subprocess.Popen[str]
    server: tiny.Server


@contextlib.contextmanager
def _process(*words: str | Path) -> Iterator[Process]:
    program = "from objektiv.cli.main import main; main()"
    command = [sys.executable, "-c", program, "serve", *map(str, words), "--port", "0"]
    process = subprocess.Popen(
        command,
        cwd=order.REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(order.REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()  # type: ignore[union-attr]
        if not line:
            raise RuntimeError(process.stderr.read())  # type: ignore[union-attr]
        port = int(line.split()[2].rsplit(":", 1)[1])
        yield Process(process, tiny.Server(port, None))  # type: ignore[arg-type]
    finally:
        process.kill()
        process.communicate()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to be obeyed")
def test_an_end_finishes_what_was_accepted(small: Path) -> None:
    """After SIGTERM what was begun is answered once, and the exit code is 0."""
    with _process(small) as (process, server):
        answered: list[int] = []
        cut: list[str] = []

        def ask() -> None:
            with contextlib.closing(server.connect()) as connection:
                while True:
                    try:
                        connection.request(
                            "POST", "/v1/predict", tiny.picture(), {"content-type": "image/png"}
                        )
                    except OSError:  # closed between two requests: never accepted
                        return
                    try:
                        answer = connection.getresponse()
                    except (OSError, Exception) as error:
                        cut.append(type(error).__name__)
                        return
                    answered.append(answer.status)
                    answer.read()

        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=20)
        for thread in threads:
            thread.join(20)

    lines = [json.loads(line) for line in errors.splitlines()]
    logged = [line["status"] for line in lines if line.get("path") == "/v1/predict"]
    assert process.returncode == 0
    assert lines[0]["event"] == "ready" and lines[-1]["event"] == "end"
    assert set(answered) == {200}
    assert logged == [200] * len(answered)
    assert set(cut) <= {"RemoteDisconnected", "ConnectionResetError"}  # closed while idle
