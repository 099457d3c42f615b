"""Where a model looks: a heat map of any picture, for any bundle, with how far it can be trusted.

In: a bundle and a picture. Out: a Heat: a map in the picture's own pixels, what each stage adds to
the answer, and its Sanity. Where the model's end is linear in maps of its network the heat is exact
and sums to the logit; else places are covered one by one.
Try: `Explainer("cells.objektiv").heat(picture).told`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from objektiv.base.errors import UsageError
from objektiv.base.extras import require
from objektiv.base.names import suggestion
from objektiv.data.images import to_square
from objektiv.explaining import sanity as checks
from objektiv.explaining.answer import Heat as Heat
from objektiv.explaining.answer import direction_of, linear_end, summed
from objektiv.explaining.contributions import Part, Values, contributions
from objektiv.explaining.foreground import foreground, grid_of
from objektiv.explaining.occlusion import covered, occlusion
from objektiv.explaining.pieces import Tail
from objektiv.explaining.places import in_picture, in_square, inside_of
from objektiv.explaining.sanity import Sanity
from objektiv.explaining.settings import HeatSettings
from objektiv.shipping.bundle import Bundle, load
from objektiv.shipping.session import Network
from objektiv.shipping.taps import Taps, shapes, shuffled

if TYPE_CHECKING:
    from objektiv.explaining.gradients import Gradients  # which needs torch

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

SHUFFLES = 2  # models that a map is compared with
BATCH = 16
GRADIENTS = ("grad-cam", "integrated-gradients")


class _Seen(NamedTuple):
    """A picture as the network sees it, and what it says."""

    shape: tuple[int, int]  # height and width of the picture
    square: Floats
    values: Values
    label: int


class _Shown(NamedTuple):
    """Heat of the square."""

    whole: Floats  # in its pixels
    coarse: Floats  # on the grid of the foreground
    alike: list[Floats]  # coarser still: first the model's own, then that of others


class Explainer:
    """Heat maps of one bundle; safe to use from several threads."""

    def __init__(self, bundle: Bundle | Path | str) -> None:
        """Networks are compiled when they are first needed.

        Raises:
            BundleError: the bundle is damaged.
        """
        self.bundle = bundle if isinstance(bundle, Bundle) else load(bundle)
        self._size, self._fit = self.bundle.facts.size, self.bundle.facts.fit
        self._lock = threading.RLock()

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages whose maps the answer is a sum of; none where it is no such sum."""
        return self._tail.stages if self._tail else ()

    def place_of(self, label: str) -> int:
        """The place of a class among the bundle's.

        Raises:
            UsageError: it has no such class; the message has the nearest.
        """
        classes = self.bundle.classes
        if label in classes:
            return classes.index(label)
        raise UsageError(
            "the bundle knows no such class",
            value=repr(label),
            allowed=f"Known: {', '.join(classes[:20])}",
            next=suggestion(label, classes) or "name one of them with `--label`",
        )

    def heat(
        self, picture: Pixels, label: int | None = None, *, settings: HeatSettings | None = None
    ) -> Heat:
        """Heat of a picture, uint8 (height, width, 3) RGB, for a class, by default the called one.

        Raises:
            UsageError: there is no such stage, or the method does not fit the bundle.
        """
        settings = settings or HeatSettings()
        with self._lock:  # what is made once is made by one thread
            tail = self._chosen(settings)
            taps = self._taps
        with _blas().limit(limits=1, user_api="blas"):  # small products: threads only wait
            return self._heat(picture, label, tail, taps, settings)

    def _heat(
        self,
        picture: Pixels,
        label: int | None,
        tail: Tail | None,
        taps: Taps,
        settings: HeatSettings,
    ) -> Heat:
        square = to_square(picture, size=self._size, fit=self._fit)
        values = taps(square[None])
        seen = _Seen(
            picture.shape[:2], square, values, self._called(values) if label is None else label
        )
        if settings.method in GRADIENTS:
            return self._by_gradient(seen, settings)
        if tail is None:
            return self._occluded(seen, settings)
        return self._contributed(seen, tail, settings)

    @cached_property
    def _tail(self) -> Tail | None:
        return linear_end(self.bundle)

    @cached_property
    def _taps(self) -> Taps:
        return Taps(self.bundle.network, self._tail.tensors if self._tail else ())

    @cached_property
    def _many(self) -> Taps:
        return Taps(self.bundle.network, (), batch=BATCH)

    @cached_property
    def _shuffled(self) -> tuple[Taps, Taps]:
        """The same network with shuffled weights, as `_taps` and as `_many`."""
        network = Network(shuffled(self.bundle.network.graph))
        names = self._tail.tensors if self._tail else ()
        return Taps(network, names), Taps(network, (), batch=BATCH)

    @cached_property
    def _gradients(self) -> tuple[Gradients, Gradients]:
        """The network in torch, as it is and with shuffled weights."""
        from objektiv.explaining.gradients import Gradients

        model = self.bundle.network.graph
        known = shapes(model)
        placed = [p.tensor for p in self._tail.pieces if p.kind != "plain"] if self._tail else []
        last = placed[-1] if placed else ""
        return Gradients(model, known, last), Gradients(shuffled(model), known, last)

    def _called(self, values: Values) -> int:
        probabilities = values["probabilities"]
        if self.bundle.facts.decision:
            return int(self.bundle.facts.decision.called(probabilities, self.bundle.classes)[0])
        return int(probabilities[0].argmax())

    def _chosen(self, settings: HeatSettings) -> Tail | None:
        """The linear end where the method uses it."""
        tail = self._tail
        if settings.method in GRADIENTS:
            require("torch", needed_by=f"--method {settings.method}")
        if settings.method == "contributions" and tail is None:
            raise UsageError(
                "this model's answer is no sum over the places of a map",
                value=f"--method {settings.method}",
                allowed="One linear layer right behind a network's maps is needed",
                next="take `--method occlusion`",
            )
        sums = settings.method in ("auto", "contributions")
        known = tail.stages if tail and sums else ()
        if settings.stage is not None and settings.stage not in known:
            raise UsageError(
                "there is no such stage to show",
                value=repr(settings.stage),
                allowed=f"Known: {', '.join(known) or 'none, for this model and method'}",
                next=suggestion(settings.stage, known) or "leave `--stage` away for all of them",
            )
        return tail if sums else None

    def _contributed(self, seen: _Seen, tail: Tail, settings: HeatSettings) -> Heat:
        direction, against = direction_of(seen.label, len(self.bundle.classes))

        def heat_of(parts: Sequence[Part], side: int) -> Floats:
            chosen = (part for part in parts if settings.stage in (None, part.name))
            return summed(chosen, size=self._size, side=side)

        count = SHUFFLES if settings.sanity != "none" else 0
        parts, others = contributions(tail, seen.values, direction, shuffled=count)
        side = grid_of(self._size)
        half = max(side // 2, 1)
        shown = _Shown(
            heat_of(parts, self._size),
            heat_of(parts, side),
            [heat_of(own, half) for own in (parts, *others)] if others else [],
        )
        if settings.sanity == "full":
            values = self._shuffled[0](seen.square[None])
            other, _ = contributions(tail, values, direction)
            shown.alike.append(heat_of(other, half))
        heat = Heat(
            self._in_picture(shown.whole, seen.shape),
            seen.label,
            logit=float(sum(part.value for part in parts)),
            probability=float(seen.values["probabilities"][0, seen.label]),
            kind="contributions",
            parts=parts,
            against=against,
            stage=settings.stage,
        )
        beside = float(shown.whole.sum(dtype=np.float64) - heat.map.sum(dtype=np.float64))
        return replace(heat, beside=beside, sanity=self._examined(seen, shown, settings))

    def _occluded(self, seen: _Seen, settings: HeatSettings) -> Heat:
        direction, against = direction_of(seen.label, len(self.bundle.classes))
        inside = inside_of(seen.shape, size=self._size, fit=self._fit)

        def found(taps: Taps) -> tuple[Floats, Floats]:
            def score(squares: Floats) -> Floats:
                return np.asarray(taps(squares)["logits"] @ direction, np.float32)

            heat, field = occlusion(seen.square, score, settings, inside=inside, batch=BATCH)
            size, grid = self._size, grid_of(self._size)
            return (
                in_square(heat, size=size, side=size, field=field),
                in_square(heat, size=size, side=grid, field=field),
            )

        whole, coarse = found(self._many)
        alike = [coarse, found(self._shuffled[1])[1]] if settings.sanity == "full" else []
        return Heat(
            self._in_picture(whole, seen.shape),
            seen.label,
            logit=float(seen.values["logits"][0] @ direction),
            probability=float(seen.values["probabilities"][0, seen.label]),
            kind="occlusion",
            against=against,
            sanity=self._examined(seen, _Shown(whole, coarse, alike), settings),
        )

    def _by_gradient(self, seen: _Seen, settings: HeatSettings) -> Heat:
        direction, against = direction_of(seen.label, len(self.bundle.classes))
        size, side = self._size, max(grid_of(self._size) // 2, 1)

        with self._lock:
            gradients, others = self._gradients
        places = gradients.heat(settings.method, seen.square, direction)
        whole = in_square(places, size=size, side=size)
        shown = _Shown(whole, in_square(places, size=size, side=grid_of(size)), [])
        if settings.sanity == "full":
            other = others.heat(settings.method, seen.square, direction)
            shown.alike.extend(in_square(p, size=size, side=side) for p in (places, other))
        return Heat(
            self._in_picture(whole, seen.shape),
            seen.label,
            logit=float(seen.values["logits"][0] @ direction),
            probability=float(seen.values["probabilities"][0, seen.label]),
            kind=settings.method,
            against=against,
            sanity=self._examined(seen, shown, settings),
        )

    def _in_picture(self, whole: Floats, shape: tuple[int, int]) -> Floats:
        return in_picture(whole, shape, size=self._size, fit=self._fit)

    def _examined(self, seen: _Seen, shown: _Shown, settings: HeatSettings) -> Sanity:
        if settings.sanity == "none":
            return Sanity()
        mask = foreground(seen.square)
        alike = checks.likeness(shown.alike[0], shown.alike[1:]) if shown.alike else None
        curves = None
        if settings.sanity == "full":
            filling = covered(seen.square, settings.fill)
            curves = checks.curves(seen.square, filling, shown.whole, self._score(seen.label))
        found = Sanity(alike, checks.outside(shown.coarse, mask), float(1 - mask.mean()), curves)
        return replace(found, told=checks.told(found, self.bundle.classes[seen.label]))

    def _score(self, label: int) -> Callable[[Floats], Floats]:
        return lambda squares: self._many(squares)["probabilities"][:, label]


@cache
def _blas() -> ThreadpoolController:
    """Found once: looking for libraries takes as long as a map."""
    return ThreadpoolController()
