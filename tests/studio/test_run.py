"""The studio as a server: its wall, its port, its folder."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from objektiv.base.errors import UsageError
from objektiv.studio.run import home_of, run, wall_of
from objektiv.studio.settings import StudioSettings
from scripts.studio_tour import studio

TOKEN = "a-token-of-some-length"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A studio in a process of its own, as the command line starts it."""
    home = tmp_path_factory.mktemp("home")
    with studio(home, **os.environ) as found:
        yield found


def status(url: str, **headers: str) -> int:
    """The status of an answer."""
    request = urllib.request.Request(
        url, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_the_first_page_is_there(address: str) -> None:
    """Whoever sits at this machine needs no token."""
    assert status(address) == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "0.0.0.0"])
def test_another_name_is_turned_away(address: str, host: str) -> None:
    """A name that was made to point here is not one of ours."""
    assert status(address, Host=host) == 400


def test_another_sites_page_is_turned_away(address: str) -> None:
    """It can neither read nor press a button."""
    assert status(address, Origin="https://evil.example") == 403


def test_beyond_this_machine_a_token_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is listened on before."""
    monkeypatch.delenv("OBJEKTIV_TOKEN", raising=False)

    with pytest.raises(UsageError, match="no token is set"):
        run(StudioSettings(host="0.0.0.0"), ready=lambda _: pytest.fail("it listened"))


def test_a_browser_keeps_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are opened with ?token= once."""
    monkeypatch.setenv("OBJEKTIV_TOKEN", TOKEN)

    wall = wall_of(StudioSettings(host="0.0.0.0"))
    assert (wall.token, wall.pages, wall.addresses) == (TOKEN, "cookie", "any")


def test_projects_lie_where_people_look(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder in the user's own, unless another is named."""
    monkeypatch.setattr(Path, "home", lambda: tmp_path)

    assert home_of(StudioSettings()) == tmp_path / "objektiv"
    assert home_of(StudioSettings(folder=Path("here"))) == Path("here")
