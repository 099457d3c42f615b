from __future__ import annotations

import socket
from pathlib import Path

import pytest

from objektiv.cli import main as cli
from objektiv.cli.exits import run


def test_without_a_token_others_are_not_served(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--host 0.0.0.0` alone ends with exit code 2 before anything is loaded."""
    monkeypatch.delenv("OBJEKTIV_TOKEN", raising=False)

    assert run(cli.app, ["serve", "nothing.objektiv", "--host", "0.0.0.0"]) == 2
    assert "no token is set" in capsys.readouterr().err


def test_a_taken_port_ends_with_exit_code_5(capsys: pytest.CaptureFixture[str]) -> None:
    """Another program on the port is the machine's trouble."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert run(cli.app, ["serve", "nothing.objektiv", "--port", port]) == 5
    assert f"127.0.0.1:{port}" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["model.pkl", "model.pt", "model.keras"])
def test_what_is_no_bundle_ends_with_exit_code_4(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Pickles and other files are refused, and nothing is served."""
    (tmp_path / name).write_bytes(b"\x80\x04.")

    assert run(cli.app, ["serve", str(tmp_path / name), "--port", "0"]) == 4
    assert name in capsys.readouterr().err
