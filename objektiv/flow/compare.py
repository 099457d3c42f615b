"""Finished runs side by side: how right, how large, how slow, and whether the best is shown to be.

In: run folders. Out: Compared, the best first, each with its paired difference to the first where
the test items are the same.
Try: `compare([Path("runs/cells-001"), Path("runs/cells-002")]).rows`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from objektiv.base.errors import UsageError
from objektiv.flow.run import Run, open_run
from objektiv.judging.intervals import Interval, paired_difference
from objektiv.judging.metrics import Scores, score
from objektiv.judging.predictions import Predictions


@dataclass(frozen=True, eq=False)
class Compared:
    """One run in the table; None where the run does not tell."""

    run: Run
    name: str
    model: str
    scores: Scores  # of its test part
    difference: Interval | None  # accuracy of this run minus the first's, paired
    differs: str  # why there is no difference, or ""
    bytes: int | None  # of its bundle
    parameters: int | None
    trainable: int | None
    train_seconds: float | None
    images_per_second: float | None
    known: int  # items of a probe whose features the bank had already


@dataclass(frozen=True, eq=False)
class Comparison:
    """Runs, the most accurate first."""

    rows: tuple[Compared, ...]

    @property
    def same_items(self) -> bool:
        """Whether all runs were tested on the same items."""
        return not any(row.differs for row in self.rows)


def compare(folders: Sequence[Path]) -> Comparison:
    """The runs in these folders; one that is named twice counts once.

    Raises:
        UsageError: fewer than two runs, or a folder is not there.
        ModelError: a folder holds no finished run.
    """
    runs = [open_run(folder) for folder in {f.resolve(): f for f in folders}.values()]
    if len(runs) < 2:
        raise UsageError(
            "a comparison needs two runs",
            value=f"{len(runs)} given",
            allowed="Two or more run folders are needed",
            next="for example `objektiv compare runs/cells-001 runs/cells-002`",
        )
    tested = [run.predictions().only("test") for run in runs]
    scored = [score(test, positive=_positive(run)) for run, test in zip(runs, tested, strict=True)]
    order = sorted(range(len(runs)), key=lambda k: -scored[k].accuracy.estimate)
    first = tested[order[0]]
    return Comparison(
        tuple(
            _row(runs[k], scored[k], tested[k], first if n else None) for n, k in enumerate(order)
        )
    )


def _positive(run: Run) -> str | None:
    found: str | None = run.metrics()["test"]["positive"]
    return found


def _row(run: Run, scores: Scores, test: Predictions, first: Predictions | None) -> Compared:
    metrics = run.metrics()
    about = metrics.get("model", {})
    known = metrics["items"] - metrics["looked_at"] if about.get("family") == "probe" else 0
    usual = "a bundle" if "bundle" in metrics else "probe"  # of an evaluation
    differs = _differs(test, first) if first else ""
    return Compared(
        run=run,
        name=run.folder.name,
        model=about.get("name", usual),
        scores=scores,
        difference=paired_difference(test, first) if first and not differs else None,
        differs=differs,
        bytes=about.get("bytes"),
        parameters=about.get("parameters"),
        trainable=about.get("trainable"),
        train_seconds=about.get("train_seconds"),
        images_per_second=about.get("images_per_second"),
        known=max(0, known),
    )


def _differs(test: Predictions, first: Predictions) -> str:
    """How the test items are not those of the first run, a phrase, or ""."""
    own, other = _truth(test), _truth(first)
    if own == other:
        return ""
    if own.keys() != other.keys():
        shared = len(own.keys() & other.keys())
        return f"tested on {len(own):,} items, of which the first run has {shared:,}"
    changed = sum(own[id] != other[id] for id in own)
    return f"{changed:,} test items have another label or content than in the first run"


def _truth(test: Predictions) -> dict[str, tuple[str, str]]:
    """Content and label of each item."""
    labels = (test.classes[k] for k in test.labels.tolist())
    return dict(zip(test.ids, zip(test.hashes, labels, strict=True), strict=True))
