"""Whether a heat map can be trusted: does it depend on the model, the object and the answer?

In: heat, and what else is known of the picture and the model. Out: figures, and the same in words.
A map that stays alike when the model is shuffled shows the picture, not what the model learnt
(Adebayo et al., Sanity checks for saliency maps, NeurIPS 2018). Deletion covers the picture in the
order of the heat and insertion uncovers it (Petsiuk et al., RISE, BMVC 2018): a good map loses or
wins the answer sooner than a random order does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from objektiv.base import seeds
from objektiv.base.language import Told, say
from objektiv.explaining.occlusion import Score, Square

ALIKE = 0.7  # mean rank correlation with maps of shuffled models, from which on a map is doubted
STEPS = 16  # shares of the picture that are covered or uncovered
RANDOM = 3  # random orders that the map's is compared with
COARSE = 16  # cells a side that random orders cover: the size of what heat points at

Heat = NDArray[np.floating]


@dataclass(frozen=True)
class Curves:
    """Mean probability of the class while the picture is covered (deletion) or uncovered
    (insertion), in the order of the heat and in random orders."""

    deletion: float
    insertion: float
    random_deletion: float
    random_insertion: float

    @property
    def good(self) -> bool:
        """Whether the order of the heat is better than chance, both ways."""
        sooner = self.deletion < self.random_deletion
        return sooner and self.insertion > self.random_insertion


@dataclass(frozen=True)
class Sanity:
    """How far a map can be trusted. `told`: in words."""

    likeness: float | None = None  # mean size of its rank correlation with shuffled models' maps
    outside: float | None = None  # share of the heat for the class that lies outside the object
    free: float | None = None  # share of the picture that lies outside the object
    curves: Curves | None = None
    told: tuple[Told, ...] = field(default=())

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why not to rely on the map, in a few English words each."""
        found = []
        if self.likeness is not None and self.likeness >= ALIKE:
            found.append("it stays alike with shuffled weights")
        if self.beside:
            found.append("most heat lies outside the object")
        if self.curves is not None and not self.curves.good:
            found.append("covering the hottest places changes no more than chance")
        return tuple(found)

    @property
    def beside(self) -> bool:
        """Whether most heat for the class lies outside the object, and more than its share."""
        known = self.outside is not None and self.free is not None
        return known and self.outside > max(self.free, 0.5)  # type: ignore[operator, type-var]


def likeness(own: Heat, others: Sequence[Heat]) -> float:
    """Mean absolute rank correlation (Spearman) of a map with others of its shape, 0 to 1."""
    ranks = [_standard(rankdata(heat)) for heat in (own, *others)]
    return float(np.mean([abs(float(ranks[0] @ other)) for other in ranks[1:]]))


def _standard(ranks: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = ranks.reshape(-1) - ranks.mean()
    return np.asarray(centred / max(float(np.linalg.norm(centred)), 1e-12))


def outside(heat: Heat, mask: NDArray[np.bool_]) -> float | None:
    """Share of the heat above zero that lies where `mask` is not; None where there is none."""
    above = np.maximum(heat, 0)
    total = float(above.sum())
    return float(above[~mask].sum()) / total if total > 0 else None


def curves(square: Square, filling: Square, heat: Heat, score: Score, *, batch: int = 16) -> Curves:
    """Cover `square` (size, size, 3) with `filling`, and uncover it, as `heat` (size, size) orders.

    `score` gives probabilities, of `batch` squares at a time.
    """
    size = len(square)
    random = seeds.generator(0, "random orders")
    orders = [np.asarray(heat, np.float64)]
    for _ in range(RANDOM):
        cells = random.permutation(COARSE * COARSE).reshape(COARSE, COARSE)
        place = np.arange(size) * COARSE // size
        orders.append(cells[place][:, place].astype(np.float64))
    areas = []
    for order in orders:
        ranks = rankdata(-order.reshape(-1), method="ordinal").reshape(size, size)
        masks = [ranks <= ranks.size * step // STEPS for step in range(STEPS + 1)]
        found = _scores(_mixed(square, filling, masks), score, batch)
        back = _scores(_mixed(filling, square, masks), score, batch)
        areas.append((_area(found), _area(back)))
    others = np.mean(areas[1:], axis=0)
    return Curves(*areas[0], float(others[0]), float(others[1]))


def _mixed(below: Square, above: Square, masks: Sequence[NDArray[np.bool_]]) -> Iterator[Square]:
    return (np.where(mask[..., None], above, below) for mask in masks)


def _scores(squares: Iterator[Square], score: Score, batch: int) -> list[float]:
    waiting, found = list(squares), []
    for start in range(0, len(waiting), batch):
        found += score(np.stack(waiting[start : start + batch])).tolist()
    return found


def _area(values: Sequence[float]) -> float:
    return float(np.trapezoid(values, dx=1 / STEPS))


def told(sanity: Sanity, label: str) -> tuple[Told, ...]:
    """The figures in words."""
    said = []
    if sanity.likeness is not None:
        alike = sanity.likeness >= ALIKE
        said.append(
            say(
                "The map stays much the same when the model's weights are shuffled (rank "
                "correlation {likeness:.2f}): it shows the picture rather than what the model "
                "learnt."
                if alike
                else "The map depends on the model: with shuffled weights it is another one (rank "
                "correlation {likeness:.2f}).",
                likeness=sanity.likeness,
            )
        )
    if sanity.outside is not None and sanity.free is not None:
        said.append(
            say(
                "Most of the heat for {label}, {outside:.0%}, lies outside the object, which "
                "leaves {free:.0%} of the picture free: look for a shortcut in the background."
                if sanity.beside
                else "Of the heat for {label} {outside:.0%} lies outside the object, which leaves "
                "{free:.0%} of the picture free.",
                label=label,
                outside=sanity.outside,
                free=sanity.free,
            )
        )
    if (found := sanity.curves) is not None:
        said.append(
            say(
                "Covering the hottest places first loses the answer sooner than chance (mean "
                "probability {deletion:.2f} against {random:.2f}), uncovering them first finds it "
                "sooner ({insertion:.2f} against {other:.2f})."
                if found.good
                else "Covering the hottest places first changes the answer no sooner than chance "
                "in both directions (mean probability {deletion:.2f} against {random:.2f} covered, "
                "{insertion:.2f} against {other:.2f} uncovered): do not rely on this map.",
                deletion=found.deletion,
                random=found.random_deletion,
                insertion=found.insertion,
                other=found.random_insertion,
            )
        )
    return tuple(said)
