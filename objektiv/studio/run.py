"""The studio put together: its pages, the wall before them, a port and a browser.

In: settings. Out: it runs until it is told to stop; jobs that were started go on.
Try: `objektiv studio`.
"""

from __future__ import annotations

import contextlib
import webbrowser
from collections.abc import Callable
from pathlib import Path

from objektiv.base import files
from objektiv.base.errors import MachineError
from objektiv.serving.listen import bind, is_loopback, listen
from objektiv.serving.run import names_of, require_token, token_of
from objektiv.serving.wall import Wall, behind_wall
from objektiv.studio.app import studio_app
from objektiv.studio.settings import StudioSettings

BODY = 2_000_000_000  # bytes of one upload: a folder of pictures, or a zip of one
PATIENCE = 60.0  # seconds for a body; a steady one gets more


def run(settings: StudioSettings, *, ready: Callable[[str], None]) -> None:
    """Serve the studio until SIGINT or SIGTERM; `ready` is called with the address, once.

    Raises:
        UsageError: others could reach it and there is no token, or a setting does not fit.
        MachineError: the port is taken, or the folder cannot be written.
    """
    home = files.make_folder(home_of(settings))
    wall = wall_of(settings)

    def started(address: str) -> None:
        ready(address)
        if settings.browser and is_loopback(settings.host):
            with contextlib.suppress(webbrowser.Error):  # the address was told
                webbrowser.open(address)

    with contextlib.closing(bind(settings.host, settings.port)) as bound:
        listen(behind_wall(studio_app(home), wall), bound, ready=started)


def home_of(settings: StudioSettings) -> Path:
    """The folder of the projects.

    Raises:
        MachineError: none was named, and this user has no home folder.
    """
    try:
        return settings.folder or Path.home() / "objektiv"
    except RuntimeError as error:
        raise MachineError(
            "there is no place for projects",
            value="this user has no home folder",
            allowed="A folder that this user may write to is needed",
            next="give one with `--folder FOLDER`",
        ) from error


def wall_of(settings: StudioSettings) -> Wall:
    """Who may use the studio.

    Raises:
        UsageError: others could reach it and there is no token.
    """
    token = token_of(settings.token_file)
    require_token(token, settings.host)
    hosts, addresses = names_of(settings.host, settings.hosts)
    return Wall(
        hosts=hosts,
        addresses=addresses,
        token=token,
        pages="cookie",
        body_limit=BODY,
        patience=PATIENCE,
    )
