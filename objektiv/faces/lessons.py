"""What a report tells of a network that learnt by gradient: curves, layers, recipe, augmentation.

In: a Finished. Out: a Lesson, with figures and tables ready for the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from objektiv.base import seeds
from objektiv.base.errors import ImageError
from objektiv.base.language import figure, mark, tr
from objektiv.data.augment import apply, transform
from objektiv.data.images import decode, read_bytes, to_square
from objektiv.data.settings import AugmentSettings
from objektiv.faces.figures import Figure, epochs
from objektiv.faces.pictures import Thumbnail, thumbnail_of
from objektiv.faces.sections import Table
from objektiv.faces.words import whole
from objektiv.flow.finished import Finished
from objektiv.flow.resolve import Origin, origins, part_of
from objektiv.flow.trained import History
from objektiv.models.layers import Summary
from objektiv.models.recipes import RECIPES

SHOWN = 8  # pictures before and after augmentation
WHOSE = {
    "course": mark("the course's"),
    "choice": mark("a choice; the course gives none"),
    "recipe": mark("the recipe's"),
    "yours": mark("yours"),
}
EPOCHS = {  # columns of history.csv
    "epoch": mark("epoch"),
    "train_loss": mark("train loss"),
    "train_accuracy": mark("train accuracy"),
    "val_loss": mark("val loss"),
    "val_accuracy": mark("val accuracy"),
    "learning_rate": mark("learning rate"),
    "seconds": mark("seconds"),
}


@dataclass(frozen=True)
class Lesson:
    """What stands in the sections of a network."""

    title: str
    origin: str
    curves: tuple[Figure, ...]
    epochs: Table
    layers: Table | None
    recipe: Table | None
    augmented: tuple[tuple[Thumbnail, Thumbnail], ...]  # before, after


def lesson(done: Finished) -> Lesson | None:
    """None where nothing was learnt by gradient."""
    if done.history.kind != "epochs":
        return None
    recipe = RECIPES.get(done.settings.model)
    return Lesson(
        title=tr(recipe.title),
        origin=tr(recipe.origin),
        curves=_curves(done.history),
        epochs=_epochs(done.history),
        layers=_layers(done.summary),
        recipe=_recipe(origins(done.settings)),
        augmented=_augmented(done),
    )


def _curves(history: History) -> tuple[Figure, ...]:
    found = []
    for of in ("loss", "accuracy"):
        names = {"training": f"train_{of}", "validation": f"val_{of}"}
        lines = {
            name: [float(row[column]) for row in history.rows]
            for name, column in names.items()
            if column in history.rows[0]
        }
        found.append(epochs(lines, best=history.best, of=of))
    return tuple(found)


def _epochs(history: History) -> Table:
    head = tuple(tr(EPOCHS.get(name, name.replace("_", " "))) for name in history.rows[0])
    rows = tuple(tuple(_figure(n, v) for n, v in row.items()) for row in history.rows)
    caption = tr("Each epoch; the marked one was kept")
    return Table(caption, head, rows, marked=(history.best,))


def _figure(name: str, value: Any) -> str:
    if name == "epoch":
        return str(value)
    return figure(value, ".3g" if name == "learning_rate" else ".4f")


def _layers(summary: Summary | None) -> Table | None:
    if summary is None:
        return None
    rows = tuple(
        (
            row.name,
            tr(row.kind),
            " x ".join(map(whole, row.shape)),
            whole(row.parameters),
            whole(row.trainable),
        )
        for row in summary.rows
    )
    foot = (tr("all"), "", "", whole(summary.parameters), whole(summary.trainable))
    head = (tr("layer"), tr("what it does"), tr("output"), tr("parameters"), tr("trainable"))
    return Table(tr("The layers of the network"), head, rows, foot, names=2)


def _recipe(found: Sequence[Origin]) -> Table | None:
    if not found:
        return None
    rows = tuple(
        (
            origin.name.replace("_", " "),
            _told(origin.value),
            _whose(origin),
        )
        for origin in found
    )
    caption = tr("What the recipe says, and whose each number is")
    return Table(caption, (tr("setting"), tr("value"), tr("whose")), rows, names=3)


def _whose(origin: Origin) -> str:
    told = tr(WHOSE[origin.whose])
    if origin.whose == "yours":
        told += tr(" (recipe: {value})", value=_told(origin.recipe))
    return told


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return tr("yes") if value else tr("no")
    if isinstance(value, tuple | list):
        return ", ".join(map(_told, value)) or tr("none")
    return figure(value, "g") if isinstance(value, float) else str(value)


def _augmented(done: Finished) -> tuple[tuple[Thumbnail, Thumbnail], ...]:
    """Training pictures as they are, and as the first epoch saw them."""
    settings, size = done.settings, done.size
    augment = part_of(AugmentSettings, settings)
    if augment == AugmentSettings():
        return ()
    ids = done.split.ids("train")
    draw = seeds.generator(settings.seed, "report", "augmented")
    chosen = draw.choice(len(ids), size=min(SHOWN, len(ids)), replace=False)
    paths = dict(done.dataset.items.select("id", "path").iter_rows())
    found = []
    for id in (ids[place] for place in sorted(chosen.tolist())):
        try:
            data = read_bytes(str(Path(paths[id])), name=id)
            pixels = decode(data, name=id, max_pixels=settings.max_pixels).pixels
        except ImageError:
            continue  # it has gone since
        square = to_square(pixels, size=size, fit=settings.fit)
        before = np.rint(square).clip(0, 255).astype(np.uint8)
        after = apply(before, transform(augment, seed=settings.seed, epoch=0, item=id))
        found.append((thumbnail_of(before, name=id), thumbnail_of(after, name=id)))
    return tuple(found)
