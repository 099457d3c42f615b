"""Training fills a run folder, keeps what it was told, and loses nothing that was computed."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from objektiv.base import files
from objektiv.base.errors import Cancelled, DataError, ModelError, UsageError
from objektiv.base.progress import Event, Progress
from objektiv.base.settings import read_yaml
from objektiv.data.dataset import read
from objektiv.data.settings import ReadSettings, SplitSettings
from objektiv.data.split import split as draw_split
from objektiv.flow import train as step
from objektiv.flow.judge import judgement_of
from objektiv.flow.run import Run
from objektiv.flow.settings import TrainSettings
from objektiv.flow.trained import Trained
from objektiv.judging.pooled import Groups
from objektiv.judging.threshold import OperatingPoint
from tests.flow import drawn
from tests.flow.conftest import TrainOn

LOOK = "look at images"


def _contents(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def _predictions(trained: Trained) -> bytes:
    return (trained.run.folder / "predictions.parquet").read_bytes()


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _parts(trained: Trained) -> dict[str, str]:
    return {row["id"]: row["part"] for row in _rows(trained.run.folder / "split.csv")}


def test_runs_are_numbered_and_none_is_overwritten(train_on: TrainOn, shapes: Path) -> None:
    """A second training gets the next number, and the first run stays as it was."""
    first = train_on(shapes)
    before = _contents(first.run.folder)
    second = train_on(shapes)

    assert [t.run.folder.name for t in (first, second)] == ["shapes-001", "shapes-002"]
    assert _contents(first.run.folder) == before


def test_a_name_is_obeyed(train_on: TrainOn, shapes: Path) -> None:
    """A run can be named."""
    assert train_on(shapes, name="mine").run.folder.name == "mine-001"


def test_a_run_is_replayed_from_its_settings(
    train_on: TrainOn, shapes: Path, trained: Path
) -> None:
    """The settings.yaml of a run gives byte-equal predictions on the same data."""
    settings = read_yaml(TrainSettings, trained / "settings.yaml").model_dump(exclude={"out"})

    again = train_on(shapes, **settings)

    assert _predictions(again) == (trained / "predictions.parquet").read_bytes()


def test_the_seed_matters(train_on: TrainOn, shapes: Path) -> None:
    """Another seed gives another split and other predictions."""
    one, two = train_on(shapes, seed=1), train_on(shapes, seed=2)

    assert _parts(one) != _parts(two)
    assert _predictions(one) != _predictions(two)


def test_a_split_is_used_again(train_on: TrainOn, shapes: Path) -> None:
    """With a split.csv the parts and folds are those of the file, whatever the seed says."""
    first = train_on(shapes, seed=1)

    again = train_on(shapes, seed=2, split=first.run.folder / "split.csv")

    assert _parts(again) == _parts(first)
    assert _predictions(again) == _predictions(first)


def test_a_split_of_other_data_is_refused(
    train_on: TrainOn, copied: Path, trained: Path, tmp_path: Path
) -> None:
    """A split.csv that names other files is refused, and the new run folder is taken away."""
    with pytest.raises(DataError, match="split does not fit the data: 44 ids are not in the data"):
        train_on(copied, split=trained / "split.csv")

    assert list((tmp_path / "runs").iterdir()) == []


def test_a_missing_split_is_refused_before_an_image_is_looked_at(
    train_on: TrainOn, shapes: Path, tmp_path: Path
) -> None:
    """A split.csv that is not there is told at once."""
    events: list[Event] = []
    with pytest.raises(DataError, match="nowhere.csv cannot be used as a split"):
        train_on(shapes, split=tmp_path / "nowhere.csv", progress=Progress(events.append))

    assert events == []


def test_a_given_split_is_replayed(train_on: TrainOn, shapes: Path) -> None:
    """Where a Split was handed over, settings.yaml names the run's own copy of it."""
    dataset = read(shapes, ReadSettings())
    first = train_on(dataset, given=draw_split(dataset, SplitSettings(seed=5)))

    settings = read_yaml(TrainSettings, first.run.folder / "settings.yaml")
    again = train_on(shapes, split=settings.split)

    assert settings.split == first.run.folder / "split.csv"
    assert _predictions(again) == _predictions(first)


def test_groups_stay_whole(train_on: TrainOn, shapes: Path) -> None:
    """No group of the file names is in two parts, and predictions know their group."""
    predictions = train_on(shapes, group=drawn.GROUP).judged.predictions
    places = set(zip(predictions.groups, predictions.parts, strict=True))

    assert len(places) == len({group for group, _ in places}) == drawn.GROUPS


def _in_parts(shapes: Path, root: Path) -> Path:
    """The shapes as train, val and test: five of each class for val and for test."""
    for kind in drawn.CLASSES:
        for number, path in enumerate(sorted((shapes / kind).iterdir())):
            part = "val" if number < 5 else "test" if number < 10 else "train"
            (root / part / kind).mkdir(parents=True, exist_ok=True)
            (root / part / kind / path.name).write_bytes(path.read_bytes())
    return root


def test_given_parts_are_obeyed(train_on: TrainOn, shapes: Path, tmp_path: Path) -> None:
    """Folders train, val and test of the data become the parts of the same items."""
    parts = _parts(train_on(_in_parts(shapes, tmp_path / "data")))
    folders = {"train": "train", "val": "validation", "test": "test"}

    assert len(parts) == 60
    assert [i for i, part in parts.items() if folders[i.split("/")[0]] != part] == []


def test_given_parts_can_be_pooled(train_on: TrainOn, shapes: Path, tmp_path: Path) -> None:
    """With parts=new the same folders are split anew by the ratios."""
    parts = _parts(train_on(_in_parts(shapes, tmp_path / "data"), parts="new"))

    assert [list(parts.values()).count(p) for p in ("train", "validation", "test")] == [36, 12, 12]
    assert {i.split("/")[0] for i, part in parts.items() if part == "test"} == {
        *("train", "val", "test")
    }


def test_a_table_of_labels_is_obeyed(train_on: TrainOn, shapes: Path, tmp_path: Path) -> None:
    """A CSV names labels, groups and parts, whatever the folders are called."""
    table = tmp_path / "pictures" / "labels.csv"
    table.parent.mkdir()
    lines = ["path,label,group,split"]
    for kind, label in zip(drawn.CLASSES, ("rund", "lang"), strict=True):
        for number, path in enumerate(sorted((shapes / kind).iterdir())):
            (table.parent / path.name).write_bytes(path.read_bytes())
            part = "val" if number < 5 else "test" if number < 10 else "train"
            lines.append(f"{path.name},{label},{part}-{number % 5},{part}")
    table.write_text("\n".join(lines), encoding="utf-8")

    trained = train_on(table.parent, labels=table)
    predictions = trained.judged.predictions

    assert predictions.classes == ("lang", "rund")
    assert len(set(predictions.groups)) == 15
    assert predictions.parts.count("test") == 10
    assert trained.judged.scores.groups == 5


def test_the_positive_class_is_obeyed(train_on: TrainOn, shapes: Path) -> None:
    """Sensitivity speaks of the class that was named, else of the first."""
    named = train_on(shapes, positive="stripe")

    assert named.run.metrics()["test"]["positive"] == "stripe"
    assert named.run.scores().positive == "stripe"
    assert train_on(shapes).run.metrics()["test"]["positive"] == "disc"


def test_what_is_demanded_is_judged(train_on: TrainOn, shapes: Path) -> None:
    """A demanded threshold and a column are in the run's record, which the folder gives again."""
    found = train_on(shapes, group=drawn.GROUP, sensitivity=0.9, by=("format",))
    judgement = found.judged.judgement
    record = files.parse_json((found.run.folder / "judgement.json").read_bytes(), name="record")

    assert isinstance(judgement.operating, OperatingPoint)
    assert judgement.operating.threshold.demanded == 0.9
    assert judgement.operating.threshold.positives > 0
    assert [row.value for row in judgement.subgroups[0].rows] == ["PNG"]
    assert isinstance(judgement.groups, Groups)
    assert record["operating"]["threshold"]["demanded"] == 0.9
    assert judgement_of(found.run).to_dict() == judgement.to_dict()


def test_balanced_weights_raise_the_rare_class(train_on: TrainOn, shapes: Path) -> None:
    """With balanced class weights the rare class gets more probability than with equal ones."""
    dataset = read(shapes, ReadSettings())
    row = pl.int_range(pl.len())  # every fifth label is of chance, so that nothing is certain
    rare = replace(
        dataset,
        items=dataset.items.with_columns(
            label=pl.when(row % 5 == 0).then(pl.lit("stripe")).otherwise(pl.lit("disc"))
        ),
    )
    means = {
        weights: train_on(rare, class_weights=weights)
        .judged.predictions.only("train")
        .probabilities[:, 1]
        .mean()
        for weights in ("equal", "balanced")
    }

    assert means["balanced"] > means["equal"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"positive": "dics"}, "cannot be the positive one: 'dics'.*did you mean 'disc'"),
        ({"head": "logistik"}, "no head has this name: 'logistik'.*did you mean 'logistic'"),
        ({"backbone": "lite"}, "no backbone has this name: 'lite'.*did you mean 'lite0'"),
    ],
)
def test_a_wrong_name_is_refused_before_an_image_is_looked_at(
    train_on: TrainOn, shapes: Path, tmp_path: Path, settings: dict[str, str], message: str
) -> None:
    """A name that is unknown costs no time and leaves no folder behind."""
    events: list[Event] = []
    with pytest.raises(UsageError, match=message):
        train_on(shapes, progress=Progress(events.append), **settings)

    assert events == []
    assert list((tmp_path / "runs").iterdir()) == []


def test_what_cannot_be_used_is_set_aside(train_on: TrainOn, copied: Path) -> None:
    """Unreadable files and one file under two labels are counted and listed; the rest goes on."""
    (copied / "disc" / "empty.png").write_bytes(b"")
    (copied / "stripe" / "copy.png").write_bytes(
        next((copied / "disc").glob("*_0.png")).read_bytes()
    )

    trained = train_on(copied)
    reasons = [row["reason"] for row in _rows(trained.run.folder / "quarantine.csv")]

    assert sorted(reasons) == ["empty", "two-labels", "two-labels"]
    assert trained.run.metrics()["quarantined"] == 3
    assert trained.run.metrics()["items"] == 15 == len(trained.judged.predictions)


def test_metrics_are_those_of_the_predictions(trained: Path) -> None:
    """The scores in metrics.json are what scoring the predictions anew gives."""
    run = Run(trained)

    assert run.metrics()["test"] == json.loads(json.dumps(run.scores().to_dict()))
    assert run.metrics()["test"]["items"] == 12


def test_history_lists_what_was_tried(trained: Path) -> None:
    """history.csv has a row a trial, and the chosen one has the smallest log loss of them."""
    rows = _rows(trained / "history.csv")
    chosen = Run(trained).metrics()["chosen"]
    best = min(rows, key=lambda row: float(row["log_loss"]))

    assert list(rows[0]) == ["blocks", "strength", "log_loss", "accuracy"]
    assert float(best["strength"]) == chosen["strength"]
    assert best["blocks"].split() == chosen["blocks"]


def test_progress_comes_to_its_end(trained: Path) -> None:
    """Each step in progress.jsonl ends with all of it done."""
    lines = (trained / "progress.jsonl").read_text(encoding="utf-8").splitlines()
    ends = [event for line in lines if (event := json.loads(line))["finished"]]

    assert [event["step"] for event in ends] == [LOOK, "choose and fit"]
    assert [event["done"] == event["total"] for event in ends] == [True, True]


def test_a_failure_late_in_the_run_keeps_what_was_computed(
    train_on: TrainOn, shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Predictions stay when the bundle cannot be made, and the log says why the run ended."""

    def fail(*_: object) -> float:
        raise ModelError("no", value=1, allowed="Two", next="add one")

    monkeypatch.setattr(step, "package", fail)
    with pytest.raises(ModelError, match="no: 1"):
        train_on(shapes)
    folder = tmp_path / "runs" / "shapes-001"

    assert (folder / "predictions.parquet").is_file()
    assert not (folder / "metrics.json").exists()
    assert "ended early: no: 1." in (folder / "log.txt").read_text(encoding="utf-8")


def test_a_cancelled_run_goes_on_from_the_bank(
    train_on: TrainOn, copied: Path, tmp_path: Path
) -> None:
    """What was looked at before a cancel file appeared is not looked at again."""
    bank, runs = tmp_path / "bank", tmp_path / "runs"

    def cancel(event: Event) -> None:
        if event.step == LOOK:
            (runs / "data-001" / "cancel").touch()

    with pytest.raises(Cancelled, match=f"{LOOK} was stopped: .* of 16 done.*same command again"):
        train_on(copied, bank=bank, progress=Progress(cancel))
    again = train_on(copied, bank=bank)

    assert "ended early" in (runs / "data-001" / "log.txt").read_text(encoding="utf-8")
    assert again.run.folder.name == "data-002"
    assert again.seen.looked < 16


def test_a_bank_filled_anew_gives_the_same_bytes(
    train_on: TrainOn, copied: Path, tmp_path: Path
) -> None:
    """Other threads fill another bank, and the predictions are byte-equal."""
    one = train_on(copied, bank=tmp_path / "bank1", workers=1)
    two = train_on(copied, bank=tmp_path / "bank2", workers=3)

    assert one.seen.looked == two.seen.looked == 16
    assert _predictions(one) == _predictions(two)


def test_the_difference_to_the_baseline_is_paired(trained: Path) -> None:
    """The difference in metrics.json is that of the two accuracies on the same items."""
    metrics = Run(trained).metrics()
    accuracies = [metrics[name]["accuracy"]["estimate"] for name in ("test", "baseline")]

    assert np.isclose(metrics["difference"]["estimate"], accuracies[0] - accuracies[1])
