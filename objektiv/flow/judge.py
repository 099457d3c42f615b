"""Judge: everything that predictions alone can tell, in one record.

In: Predictions of all parts, JudgeSettings and, where asked for, columns to look at. Out: a
Judgement. What is chosen (a threshold, a share of a group) is chosen on items that are not test;
test is only scored. `train` and `evaluate` call it, so the same predictions are judged alike
wherever they come from.
Try: `judge(Predictions.load(Path("p.parquet")), JudgeSettings(sensitivity=0.98)).operating`.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from objektiv.base import files
from objektiv.base.errors import UsageError
from objektiv.base.language import say
from objektiv.base.names import suggestion
from objektiv.base.settings import make, read_mapping
from objektiv.data.dataset import Dataset
from objektiv.data.settings import ReadSettings
from objektiv.data.sources import further_columns
from objektiv.flow import run as names
from objektiv.flow.run import Run
from objektiv.judging.columns import LOGIT, PROBABILITY, STRANGENESS
from objektiv.judging.curves import Curve, precision_recall, roc
from objektiv.judging.intervals import Interval, NotDefined
from objektiv.judging.metrics import Scores, positive_class, score
from objektiv.judging.pooled import Groups, pooled
from objektiv.judging.predictions import Predictions
from objektiv.judging.prevalence import Expected, expected
from objektiv.judging.ranges import Ranges, ranges
from objektiv.judging.resampling import calibration_range
from objektiv.judging.settings import JudgeSettings
from objektiv.judging.subgroups import Subgroups, subgroups
from objektiv.judging.threshold import OperatingPoint, Threshold, called, choose, operating_point
from objektiv.judging.unsure import Chosen, Unsure, unsure

OF_FILES = ("width", "height", "format")  # what `train` learns of each file
FIXED = ("hash", "part", "fold", "group", "label", STRANGENESS)


@dataclass(frozen=True, eq=False)
class Judgement:
    """All of the test part, save for what says otherwise.

    `held_out`: scores of what thresholds were chosen on; None where there is no such part.
    `operating`: at the threshold that was demanded, else where the positive class is the most
    probable; of the positive class, as are the curves and `prevalence`.
    """

    positive: str | None
    scores: Scores
    held_out: Scores | None
    ranges: Ranges
    calibration_error: Interval
    roc: Curve | NotDefined
    precision_recall: Curve | NotDefined
    operating: OperatingPoint | NotDefined
    prevalence: tuple[Expected | NotDefined, ...]
    groups: Groups | NotDefined
    subgroups: tuple[Subgroups, ...]
    unsure: Unsure

    def to_dict(self) -> dict[str, Any]:
        """A mapping that is JSON; what is not defined is a mapping with its reason."""
        held_out = self.held_out.to_dict() if self.held_out else None
        return asdict(self) | {"scores": self.scores.to_dict(), "held_out": held_out}


def judge(
    predictions: Predictions,
    settings: JudgeSettings,
    *,
    columns: pl.DataFrame | None = None,
    threshold: Threshold | None = None,
    limits: Chosen | None = None,
    temperature: float | None = None,
) -> Judgement:
    """Judge the test part; `threshold` and `limits` were chosen before, of a bundle.

    `columns`: `id` and what `settings.by` names; `temperature`: by which the logits were divided.

    Raises:
        UsageError: there is no test item, the positive class is none of the classes, or a column
            is not there.
    """
    test, held_out = predictions.only("test"), predictions.held_out()
    sought = settings.positive or (threshold.positive if threshold else None)
    positive = positive_class(predictions.classes, sought)
    require_columns(settings.by, columns.columns if columns is not None else ())
    unsought = NotDefined(say("no positive class is named"))
    operating: OperatingPoint | NotDefined = unsought
    prevalence: tuple[Expected | NotDefined, ...] = ()
    if positive:
        chosen = threshold or choose(held_out, positive, settings)
        if isinstance(chosen, NotDefined):
            operating = chosen
        else:
            operating = operating_point(test, chosen)
            prevalence = _at_each(test, chosen, settings)
    return Judgement(
        positive=positive,
        scores=score(test, positive=positive),
        held_out=score(held_out, positive=positive) if held_out else None,
        ranges=ranges(test, positive=positive),
        calibration_error=calibration_range(test),
        roc=roc(test, positive=positive) if positive else unsought,
        precision_recall=precision_recall(test, positive=positive) if positive else unsought,
        operating=operating,
        prevalence=prevalence,
        groups=pooled(test, held_out, positive, settings),
        subgroups=()
        if columns is None
        else subgroups(test, columns, settings.by, positive=positive),
        unsure=unsure(test, held_out, settings, temperature=temperature, chosen=limits),
    )


def _at_each(
    test: Predictions, threshold: Threshold, settings: JudgeSettings
) -> tuple[Expected | NotDefined, ...]:
    truth = test.labels == test.classes.index(threshold.positive)
    yes, groups = called(test, threshold), test.group_numbers
    return tuple(
        expected(truth, yes, groups, positive=threshold.positive, prevalence=share)
        for share in settings.prevalence
    )


def require_columns(wanted: Sequence[str], known: Sequence[str]) -> None:
    """Check that every column that scores are told by is there.

    Raises:
        UsageError: one is not.
    """
    known = [name for name in known if name != "id"]
    if strange := [name for name in wanted if name not in known]:
        hint = suggestion(strange[0], known)
        raise UsageError(
            "there is no such column to tell scores by",
            value=", ".join(map(repr, strange)),
            allowed=f"Columns: {', '.join(known) or 'none'}",
            next=f"{hint} " * bool(hint) + "name one of them with `--by`, or leave it away",
        )


def check_asked(root: Path, settings: ReadSettings, by: Sequence[str]) -> None:
    """Refuse columns that will not be there, before an image is read.

    Raises:
        UsageError: a column is not there.
    """
    if by:
        require_columns(by, [*further_columns(root, settings), *OF_FILES])


def asked_columns(
    dataset: Dataset, settings: ReadSettings, by: Sequence[str]
) -> pl.DataFrame | None:
    """`id` and the columns that scores are told by; None where none is asked for.

    They come from the table of labels, or from what was learnt from the files.

    Raises:
        UsageError: a column is not there.
    """
    if not by:
        return None
    told = further_columns(dataset.root, settings)
    facts = [name for name in OF_FILES if name in dataset.items.columns]
    require_columns(by, [*told, *facts])
    ids = dataset.items["id"].to_list()
    from_table = {
        name: pl.Series([told[name].get(id) for id in ids], dtype=pl.String)
        for name in by
        if name in told
    }
    from_files = {name: dataset.items[name] for name in by if name not in told}
    return pl.DataFrame({"id": ids, **from_table, **from_files})


def save_judged(
    predictions: Predictions, judgement: Judgement, folder: Path, *, columns: pl.DataFrame | None
) -> None:
    """Publish predictions.parquet, with the columns that scores are told by, and judgement.json."""
    table = predictions.to_table()
    if columns is not None:
        further = columns.select("id", *(c for c in columns.columns if c not in table.columns))
        table = table.join(further, on="id", how="left", maintain_order="left")
    buffer = io.BytesIO()
    table.write_parquet(buffer)
    files.write_bytes(folder / names.PREDICTIONS, buffer.getvalue())
    files.write_json(folder / names.JUDGEMENT, judgement.to_dict())


def judgement_of(run: Run) -> Judgement:
    """A finished run judged again, at the threshold it had.

    Raises:
        ObjektivError: a file of the run cannot be read.
    """
    settings = settings_of(run)
    path, predictions = run.folder / names.JUDGEMENT, run.predictions()
    threshold = limits = None
    if path.is_file():
        found = files.parse_json(path.read_bytes(), name=str(path))
        if kept := found["operating"].get("threshold"):
            threshold = Threshold(**kept | {"costs": kept["costs"] and tuple(kept["costs"])})
        if predictions.held_out() is None:
            limits = Chosen.of(found["unsure"])
    return judge(
        predictions,
        settings,
        columns=_columns(run),
        threshold=threshold,
        limits=limits,
        temperature=divided_by(settings, run.metrics().get("temperature")),
    )


def settings_of(run: Run) -> JudgeSettings:
    """By which a finished run was judged."""
    said = read_mapping(run.folder / names.SETTINGS)
    own = {name: said[name] for name in JudgeSettings.model_fields if name in said}
    return make(JudgeSettings, own | {"positive": run.metrics()["test"]["positive"]})


def divided_by(settings: JudgeSettings, temperature: float | None) -> float | None:
    """The temperature, where nothing but it made the probabilities of the logits."""
    return temperature if settings.calibration == "temperature" else None


def _columns(run: Run) -> pl.DataFrame:
    """What the table of predictions says beside predictions."""
    table = pl.read_parquet((run.folder / names.PREDICTIONS).read_bytes())
    return table.select(
        name
        for name in table.columns
        if name == "id" or not (name in FIXED or name.startswith((LOGIT, PROBABILITY)))
    )
