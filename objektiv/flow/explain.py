"""Explain what a model says of some pictures: heat, its sanity, and the pictures that are like it.

In: a bundle or a run, pictures and ExplainSettings. Out: one Explained a picture, as they come.
Nearest pictures need a run whose model is a head on the bank: only its features are kept.
Try: `list(explain(load(Path("cells.objektiv")), [Path("a.png")], ExplainSettings()))`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from objektiv.base import files
from objektiv.base.errors import DataError, ImageError
from objektiv.base.language import Told, say
from objektiv.base.progress import Progress
from objektiv.data.dataset import ITEMS, QUARANTINE, Dataset
from objektiv.data.images import decode, read_bytes
from objektiv.explaining.heat import Explainer, Heat
from objektiv.explaining.nearest import Neighbour, Neighbours
from objektiv.features.look import Features, look
from objektiv.features.settings import FeatureSettings
from objektiv.flow.finished import reopen
from objektiv.flow.resolve import part_of
from objektiv.flow.run import Run
from objektiv.flow.settings import ExplainSettings
from objektiv.shipping.bundle import Bundle

LEARNT = ("train", "validation")
TRIED = 20  # of a run's pictures, to see whether they are still there

Near = tuple[Neighbour, ...]


@dataclass(frozen=True, eq=False)
class Explained:
    """Why a model says what it says of one picture, or why this could not be read."""

    path: Path
    hash: str = ""
    picture: NDArray[np.uint8] | None = None
    heat: Heat | None = None
    nearest: Near = ()
    others: Near = ()  # the nearest of each other class
    error: ImageError | None = None


def explain(
    bundle: Bundle, paths: Sequence[Path], settings: ExplainSettings, *, kin: Kin | None = None
) -> Iterator[Explained]:
    """Explain each picture; one that cannot be read has its error.

    Raises:
        UsageError: there is no such class or stage, or the method does not fit the model.
    """
    explainer = Explainer(bundle)
    label = None if settings.label is None else explainer.place_of(settings.label)
    looked = kin.look(paths) if kin else {}
    for path in paths:
        try:
            data = read_bytes(path, name=str(path))
            picture = decode(data, name=str(path), max_pixels=settings.max_pixels).pixels
        except ImageError as error:
            yield Explained(path, error=error)
            continue
        heat = explainer.heat(picture, label, settings=settings)
        hash = files.sha256(data)
        near: tuple[Near, Near] = ((), ())
        if kin and hash in looked:
            near = kin.of(looked[hash], bundle.classes[heat.label])
        yield Explained(path, hash, picture, heat, *near)


@dataclass(frozen=True, eq=False)
class Kin:
    """The pictures that a run learnt from, and its way of looking at others."""

    dataset: Dataset  # of the run
    neighbours: Neighbours
    hashes: Mapping[str, str]  # of the pictures learnt from, to their ids
    how: FeatureSettings
    count: int
    max_pixels: int

    def look(self, paths: Sequence[Path]) -> dict[str, Features]:
        """The features of each picture by its hash; of those that can be read."""
        rows = [{"id": str(path), "path": str(path), "label": "?"} for path in dict.fromkeys(paths)]
        table = pl.DataFrame(rows, schema=ITEMS)
        try:
            seen = look(
                Dataset(self.dataset.root, ("?",), table, pl.DataFrame(schema=QUARANTINE)),
                self.how,
                max_pixels=self.max_pixels,
                progress=Progress(),
            )
        except DataError:  # none of them can be read, which each of them will say
            return {}
        found = {}
        for id, hash in seen.dataset.items.select("id", "hash").iter_rows():
            # a picture learnt from has its id from there, so that it is not its own neighbour
            found[hash] = replace(seen.features.of([id]), ids=(self.hashes.get(hash, id),))
        return found

    def of(self, features: Features, label: str) -> tuple[Near, Near]:
        """The nearest of all to a picture, and the nearest of each class but `label`."""
        nearest = self.neighbours.of(features, self.count)[0]
        others = self.neighbours.of_others(features, [label], 1)[0]
        closest = sorted((n for own in others.values() for n in own), key=lambda n: n.distance)
        return tuple(nearest), tuple(closest[: self.count])


def kin_of(run: Run, settings: ExplainSettings, *, progress: Progress) -> Kin | Told:
    """What a run's pictures are compared by; or why they cannot be.

    Raises:
        ModelError: the folder is not that of a training.
    """
    story = reopen(run)
    if story.model["family"] != "probe":
        return say(
            "Nearest pictures are not shown: they need a model whose features the bank keeps, a "
            "head on a network as it is."
        )
    dataset = story.dataset
    if not all(Path(path).is_file() for path in dataset.items["path"].head(TRIED)):
        return say("Nearest pictures are not shown: the run's pictures are no longer there.")
    how = part_of(FeatureSettings, story.settings)
    how = how.model_copy(update={"size": story.size, "precision": story.precision})
    seen = look(dataset, how, max_pixels=settings.max_pixels, progress=progress)
    said = run.predictions()
    learnt = {id for id, part in zip(said.ids, said.parts, strict=True) if part in LEARNT}
    table = seen.dataset.items.filter(pl.col("id").is_in(learnt))
    features = seen.features.of(table["id"].to_list())
    blocks = [block.name for block in features.blocks]
    return Kin(
        dataset,
        Neighbours(features, table["label"].to_list(), blocks),
        dict(table.select("hash", "id").iter_rows()),
        how,
        settings.neighbours,
        settings.max_pixels,
    )
