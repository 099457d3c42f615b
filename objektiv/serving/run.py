"""The whole server: models, wall, store, log and port put together.

In: bundles and settings. Out: it serves until it is told to stop.
Try: `objektiv serve cells.objektiv`.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TextIO

from starlette.types import ASGIApp
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from objektiv.base.errors import UsageError
from objektiv.serving.app import OPEN_PATHS, Service, route_of, serving_app
from objektiv.serving.desk import Desk, named
from objektiv.serving.explaining import Explaining
from objektiv.serving.listen import bind, is_loopback, listen
from objektiv.serving.log import Log
from objektiv.serving.metrics import Metrics
from objektiv.serving.predicting import Predicting
from objektiv.serving.settings import ServeSettings
from objektiv.serving.wall import LOOPBACK, Seen, Wall, behind_wall

TOKEN = "OBJEKTIV_TOKEN"
SHORTEST = 16  # characters of a token
EVERYWHERE = ("0.0.0.0", "::", "")
_ORIGIN = re.compile(r"https?://[^/\s?#@]+")


def serve(
    bundles: Sequence[str],
    settings: ServeSettings,
    *,
    log_to: TextIO,
    ready: Callable[[str], None],
) -> None:
    """Serve bundles until SIGINT or SIGTERM; `ready` is called with the address, once.

    Raises:
        UsageError: a setting does not fit, or there is no token where one is needed.
        BundleError: a bundle is refused.
        MachineError: the port is taken.
    """
    with contextlib.ExitStack() as stack:
        wall = wall_of(settings)
        bound = stack.enter_context(bind(settings.host, settings.port))
        log = stack.enter_context(Log(log_to))
        running = stack.enter_context(running_app(bundles, settings, wall, log=log))

        def started(address: str) -> None:
            log.line(event="ready", address=address, models=running.models)
            ready(address)

        listen(running.app, bound, ready=started, seen=running.seen)


@dataclass(frozen=True)
class Running:
    """An application that is ready to be listened for."""

    app: ASGIApp
    seen: Callable[[Seen], None]
    models: dict[str, str]  # name to SHA-256


@contextlib.contextmanager
def running_app(
    bundles: Sequence[str], settings: ServeSettings, wall: Wall, *, log: Log
) -> Iterator[Running]:
    """Everything but the port; closed, it has stored and logged what it should.

    Raises:
        BundleError: a bundle is refused.
    """
    metrics = Metrics()
    with contextlib.ExitStack() as stack:
        stack.enter_context(threadpool_limits(1))  # OpenVINO and the decoders have the cores
        store = None
        if settings.store is not None:
            from objektiv.serving.store import Store

            store = stack.enter_context(Store(settings.store))
        desk = Desk(named(bundles), batch=settings.batch, features=store is not None)
        metrics.models(desk.engines)
        predicting = Predicting(desk, settings, metrics=metrics, store=store)
        explaining = Explaining(desk, settings)
        stack.callback(predicting.close)
        stack.callback(explaining.close)

        def seen(one: Seen) -> None:
            metrics.request(one, route=route_of(one.path))
            if settings.log == "all" or one.status >= 400:
                log.request(one)

        app = serving_app(Service(desk, predicting, explaining, metrics=metrics, store=store))
        guarded = behind_wall(app, replace(wall, seen=seen))
        models = {name: engine.bundle.sha256 for name, engine in desk.engines.items()}
        yield Running(guarded, seen, models)


def wall_of(settings: ServeSettings) -> Wall:
    """Who may ask.

    Raises:
        UsageError: the server would be open to others without a token, or a setting does not fit.
    """
    token = token_of(settings.token_file)
    require_token(token, settings.host)
    for origin in settings.origins:
        if not _ORIGIN.fullmatch(origin):
            raise UsageError(
                "this is no origin",
                value=origin,
                allowed="What stands before the path of an address, such as https://lab.example",
                next="correct `--origins`",
            )
    hosts, addresses = names_of(settings.host, settings.hosts)
    return Wall(
        hosts=hosts,
        addresses=addresses,
        token=token,
        open_paths=OPEN_PATHS,
        origins=settings.origins,
        body_limit=settings.max_body,
    )


def require_token(token: str | None, host: str) -> None:
    """Check that what others can reach has a token.

    Raises:
        UsageError: it has none.
    """
    if token is None and not is_loopback(host):
        raise UsageError(
            "others could reach this server, and no token is set",
            value=f"--host {host}",
            allowed="Without a token only this machine may ask",
            next=f"set the variable {TOKEN} or give `--token-file FILE`",
        )


def names_of(host: str, further: Sequence[str]) -> tuple[tuple[str, ...], Literal["listed", "any"]]:
    """The names in the header Host that are ours, and whether every IP address is one too."""
    own = f"[{host}]" if ":" in host else host
    anywhere = host in EVERYWHERE
    names = (*LOOPBACK, *(() if anywhere else (own.lower(),)), *map(str.lower, further))
    return tuple(dict.fromkeys(names)), "any" if anywhere else "listed"


def token_of(file: Path | None) -> str | None:
    """The token in `file`, else in the variable; None where there is neither.

    Raises:
        UsageError: the file cannot be read, or the token is too short or no plain text.
    """
    where, token = f"the variable {TOKEN}", os.environ.get(TOKEN)
    if file is not None:
        where = str(file)
        try:
            token = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(
                "the file with the token cannot be read",
                value=f"{where}: {getattr(error, 'strerror', None) or type(error).__name__}",
                allowed="A file of text with one line",
                next="correct `--token-file`",
            ) from None
    if token is None:
        return None
    token = token.strip()
    if len(token) < SHORTEST or not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError(
            "the token does not fit",
            value=f"{len(token)} characters in {where}",
            allowed=f"At least {SHORTEST} letters and digits without a space",
            next='make one with `python -c "import secrets; print(secrets.token_urlsafe(32))"`',
        )
    return token
