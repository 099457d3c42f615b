"""A run is one folder whose files have fixed names."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from objektiv.base.errors import ModelError, UsageError
from objektiv.data.dataset import QUARANTINE, read
from objektiv.data.settings import ReadSettings
from objektiv.flow.run import Run, open_run, require_outside, save_quarantine, stem_of, typed

FILES = {
    "figures",
    "pictures.parquet",
    "story.json",
    *("settings.yaml", "split.csv", "history.csv", "metrics.json", "predictions.parquet"),
    *("baseline.parquet", "quarantine.csv", "model_card.md", "report.html", "log.txt"),
    *("progress.jsonl", "model", "judgement.json"),
}


def test_a_run_holds_what_the_design_says(trained: Path) -> None:
    """A finished run has exactly the files that are written down, and no temporary ones."""
    assert {path.name for path in trained.iterdir()} == FILES


def test_a_run_reads_its_own_files(trained: Path) -> None:
    """Predictions, baseline, metrics and scores of a run fit each other."""
    run = open_run(trained)

    assert run.predictions().ids == run.baseline().ids
    assert run.scores().accuracy.estimate == run.metrics()["test"]["accuracy"]["estimate"]
    assert run.scores("validation").items == len(run.predictions().only("validation"))
    assert run.report.is_file() and run.bundle.is_dir()


def test_a_misspelt_run_suggests_the_near_one(trained: Path) -> None:
    """A run that does not exist is a usage error that names its near neighbour."""
    with pytest.raises(UsageError, match=r"no such run: .*shapes-01\..*did you mean .*shapes-001"):
        open_run(trained.parent / "shapes-01")


def test_a_run_without_metrics_is_unfinished(trained: Path, tmp_path: Path) -> None:
    """A run that was cut off is refused, and one is told that the bank keeps what was seen."""
    copy = tmp_path / "shapes-001"
    shutil.copytree(trained, copy)
    (copy / "metrics.json").unlink()

    with pytest.raises(ModelError, match="no finished run: .* has no metrics.json.*in the bank"):
        open_run(copy)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("cells.objektiv", "a file, not a run's folder: .*give a bundle's file with --bundle"),
        ("model.pkl", "objektiv reads no pickles"),
    ],
)
def test_a_file_is_no_run(tmp_path: Path, name: str, told: str) -> None:
    """A file in place of a run's folder is a model that is refused, unopened."""
    (tmp_path / name).write_bytes(b"x")

    with pytest.raises(ModelError, match=told):
        open_run(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("cells", "cells"),
        ("my cells (new)", "my-cells-new"),
        ("Zellen ä", "Zellen"),
        ("...", "run"),
        ("x" * 255, "x" * 64),
    ],
)
def test_a_name_is_made_of_letters_that_every_system_takes(
    tmp_path: Path, name: str, stem: str
) -> None:
    """A run is named after its data, in ASCII without blanks."""
    assert stem_of(tmp_path / name) == stem


def test_a_path_with_a_blank_is_quoted() -> None:
    """A command that names a path with a blank can be typed as it stands."""
    assert typed(Path("my runs") / "a") == f'"{Path("my runs") / "a"}"'
    assert typed(Path("runs")) == "runs"


def test_no_cell_of_the_quarantine_runs_in_a_spreadsheet(tmp_path: Path) -> None:
    """A name that a spreadsheet would take for a formula stands behind a quotation mark."""
    for label, data in (("=cmd()", b"x"), ("plain", b"y")):
        (tmp_path / "data" / label).mkdir(parents=True)
        (tmp_path / "data" / label / "a.png").write_bytes(data)
    dataset = read(tmp_path / "data", ReadSettings())
    rows = dataset.items.select("id").with_columns(reason="id", message="id")

    save_quarantine(dataset.without(rows), tmp_path / "quarantine.csv")
    with (tmp_path / "quarantine.csv").open(encoding="utf-8", newline="") as stream:
        table = list(csv.reader(stream))

    assert table[0] == list(QUARANTINE)
    assert sorted((row[0], row[2]) for row in table[1:]) == [
        ("'=cmd()/a.png", "'=cmd()"),
        ("plain/a.png", "plain"),
    ]


@pytest.mark.parametrize("place", ["data", "data/runs", "data/../data/x", "other/link/x"])
def test_a_place_among_the_data_is_refused(tmp_path: Path, place: str) -> None:
    """A folder in the data, by whatever way, would be read as a class the next time."""
    (tmp_path / "data").mkdir()
    (tmp_path / "other").mkdir()
    if "link" in place:
        try:
            (tmp_path / "other" / "link").symlink_to(tmp_path / "data", target_is_directory=True)
        except OSError:
            pytest.skip("this system lets this user make no link")

    with pytest.raises(UsageError, match="--out lies among the data: .*another folder with --out"):
        require_outside(tmp_path / "data", tmp_path / place, option="out")


def test_a_place_beside_the_data_passes(tmp_path: Path) -> None:
    """A folder beside the data whose name begins alike is outside, there or not."""
    require_outside(tmp_path / "data", tmp_path / "data-runs", option="out")


def test_a_run_can_be_made_from_a_folder_by_hand(trained: Path) -> None:
    """`Run(folder)` reads the same as the run that training returned."""
    assert Run(trained).scores() == open_run(trained).scores()
