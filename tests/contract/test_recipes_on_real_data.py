"""Every recipe of `objektiv train --model` on real pictures, through the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from objektiv.cli import exits
from objektiv.cli import main as cli
from objektiv.models.recipes import RECIPES
from objektiv.zoo.add import add
from objektiv.zoo.settings import RANDOM, AddSettings

EACH = 24  # pictures of each class
OPTIONS = {  # so that a test takes seconds: few epochs, and the backbones' smallest useful size
    "probe": (),
    "mlp-16": ("--epochs", "1", "--against-all", "Parasitized"),
    "vgg19-frozen": ("--epochs", "1", "--size", "64", "--batch", "16"),
    "mobilenetv2-frozen": ("--epochs", "1", "--size", "64", "--batch", "16"),
}
USUAL = ("--epochs", "1", "--batch", "16")


@pytest.fixture
def cells(real_data: Path, tmp_path: Path) -> Path:
    """A few real cells of each class."""
    for label in ("Parasitized", "Uninfected"):
        (tmp_path / "cells" / label).mkdir(parents=True)
        found = sorted((real_data / "malaria" / label).iterdir())
        for path in found[:: len(found) // EACH][:EACH]:
            shutil.copy(path, tmp_path / "cells" / label)
    return tmp_path / "cells"


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(RECIPES))
def test_it_trains_reports_and_ships(
    name: str,
    cells: Path,
    bank: Path,
    models: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The run has scores beside a baseline, a report, a card, and a bundle that names a cell."""
    recipe = RECIPES.get(name)
    if recipe.family in ("network", "finetune"):
        pytest.importorskip("lightning", reason="needs objektiv[torch]")
    if recipe.family == "frozen":
        pytest.importorskip("h5py", reason="needs objektiv[zoo]")
        add(recipe.settings["backbone"], AddSettings(weights=RANDOM))

    out = ("--out", str(tmp_path / "runs"), "--bank", str(bank))
    words = ["train", str(cells), "--model", name, *OPTIONS.get(name, USUAL), *out]

    assert exits.run(cli.app, words) == 0, capsys.readouterr().err

    (run,) = (tmp_path / "runs").iterdir()
    metrics = json.loads((run / "metrics.json").read_text("utf-8"))
    assert metrics["model"]["name"] == name
    assert 0 <= metrics["test"]["accuracy"]["estimate"] <= 1
    assert metrics["baseline"]["items"] == metrics["test"]["items"] > 0
    assert "</html>" in (run / "report.html").read_text("utf-8")
    picture = next((cells / "Uninfected").iterdir())
    capsys.readouterr()
    assert exits.run(cli.app, ["predict", str(picture), "--bundle", str(run / "model")]) == 0
    assert picture.name in capsys.readouterr().out
