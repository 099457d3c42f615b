"""Look at a dataset once: from files to features, facts and a quarantine, through the bank.

In: a Dataset and settings. Out: the dataset with facts, and the Features of what can be used.
What the bank knows is not decoded again; what cannot be decoded is set aside with its reason.
Try: `look(dataset, FeatureSettings(), max_pixels=50_000_000, progress=Progress())`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import NamedTuple, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from objektiv.base import files
from objektiv.base.errors import DataError, ImageError, SettingsError
from objektiv.base.places import BANK
from objektiv.base.progress import Progress
from objektiv.data.dataset import FACTS, Dataset
from objektiv.data.formats import examine
from objektiv.data.images import decode, read_bytes, suffix_notes, to_square
from objektiv.data.settings import Fit
from objektiv.features.backbones import BACKBONES, Backbone
from objektiv.features.bank import Record, View
from objektiv.features.changes import Augmented, changed
from objektiv.features.descriptors import COLOURS, COLUMNS
from objektiv.features.engine import (
    Engine,
    Looked,
    Prepared,
    backbone_graph,
    colours_graph,
    resolve_precision,
)
from objektiv.features.settings import Arithmetic, FeatureSettings

DECODING = 1  # raised when data.images decodes anything differently, so that banks are refilled
SIZE = "size"  # block of three numbers that the file tells: log width, log height, log aspect
SIZE_COLUMNS = ("log width", "log height", "log aspect")
SMALL, SMALL_SIZE, LARGE_SIZE = 160, 128, 224  # --size auto: DESIGN 4b.1
SIZES = range(32, 513, 32)  # a network halves its picture five times
SAMPLE = 100  # images whose headers decide --size auto


class Block(NamedTuple):
    """Neighbouring columns that belong together, such as one stage."""

    name: str
    start: int
    stop: int


@dataclass(frozen=True, eq=False)
class Features:
    """`values` float32 (items, columns), its rows in the order of `ids`."""

    ids: tuple[str, ...]
    values: NDArray[np.float32]
    blocks: tuple[Block, ...]

    def block(self, name: str) -> NDArray[np.float32]:
        """The columns of one block, (items, width)."""
        block = next(b for b in self.blocks if b.name == name)
        return self.values[:, block.start : block.stop]

    def of(self, ids: Sequence[str]) -> Features:
        """The rows of `ids`, in that order."""
        if tuple(ids) == self.ids:
            return self
        row = {id: number for number, id in enumerate(self.ids)}
        return replace(self, ids=tuple(ids), values=self.values[[row[id] for id in ids]])


@dataclass(frozen=True, eq=False)
class Seen:
    """What looking at a dataset gave."""

    dataset: Dataset  # with facts, without what could not be used
    features: Features
    size: int  # `auto` made concrete
    precision: Arithmetic  # likewise
    looked: int  # images that were decoded now; the others came from the bank


class _Kept(NamedTuple):
    """What is known of one image on its way through the engine."""

    id: str
    hash: str = ""
    facts: tuple[int, int, str, str] | None = None  # width, height, format, notes
    error: ImageError | None = None


def look(
    dataset: Dataset,
    settings: FeatureSettings,
    *,
    max_pixels: int,
    progress: Progress,
    change: str | Augmented | None = None,
) -> Seen:
    """Features of every usable item, or of what a change (features/changes.py) makes of it.

    A file whose hash the dataset has already, and the bank too, is not read again.

    Raises:
        DataError: no image can be used.
        Cancelled: on request; what was looked at stays in the bank.
    """
    backbone = BACKBONES.get(settings.backbone)
    size = _size_for(backbone, dataset, settings.size, max_pixels=max_pixels)
    precision = resolve_precision(settings.precision)
    network = backbone_graph(settings.backbone, size=size, precision=precision)
    description: dict[str, str | int] = {
        "backbone": settings.backbone,
        "size": size,
        "fit": settings.fit,
        "precision": precision,
        "decoding": DECODING,
        "graphs": files.sha256(network + colours_graph(size)),
    }
    if change is not None:
        description["change"] = change if isinstance(change, str) else change.name
    view = View(settings.bank or BANK.folder(), description)
    known = view.hashes(max_pixels=max_pixels)
    before = len(known)

    def prepare(item: tuple[str, str, str]) -> Prepared[_Kept]:
        prepared = _prepare(item, known, size=size, fit=settings.fit, max_pixels=max_pixels)
        if change is None or prepared.square is None:
            return prepared
        square = changed(prepared.square, change, hash=prepared.key.hash)
        return replace(prepared, square=square)

    engine = Engine(network, size=size, precision=precision, workers=settings.workers)
    hash = pl.col("hash") if "hash" in dataset.items.columns else pl.lit("")
    items = list(dataset.items.select("id", "path", hash).iter_rows())
    running = cast("Generator[Looked[_Kept], None, None]", engine.run(items, prepare))
    with (
        progress.step("look at images", total=len(items)) as step,
        closing(running) as results,  # its threads end here, stopped or not
    ):
        kept = list(_fill(view, results, known, advance=step.advance))
    dataset = _without_failures(dataset, kept)
    dataset, features = _gather(dataset, kept, view, backbone)
    return Seen(dataset, features, size, precision, len(known) - before)


def _size_for(backbone: Backbone, dataset: Dataset, size: int | str, *, max_pixels: int) -> int:
    """`auto` made concrete, as this backbone can take it; its own size is always allowed."""
    if size == backbone.native_size:
        return backbone.native_size
    chosen = choose_size(dataset, size, max_pixels=max_pixels)
    return backbone.fitting(chosen) if size == "auto" else chosen


def choose_size(dataset: Dataset, size: int | str, *, max_pixels: int) -> int:
    """`auto` made concrete from the headers of an even sample of the images.

    Raises:
        SettingsError: a pretrained network does not look at squares of this size.
    """
    if isinstance(size, int):
        return _checked(size)
    side = usual_side(dataset, max_pixels=max_pixels)
    return SMALL_SIZE if side is None or side <= SMALL else LARGE_SIZE


def usual_side(dataset: Dataset, *, max_pixels: int) -> float | None:
    """Pixels of the longer side of most images: the median of an even sample's headers."""
    paths = dataset.items["path"].to_list()
    longest = []
    for path in paths[:: max(1, len(paths) // SAMPLE)]:
        try:
            data = read_bytes(path, name=path)
            header = examine(data, name=path, max_pixels=max_pixels)
        except ImageError:
            continue  # the look that follows sets it aside
        longest.append(max(header.width, header.height))
    return float(np.median(longest)) if longest else None


def _checked(size: int) -> int:
    if size not in SIZES:
        raise SettingsError(
            "a pretrained network does not look at squares of this size",
            value=f"--size {size}",
            allowed=f"Multiples of {SIZES.step} from {SIZES.start} to {SIZES[-1]} pixels",
            next="give one of them, for example 128 or 224, or leave `--size` away",
        )
    return size


def _prepare(
    item: tuple[str, str, str], known: set[str], *, size: int, fit: Fit, max_pixels: int
) -> Prepared[_Kept]:
    id, path, hash = item
    if hash in known:
        return Prepared(_Kept(id, hash), None)
    try:
        data = read_bytes(path, name=id)
        hash = files.sha256(data)
        if hash in known:
            return Prepared(_Kept(id, hash), None)
        picture = decode(data, name=id, max_pixels=max_pixels)
    except ImageError as error:
        return Prepared(_Kept(id, error=error), None)
    height, width, _ = picture.pixels.shape
    # The bank goes by content, so what was noted of the name stays out of it.
    notes = picture.notes[len(suffix_notes(id, picture.format)) :]
    facts = (width, height, picture.format, "; ".join(notes))
    return Prepared(_Kept(id, hash, facts), to_square(picture.pixels, size=size, fit=fit))


def _fill(
    view: View,
    results: Iterator[Looked[_Kept]],
    known: set[str],
    *,
    advance: Callable[[], None],
) -> Iterator[_Kept]:
    try:
        for kept, values in results:
            if values is not None and kept.facts and kept.hash not in known:
                with np.errstate(over="ignore"):  # the view refuses what does not fit
                    view.add(Record(kept.hash, *kept.facts, values.astype(np.float16)))
                known.add(kept.hash)
            yield kept._replace(facts=None)
            advance()
    finally:  # also when it is stopped: what was looked at stays
        view.flush()


def _without_failures(dataset: Dataset, kept: list[_Kept]) -> Dataset:
    rows = [(k.id, k.error.reason, str(k.error)) for k in kept if k.error]
    kinds = dict.fromkeys(("id", "reason", "message"), pl.String)
    dataset = dataset.without(pl.DataFrame(rows, schema=kinds, orient="row"))
    if dataset.items.is_empty():
        reasons = dataset.quarantine["reason"].value_counts(sort=True)
        raise DataError(
            f"none of the {len(dataset.quarantine):,} files in {dataset.root} can be used",
            value=", ".join(f"{count} {reason}" for reason, count in reasons.iter_rows()),
            allowed="At least a few readable images of each class are needed",
            next="look at the first: " + dataset.quarantine["message"][0],
        )
    return dataset


def _gather(
    dataset: Dataset, kept: list[_Kept], view: View, backbone: Backbone
) -> tuple[Dataset, Features]:
    """The dataset with facts and without conflicts, and its features."""
    hashes = {k.id: k.hash for k in kept if not k.error}
    ids = dataset.items["id"].to_list()
    widths = {**backbone.blocks, COLOURS: len(COLUMNS), SIZE: len(SIZE_COLUMNS)}
    values, facts = view.gather([hashes[i] for i in ids], columns=sum(widths.values()))
    rows = []
    for id in ids:
        width, height, format, notes = facts[hashes[id]]
        all_notes = "; ".join([*suffix_notes(id, format), *filter(None, [notes])])
        rows.append((id, hashes[id], width, height, format, all_notes))
    dataset = dataset.with_facts(pl.DataFrame(rows, schema=["id", *FACTS], orient="row"))
    dataset = dataset.without_conflicts()
    sides = np.log(np.array([(r[2], r[3]) for r in rows], np.float32))
    values[:, -len(SIZE_COLUMNS) :] = np.column_stack([sides, sides[:, 0] - sides[:, 1]])
    features = Features(tuple(ids), values, _blocks(widths))
    return dataset, features.of(dataset.items["id"].to_list())


def _blocks(widths: dict[str, int]) -> tuple[Block, ...]:
    stops = np.cumsum(list(widths.values())).tolist()
    return tuple(
        Block(name, stop - width, stop)
        for (name, width), stop in zip(widths.items(), stops, strict=True)
    )
