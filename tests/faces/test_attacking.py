"""What `objektiv attack` prints and writes."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from objektiv.cli import main as cli
from objektiv.cli.exits import run
from objektiv.explaining.natural import NATURAL
from objektiv.faces import attacking

Captured = pytest.CaptureFixture[str]


def _attack(trained: Path, shapes: Path, out: Path, *words: str) -> int:
    options = ["--pictures", "2", "--queries", "10", "--out", str(out / "out"), *words]
    return run(cli.app, ["attack", str(trained / "model"), str(shapes), *options])


def test_natural_changes_are_printed_and_written(
    trained: Path, shapes: Path, tmp_path: Path, capsys: Captured
) -> None:
    """A table for each kind, a page that needs nothing else, and pictures that are whole."""
    assert _attack(trained, shapes, tmp_path, "--method", "natural") == 0

    said = capsys.readouterr().out
    assert all(f"{kind.title}:" in said for kind in NATURAL.values())
    (folder,) = (tmp_path / "out").iterdir()
    assert folder.name == "natural-model-001"
    before, after, difference = (
        cv2.imread(str(folder / f"01-{kind}.png")) for kind in ("before", "after", "difference")
    )
    assert before is not None and after is not None and difference is not None
    strongest = np.abs(difference.astype(int) - 128).max()
    assert strongest == 127 or np.array_equal(before, after)
    page = (folder / "attack.html").read_text(encoding="utf-8")
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")
    assert "<script" not in page


def test_the_saved_picture_fools_predict_too(
    trained: Path, shapes: Path, tmp_path: Path, capsys: Captured
) -> None:
    """What the page says of a picture, `objektiv predict` says of its file."""
    torch = pytest.importorskip("torch", reason="needs objektiv[torch]")
    torch.set_num_threads(1)
    from objektiv.faces.python import load, predict

    words = ("--method", "fgsm", "--strengths", "24", "--language", "de")
    assert _attack(trained, shapes, tmp_path, *words) == 0

    (folder,) = (tmp_path / "out").iterdir()
    page = (folder / "attack.html").read_text(encoding="utf-8")
    assert "Wie viel Änderung" in page
    bundle = load(trained / "model", precision="fp32")
    (answer,) = predict(bundle, folder / "01-after.png")
    assert answer.called is not None and answer.probabilities is not None
    name = bundle.classes[answer.called]
    said = f"{100 * float(answer.probabilities[answer.called]):.1f}"
    assert f"{name} {said}".replace(".", ",") in page.replace(".", ",")


def test_an_unknown_target_leaves_nothing(
    trained: Path, shapes: Path, tmp_path: Path, capsys: Captured
) -> None:
    """A usage error before any work; no folder is made."""
    assert _attack(trained, shapes, tmp_path, "--method", "square", "--target", "disk") == 2

    assert "did you mean 'disc'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_nothing_half_written_stays(
    trained: Path, shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the page fails, the new folder goes again."""

    def fail(*_: object, **__: object) -> Path:
        raise OSError("full")

    monkeypatch.setattr(attacking, "save", fail)

    assert _attack(trained, shapes, tmp_path, *("--method", "square", "--strengths", "1")) == 5

    assert list((tmp_path / "out").iterdir()) == []
