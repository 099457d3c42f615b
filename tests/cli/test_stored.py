"""The command `predictions`: from a store to a table that `evaluate` judges."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="needs objektiv[store]")

from objektiv.cli import exits
from objektiv.cli import main as cli
from objektiv.serving.store import Store
from tests.serving.rows import row


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with ten predictions of one model and one of another."""
    path = tmp_path / "a.sqlite3"
    with Store(str(path)) as opened:
        for i in range(10):
            said = {"ill": 0.95 - i / 10, "well": 0.05 + i / 10}
            refused = "unlike" if i == 0 else None
            opened.put([row(f"=n{i}", probabilities=said, abstain_reason=refused)])
        opened.put([row("other", model_sha256="c" * 64)]).result(timeout=10)
    return path


def test_a_store_is_shown_by_model(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each model has a line with its predictions and how many were no answer."""
    code = exits.run(cli.app, ["predictions", str(store)])

    lines = capsys.readouterr().out.splitlines()
    assert code == 0
    assert lines[1].split() == "cells aaaaaaaaaaaa 10 1 12.5 2026-11-22 12:30 UTC".split()
    assert lines[2].split()[1:4] == ["cccccccccccc", "1", "0"]


def test_an_empty_store_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing stored is no error."""
    Store(str(tmp_path / "a.sqlite3")).close()

    assert exits.run(cli.app, ["predictions", str(tmp_path / "a.sqlite3")]) == 0
    assert "Nothing is stored yet." in capsys.readouterr().out


def test_labelled_predictions_are_judged(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table that is written goes to `evaluate` as it is, with the accuracy counted by hand."""
    monkeypatch.setenv("OBJEKTIV_BANK", str(tmp_path / "bank"))
    labels, table = tmp_path / "labels.csv", tmp_path / "judge.csv"
    names = ["ill"] * 4 + ["well"] * 4  # the model says ill for the first 5
    labels.write_text("id,label\n" + "".join(f"=n{i},{n}\n" for i, n in enumerate(names)))
    words = ["predictions", str(store), "--to", str(table), "--labels", str(labels)]

    assert exits.run(cli.app, [*words, "--model", "aaaa"]) == 0
    assert "8 predictions" in capsys.readouterr().out
    assert exits.run(cli.app, ["evaluate", str(table), "--out", str(tmp_path / "runs")]) == 0
    assert "accuracy 0.875" in capsys.readouterr().out.replace("87.5 %", "accuracy 0.875")
    assert not [line for line in table.read_text().splitlines() if line[0] in "=+-@"]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--to", "x.csv"], "predictions of one model are judged at a time"),
        (["--to", "x.txt", "--model", "a"], "cannot be written here"),
        (["--to", "{store}", "--model", "a"], "cannot be written here"),
        (["--labels", "x.csv"], "labels are for a table that is written"),
    ],
)
def test_wrong_words_are_refused(
    store: Path, more: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two models, another suffix, a file that exists, or labels without a table exit with 2."""
    words = [word.format(store=store) for word in more]

    assert exits.run(cli.app, ["predictions", str(store), *words]) == 2
    assert told in capsys.readouterr().err


def test_a_missing_store_exits_with_5(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A store that is not there is the machine's matter."""
    assert exits.run(cli.app, ["predictions", str(tmp_path / "none.sqlite3")]) == 5
    assert "may not be opened" in capsys.readouterr().err
