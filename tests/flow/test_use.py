"""Using a model: naming pictures, scoring another folder, handing the bundle on."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from objektiv.base.errors import DataError, UsageError
from objektiv.base.progress import Event, Progress
from objektiv.flow import use
from objektiv.flow.run import open_run
from objektiv.flow.settings import EvaluateSettings
from objektiv.shipping.bundle import Bundle, load
from tests.data.pictures import png
from tests.flow import drawn


@pytest.fixture(scope="module")
def bundle(trained: Path) -> Bundle:
    """The bundle of the trained run, loaded once."""
    return load(trained / "model")


def _evaluate(data: Path, bundle: Bundle, out: Path, **settings: object) -> use.Evaluated:
    chosen = EvaluateSettings(out=out, **settings)  # type: ignore[arg-type]
    return use.evaluate(data, bundle, chosen, progress=Progress())


def _table(said: Sequence[use.Answer]) -> NDArray[np.float32]:
    """The probabilities of answers that all have some, (answers, classes)."""
    return np.stack([answer.probabilities for answer in said if answer.probabilities is not None])


def test_folders_are_searched_in_natural_order(tmp_path: Path) -> None:
    """A folder stands for the visible files below it, 2 before 10; named files stay in order."""
    for name in ("b/a10.png", "b/a2.png", ".hidden/a.png", "b/.a.png", "z.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")

    found = use.pictures_in([tmp_path / "z.png", tmp_path / "b"])

    assert [path.name for path in found] == ["z.png", "a2.png", "a10.png"]


def test_a_misspelt_file_suggests_the_near_one(tmp_path: Path) -> None:
    """A path that does not exist is told with its near neighbour."""
    (tmp_path / "cell_12.png").write_bytes(b"x")

    with pytest.raises(DataError, match=r"no such file or folder: .*mean 'cell_12\.png'\?"):
        use.pictures_in([tmp_path / "cell_21.png"])


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    """There must be something to predict."""
    with pytest.raises(DataError, match="no picture was found"):
        use.pictures_in([tmp_path])


def test_unreadable_files_have_their_error_among_the_others(
    bundle: Bundle, shapes: Path, tmp_path: Path
) -> None:
    """Each file gets its own answer in order, whether it can be read or not."""
    good = sorted((shapes / "disc").iterdir())[:2]
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")

    said = list(use.answers(bundle, [good[0], bad, good[1]]))

    assert [answer.path for answer in said] == [good[0], bad, good[1]]
    assert [answer.error and answer.error.reason for answer in said] == [None, "not-an-image", None]
    assert said[1].probabilities is None
    assert said[2].hash == hashlib.sha256(good[1].read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "pixels",
    [
        np.full((50, 60), 90, np.uint8),
        np.full((50, 60), 40_000, np.uint16),
        np.full((50, 60, 4), 90, np.uint8),
        np.full((1, 1, 3), 90, np.uint8),
        np.full((1, 4000, 3), 90, np.uint8),
        np.full((900, 2, 3), 90, np.uint8),
    ],
    ids=["grey", "16 bits", "transparent", "one pixel", "one row", "two columns"],
)
def test_pictures_of_any_shape_are_named(
    bundle: Bundle, tmp_path: Path, pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
) -> None:
    """Grey, 16-bit, transparent, tiny and very long pictures get probabilities that sum to 1."""
    path = tmp_path / "odd.png"
    path.write_bytes(png(pixels))

    (answer,) = use.answers(bundle, [path])

    assert answer.error is None and answer.probabilities is not None
    assert np.isfinite(answer.probabilities).all()
    assert answer.probabilities.sum() == pytest.approx(1, abs=1e-5)


def test_odd_files_are_read_and_told(bundle: Bundle, tmp_path: Path) -> None:
    """A suffix that lies and 16 bits are noted, each kind once, with the first file."""
    wide = png(drawn.picture("disc", 0).astype(np.uint16) * 16)
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(png(drawn.picture("disc", 0)))
    (tmp_path / "c.png").write_bytes(wide)

    said = list(use.answers(bundle, use.pictures_in([tmp_path])))
    notes = use.odd_notes(said)

    assert [answer.error for answer in said] == [None] * 3
    assert notes[0] == f"named .jpg, is PNG: {tmp_path / 'a.jpg'} and 1 more"
    assert notes[1].startswith("16 bits, largest value ")
    assert notes[1].endswith(f" of 65,535: {tmp_path / 'c.png'}")


def test_many_answers_are_those_of_each_alone(bundle: Bundle, shapes: Path) -> None:
    """A picture's answer does not depend on the pictures beside it."""
    paths = use.pictures_in([shapes])[20:40]
    together = list(use.answers(bundle, paths))
    alone = [next(use.answers(bundle, [path])) for path in paths[::5]]

    assert np.abs(_table(together[::5]) - _table(alone)).max() < 1e-5


def test_a_picture_larger_than_allowed_is_not_decoded(bundle: Bundle, shapes: Path) -> None:
    """`max_pixels` is obeyed, and the answer says how to raise it."""
    (answer,) = use.answers(bundle, [next((shapes / "disc").iterdir())], max_pixels=100)

    assert answer.error is not None and answer.error.reason == "bomb"
    assert "--max-pixels" in answer.error.next


def test_a_folder_is_scored_like_its_answers(bundle: Bundle, shapes: Path, tmp_path: Path) -> None:
    """Evaluation keeps predictions of every readable image and scores them."""
    judged = _evaluate(shapes, bundle, tmp_path, group=drawn.GROUP)
    kept = open_run(judged.run.folder)
    said = list(use.answers(bundle, use.pictures_in([shapes])))

    assert judged.run.folder.name == "evaluate-shapes-001"
    assert np.abs(kept.predictions().probabilities - _table(said)).max() < 1e-5
    assert kept.scores().items == 60 and kept.scores().groups == drawn.GROUPS
    assert kept.metrics()["bundle"] == bundle.sha256
    assert "finished" in (judged.run.folder / "log.txt").read_text(encoding="utf-8")


def test_scoring_the_images_of_the_training_is_called_flattering(
    bundle: Bundle, shapes: Path, copied: Path, tmp_path: Path
) -> None:
    """The very images that a bundle was made from are noticed, other ones are not."""
    same, other = (_evaluate(data, bundle, tmp_path) for data in (shapes, copied))

    assert any("the bundle was made from" in note for note in same.notes)
    assert other.notes == ()


def test_unknown_classes_are_refused(bundle: Bundle, copied: Path, tmp_path: Path) -> None:
    """A folder of a class that the bundle does not know is refused by name, and no run is left."""
    (copied / "disc").rename(copied / "disk")

    with pytest.raises(DataError, match=r"'disk'.*bundle: disc, stripe.*did you mean 'disc'\?"):
        _evaluate(copied, bundle, tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_one_unknown_class_is_told_in_the_singular(
    bundle: Bundle, copied: Path, tmp_path: Path
) -> None:
    """The message counts one class as one."""
    (copied / "disc").rename(copied / "disk")

    with pytest.raises(DataError, match="has 1 class that the bundle does not know"):
        _evaluate(copied, bundle, tmp_path)


def test_a_class_that_is_absent_is_noted(bundle: Bundle, copied: Path, tmp_path: Path) -> None:
    """A folder may lack a class of the bundle; the scores then come with a note."""
    for path in (copied / "disc").iterdir():
        path.unlink()

    judged = _evaluate(copied, bundle, tmp_path)

    assert "no image of disc is in the data" in judged.notes
    assert judged.scores.items == 8


def test_unreadable_files_are_set_aside_in_evaluation(
    bundle: Bundle, copied: Path, tmp_path: Path
) -> None:
    """A broken file is listed in quarantine.csv and not scored."""
    (copied / "disc" / "empty.png").write_bytes(b"")

    judged = _evaluate(copied, bundle, tmp_path)
    with (judged.run.folder / "quarantine.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))

    assert [(row["id"], row["reason"]) for row in rows] == [("disc/empty.png", "empty")]
    assert judged.scores.items == 16


def test_a_folder_without_a_readable_file_is_refused(
    bundle: Bundle, copied: Path, tmp_path: Path
) -> None:
    """If nothing can be scored the reasons are counted, and no run folder is left."""
    for path in copied.glob("*/*"):
        path.write_bytes(b"")

    with pytest.raises(DataError, match="none of the 16 files .*16 empty.*look at the first: "):
        _evaluate(copied, bundle, tmp_path / "runs")
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_wrong_positive_class_costs_no_time(bundle: Bundle, copied: Path, tmp_path: Path) -> None:
    """A positive class that the bundle does not know is refused before an image is read."""
    events: list[Event] = []
    settings = EvaluateSettings(out=tmp_path / "runs", positive="dics")

    with pytest.raises(UsageError, match=r"cannot be the positive one.*did you mean 'disc'\?"):
        use.evaluate(copied, bundle, settings, progress=Progress(events.append))
    assert events == []
