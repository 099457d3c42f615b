"""The commands that judge: their help, and what reaches the faces."""

from __future__ import annotations

from pathlib import Path

import pytest

from objektiv.cli import exits
from objektiv.cli import main as cli


@pytest.mark.parametrize(
    ("command", "told"),
    [("evaluate", "tables? of predictions"), ("compare", "test which is better")],
)
def test_help_says_what_is_judged(
    command: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both are commands, and both tell of tables."""
    code = exits.run(cli.app, [command, "--help"])

    said = " ".join(capsys.readouterr().out.split())
    assert code == 0
    assert told.replace("tables?", "table") in said or told in said
    assert ".parquet" in said


def test_a_table_is_evaluated_by_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One column of probabilities with --positive is enough."""
    monkeypatch.setenv("OBJEKTIV_BANK", str(tmp_path / "bank"))
    path = tmp_path / "p.csv"
    path.write_text("id,label,score\na,ill,0.9\nb,well,0.2\nc,well,0.7\n")

    code = exits.run(
        cli.app, ["evaluate", str(path), "--positive", "ill", "--out", str(tmp_path / "runs")]
    )

    said = capsys.readouterr().out
    assert code == 0
    assert "Of 3 test pictures 2 were right: 66.7 %" in said
    assert (tmp_path / "runs" / "evaluate-p-001" / "metrics.json").is_file()
