"""Trials of a search: each an ordinary run, one after the other or several at the same time.

In: settings of each. Out: run folders below `trials/`, and what they say of the items that a
winner may be chosen by. A trial that cannot be trained is told, and the others go on.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from objektiv.base.errors import Cancelled, MachineError, MissingExtra, ObjektivError
from objektiv.base.progress import Progress
from objektiv.flow.run import METRICS, Run
from objektiv.flow.settings import TrainSettings
from objektiv.flow.train import train
from objektiv.flow.tune_record import Record
from objektiv.judging.predictions import Predictions
from objektiv.models.space import settings_with

TRIALS = "trials"
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


@dataclass(frozen=True, eq=False)
class Trial:
    """One combination, and what became of it."""

    number: int  # from 0, in the order of being begun
    values: Mapping[str, Any]
    run: Run | None
    failed: str = ""


class Outcome(NamedTuple):
    """What went wrong in a trial; `again` where it was the machine's fault."""

    failed: str = ""
    again: bool = False


def run_trial(data: Path, settings: TrainSettings) -> Outcome:
    """Train, in this process or in one of its own."""
    try:
        train(data, settings, progress=Progress())
    except (Cancelled, MissingExtra):
        raise
    except ObjektivError as error:
        return Outcome(" ".join(str(error).split()), isinstance(error, MachineError))
    return Outcome()


def finished(parent: Path, stem: str) -> Run | None:
    """The run of this name that came to its end; half ones are removed."""
    for path in sorted(parent.glob(f"{stem}-*")):
        if (path / METRICS).is_file():
            return Run(path)
        shutil.rmtree(path, ignore_errors=True)
    return None


class Trials:
    """The trials of one search, in its folder."""

    def __init__(
        self, data: Path, base: TrainSettings, record: Record, *, folder: Path, seed: int
    ) -> None:
        self._data, self._record, self._folder, self._seed = data, record, folder, seed
        self._base = base.model_copy(update={"out": folder / TRIALS})

    def run(self, jobs: int, progress: Progress) -> list[Trial]:
        """Those that are left; all of them, in the order of being begun.

        Raises:
            Cancelled: on request; finished trials stay.
        """
        total = self._record.search or self._record.space.size
        ended: dict[int, Trial] = {}
        coming = self._searched(total, ended) if self._record.search else self._grid()
        with workers(jobs) as pool, progress.step("trials", total=total) as step:
            running: dict[Future[Outcome], int] = {}
            for number in coming:
                ready = self._known(number)
                if ready is None:
                    running[self._submit(pool, number)] = number
                else:
                    ended[number] = ready
                    step.advance()
                if len(running) >= jobs:
                    self._collect(running, ended, step.advance)
            while running:
                self._collect(running, ended, step.advance)
        return [ended[number] for number in sorted(ended)]

    def _grid(self) -> Iterator[int]:
        if not self._record.trials:
            combinations = self._record.space.combinations()
            self._record.trials = [{"values": v, "failed": ""} for v in combinations]
            self._record.save(self._folder)
        yield from range(len(self._record.trials))

    def _searched(self, total: int, ended: Mapping[int, Trial]) -> Iterator[int]:
        """Numbers of trials; Optuna is asked when the next one is wanted."""
        from objektiv.training.suggest import Suggester

        suggester, told = Suggester(self._record.space, seed=self._seed), set[int]()
        for number in range(total):
            for done in sorted(set(ended) - told):
                run = ended[done].run
                suggester.tell(done, log_loss(run) if run else None)
                told.add(done)
            if number < len(self._record.trials):
                suggester.ask(number, self._record.values(number))
            else:
                values = suggester.ask(number)
                self._record.trials.append({"values": values, "failed": ""})
                self._record.save(self._folder)
            yield number

    def _known(self, number: int) -> Trial | None:
        """A trial that needs not run."""
        values, failed = self._record.values(number), self._record.trials[number]["failed"]
        run = finished(self._folder / TRIALS, _stem(number))
        return Trial(number, values, run, failed) if run or failed else None

    def _submit(self, pool: Executor, number: int) -> Future[Outcome]:
        values = {**self._record.values(number), "name": _stem(number)}
        try:
            settings = settings_with(self._base, values)
        except ObjektivError as error:
            future: Future[Outcome] = Future()
            future.set_result(Outcome(" ".join(str(error).split())))
            return future
        return pool.submit(run_trial, self._data, settings)

    def _collect(
        self, running: dict[Future[Outcome], int], ended: dict[int, Trial], advance: Any
    ) -> None:
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            number = running.pop(future)
            failed, again = future.result()
            if failed and not again:
                self._record.trials[number]["failed"] = failed
                self._record.save(self._folder)
            run = None if failed else finished(self._folder / TRIALS, _stem(number))
            ended[number] = Trial(number, self._record.values(number), run, failed)
            advance()


def _stem(number: int) -> str:
    return f"t{number:04d}"


class _Here(Executor):
    """This process itself."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """The call, finished."""
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@contextlib.contextmanager
def workers(jobs: int) -> Iterator[Executor]:
    """What trials run in; several processes divide the cores between them.

    Raises:
        MachineError: a process was ended from outside, for want of memory for example.
    """
    if jobs == 1:
        yield _Here()
        return
    share = str(max(1, (os.cpu_count() or 1) // jobs))
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, share))  # libraries read them as a process begins
    try:
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
            try:
                yield pool
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    except BrokenProcessPool as error:
        raise MachineError(
            "a process that ran a trial was ended from outside",
            value=f"--jobs {jobs}",
            allowed="Memory for all of them is needed",
            next="go on with --resume and fewer jobs; finished trials are kept",
        ) from error
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


class Verdicts(NamedTuple):
    """What each run says of the items outside test that all of them have judged unseen."""

    losses: NDArray[np.float32]  # (runs, items)
    correct: NDArray[np.bool_]  # (runs, items)
    groups: NDArray[np.int64] | None  # (items,)


def log_loss(run: Run) -> float:
    """Of the items that a run may be chosen by."""
    predictions = run.predictions()
    return float(_losses(_only(predictions, _choosing(predictions))).mean())


def verdicts(runs: Sequence[Run]) -> Verdicts:
    """Losses and hits of all runs."""
    told = [run.predictions() for run in runs]
    shared = set.intersection(*map(_choosing, told))
    judged = [_only(predictions, shared) for predictions in told]
    return Verdicts(
        np.stack([_losses(p) for p in judged]),
        np.stack([p.correct for p in judged]),
        judged[0].group_numbers,
    )


def _choosing(predictions: Predictions) -> set[str]:
    """Validation, and train where it is judged out of fold."""
    pairs = zip(predictions.ids, predictions.parts, strict=True)
    return {id for id, part in pairs if part != "test"}


def _only(predictions: Predictions, ids: set[str]) -> Predictions:
    place = {id: k for k, id in enumerate(predictions.ids)}
    return predictions.rows([place[id] for id in sorted(ids)])


def _losses(predictions: Predictions) -> NDArray[np.float32]:
    """-log of the probability of each item's label, (items,)."""
    rows = np.arange(len(predictions))
    return np.asarray(-predictions.log_probabilities[rows, predictions.labels], np.float32)
