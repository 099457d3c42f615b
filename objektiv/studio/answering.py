"""What a run's bundle says about one picture: classes, doubt, and where it looked.

In: a run and the bytes of a file. Out: an Answer, with the picture encoded anew, the heat laid over
it and what became of its check in words. Bundles are loaded once and kept while they are the same.
Try: `answer(model_of(run), "cell.png", data, heat=True)`.
"""

from __future__ import annotations

import base64
import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from objektiv.base import files
from objektiv.base.errors import ImageError, ModelError
from objektiv.base.language import tr
from objektiv.data.images import decode
from objektiv.explaining.heat import Explainer
from objektiv.explaining.overlay import overlay
from objektiv.faces.words import percent, shown
from objektiv.flow.run import Run
from objektiv.flow.use import MAX_PIXELS
from objektiv.shipping.bundle import load
from objektiv.shipping.facts import FACTS
from objektiv.shipping.limits import Doubt
from objektiv.studio.gallery import encoded

KEPT = 3  # bundles in memory
SIDE = 480  # pixels of what a page shows
HEATED = 1024  # pixels of the longer side on which heat is laid: more would only take longer
CLASSES = 10  # most probable ones that are shown
NAMED = 4  # possible classes that are named

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Answer:
    """What is said of one file; `error` alone where it is no picture that can be read."""

    name: str
    error: str = ""
    called: str = ""
    chances: tuple[tuple[str, float], ...] = ()  # the called one first
    doubt: str = ""
    notes: tuple[str, ...] = ()
    picture: str = ""  # data: address of a JPEG
    heat: str = ""  # likewise, the picture under its heat
    sanity: tuple[str, ...] = ()


def model_of(run: Run) -> Explainer:
    """The run's bundle, ready to answer and to explain.

    Raises:
        ModelError: the run holds no bundle, or it is damaged.
    """
    try:
        facts = (run.bundle / FACTS).read_bytes()
    except OSError as error:
        raise ModelError(
            "this run holds no bundle",
            value=run.folder.name,
            allowed="A run that came to its end is needed",
            next="train again",
        ) from error
    return _loaded(run.bundle, files.sha256(facts))


@functools.lru_cache(maxsize=KEPT)
def _loaded(bundle: Path, sha256: str) -> Explainer:
    return Explainer(load(bundle))


def answer(model: Explainer, name: str, data: bytes, *, heat: bool) -> Answer:
    """What the model says of a file, in the language that is spoken."""
    try:
        picture = decode(data, name=name, max_pixels=MAX_PIXELS)
    except ImageError as error:
        return Answer(name, error=f"{error.happened}: {error.value}")
    bundle, pixels = model.bundle, picture.pixels
    said = bundle.predict([pixels])
    at = int(bundle.called(said)[0])
    chances = said.probabilities[0]
    order = [at, *(int(k) for k in np.argsort(-chances, kind="stable") if k != at)][:CLASSES]
    found = _heated(model, pixels, at) if heat else ("", ())
    return Answer(
        name,
        called=bundle.classes[at],
        chances=tuple((bundle.classes[k], float(chances[k])) for k in order),
        doubt=doubt_told(bundle.doubts(said)[0], bundle.classes),
        notes=(*_by_threshold(model, chances, at), *(tr(note) for note in picture.notes)),
        picture=_address(pixels),
        heat=found[0],
        sanity=found[1],
    )


def _by_threshold(model: Explainer, chances: NDArray[np.float32], at: int) -> tuple[str, ...]:
    """Why a class is called that is not the most probable one, or the other way round."""
    decision = model.bundle.facts.decision
    if decision is None or int(chances.argmax()) == at:
        return ()
    told = tr(
        "{name} is called from a probability of {share} on.",
        name=decision.positive,
        share=percent(decision.threshold),
    )
    return (told,)


def _heated(model: Explainer, pixels: Pixels, label: int) -> tuple[str, tuple[str, ...]]:
    small = Image.fromarray(pixels)
    small.thumbnail((HEATED, HEATED))
    seen = np.asarray(small)
    found = model.heat(seen, label)
    return _address(overlay(seen, found.map)), tuple(tr(line) for line in found.told)


def _address(pixels: Pixels) -> str:
    data = encoded(Image.fromarray(pixels), side=SIDE)
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"


def doubt_told(doubt: Doubt | None, classes: tuple[str, ...]) -> str:
    """Why this is no answer, in the language that is spoken; empty without a doubt."""
    if doubt is None:
        return ""
    if doubt.why == "strange":
        return tr(
            "None of these: it is unlike the pictures that the model learnt from (strangeness "
            "{strangeness:.2f}, the limit is {limit:.2f}).",
            strangeness=doubt.strangeness,
            limit=doubt.limit,
        )
    share = percent(doubt.coverage)
    if doubt.why == "none":
        return tr(
            "None of these: no class is probable enough at a coverage of {share}.", share=share
        )
    names = [shown(classes[k]) for k in doubt.possible]
    told = ", ".join(names[:NAMED]) + (", ..." if len(names) > NAMED else "")
    return tr(
        "Several are possible at a coverage of {share}: {names}. A person should decide.",
        share=share,
        names=told,
    )
