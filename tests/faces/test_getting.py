"""What `objektiv get` prints, and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from objektiv.cli import main as cli
from objektiv.cli.exits import run
from objektiv.faces.getting import SHOWN, megabytes, next_command, source_line
from objektiv.flow.get import Got, Source
from objektiv.intake.catalog import CATALOG
from tests.intake.hostile import zip_of


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that we stand in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_archive_is_got_from_the_command_line(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Size, hash, images a class, notes and the next command are printed."""
    (here / "my cells.zip").write_bytes(
        zip_of([("a/1.png", b""), ("b/1.png", b""), ("b/10.png", b""), ("b/Thumbs.db", b"")])
    )

    assert run(cli.app, ["get", "my cells.zip"]) == 0
    said = capsys.readouterr().out
    assert "my cells.zip: 0.4 kB, SHA-256 " in said and "(no checksum was given)" in said
    assert "Note: Left out of my cells.zip: 1 (Thumbs.db)." in said
    assert "my cells: 3 images in 2 classes." in said
    assert 'Next: objektiv explore "my cells"' in said


def test_a_dataset_says_whose_it_is(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Origin, licence and citation of an entry are printed before anything is fetched."""
    for label in ("Parasitized", "Uninfected"):
        (here / "set" / label).mkdir(parents=True)
        (here / "set" / label / "C1.png").write_bytes(label.encode())

    assert run(cli.app, ["get", "malaria", "--from", "set", "--to", "cells"]) == 0
    said = capsys.readouterr().out
    entry = CATALOG.get("malaria")
    for text in (f"Origin: {entry.origin}.", f"Licence: {entry.licence}.", entry.citation):
        assert text in said
    assert "set: not compared with the published file." in said
    assert r'Next: objektiv explore cells --group "C\d+"' in said


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["get", "malarai"], 2, "did you mean 'malaria'"),
        (["get", "evil.zip"], 3, "'../x' (leaves the folder)"),
        (["get", "http://127.0.0.1:9/a.zip"], 5, "a.zip cannot be reached"),
        (["get", "evil.zip", "--sha256", "12"], 2, "sha256"),
        (["get", "evil.zip", "--max-gb", "0"], 2, "max_gb"),
    ],
)
def test_errors_have_their_exit_codes(
    here: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, text: str
) -> None:
    """Usage, data and machine errors end as the table of exit codes says, without a traceback."""
    (here / "evil.zip").write_bytes(zip_of([("../x", b"")]))

    assert run(cli.app, words) == code
    said = capsys.readouterr().err
    assert text in said and "Traceback" not in said


def test_many_classes_are_not_all_listed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A table of many classes ends with the number of the others."""
    (here / "a.zip").write_bytes(zip_of([(f"c{n}/1.png", b"") for n in range(SHOWN + 2)]))

    assert run(cli.app, ["get", "a.zip"]) == 0
    assert "and 2 more classes" in capsys.readouterr().out


def test_sizes_are_readable() -> None:
    """Bytes are told in MB, small ones in kB."""
    assert [megabytes(n) for n in (353_452_851, 100_000, 5_148)] == ["353.5 MB", "0.1 MB", "5.1 kB"]


def test_a_source_without_bytes_tells_what_was_checked() -> None:
    """A folder has neither size nor hash; what is known of it is told."""
    assert source_line(Source("cells", None, None, None, "not compared")) == "cells: not compared."


def test_next_command_has_the_group_of_the_entry() -> None:
    """Patients are kept together where the catalogue knows how."""
    got = Got(Path("pets"), CATALOG.get("pets"), (), {}, ())

    assert next_command(got) == "objektiv explore pets"
