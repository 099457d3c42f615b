"""What `objektiv dream` prints and writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from objektiv.cli import main as cli
from objektiv.cli.exits import run
from objektiv.faces import dreaming
from tests.explaining.small import probe, shipped


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small bundle."""
    folder = tmp_path_factory.mktemp("bundle") / "model"
    shipped(probe(), folder)
    return folder


def _dream(model: Path, out: Path, *words: str) -> int:
    torch = pytest.importorskip("torch", reason="needs objektiv[torch]")
    torch.set_num_threads(1)
    options = ["--steps", "9", "--frames", "3", "--out", str(out / "out")]
    return run(cli.app, ["dream", str(model), *options, *words])


def test_dream_writes_a_page_two_pictures_and_a_film(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In German where that is asked for; the film has its frames."""
    assert _dream(model, tmp_path, "--label", "dog", "--language", "de") == 0

    assert "this is dog" in capsys.readouterr().out
    (folder,) = (tmp_path / "out").iterdir()
    assert sorted(p.name for p in folder.iterdir()) == [
        "dream.gif", "dream.html", "ideal.png", "plain.png"
    ]  # fmt: skip
    with Image.open(folder / "dream.gif") as film:
        assert getattr(film, "n_frames", 1) == 3
    assert "Das ideale Bild" in (folder / "dream.html").read_text(encoding="utf-8")


def test_a_model_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither bundle nor backbone is a usage error."""
    assert run(cli.app, ["dream", "--label", "dog"]) == 2

    assert "no model is named" in capsys.readouterr().err


def test_nothing_half_written_stays(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the page fails, the new folder goes again."""

    def fail(*_: object) -> Path:
        raise OSError("full")

    monkeypatch.setattr(dreaming, "save", fail)

    assert _dream(model, tmp_path, "--label", "dog") == 5

    assert list((tmp_path / "out").iterdir()) == []
