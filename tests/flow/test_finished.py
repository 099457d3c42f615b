"""A finished training read back from its folder tells the same as when it ended."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from objektiv.base.errors import ObjektivError
from objektiv.base.language import speaking, tr
from objektiv.faces.report import page
from objektiv.faces.story import report_data
from objektiv.flow.finished import reopen
from objektiv.flow.run import PICTURES, REPORT, STORY, Run


@pytest.fixture
def copy(trained: Path, tmp_path: Path) -> Path:
    """The run in a folder that may be changed."""
    return Path(shutil.copytree(trained, tmp_path / trained.name))


def without_ledger(text: str) -> str:
    """The page without what grows with every training on the same pictures."""
    found, count = re.subn(r'<section id="honesty">.*?</section>', "", text, flags=re.DOTALL)
    assert count == 1
    return found


def test_report_made_again_is_the_same_file(trained: Path) -> None:
    """Nothing of the page is lost in the folder."""
    again = page(report_data(reopen(Run(trained))))

    assert without_ledger(again) == without_ledger((trained / REPORT).read_text(encoding="utf-8"))


def test_network_reopens_too(learnt: Path) -> None:
    """Curves, layers and the changed pictures of a network come back as well."""
    again = page(report_data(reopen(Run(learnt))))

    assert without_ledger(again) == without_ledger((learnt / REPORT).read_text(encoding="utf-8"))


def test_notes_can_be_said_in_german(trained: Path) -> None:
    """What the core noted in English is German in a German report."""
    done = reopen(Run(trained))
    warning = done.judged.scores.accuracy.warning

    assert warning and "groups" in warning
    with speaking("de"):
        assert "Gruppen" in tr(warning)


def test_pictures_that_moved_are_found(copy: Path, shapes: Path, tmp_path: Path) -> None:
    """Another folder can be named for the pictures; without it none is shown, and that is told."""
    story = json.loads((copy / STORY).read_text(encoding="utf-8"))
    (copy / STORY).write_text(json.dumps(story | {"data": str(tmp_path / "gone")}))

    without = page(report_data(reopen(Run(copy))))
    named = page(report_data(reopen(Run(copy), data=shapes)))

    assert "The pictures are no longer at" in without and "data:image" not in without
    assert "The pictures are no longer at" not in named and "data:image" in named


@pytest.mark.parametrize("name", [STORY, PICTURES])
@pytest.mark.parametrize("text", [None, "", "{}", '{"format": 2}', "PAR1"])
def test_damaged_files_are_told(copy: Path, name: str, text: str | None) -> None:
    """A file that is missing, empty or of another version ends in a message, not in a report."""
    (copy / name).unlink()
    if text is not None:
        (copy / name).write_text(text)

    with pytest.raises(ObjektivError, match=r"cannot be made again|cannot be read as JSON"):
        reopen(Run(copy))
