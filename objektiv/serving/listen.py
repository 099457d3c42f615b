"""Listen on a port: uvicorn started from Python, for server and studio.

In: an app behind its wall, an address. Out: it serves until it is told to stop, and then finishes
what it has accepted. Nothing is printed; who calls is told the address once it answers.
Try: `listen(app, host="127.0.0.1", port=0, ready=print)`.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import ipaddress
import signal
import socket
import threading
from collections.abc import Callable, Iterator

import uvicorn
from starlette.types import ASGIApp

from objektiv.base.errors import MachineError, UsageError
from objektiv.serving.protocol import protocol
from objektiv.serving.wall import Seen

BACKLOG = 1_024
KEPT = 15  # seconds that a connection without requests stays open
DRAIN = 10  # seconds for what was accepted, once the end has come


class Listener(uvicorn.Server):
    """One server; `stop` may be called from any thread."""

    def __init__(self, config: uvicorn.Config, *, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    def stop(self) -> None:
        """Take no more, finish what was accepted, end."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, then say so."""
        await super().startup(sockets=sockets)
        self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn does, but an asked-for end is a good one: it is not raised again after it."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        names = ("SIGINT", "SIGTERM", "SIGBREAK")  # the last is Windows' own
        known = [getattr(signal, name) for name in names if hasattr(signal, name)]
        before = {number: signal.signal(number, self.handle_exit) for number in known}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens; 0 takes a free port.

    Raises:
        UsageError: `host` is no address of this machine.
        MachineError: the port is taken or forbidden.
    """
    try:
        family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except (socket.gaierror, UnicodeError):
        raise UsageError(
            "there is no such address to listen on",
            value=host,
            allowed="An address or name of this machine, such as 127.0.0.1 or 0.0.0.0",
            next="correct `--host`",
        ) from None
    except OSError as error:
        raise MachineError(
            "the port cannot be listened on",
            value=f"{host}:{port}, {error.strerror or type(error).__name__}",
            allowed="A port that no other program has and that you may use",
            next="choose another with `--port`, or 0 for a free one",
        ) from None


def listener(
    app: ASGIApp,
    bound: socket.socket,
    *,
    ready: Callable[[str], None],
    seen: Callable[[Seen], None] | None = None,
) -> Listener:
    """A server on a bound socket; `ready` is called with its address, once."""
    config = uvicorn.Config(
        app,
        http=protocol(seen),
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEPT,
        timeout_graceful_shutdown=DRAIN,
    )
    return Listener(config, ready=lambda: ready(address_of(bound)))


def listen(
    app: ASGIApp,
    bound: socket.socket,
    *,
    ready: Callable[[str], None],
    seen: Callable[[Seen], None] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM; the socket is closed then."""
    server = listener(app, bound, ready=ready, seen=seen)
    gc.collect()
    gc.freeze()  # what was loaded stays: no need to look through it again and again
    with contextlib.closing(bound):
        asyncio.run(server.serve(sockets=[bound]))


def address_of(bound: socket.socket) -> str:
    """What a browser on this machine opens."""
    host, port = bound.getsockname()[:2]
    address = ipaddress.ip_address(host.partition("%")[0])
    if address.is_unspecified:
        host = "127.0.0.1" if address.version == 4 else "::1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
