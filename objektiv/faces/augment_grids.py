"""Augmented pictures side by side: one operator over its range, and several random views.

In: one picture and AugmentSettings. Out: the changed pictures with what was done, and matplotlib
Figures of them.
Try: `gallery(square, like=AugmentSettings()).savefig("operators.png")`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from objektiv.auditing.operators import OPERATORS, Operator
from objektiv.data.augment import Change, apply, transform
from objektiv.data.images import Pixels
from objektiv.data.settings import AugmentSettings
from objektiv.faces.canvas import bare, new_drawing, style
from objektiv.flow.augment import Augmentation

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PLACES = 7  # pictures of an operator, from one end of its range to the other
VIEWS = (6, 3)  # columns and rows of the random views; the first place is the picture itself
AS_IT_IS = "as it is"
_FIELDS: dict[str, tuple[str, ...]] = {
    "rotation": ("rotation",),
    "width_shift": ("right",),
    "height_shift": ("down",),
    "shear": ("shear",),
    "zoom": ("zoom_x", "zoom_y"),
    "brightness": ("brightness",),
    "horizontal_flip": ("mirror",),
    "vertical_flip": ("upside_down",),
}

Named = tuple[str, Pixels]


def over_range(square: Pixels, operator: Operator, *, like: AugmentSettings) -> list[Named]:
    """The picture changed by one operator alone, from one end of its range to the other."""
    still = Change(fill_mode=like.fill_mode, fill_value=like.fill_value)
    named = []
    for value in _values(operator):
        told = AS_IT_IS if value == operator.neutral else operator.step(value).told
        fields = {name: bool(value) if operator.flips else value for name in _FIELDS[operator.name]}
        named.append((told, apply(square, replace(still, **fields))))  # type: ignore[arg-type]
    return named


def _values(operator: Operator) -> list[float]:
    tried = [value for side in operator.sides for value in side]
    if operator.flips:
        return [operator.neutral, *tried]
    low = min(tried) if operator.two_sided else -max(tried)
    values = np.linspace(low, max(tried), PLACES)
    return [float(f"{value:.2g}") for value in values.tolist()]


def views(found: Augmentation) -> list[Pixels]:
    """Random views of the shown picture by the chosen settings, as training draws them."""
    count = VIEWS[0] * VIEWS[1] - 1
    return [
        apply(
            found.square,
            transform(found.chosen, seed=found.settings.seed, epoch=epoch, item=found.shown),
        )
        for epoch in range(1, count + 1)
    ]


def gallery(square: Pixels, *, like: AugmentSettings) -> Figure:
    """Every operator over its range, a row each; emptied places are filled as in `like`."""
    rows = [(o.title, over_range(square, o, like=like)) for o in OPERATORS.values()]
    return _grid([named for _, named in rows], [title for title, _ in rows], PLACES)


def random_views(found: Augmentation) -> Figure:
    """The picture, and several random views of it by the chosen settings."""
    columns = VIEWS[0]
    named = [(AS_IT_IS, found.square), *(("", view) for view in views(found))]
    rows = [named[at : at + columns] for at in range(0, len(named), columns)]
    return _grid(rows, [""] * len(rows), columns)


def _grid(rows: Sequence[Sequence[Named]], titles: Sequence[str], columns: int) -> Figure:
    """Pictures with a word below each, and one beside each row where there is any."""
    side, left, gap, below = 1.1, 1.3 if any(titles) else 0.0, 0.06, 0.24
    width, height = left + columns * (side + gap), len(rows) * (side + below) + gap
    with style():
        # placed by hand: matplotlib's own layout takes seconds for so many
        drawing = new_drawing(width, height, layout=None)
        for row, (title, named) in enumerate(zip(titles, rows, strict=True)):
            bottom = height - gap - (row + 1) * (side + below) + below
            drawing.text(0.01, (bottom + side / 2) / height, title, va="center")
            for column, (told, pixels) in enumerate(named):
                across = left + column * (side + gap)
                box = (across / width, bottom / height, side / width, side / height)
                axes = drawing.add_axes(box)
                bare(axes)
                axes.imshow(pixels, interpolation="antialiased")
                axes.set_xlabel(told, labelpad=2)
    return drawing
