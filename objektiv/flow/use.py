"""Use a model: name pictures, score another folder.

In: a bundle and files. Out: answers one by one, or a judged folder.
Try: `for answer in answers(load(Path("cells.objektiv")), [Path("a.png")]): ...`.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from objektiv.base import files
from objektiv.base.errors import Cancelled, DataError, ImageError, ObjektivError
from objektiv.base.machine import usable_cores
from objektiv.base.names import natural_key, suggestion
from objektiv.base.progress import Progress
from objektiv.base.settings import write_yaml
from objektiv.data import dataset as datasets
from objektiv.data.dataset import Dataset
from objektiv.data.images import decode, read_bytes
from objektiv.data.settings import ReadSettings
from objektiv.flow import ledger
from objektiv.flow import run as names
from objektiv.flow.entries import data_hash, look_at
from objektiv.flow.judge import Judgement, asked_columns, check_asked, save_judged
from objektiv.flow.ledger import Home, Ledger
from objektiv.flow.limits import judge_by
from objektiv.flow.log import Log
from objektiv.flow.run import Run, save_quarantine
from objektiv.flow.settings import EvaluateSettings
from objektiv.judging.metrics import Scores, positive_class
from objektiv.judging.predictions import Predictions
from objektiv.shipping.bundle import Bundle
from objektiv.shipping.limits import Doubt

CHUNK = 16  # pictures held at once
SAID = ("logits", "probabilities", "strangeness", "called", "doubt")  # fields of an Answer
MAX_PIXELS: int = ReadSettings.model_fields["max_pixels"].default


class Model(Protocol):
    """What can name pictures: a Bundle, or a backbone with its own classes."""

    classes: tuple[str, ...]

    def predict(self, pictures: Sequence[Any], /) -> Any:
        """Logits and probabilities, (pictures, classes) each."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What the model says about one file, or why it could not be read; `called`: the place of its
    class, by the bundle's threshold where it has one; `doubt`: why that is no answer."""

    path: Path
    hash: str = ""
    logits: NDArray[np.float32] | None = None
    probabilities: NDArray[np.float32] | None = None
    strangeness: float | None = None
    called: int | None = None
    doubt: Doubt | None = None
    error: ImageError | None = None
    notes: tuple[str, ...] = ()  # what was odd about a file that was read all the same


def pictures_in(paths: Sequence[Path]) -> list[Path]:
    """The files named, and all visible files below the folders named, in natural order.

    Raises:
        DataError: a path does not exist, or nothing is left.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            below = (Path(top) / name for top, _, names in os.walk(path) for name in names)
            visible = (p for p in below if not any(x[0] == "." for x in p.relative_to(path).parts))
            found += sorted(visible, key=lambda p: natural_key(p.as_posix()))
        elif path.exists():
            found.append(path)
        else:
            near = suggestion(path.name, [p.name for p in path.parent.glob("*")])
            raise DataError(
                "there is no such file or folder",
                value=path,
                allowed="Images, or folders of images, are named",
                next=near or "check the path",
            )
    if not found:
        raise DataError(
            "no picture was found",
            value=", ".join(map(str, paths)) or "no path",
            allowed="At least one image file is needed",
            next="name a file or a folder that holds images",
        )
    return found


def answers(
    model: Model, paths: Sequence[Path], *, max_pixels: int = MAX_PIXELS
) -> Iterator[Answer]:
    """What `model` says about each file, in order; a file that cannot be read has its error."""

    def opened(path: Path) -> tuple[Answer, Any]:
        try:
            data = read_bytes(path, name=str(path))
            picture = decode(data, name=str(path), max_pixels=max_pixels)
        except ImageError as error:
            return Answer(path, error=error), None
        return Answer(path, files.sha256(data), notes=picture.notes), picture.pixels

    with ThreadPoolExecutor(usable_cores()) as pool:
        for start in range(0, len(paths), CHUNK):
            chunk = list(pool.map(opened, paths[start : start + CHUNK]))
            pictures = [pixels for _, pixels in chunk if pixels is not None]
            said = _said(model, pictures) if pictures else iter(())
            for answer, pixels in chunk:
                yield answer if pixels is None else replace(answer, **next(said))


def _said(model: Model, pictures: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """Fields of each picture's Answer."""
    said = model.predict(pictures)
    called, strange = said.probabilities.argmax(axis=1), None
    doubts: Sequence[Doubt | None] = [None] * len(pictures)
    if isinstance(model, Bundle):
        called, doubts, strange = model.called(said), model.doubts(said), said.strangeness
    strange = [None] * len(pictures) if strange is None else strange.tolist()
    for row in zip(*said[:2], strange, called.tolist(), doubts, strict=True):
        yield dict(zip(SAID, row, strict=True))


def odd_notes(answers: Iterable[Answer]) -> list[str]:
    """What was odd about files that were read, a sentence for each kind with the first file."""
    found: dict[str, list[str]] = {}
    for answer in answers:
        for note in answer.notes:
            found.setdefault(note, []).append(str(answer.path))
    return [
        f"{note}: {names[0]}" + f" and {len(names) - 1:,} more" * (len(names) > 1)
        for note, names in found.items()
    ]


@dataclass(frozen=True, eq=False)
class Evaluated:
    """What a bundle was worth on another folder."""

    run: Run
    dataset: Dataset
    predictions: Predictions
    scores: Scores
    judgement: Judgement
    ledger: Ledger  # of the data, with this look
    notes: tuple[str, ...] = ()  # what a reader of the scores must know


def evaluate(
    data: Path, bundle: Bundle, settings: EvaluateSettings, *, progress: Progress
) -> Evaluated:
    """Score `bundle` on the labelled images in `data`; written to a run folder of its own.

    Raises:
        DataError: the data has a class that the bundle does not know, or nothing is readable.
    """
    dataset = datasets.read(data, settings)
    _check_classes(dataset, bundle.classes)
    positive_class(bundle.classes, settings.positive)
    check_asked(dataset.root, settings, settings.by)
    stem = settings.name or f"evaluate-{names.stem_of(dataset.root)}"
    folder = files.new_numbered_folder(settings.out, stem)
    try:
        write_yaml(settings, folder / names.SETTINGS)
        log = Log(folder)
        with log.ending():
            log.line(f"data: {dataset.root}; bundle: {bundle.sha256}")
            with log.step("predict"):
                said = _answer(dataset, bundle, settings, progress.in_folder(folder))
            dataset, predictions = _predictions(dataset, said, bundle.classes)
            columns = asked_columns(dataset, settings, settings.by)
            judgement = judge_by(bundle.facts, predictions, settings, columns=columns)
            save_judged(predictions, judgement, folder, columns=columns)
            save_quarantine(dataset, folder / names.QUARANTINE)
            scores = judgement.scores
            log.line(f"accuracy {scores.accuracy.estimate:.4f} of {len(predictions):,} images")
            metrics = {"test": scores.to_dict(), "bundle": bundle.sha256}
            metrics |= {"precision": bundle.precision, "seconds": log.seconds}
            record = _put_on_record(dataset, predictions, scores, folder, bundle)
            metrics["ledger"] = record.to_dict()
            files.write_json(folder / names.METRICS, metrics)
    except Cancelled:
        raise
    except ObjektivError:
        if not (folder / names.PREDICTIONS).exists():  # nothing in it that cost time
            shutil.rmtree(folder, ignore_errors=True)
        raise
    notes = (*_notes(dataset, predictions, bundle), *odd_notes(said))
    return Evaluated(Run(folder), dataset, predictions, scores, judgement, record, notes)


def _put_on_record(
    dataset: Dataset, test: Predictions, scores: Scores, folder: Path, bundle: Bundle
) -> Ledger:
    name, accuracy = f"bundle {bundle.sha256[:12]}", scores.accuracy.estimate
    look = look_at(test, folder, command="evaluate", model=name, accuracy=accuracy)
    home = Home(dataset.root, data_hash(test.hashes), ledger.usual_bank())
    return ledger.add(home, look)


def _answer(
    dataset: Dataset, bundle: Bundle, settings: EvaluateSettings, progress: Progress
) -> list[Answer]:
    paths = [Path(path) for path in dataset.items["path"]]
    said = []
    with progress.step("predict", total=len(paths)) as step:
        for answer in answers(bundle, paths, max_pixels=settings.max_pixels):
            said.append(answer)
            step.advance()
    return said


def _notes(dataset: Dataset, predictions: Predictions, bundle: Bundle) -> tuple[str, ...]:
    """What a reader of the scores must know about the data."""
    notes = [*dataset.notes]
    if absent := [name for name in bundle.classes if name not in set(dataset.items["label"])]:
        notes.append(f"no image of {', '.join(absent)} is in the data")
    if data_hash(predictions.hashes) == bundle.facts.provenance.data:
        notes.append("these are the images that the bundle was made from, so the scores flatter it")
    return tuple(notes)


def _check_classes(dataset: Dataset, known: Sequence[str]) -> None:
    if strange := [name for name in dataset.classes if name not in known]:
        number = "1 class" if len(strange) == 1 else f"{len(strange)} classes"
        raise DataError(
            f"the data has {number} that the bundle does not know",
            value=", ".join(repr(name) for name in strange[:5]),
            allowed=f"Classes of this bundle: {', '.join(known)}",
            next=suggestion(strange[0], known) or "rename the folders, or train on this data",
        )


def _predictions(
    dataset: Dataset, said: Sequence[Answer], classes: tuple[str, ...]
) -> tuple[Dataset, Predictions]:
    ids = dataset.items["id"].to_list()
    failed = [
        (id, answer.error.reason, str(answer.error))
        for id, answer in zip(ids, said, strict=True)
        if answer.error
    ]
    kinds = dict.fromkeys(("id", "reason", "message"), pl.String)
    items = dataset.items
    dataset = dataset.without(pl.DataFrame(failed, schema=kinds, orient="row"))
    if len(failed) == len(ids):
        raise DataError(
            f"none of the {len(ids):,} files in {dataset.root} can be used",
            value=", ".join(
                f"{n} {reason}" for reason, n in Counter(r for _, r, _ in failed).items()
            ),
            allowed="At least one readable image is needed",
            next=f"look at the first: {failed[0][2]}",
        )
    kept = [number for number, answer in enumerate(said) if not answer.error]
    index = {name: number for number, name in enumerate(classes)}
    good = [said[number] for number in kept]
    strange = good[0].strangeness is not None
    return dataset, Predictions(
        ids=tuple(ids[number] for number in kept),
        hashes=tuple(answer.hash for answer in good),
        parts=("test",) * len(kept),
        folds=(None,) * len(kept),
        groups=tuple(items["group"][number] for number in kept),
        labels=np.array([index[items["label"][number]] for number in kept], np.int64),
        classes=classes,
        logits=np.stack([a.logits for a in good if a.logits is not None]),
        probabilities=np.stack([a.probabilities for a in good if a.probabilities is not None]),
        strangeness=np.array([a.strangeness for a in good], np.float64) if strange else None,
    )
