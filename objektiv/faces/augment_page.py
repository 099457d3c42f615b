"""One page about augmentation: what each operator does, and whether it can occur in reality.

In: an Augmentation. Out: augment.html in the look of report.html, the figures as PNG, the
recommended settings as YAML and everything that was measured as CSV beside it.
Try: `save(augmentation, Path("augmented/cells-001"))`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from objektiv.auditing.augmentation import (
    FARTHEST,
    LARGEST_FALL,
    USUAL,
    Evidence,
    Trial,
    kept_again,
)
from objektiv.auditing.operators import OPERATORS, Operator
from objektiv.base import files
from objektiv.base.settings import write_yaml
from objektiv.data.settings import AugmentSettings
from objektiv.faces import augment_grids, words
from objektiv.faces.canvas import png
from objektiv.faces.pictures import Thumbnail, thumbnail_of
from objektiv.faces.report import environment
from objektiv.faces.sections import Table
from objektiv.flow.augment import Augmentation, operators_on
from objektiv.flow.run import save_table, typed
from objektiv.judging.intervals import Interval

PAGE, YAML, EVIDENCE = "augment.html", "recommended.yaml", "evidence.csv"
HEAD = ("strength", "far out", "accuracy, points", "told apart, AUC", "by the rule")


@dataclass(frozen=True, eq=False)
class Section:
    """One operator as the page shows it."""

    operator: Operator
    strip: tuple[tuple[str, Thumbnail], ...]
    table: Table
    recommended: str
    note: str


def save(found: Augmentation, folder: Path) -> Path:
    """Write the page, the figures and the tables into a new `folder`; returns the page.

    Raises:
        MachineError: the folder cannot be written.
    """
    gallery = augment_grids.gallery(found.square, like=found.recommended)
    files.write_bytes(folder / "operators.png", png(gallery))
    files.write_bytes(folder / "views.png", png(augment_grids.random_views(found)))
    save_table(evidence_table(found), folder / EVIDENCE)
    write_yaml(found.recommended, folder / YAML)
    text = page(found, settings_file=folder / YAML)
    files.write_text(folder / PAGE, text)  # last, so that it means finished
    return folder / PAGE


def page(found: Augmentation, *, settings_file: Path) -> str:
    """The page as text."""
    dataset = found.seen.dataset
    return (
        environment()
        .get_template("augment.html")
        .render(
            title=dataset.root.name or str(dataset.root),
            about=about(found),
            notes=dataset.notes,
            found=found,
            before=thumbnail_of(found.square, name=found.shown),
            views=[thumbnail_of(view, name=found.shown) for view in augment_grids.views(found)],
            columns=augment_grids.VIEWS[0],
            chosen=told(found.chosen),
            summary=summary(found),
            commands=commands(found, settings_file),
            yaml=as_yaml(found.recommended),
            anything=operators_on(found.recommended),
            compared=compared(found),
            accuracy="" if found.accuracy is None else share(found.accuracy),
            limits=(words.percent(1 - USUAL), f"{100 * FARTHEST:.0f} %", 100 * LARGEST_FALL),
            sections=[_section(found, operator) for operator in OPERATORS.values()],
            next_commands=[f"objektiv {verb} {_data(found)}" for verb in ("check", "split")],
        )
    )


def about(found: Augmentation) -> str:
    """How many pictures were augmented, out of how many, and what they were compared with."""
    dataset = found.seen.dataset
    groups = dataset.items["group"].drop_nulls().n_unique()
    told = f"{words.count(found.sample, 'picture')} augmented at "
    told += f"{words.count(len(found.trials), 'strength')} of {len(OPERATORS)} operators and "
    told += f"compared with {words.count(len(dataset.items), 'picture')} of "
    told += words.count(len(dataset.classes), "class", plural="classes")
    told += f" from {words.count(groups, 'group')}" if groups else ""
    return told + (f", a sample of {found.total:,}" if found.total > len(dataset.items) else "")


def summary(found: Augmentation) -> Table:
    """What was tried and what is recommended, a row an operator."""
    rows = tuple(
        (operator.title, _tried(operator), _value(operator, found.recommended))
        for operator in OPERATORS.values()
    )
    return Table("Recommended ranges", ("operator", "tried", "recommended"), rows, names=3)


def _tried(operator: Operator) -> str:
    return ", ".join(step.told for step in operator.steps)


def _value(operator: Operator, settings: AugmentSettings) -> str:
    """`10°`, `x 0.7 to x 1.1`, `on` or `off`."""
    value = getattr(settings, operator.name)
    if value == getattr(AugmentSettings(), operator.name):
        return "off"
    if isinstance(value, bool):
        return "on"
    if isinstance(value, tuple):
        return " to ".join(operator.step(end).told for end in value)
    return f"up to {operator.step(value).told}"


def told(settings: AugmentSettings) -> str:
    """All that is on, in words; where nothing is, that."""
    parts = [(o.title.lower(), _value(o, settings)) for o in OPERATORS.values()]
    if settings.channel_shift:
        parts.append(("channel shift", f"up to {settings.channel_shift:g}"))
    on = [f"{title} {value}".removesuffix(" on") for title, value in parts if value != "off"]
    return ", ".join(on) or "nothing"


def commands(found: Augmentation, settings_file: Path) -> list[str]:
    """How to train with the recommended settings, with options and with the file."""
    train = f"objektiv train {_data(found)} --model finetune"
    return [f"{train} {_options(found.recommended)}", f"{train} --settings {typed(settings_file)}"]


def _data(found: Augmentation) -> str:
    settings, root = found.settings, found.seen.dataset.root
    told = typed(root)
    told += f" --labels {typed(settings.labels)}" if settings.labels else ""
    return told + (f' --group "{settings.group}"' if settings.group else "")


def _options(settings: AugmentSettings) -> str:
    chosen = settings.model_dump(exclude_defaults=True)
    return " ".join(f"--{n.replace('_', '-')} {_text(value)}" for n, value in chosen.items())


def as_yaml(settings: AugmentSettings) -> list[str]:
    """The lines of a settings file for what is not as it is anyway."""
    return [
        f"{name}: {f'[{_text(value)}]' if isinstance(value, tuple) else _text(value)}"
        for name, value in settings.model_dump(exclude_defaults=True).items()
    ]


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(f"{end:g}" for end in value)
    return "yes" if value is True else f"{value:g}" if isinstance(value, float) else str(value)


def compared(found: Augmentation) -> Table:
    """The chosen settings as a whole, beside a move by half a pixel."""
    name = "the settings asked for" if found.asked else "all recommended together"
    rows = (
        ("moved by half a pixel", *_cells(found.control)),
        (f"{name}, drawn at random", *_cells(found.together)),
    )
    return Table("Two rows to compare with", ("views", *HEAD[1:-1]), rows)


def _cells(evidence: Evidence) -> tuple[str, str, str]:
    change = evidence.change
    told = evidence.told
    return (
        share(evidence.far),
        words.NONE
        if change is None
        else f"{words.points(change.estimate)}\n{words.points_range(change)}",
        words.NONE if told is None else f"{told.estimate:.2f}\n{told.low:.2f} to {told.high:.2f}",
    )


def share(interval: Interval) -> str:
    """A share, and its interval in a second line."""
    return f"{100 * interval.estimate:.0f} %\n{100 * interval.low:.0f} to {100 * interval.high:.0f}"


def verdict(evidence: Evidence) -> str:
    """What the rule says, and why."""
    if evidence.kept:
        return "kept"
    far = ["far out"] if evidence.far.estimate > FARTHEST else []
    falls = evidence.change is not None and evidence.change.estimate < -LARGEST_FALL
    return ", ".join([*far, *(["accuracy falls"] if falls else [])])


def _section(found: Augmentation, operator: Operator) -> Section:
    trials = [trial for trial in found.trials if trial.step.operator == operator.name]
    strip = augment_grids.over_range(found.square, operator, like=found.recommended)
    rows = tuple((t.step.told, *_cells(t.evidence), verdict(t.evidence)) for t in trials)
    kept = tuple(n for n, trial in enumerate(trials) if trial.evidence.kept)
    return Section(
        operator,
        tuple((told, thumbnail_of(pixels, name=found.shown)) for told, pixels in strip),
        Table(f"{operator.title}: views at one strength each", HEAD, rows, marked=kept),
        _value(operator, found.recommended),
        _note(operator, trials, found.recommended.fill_mode),
    )


def _note(operator: Operator, trials: list[Trial], fill: str) -> str:
    """Where a stronger change is kept and a weaker one is not, that is no accident."""
    again = kept_again(trials).get(operator.name)
    if again is None:
        return ""
    refused, kept = (" and ".join(step.told for step in steps) for steps in again)
    verbs = ["is" if len(steps) == 1 else "are" for steps in again]
    return (
        f"{kept} {verbs[1]} kept though {refused} {verbs[0]} not: what stands where the picture "
        f"has moved away (--fill-mode {fill}) may be unlike the real ones, rather than "
        "the change itself. Try another --fill-mode."
    )


def evidence_table(found: Augmentation) -> pl.DataFrame:
    """Everything that was measured, a row a strength."""
    named = [("half a pixel", "", found.control)]
    named += [(t.step.operator, t.step.told, t.evidence) for t in found.trials]
    named += [("chosen", "drawn", found.together)]
    return pl.DataFrame(
        [
            {"operator": name, "strength": strength}
            | _ends("far", e.far)
            | _ends("accuracy_change", e.change)
            | _ends("told_auc", e.told)
            | {"kept": e.kept}
            for name, strength, e in named
        ]
    )


def _ends(name: str, interval: Interval | None) -> dict[str, float | None]:
    ends = ("estimate", "low", "high")
    return {
        name if end == "estimate" else f"{name}_{end}": None
        if interval is None
        else round(getattr(interval, end), 4)
        for end in ends
    }
