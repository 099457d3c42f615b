"""The page of an explanation: each picture beside its heat, what adds up, and how far to trust it.

In: Explained pictures and the classes. Out: HTML text that needs nothing from outside, in the
language that is spoken; the same numbers as JSON.
Try: `page([one], classes=bundle.classes, title="explained-001", notes=())`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from objektiv.base.language import Told, figure, say, tr
from objektiv.data.images import Pixels
from objektiv.explaining.answer import Heat
from objektiv.explaining.nearest import Neighbour
from objektiv.explaining.overlay import overlay
from objektiv.faces.pictures import Thumbnail, thumbnail_of, thumbnails
from objektiv.faces.report import environment
from objektiv.faces.sections import Table
from objektiv.faces.words import NONE, percent, pictures
from objektiv.flow.explain import Explained, Kin

SIDE = 480  # pixels of the longer side on the page; the files are in the picture's own size
METHODS = {
    "contributions": say("What each place adds to the answer, exactly."),
    "occlusion": say("How much the answer loses where each place is covered."),
    "grad-cam": say("Grad-CAM: where the last map speaks for the class, by its gradient."),
    "integrated-gradients": say(
        "Integrated gradients: what each pixel adds on the way from a grey picture to this one."
    ),
}


@dataclass(frozen=True)
class Near:
    """A training picture as the page shows it."""

    picture: Thumbnail
    told: str


@dataclass(frozen=True)
class Shown:
    """One picture on the page."""

    name: str
    file: str
    called: str
    before: Thumbnail
    after: Thumbnail
    method: Told
    table: Table | None
    sanity: tuple[Told, ...]
    nearest: tuple[Near, ...]
    others: tuple[Near, ...]


def page(
    explained: Sequence[Explained],
    *,
    classes: Sequence[str],
    title: str,
    notes: Sequence[str],
    kin: Kin | None = None,
) -> str:
    """The page as text; pictures that could not be read are left out."""
    shown = [_shown(one, one.heat, one.picture, classes, kin) for one in explained if one.heat]
    return (
        environment()
        .get_template("explain.html")
        .render(title=title, about=pictures(len(shown)), shown=shown, notes=notes)
    )


def _shown(
    one: Explained, heat: Heat, picture: Any, classes: Sequence[str], kin: Kin | None
) -> Shown:
    name = str(one.path)
    return Shown(
        name=one.path.name,
        file=name,
        called=called(heat, classes),
        before=thumbnail_of(_fitted(picture), name=name),
        after=thumbnail_of(_fitted(overlay(picture, heat.map)), name=name),
        method=METHODS[heat.kind],
        table=parts_table(heat) if heat.parts else None,
        sanity=heat.told,
        nearest=_near(one.nearest, kin),
        others=_near(one.others, kin),
    )


def called(heat: Heat, classes: Sequence[str]) -> str:
    """`infected, 98.1 %`, and what was explained."""
    name, sure = classes[heat.label], percent(heat.probability)
    if heat.against is None:
        return tr("{name}, {sure}", name=name, sure=sure)
    return tr(
        "{name} rather than {other}, {sure}", name=name, other=classes[heat.against], sure=sure
    )


def parts_table(heat: Heat) -> Table:
    """What each part adds to the logit, and their sum."""
    rows = [(tr(part.name), figure(part.value, "+.2f")) for part in heat.parts]
    if heat.stage is not None:
        rows = [row for row, part in zip(rows, heat.parts, strict=True) if part.name == heat.stage]
    return Table(
        tr("What adds up to the answer"),
        (tr("part"), tr("adds")),
        tuple(rows),
        foot=(tr("together"), figure(heat.logit, "+.2f")) if heat.stage is None else (),
    )


def _near(neighbours: Sequence[Neighbour], kin: Kin | None) -> tuple[Near, ...]:
    if kin is None or not neighbours:
        return ()
    found = thumbnails(kin.dataset, [one.id for one in neighbours])
    return tuple(
        Near(picture, tr("{label}, distance {far:.2f}", label=one.label, far=one.distance))
        for one, picture in zip(neighbours, found, strict=True)
    )


def _fitted(picture: Pixels) -> Pixels:
    """At most SIDE pixels of the longer side; a small one is made larger in whole steps."""
    longest = max(picture.shape[:2])
    if longest <= SIDE // 2:
        times = SIDE // 2 // longest
        return np.asarray(np.kron(picture, np.ones((times, times, 1), np.uint8)))
    if longest <= SIDE:
        return picture
    height, width = (max(1, round(side * SIDE / longest)) for side in picture.shape[:2])
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def as_json(one: Explained, classes: Sequence[str]) -> dict[str, Any]:
    """The numbers of one picture."""
    if one.heat is None:
        error = one.error
        told = {"reason": error.reason, "message": str(error)} if error else {}
        return {"file": str(one.path), "error": told}
    heat, sanity = one.heat, one.heat.sanity
    curves = sanity.curves
    return {
        "file": str(one.path),
        "sha256": one.hash,
        "class": classes[heat.label],
        "against": None if heat.against is None else classes[heat.against],
        "probability": round(heat.probability, 6),
        "logit": round(heat.logit, 6),
        "method": heat.kind,
        "stage": heat.stage,
        "parts": [{"name": p.name, "adds": round(p.value, 6)} for p in heat.parts],
        "beside_the_picture": round(heat.beside, 6),
        "peak": {"row": heat.peak[0], "column": heat.peak[1]},
        "sanity": {
            "likeness_to_shuffled_models": _rounded(sanity.likeness),
            "heat_outside_the_object": _rounded(sanity.outside),
            "picture_outside_the_object": _rounded(sanity.free),
            "curves": None
            if curves is None
            else {name: _rounded(value) for name, value in vars(curves).items()},
            "told": [str(sentence) for sentence in sanity.told],
        },
        "nearest": [vars(n) | {"distance": _rounded(n.distance)} for n in one.nearest],
        "nearest_of_other_classes": [
            vars(n) | {"distance": _rounded(n.distance)} for n in one.others
        ],
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def short(one: Explained) -> tuple[str, str, str]:
    """How much lies outside the object, the likeness and the parts, for the terminal."""
    sanity = one.heat.sanity if one.heat else None
    if sanity is None:
        return NONE, NONE, NONE
    largest = sorted(one.heat.parts, key=lambda p: -abs(p.value))[:2] if one.heat else []
    return (
        percent(sanity.outside),
        NONE if sanity.likeness is None else f"{sanity.likeness:.2f}",
        ", ".join(f"{part.name} {part.value:+.1f}" for part in largest) or NONE,
    )
