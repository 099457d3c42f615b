"""`explain` writes maps, numbers and a page, and says what to doubt."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import pytest

from objektiv.base.errors import UsageError
from objektiv.faces import explain as face
from objektiv.faces import python
from objektiv.flow.run import Run
from objektiv.flow.settings import ExplainSettings


def _folders(shapes: Path) -> list[Path]:
    return [p for p in sorted(shapes.iterdir()) if list(p.glob("*.png"))][:2]


@pytest.fixture
def pictures(shapes: Path) -> list[Path]:
    """A picture of each class."""
    return [sorted(folder.glob("*.png"))[1] for folder in _folders(shapes)]


def test_maps_numbers_and_a_page_are_written(
    trained: Path, pictures: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One PNG a picture in its own size, JSON whose parts sum to the logit, one page."""
    settings = ExplainSettings(out=tmp_path / "out", language="de", neighbours=2)

    assert face.explain(trained, pictures, settings) == 0

    (folder,) = (tmp_path / "out").iterdir()
    numbers = json.loads((folder / "explain.json").read_text())
    assert [row["file"] for row in numbers] == [str(p) for p in pictures]
    for row in numbers:
        assert sum(part["adds"] for part in row["parts"]) == pytest.approx(row["logit"], abs=1e-4)
        assert len(row["nearest"]) == 2
    maps = sorted(folder.glob("*.png"))
    assert [cv2.imread(str(m)).shape for m in maps] == [cv2.imread(str(p)).shape for p in pictures]
    page = (folder / "explain.html").read_text(encoding="utf-8")
    assert "Kann man dieser Karte trauen?" in page
    assert "://" not in page
    told = capsys.readouterr().out
    assert "contributions" in told
    assert str(folder / "explain.html") in told


def test_nothing_is_left_where_no_picture_can_be_read(trained: Path, tmp_path: Path) -> None:
    """Exit code 3, and no folder."""
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    settings = ExplainSettings(out=tmp_path / "out", neighbours=0)

    assert face.explain(trained / "model", [bad], settings) == 3
    assert not list((tmp_path / "out").iterdir())


def test_a_wrong_stage_is_told_before_anything_is_written(
    trained: Path, pictures: list[Path], tmp_path: Path
) -> None:
    """The nearest stage is suggested and there is no folder."""
    settings = ExplainSettings(out=tmp_path / "out", stage="stage9", neighbours=0)

    with pytest.raises(UsageError, match="no such stage"):
        face.explain(trained, pictures, settings)
    assert not (tmp_path / "out").exists()


def test_python_has_the_same_door(trained: Path, pictures: list[Path]) -> None:
    """`ob.explain(bundle, picture)` gives heat in the picture's own pixels."""
    bundle = python.load(Run(trained).bundle)

    found = python.explain(bundle, *pictures)

    for one in found:
        assert one.heat is not None and one.picture is not None
        assert one.heat.map.shape == one.picture.shape[:2]
