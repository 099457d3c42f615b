"""Try many settings on one split, rank them by what validation says, and judge the best on test.

In: a folder of images and TuneSettings. Out: a Tuned, and a folder with the leaderboard and runs.
Heads on features are searched together, in seconds; anything else is a training a trial, and a
search that was cut off goes on.
Try: `tune(Path("cells"), TuneSettings(), progress=Progress()).rows[0]`.
"""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from objektiv.base import extras, files
from objektiv.base.errors import ModelError, SettingsError
from objektiv.base.lock import only_process
from objektiv.base.progress import Progress
from objektiv.data import dataset as datasets
from objektiv.data.split import Split
from objektiv.features.look import Seen, look
from objektiv.features.settings import FeatureSettings
from objektiv.flow import run as names
from objektiv.flow import train_probe
from objektiv.flow.items import Items
from objektiv.flow.run import Run
from objektiv.flow.settings import TrainSettings, TuneSettings
from objektiv.flow.train import FAMILIES, split_of, train
from objektiv.flow.trials import Trial, Trials, finished, verdicts
from objektiv.flow.tune_record import Record
from objektiv.judging.intervals import Interval, proportion
from objektiv.models.choose import fit
from objektiv.models.recipes import RECIPES, resolve
from objektiv.models.search import Honest, Searched, heads_of, honest, search
from objektiv.models.settings import ProbeSettings
from objektiv.models.space import settings_with

BOARD, WINNER = "leaderboard.csv", "winner"
SHOWN_MISTAKES = 5
Numbers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Row:
    """One combination in the leaderboard, judged on items outside test."""

    number: int
    values: Mapping[str, Any]
    accuracy: Interval
    log_loss: float
    correct: NDArray[np.bool_]  # (items,)
    run: Run | None  # None where heads are fitted together


@dataclass(frozen=True, eq=False)
class Tuned:
    """What a search gave; `rows` has the least log loss first."""

    folder: Path
    kind: Literal["heads", "runs"]
    rows: tuple[Row, ...]
    failed: tuple[Trial, ...]
    groups: Numbers | None  # (items,) of the items in each row
    honest: Honest | None  # None where groups are too few
    standard: str  # what the winner's gain is over
    winner: Run
    seconds: float

    @property
    def varied(self) -> tuple[str, ...]:
        """Names of what was varied."""
        return tuple(self.rows[0].values)


@dataclass(frozen=True, eq=False)
class _Job:
    data: Path
    folder: Path
    base: TrainSettings  # with the split of this search
    seen: Seen
    split: Split
    record: Record
    progress: Progress


def tune(data: Path, settings: TuneSettings, *, progress: Progress) -> Tuned:
    """Search, and judge the winner.

    Raises:
        UsageError: options or the grid do not go together.
        DataError: the search that shall go on was begun on other data.
        ModelError: not one trial could be trained.
        ObjektivError: as of `flow.train`.
    """
    began = time.monotonic()
    record = Record.reopened(settings) if settings.resume else Record.new(settings)
    base = record.base
    heads = not record.search and _only_heads(base, record)
    if not heads:
        _check(base, record)
    out = settings.out if settings.resume is None else settings.resume.parent
    names.require_outside(data, out, option="out")
    seen, split = _prepare(data, base, progress)
    folder = settings.resume
    if folder is None:
        folder = files.new_numbered_folder(out, base.name or names.stem_of(data))
    with only_process(folder):
        record.settle(folder, seen.dataset)
        split_file = folder / names.SPLIT
        if not split_file.exists():
            split.save(split_file)
        split = Split.load(split_file)
        own = {"split": split_file, "out": folder, "name": WINNER}
        base = settings_with(base, own)
        job = _Job(data, folder, base, seen, split, record, progress.in_folder(folder))
        tuned = _heads(job, began) if heads else _runs(job, settings.jobs, began)
        _write(tuned)
    return tuned


def _only_heads(base: TrainSettings, record: Record) -> bool:
    family = RECIPES.get(base.model).family
    return family == train_probe.FAMILY and set(record.space.settings) <= set(
        ProbeSettings.model_fields
    )


def _check(base: TrainSettings, record: Record) -> None:
    """What can be refused before an image is looked at.

    Raises:
        SettingsError: values that do not go together.
        MissingExtra: a part of objektiv that is needed is not installed.
    """
    if record.search:
        extras.require("tune", needed_by="--search")
    mistakes: dict[str, None] = {}
    models = record.space.settings.get("model", (base.model,))
    combinations = [] if record.search else record.space.combinations()
    for values in combinations or [{"model": model} for model in models]:  # type: ignore[union-attr]
        try:
            settings = resolve(settings_with(base, values))
        except SettingsError as error:
            mistakes[f"{_told(values)}: {error.value}"] = None
            continue
        family = FAMILIES.get(RECIPES.get(settings.model).family)
        if family and family.extra:
            extras.require(family.extra, needed_by=f"model = {settings.model}")
    if mistakes:
        more = len(mistakes) - SHOWN_MISTAKES
        raise SettingsError(
            "some values do not go together",
            value="; ".join(list(mistakes)[:SHOWN_MISTAKES])
            + (f"; {more} more" if more > 0 else ""),
            allowed="Every combination of the grid must be a training",
            next="leave values away, or write several grids",
        )


def _told(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {cell(value)}" for name, value in values.items())


def _prepare(data: Path, base: TrainSettings, progress: Progress) -> tuple[Seen, Split]:
    dataset = datasets.read(data, base)
    datasets.require_trainable(dataset)
    given = Split.load(base.split) if base.split else None
    how = FeatureSettings(bank=base.bank, workers=base.workers, precision=base.precision)
    if RECIPES.get(base.model).family == train_probe.FAMILY:
        how = base
    seen = look(dataset, how, max_pixels=base.max_pixels, progress=progress)
    return seen, split_of(seen.dataset, base, given=given)


def _heads(job: _Job, began: float) -> Tuned:
    """Heads are fitted together on the features, and the winner trained as a run."""
    items = Items.of(job.seen, job.split)
    features, truth = items.learning()
    chosen = {n: getattr(job.base, n) for n in ProbeSettings.model_fields}
    given = {n: v for n, v in chosen.items() if n in job.base.model_fields_set}
    grid = job.record.space.settings
    # Blocks and strength that a grid leaves open still compete; the others keep their value.
    same = {n: chosen[n] for n in chosen if n not in ("blocks", "strength")} if grid else {}
    combinations = job.record.space.combinations()  # one, of nothing, where there is no grid
    competing = [
        ProbeSettings.model_validate({**same, **given, **values}) for values in combinations
    ]
    heads = list(
        dict.fromkeys(head for own in competing for head in heads_of(features, truth, own))
    )
    with job.progress.step("search heads", total=len(heads)) as step:
        searched = search(features, truth, heads, advance=step.advance)
    standard = fit(features, truth, settings=ProbeSettings.model_validate(given))
    judged = items.predictions(standard)
    judged = judged.rows([k for k, part in enumerate(judged.parts) if part != "test"])
    varied = [n for n in ProbeSettings.model_fields if len({getattr(h, n) for h in heads}) > 1]
    values = [{n: getattr(head, n) for n in varied or ["strength"]} for head in heads]
    rows = _ranked(searched, judged.group_numbers, values, [None] * len(heads))
    best = heads[rows[0].number].model_dump()
    run = finished(job.folder, WINNER)
    if run is None:
        run = train(job.data, settings_with(job.base, best), progress=job.progress).run
    return Tuned(
        folder=job.folder,
        kind="heads",
        rows=rows,
        failed=(),
        groups=judged.group_numbers,
        honest=honest(searched, judged.correct, judged.group_numbers),
        standard="what `objektiv train` chooses by itself",
        winner=run,
        seconds=time.monotonic() - began,
    )


def _runs(job: _Job, jobs: int, began: float) -> Tuned:
    """A run a trial; the winner is one of them."""
    trials = Trials(job.data, job.base, job.record, folder=job.folder, seed=job.base.seed)
    ended = trials.run(jobs, job.progress)
    good = [(trial, trial.run) for trial in ended if trial.run]
    if not good:
        raise ModelError(
            f"not one of {len(ended)} trials could be trained",
            value=ended[0].failed,
            allowed="At least one combination must be a training that works",
            next="change the grid; `objektiv train` with the same settings tells more",
        )
    runs = [run for _, run in good]
    losses, correct, groups = verdicts(runs)
    searched = Searched((), losses, correct)
    rows = _ranked(searched, groups, [trial.values for trial, _ in good], runs)
    rows_with_numbers = tuple(
        Row(good[r.number][0].number, r.values, r.accuracy, r.log_loss, r.correct, r.run)
        for r in rows
    )
    winner = runs[rows[0].number]
    return Tuned(
        folder=job.folder,
        kind="runs",
        rows=rows_with_numbers,
        failed=tuple(trial for trial in ended if trial.failed),
        groups=groups,
        honest=honest(searched, correct[0], groups) if len(good) > 1 else None,
        standard=f"the first trial ({_told(good[0][0].values)})",
        winner=winner,
        seconds=time.monotonic() - began,
    )


def _ranked(
    searched: Searched,
    groups: Numbers | None,
    values: list[Any],
    runs: list[Any],
) -> tuple[Row, ...]:
    """Rows in order of their log loss; `number` is the place in `searched`."""
    return tuple(
        Row(
            int(k),
            values[k],
            proportion(searched.correct[k], groups),
            float(searched.log_loss[k]),
            searched.correct[k],
            runs[k],
        )
        for k in np.argsort(searched.log_loss, kind="stable")
    )


def _write(tuned: Tuned) -> None:
    """The leaderboard as a table, and what the winner is worth."""
    stream = io.StringIO()
    table = csv.writer(stream, lineterminator="\n")
    judged = ("accuracy", "low", "high", "log_loss", "run")
    table.writerow(["rank", "trial", *tuned.varied, *judged, "failed"])
    for rank, row in enumerate(tuned.rows, 1):
        a, run = row.accuracy, row.run.folder.name if row.run else ""
        figures = [f"{v:.6f}" for v in (a.estimate, a.low, a.high, row.log_loss)]
        table.writerow([rank, row.number, *map(cell, row.values.values()), *figures, run, ""])
    for trial in tuned.failed:
        empty = [""] * len(judged)
        table.writerow(["", trial.number, *map(cell, trial.values.values()), *empty, trial.failed])
    files.write_text(tuned.folder / BOARD, stream.getvalue())


def cell(value: object) -> str:
    """A value of a setting as text: `16 32` for a list, `-` for an open one."""
    if isinstance(value, tuple):
        return " ".join(map(str, value)) or "none"
    return "-" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
