from __future__ import annotations

import socket

import pytest

from objektiv.base.errors import MachineError, UsageError
from objektiv.serving.listen import address_of, bind, is_loopback


def test_a_taken_port_is_told() -> None:
    """A port that another program has is the machine's trouble, exit code 5."""
    with bind("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(MachineError, match=f"cannot be listened on: 127.0.0.1:{port}") as error:
            bind("127.0.0.1", port)
    assert error.value.exit_code == 5


def test_an_unknown_address_is_told() -> None:
    """What is no address at all is a mistake in the command."""
    with pytest.raises(UsageError, match="no such address"):
        bind("no such host", 0)


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.3.4.5", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.5", False),
        ("lab.example", False),
        ("localhost.evil.example", False),
    ],
)
def test_only_loopback_is_this_machine(host: str, own: bool) -> None:
    """Everything that others could reach counts as open."""
    assert is_loopback(host) is own


def test_the_address_can_be_opened() -> None:
    """Of a socket on all addresses, the one that this machine opens is told."""
    with bind("0.0.0.0", 0) as everywhere:
        port = everywhere.getsockname()[1]
        assert address_of(everywhere) == f"http://127.0.0.1:{port}"
    if socket.has_ipv6:
        try:
            six = bind("::1", 0)
        except (MachineError, UsageError):
            return
        with six:
            assert address_of(six).startswith("http://[::1]:")
