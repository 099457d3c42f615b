"""The ideal picture of a class or channel: gradient ascent on the pixels, from grey with noise.

In: a Subject, what is to be ideal, DreamSettings. Out: a Dream: the picture with all means (total
variation, moving before each step, several scales), the same without, and frames on the way.
Every scale is a coarser picture that is enlarged to the network's square, so that any network can
be used, whatever size it takes. The steps are Adam's.
Source: Mahendran and Vedaldi (2015, arXiv:1412.0035), total variation; Mordvintsev, Olah, Tyka
(2015), moving and scales; Kingma and Ba (2015, arXiv:1412.6980), Adam.
Try: `dream(of_backbone("lite0"), Wish(label="zebra"), DreamSettings(), progress=Progress())`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from objektiv.base import seeds
from objektiv.base.errors import UsageError
from objektiv.base.extras import require
from objektiv.base.names import suggestion
from objektiv.base.progress import Progress
from objektiv.data.images import Pixels
from objektiv.explaining.attack_settings import DreamSettings
from objektiv.explaining.subject import Floats, Subject
from objektiv.shipping.taps import shapes

MIDDLE, WHITE = 128.0, 255.0
NOISE = 8.0  # grey levels, of the beginning
MOMENTS, TINY = (0.9, 0.99), 1e-12  # of Adam
LAST = 0.1  # of the rate is left in the last step
HUNDREDTH = 0.01  # of the strength of the gradient that a smoothing of 1 has

Objective = Callable[[Floats], tuple[float, Floats]]


@dataclass(frozen=True)
class Wish:
    """What is to be ideal: a class by name, or a channel of a tensor of the graph, `TENSOR:N`."""

    label: str | None = None
    channel: str | None = None


@dataclass(frozen=True, eq=False)
class Dreamt:
    """One ideal picture: its square in whole grey levels, the value reached (the probability of the
    class, or the channel's mean), its total variation, and frames on the way."""

    picture: Pixels
    value: float
    variation: float
    frames: tuple[Pixels, ...]
    values: tuple[float, ...]
    seconds: float


@dataclass(frozen=True, eq=False)
class Dream:
    """The ideal picture, and the one without any means against noise."""

    subject: Subject
    wish: Wish
    title: str
    settings: DreamSettings
    ideal: Dreamt
    plain: Dreamt | None


def variation(square: NDArray[Any]) -> float:
    """Total variation: the mean absolute difference of neighbouring values, grey levels."""
    x = np.asarray(square, np.float64)
    return float((np.abs(np.diff(x, axis=0)).mean() + np.abs(np.diff(x, axis=1)).mean()) / 2)


def dream(subject: Subject, wish: Wish, settings: DreamSettings, *, progress: Progress) -> Dream:
    """Look for the ideal picture.

    Raises:
        UsageError: there is no such class, tensor or channel; the message has the nearest.
        MissingExtra: torch is not installed.
    """
    objective, title, worth = _wanted(subject, wish)
    ways = 2 if settings.plain else 1
    with progress.step("dream", total=ways * settings.steps) as step:

        def made(own: DreamSettings) -> Dreamt:
            return _ascend(objective, worth, subject.size, own, told=step.advance)

        ideal = made(settings)
        bare = settings.model_copy(update={"smooth": 0.0, "jitter": 0.0, "scales": 1})
        plain = made(bare) if settings.plain else None
    return Dream(subject, wish, title, settings, ideal, plain)


def _wanted(subject: Subject, wish: Wish) -> tuple[Objective, str, Callable[[Floats], float]]:
    """Value and gradient of what is wished, what it is called, and the figure told of it."""
    if (wish.label is None) == (wish.channel is None):
        raise UsageError(
            "one thing can be ideal",
            value=f"--label {wish.label}, --channel {wish.channel}",
            allowed="Either --label CLASS or --channel TENSOR:NUMBER",
            next=f"for example `--label {subject.classes[0]!r}`",
        )
    if wish.label is not None:
        place = subject.place_of(wish.label)
        require("torch", needed_by="an ideal picture")
        from objektiv.explaining.torch_graph import Gradients

        graded = Gradients(subject.network.graph)

        def of_class(squares: Floats) -> tuple[float, Floats]:
            value, gradient = graded.of_class(squares, place)
            return float(value[0]), gradient

        return of_class, wish.label, lambda s: float(subject.probabilities(s)[0, place])
    tensor, channel = _channel(subject, wish.channel or "")
    require("torch", needed_by="an ideal picture")
    from objektiv.explaining.torch_graph import Gradients

    looked = Gradients(subject.network.graph, tensor=tensor)

    def of_channel(squares: Floats) -> tuple[float, Floats]:
        value, gradient = looked.of_channel(squares, channel)
        return float(value[0]), gradient

    return of_channel, f"{tensor}:{channel}", lambda s: float(looked.values(s)[0, channel].mean())


def maps_of(subject: Subject) -> dict[str, int]:
    """The maps of the network, in their order, with their number of channels."""
    known = shapes(subject.network.graph)
    return {
        name: known[name][1]
        for node in subject.network.graph.graph.node
        for name in node.output
        if len(known.get(name, ())) == 4 and min(known[name][2:]) > 1
    }


def _channel(subject: Subject, text: str) -> tuple[str, int]:
    tensor, _, number = text.rpartition(":")
    maps = maps_of(subject)
    if tensor not in maps or not number.isdecimal() or int(number) >= maps[tensor]:
        several = f"{maps[tensor]} channels, from 0 on" if tensor in maps else ""
        raise UsageError(
            f"{subject.name} has no such channel",
            value=repr(text),
            allowed=f"{tensor} has {several}"
            if several
            else f"TENSOR:NUMBER is wanted; maps: {', '.join(_shown(list(maps)))}",
            next=suggestion(tensor or text, maps) or "name a map and one of its channels",
        )
    return tensor, int(number)


def _shown(names: Sequence[str]) -> list[str]:
    """Some of many names, from the first to the last."""
    places = np.unique(np.linspace(0, len(names) - 1, 12).round().astype(int))
    return [names[place] for place in places]


@cache
def _enlarging(small: int, large: int) -> Floats:
    """Linear enlargement of one axis as a matrix (large, small); its transpose takes gradients
    back."""
    return np.asarray(
        cv2.resize(np.eye(small, dtype=np.float32), (small, large), interpolation=cv2.INTER_LINEAR)
    )


def _apply(matrix: Floats, picture: Floats) -> Floats:
    """Both axes of a picture (side, side, 3)."""
    rows = np.tensordot(matrix, picture, axes=(1, 0))
    return np.asarray(np.tensordot(matrix, rows, axes=(1, 1)).transpose(1, 0, 2), np.float32)


def smoothing(picture: Floats) -> Floats:
    """The gradient of half the mean square of all differences of neighbours, times their count:
    each pixel less its neighbours."""
    found = np.zeros_like(picture)
    for axis in (0, 1):
        difference = np.diff(picture, axis=axis)
        ends = [(0, 0)] * 3
        ends[axis] = (1, 1)
        found -= np.diff(np.pad(difference, ends), axis=axis)
    return found


def _ascend(
    objective: Objective,
    worth: Callable[[Floats], float],
    size: int,
    settings: DreamSettings,
    *,
    told: Callable[[int], None],
) -> Dreamt:
    start = time.monotonic()
    random = seeds.generator(settings.seed, "dream")
    sides = [max(4, size >> scale) for scale in reversed(range(settings.scales))]
    picture = (MIDDLE + random.normal(0, NOISE, (sides[0], sides[0], 3))).astype(np.float32)
    each = np.array_split(np.arange(settings.steps), len(sides))
    wanted = set(np.linspace(0, settings.steps - 1, settings.frames).astype(int).tolist())
    frames, values = [], []
    for side, steps in zip(sides, each, strict=True):
        if side != len(picture):
            picture = _apply(_enlarging(len(picture), side), picture)
        matrix = _enlarging(side, size)
        moments = [np.zeros_like(picture), np.zeros_like(picture)]
        for number, step in enumerate(steps.tolist(), 1):
            square = np.clip(_apply(matrix, picture), 0, WHITE)
            most = round(settings.jitter * size)
            move = tuple(int(k) for k in random.integers(-most, most + 1, 2))
            _, slope = objective(np.roll(square, move, (0, 1))[None])
            back = np.roll(slope[0], (-move[0], -move[1]), (0, 1))
            gradient = _apply(matrix.T, back)
            gradient /= max(float(np.sqrt((gradient**2).mean())), TINY)
            gradient -= HUNDREDTH * settings.smooth * smoothing(picture)
            share = step / max(settings.steps - 1, 1)
            rate = settings.rate * (1 - (1 - LAST) * share)
            picture = np.clip(picture + rate * _adam(moments, gradient, number), 0, WHITE)
            if step in wanted:
                frames.append(_whole(_apply(matrix, picture)))
                values.append(worth(frames[-1].astype(np.float32)[None]))
            told(1)
    last = _whole(_apply(_enlarging(len(picture), size), picture))
    value = worth(last.astype(np.float32)[None])
    spent = time.monotonic() - start
    return Dreamt(last, value, variation(last), tuple(frames), tuple(values), spent)


def _adam(moments: list[Floats], gradient: Floats, number: int) -> Floats:
    """One step of Adam of rate 1; changes the moments."""
    for place, (moment, value) in enumerate(zip(MOMENTS, (gradient, gradient**2), strict=True)):
        moments[place] = moment * moments[place] + (1 - moment) * value
    first, second = (m / (1 - k**number) for m, k in zip(moments, MOMENTS, strict=True))
    return np.asarray(first / (np.sqrt(second) + 1e-8), np.float32)


def _whole(square: Floats) -> Pixels:
    return np.asarray(np.clip(np.rint(square), 0, WHITE), np.uint8)
