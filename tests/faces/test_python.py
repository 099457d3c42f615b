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
