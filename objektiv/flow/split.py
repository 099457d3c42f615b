"""Split: from a folder to split.csv, and where asked to folders and to what honesty costs.

In: a folder and DivideSettings. Out: a Divided; faces print it.
Try: `divide(Path("cells"), DivideSettings(group=r"C\\d+"), progress=Progress())`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from objektiv.auditing.copies import find_copies, with_copies
from objektiv.auditing.honest import Honest, compare
from objektiv.base.errors import UsageError
from objektiv.base.places import BANK
from objektiv.base.progress import Progress
from objektiv.data import dataset as datasets
from objektiv.data import split as splits
from objektiv.data.dataset import Dataset
from objektiv.data.grouping import Suggestion, suggest
from objektiv.data.hand_on import HandedOn, check_target, hand_on
from objektiv.data.manifest import take_stock
from objektiv.data.settings import ArraySettings
from objektiv.data.split import Split
from objektiv.features.look import Seen, look
from objektiv.flow import entries, ledger
from objektiv.flow.entries import Ends, Honesty
from objektiv.flow.ledger import Home, Ledger
from objektiv.flow.settings import DivideSettings
from objektiv.intake.to_arrays import write_arrays
from objektiv.intake.tree import refuse_existing
from objektiv.judging.intervals import Interval


@dataclass(frozen=True, eq=False)
class Divided:
    """What splitting gave; `suggestion` only where the data came without groups."""

    settings: DivideSettings
    dataset: Dataset
    split: Split
    suggestion: Suggestion | None
    handed_on: HandedOn | None
    honest: Honest | None
    near_copies: int | None  # pictures that have some; None where none were looked for
    arrays: Mapping[str, tuple[int, ...]]  # the shape of each X that was written
    ledger: Ledger | None = None  # of the data, where both ways of splitting were judged


def divide(
    data: Path,
    settings: DivideSettings,
    *,
    honest: bool = False,
    near_copies: bool = False,
    progress: Progress,
) -> Divided:
    """Split the images below `data`, and write what was asked for; nothing is overwritten.

    With `honest` or `near_copies` all images are looked at: both ways of splitting are judged,
    near copies are searched and kept together.

    Raises:
        ObjektivError: with what to do about it; no file is left half.
    """
    _check_new(settings.out)
    dataset = datasets.read(data, settings)
    if settings.to is not None:
        check_target(settings.to, dataset)
    if settings.arrays is not None:
        refuse_existing(settings.arrays)
    datasets.require_trainable(dataset)
    seen = None
    if honest or near_copies:
        seen = look(dataset, settings, max_pixels=settings.max_pixels, progress=progress)
        if near_copies:
            seen = replace(seen, dataset=_with_copies(seen, settings, progress))
        dataset = seen.dataset
    else:
        dataset = take_stock(dataset, max_pixels=settings.max_pixels, progress=progress)
    made = splits.split(dataset, settings)
    if settings.repeats > 1:
        made = splits.repeated(made, dataset, settings)
    handed_on = None
    if settings.to is not None:
        handed_on = hand_on(dataset, made, settings.to, by=settings.by, progress=progress)
    arrays = _write_arrays(dataset, made, settings, progress) if settings.arrays else {}
    made.save(settings.out)
    both = _compare(seen, settings, progress) if seen and honest else None
    found = len(dataset.items["copy"].drop_nulls()) if near_copies else None
    told = _suggestion(dataset)
    record = _put_on_record(dataset, both, settings) if both else None
    return Divided(settings, dataset, made, told, handed_on, both, found, arrays, record)


def _put_on_record(dataset: Dataset, both: Honest, settings: DivideSettings) -> Ledger:
    """Keep with the data what a random split would have claimed."""

    def ends(interval: Interval) -> Ends:
        return Ends(estimate=interval.estimate, low=interval.low, high=interval.high)

    entry = Honesty(
        time=entries.now(),
        data=entries.data_hash(dataset.items["hash"]),
        items=both.items,
        clusters=both.clusters,
        random=ends(both.random),
        honest=ends(both.honest),
        difference=ends(both.difference),
    )
    return ledger.add(Home.of(dataset, bank=settings.bank), entry)


def _write_arrays(
    dataset: Dataset, made: Split, settings: DivideSettings, progress: Progress
) -> dict[str, tuple[int, ...]]:
    shape = ArraySettings(size=settings.array_size, fit=settings.fit, colour=settings.array_colour)
    target = settings.arrays or Path()
    return write_arrays(dataset, target, shape, split=made, progress=progress)


def _with_copies(seen: Seen, settings: DivideSettings, progress: Progress) -> Dataset:
    """With the column `copy`: the name of the set of near copies that an item is in."""
    pairs = find_copies(
        seen.features,
        seen.dataset.items,
        settings,
        bank=settings.bank or BANK.folder(),
        max_pixels=settings.max_pixels,
        progress=progress,
    )
    return replace(seen.dataset, items=with_copies(seen.dataset.items, pairs))


def _check_new(out: Path) -> None:
    if out.exists():
        raise UsageError(
            "the file stands there already",
            value=out,
            allowed="A new file is needed: nothing is overwritten",
            next="name another with --out, or move this one away",
        )


def _suggestion(dataset: Dataset) -> Suggestion | None:
    if dataset.items["group"].is_not_null().any():
        return None
    names = [Path(path).stem for path in dataset.items["path"]]
    return suggest(names, dataset.items["label"].to_list())


def _compare(seen: Seen, settings: DivideSettings, progress: Progress) -> Honest | None:
    with progress.step("compare with a random split", total=2) as step:
        return compare(seen, settings, settings, advance=step.advance)
