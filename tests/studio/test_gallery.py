"""Small copies of a project's pictures, by id only."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from PIL import Image

from objektiv.base.errors import DataError, ImageError
from objektiv.studio.gallery import items, path_of, picture
from objektiv.studio.projects import Project, new_project
from tests.flow import drawn


def test_a_copy_is_small_and_encoded_anew(project: Project) -> None:
    """It is a JPEG whose longest side is what was asked for."""
    data = picture(project, items(project).items["id"][0], side=32)

    assert Image.open(io.BytesIO(data)).format == "JPEG"
    assert max(Image.open(io.BytesIO(data)).size) == 32


@pytest.mark.parametrize("item", ["../../etc/passwd", "/etc/passwd", "disc/../x.png", ""])
def test_only_ids_are_pictures(project: Project, item: str) -> None:
    """A path is no id, whatever it leads to."""
    with pytest.raises(DataError, match="no such picture"):
        path_of(project, item)


def test_items_are_read_again_when_a_file_came(home: Path) -> None:
    """A picture that was added is there at once."""
    project = new_project(home, "Mine")
    drawn.draw(project.data, count=3)
    before = len(items(project).items)
    (project.data / "disc" / "new.png").write_bytes(
        next((project.data / "disc").glob("*.png")).read_bytes()
    )
    os.utime(project.data / "disc", ns=(1, 1))  # whatever the clock's steps are

    assert len(items(project).items) == before + 1


def test_a_file_that_cannot_be_read_says_so(home: Path) -> None:
    """A text named .png is an ImageError, not a picture."""
    project = new_project(home, "Mine")
    drawn.draw(project.data, count=3)
    (project.data / "disc" / "text.png").write_text("<svg/>")

    with pytest.raises(ImageError, match="text.png"):
        picture(project, "disc/text.png", side=32)
