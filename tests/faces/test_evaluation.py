"""The page of an evaluation."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from objektiv.base.language import speaking
from objektiv.base.progress import Progress
from objektiv.faces.evaluation import write_evaluation
from objektiv.flow import use
from objektiv.flow.evaluate_table import JudgedTable, evaluate_table
from objektiv.flow.settings import EvaluateSettings
from objektiv.shipping.bundle import load


@pytest.fixture(autouse=True)
def _bank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ledgers of tables go into a bank of this test."""
    monkeypatch.setenv("OBJEKTIV_BANK", str(tmp_path / "bank"))


def judged(folder: Path, text: str, **values: object) -> JudgedTable:
    """A table with this text, evaluated."""
    (folder / "p.csv").write_text(text, encoding="utf-8")
    settings = EvaluateSettings(out=folder / "runs", **values)  # type: ignore[arg-type]
    return evaluate_table(folder / "p.csv", settings)


LINES = ["id,label,patient,split,ill,well"] + [
    f"{k}.png,{'ill' if k % 2 else 'well'},p{k % 9},{'val' if k % 3 else 'test'},"
    + ("0.8,0.2" if k % 2 != (k % 7 == 0) else "0.3,0.7")
    for k in range(120)
]
TABLE = "\n".join(LINES)


def test_predictions_of_any_tool_get_a_page(tmp_path: Path) -> None:
    """Decision, whole groups, scores, confusion, reliability and mistakes, and figures as data."""
    found = judged(tmp_path, TABLE, sensitivity=0.9)

    page = write_evaluation(found)

    text = page.read_text(encoding="utf-8")
    for anchor in ("decision", "groups", "scores", "confusion", "reliability", "mistakes"):
        assert f'<section id="{anchor}"' in text
        assert f'href="#{anchor}"' in text
    assert "plain baseline" not in text and "<img" not in text
    assert "chosen for a sensitivity of 90.0" in text.replace("\u00a0", " ")
    assert {p.name for p in (page.parent / "figures").iterdir()} >= {
        *("roc.csv", "precision_recall.csv", "reliability.csv")
    }


def test_a_bundle_on_other_pictures_gets_them_on_its_page(
    trained: Path, shapes: Path, tmp_path: Path
) -> None:
    """The same page, with the folder's ledger told."""
    copied = shutil.copytree(shapes, tmp_path / "data", ignore=shutil.ignore_patterns(".*"))
    settings = EvaluateSettings(out=tmp_path / "runs")
    found = use.evaluate(copied, load(trained / "model"), settings, progress=Progress())

    text = write_evaluation(found).read_text(encoding="utf-8")

    assert "Of 60 test pictures" in text
    assert "first look at this test part" in text


def test_what_is_not_defined_is_told_with_its_reason(tmp_path: Path) -> None:
    """Without a positive item there is no sensitivity, no curve and no 0."""
    text = "id,label,ill,well\n" + "\n".join(f"{k},well,0.2,0.8" for k in range(9))

    page = write_evaluation(judged(tmp_path, text)).read_text(encoding="utf-8")

    assert "no test item of ill" in page
    assert "no item of ill is in the part test." in page
    assert "nan" not in page.lower().replace("finance", "")


def test_german_is_spoken_where_it_is_asked_for(tmp_path: Path) -> None:
    """Sentences and decimal commas."""
    with speaking("de"):
        text = write_evaluation(judged(tmp_path, TABLE.replace("patient", "hash"))).read_text(
            encoding="utf-8"
        )

    assert '<html lang="de">' in text
    assert "die Tabelle nennt keine Gruppen" in text
    assert "Was die Vorhersagen wert waren" in text


def test_names_are_escaped(tmp_path: Path) -> None:
    """Whatever a table calls its items, groups and classes."""
    hostile = TABLE.replace("ill", "<b>ill").replace(".png", "<script>").replace(",p1,", ",<u>,")

    text = write_evaluation(judged(tmp_path, hostile)).read_text(encoding="utf-8")

    assert "<script" not in text and "<u>" not in text and "<b>ill" not in text
    assert "&lt;b&gt;ill" in text
