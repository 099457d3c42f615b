"""What a check prints, and its exit code."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from objektiv.cli.exits import run
from objektiv.cli.main import app
from objektiv.faces import checking
from objektiv.flow.check import DataCheck
from objektiv.flow.settings import CheckDataSettings
from tests.features import tiny


@pytest.fixture
def printed(
    planted_check: DataCheck, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str]:
    """Exit code and text of the planted check."""
    monkeypatch.setattr(checking, "check_step", lambda *_, **__: planted_check)
    code = checking.check(Path("data"), CheckDataSettings(), fixing="write")
    return code, capsys.readouterr().out


def test_errors_end_with_exit_code_1(printed: tuple[int, str]) -> None:
    """A finding of severity error is a failed gate."""
    assert printed[0] == 1


def test_no_error_ends_with_exit_code_0(
    planted_check: DataCheck, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Warnings and notes let the check pass."""
    mild = tuple(f for f in planted_check.checked.findings if f.severity != "error")
    found = replace(planted_check, checked=replace(planted_check.checked, findings=mild))
    monkeypatch.setattr(checking, "check_step", lambda *_, **__: found)

    assert checking.check(Path("data"), CheckDataSettings(), fixing="report") == 0


def test_every_finding_is_printed_with_its_command(
    printed: tuple[int, str], planted_check: DataCheck
) -> None:
    """Severity, title and command of each; the probes; where the page and the table are."""
    text = printed[1]
    for finding in planted_check.checked.findings:
        assert f"{finding.severity.upper()}: {finding.title}\n" in text
        assert f"  > {planted_check.command(finding)}\n" in text
    assert "blurred pictures" in text
    assert f"Page: {planted_check.page}" in text
    assert f"Cleaned table: {planted_check.manifest}" in text


def test_the_page_is_written(printed: tuple[int, str], planted_check: DataCheck) -> None:
    """Printing leaves the page in the check's folder."""
    assert printed[1]
    assert "<!doctype html>" in planted_check.page.read_text(encoding="utf-8")


@pytest.mark.parametrize(("classes", "code"), [(2, 0), (1, 1)])
def test_the_command_ends_with_the_code_of_its_findings(
    tmp_path: Path, classes: int, code: int
) -> None:
    """Two classes of noise pass, with notes at most; one class alone is an error."""
    for path in tiny.write_pictures(tmp_path / "data", 40 * 2 // classes):
        if classes == 1 and path.parent.name == "b":
            path.unlink()
    if classes == 1:
        (tmp_path / "data" / "b").rmdir()
    words = ["check", str(tmp_path / "data"), "--fix", "--backbone", "tiny", "--size", "32"]
    words += ["--precision", "fp32", "--bank", str(tmp_path / "bank")]

    with tiny.registered():
        ended = run(app, [*words, "--out", str(tmp_path / "checks")])

    assert ended == code
    assert (tmp_path / "checks" / "data-001" / "manifest.csv").is_file()
