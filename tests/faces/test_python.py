"""The Python face goes the whole way."""

from __future__ import annotations

from pathlib import Path

import pytest

import objektiv as ob


def test_bundle_says_what_the_run_said(trained: Path, tmp_path: Path) -> None:
    """Export, load and predict give the run's own test probabilities."""
    run = ob.Run(trained)
    bundle = ob.load(ob.export(run, tmp_path / "shapes.objektiv"))
    test = run.predictions().only("test")
    root = Path(run.folder)

    assert bundle.classes == test.classes
    assert run.scores().items == len(test)
    with pytest.raises(ob.DataError, match="no such file"):
        ob.predict(bundle, root / "nowhere.png")


def test_explore_gives_tables_and_figures(shapes: Path, bank: Path, tmp_path: Path) -> None:
    """polars tables and matplotlib figures, and a page that overwrites nothing."""
    import polars as pl
    from matplotlib.figure import Figure

    settings = ob.ExploreSettings(bank=bank, precision="fp32", rows=1)
    found = ob.explore(str(shapes), settings)

    assert isinstance(found.counts, pl.DataFrame) and isinstance(found.sizes, pl.DataFrame)
    assert found.counts["items"].sum() == found.items.height == 60
    assert found.quarantine.is_empty()
    assert all(isinstance(figure, Figure) for figure in found.figures.values())
    assert found.figures["samples"] is found.figures["samples"]
    page = found.save(tmp_path / "page")
    assert page.is_file() and (tmp_path / "page" / "map.png").is_file()
    with pytest.raises(ob.UsageError, match="there already"):
        found.save(tmp_path / "page")


def test_a_table_of_predictions_is_evaluated_without_a_bundle(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same call judges what any tool has predicted."""
    monkeypatch.setenv("OBJEKTIV_BANK", str(tmp_path / "bank"))
    settings = ob.EvaluateSettings(out=tmp_path / "runs")

    judged = ob.evaluate(trained / "predictions.parquet", settings=settings)

    assert judged.scores == ob.Run(trained).scores()


def test_attack_tells_what_a_bundle_bears(trained: Path, shapes: Path) -> None:
    """The labels come from the folders; a backbone is named by its name."""
    settings = ob.AttackSettings(method="natural", pictures=2)

    found = ob.attack(ob.load(trained / "model"), shapes, settings=settings)

    assert found.own == 0
    assert found.curves[0].points[0].accuracy.estimate in (0.0, 0.5, 1.0)


def test_dream_names_the_nearest_class_of_a_backbone() -> None:
    """Before anything heavy is done."""
    with pytest.raises(ob.UsageError, match="Persian cat"):
        ob.dream("lite0", "cat")
