"""Hundreds of heads on features that are there already, each judged out of fold.

In: features, their Truth and a list of heads. Out: a Searched: what each head lost on each item
and whether it was right, and how good the best truly is, since the best of hundreds is also the
luckiest. Heads share every pass over the features, directions to straighten the way by, and begin
where a neighbour in strength ended. Nothing here sees the test part.
Try: `search(features, truth, heads_of(features, truth, ProbeSettings()))`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from objektiv.base import seeds
from objektiv.features.descriptors import COLOURS
from objektiv.features.look import Features
from objektiv.judging.calibration import softmax
from objektiv.models.choose import MIDDLE, SMALLEST, STRENGTHS, Truth, blocks_of
from objektiv.models.descent import Floats
from objektiv.models.heads import EXACT, HEADS, Fit, Task, Variant
from objektiv.models.model import PLAIN, importance, matrix
from objektiv.models.settings import ProbeSettings

COLOUR_WEIGHTS = (3.0, 1.0, 9.0)
UNEVEN = 1.5  # largest class to smallest, from which balanced class weights compete as well
TOLERANCE = 3e-4  # log losses within 1e-3 of the minimum's where they are good; docs/lab_log.md
FINALISTS = 10  # fitted until nothing moves, as what ships is
DRAWS = 1000  # bootstrap samples
FEWEST = 5  # groups, for a bootstrap to mean anything

Flags = NDArray[np.bool_]
Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Searched:
    """`losses` and `correct`, both (heads, items), out of fold in the order of `heads`."""

    heads: tuple[ProbeSettings, ...]
    losses: Floats
    correct: Flags

    @cached_property
    def log_loss(self) -> Numbers:
        """Of each head, (heads,)."""
        return np.asarray(self.losses.mean(axis=1, dtype=np.float64))

    @property
    def best(self) -> int:
        """The place of the head with the least log loss."""
        return int(self.log_loss.argmin())


@dataclass(frozen=True)
class Honest:
    """What to expect of the winner on items that had no say in its choice.

    `low` to `high` hold 95 % of the bootstrap samples of what it gains.
    """

    log_loss: float  # of a winner, on items outside the sample that it won on
    accuracy: float
    gain: float  # of accuracy over the head that `fit` chooses by itself
    low: float
    high: float
    optimism: float  # accuracy that the winner shows above what is to be expected


def heads_of(features: Features, truth: Truth, settings: ProbeSettings) -> list[ProbeSettings]:
    """The heads that compete by default: sets of blocks, colours at several weights, strengths.

    What `settings` names stays as it is.
    """
    counts = np.bincount(truth.labels, minlength=len(truth.classes))
    uneven = counts.max() > UNEVEN * counts.min()
    weights = ["equal", "balanced"] if uneven else ["equal"]
    if "class_weights" in settings.model_fields_set:
        weights = [settings.class_weights]
    named = blocks_of(features, settings.blocks)
    return [
        ProbeSettings.model_validate(
            {
                "head": settings.head,
                "class_weights": classes,
                "blocks": used,
                "strength": strength,
                "colour_weight": colours,
            }
        )
        for classes in weights
        for used in ([named] if named else _sets(features))
        for colours in _colour_weights(used, settings)
        for strength in ([settings.strength] if settings.strength else STRENGTHS)
    ]


def _sets(features: Features) -> list[tuple[str, ...]]:
    """Runs of neighbouring stages, with and without colours, and the colours alone."""
    network = tuple(b.name for b in features.blocks if b.name not in PLAIN)
    stages, half = network[:-1], len(network) // 2
    runs = [network, stages, network[-2:], network[-1:], stages[:half], stages[half:]]
    runs = [run for run in dict.fromkeys([*runs, network[half:]]) if run]
    return [*((*run, COLOURS) for run in runs), *runs, (COLOURS,)]


def _colour_weights(used: tuple[str, ...], settings: ProbeSettings) -> Sequence[float]:
    if COLOURS not in used or set(used) <= set(PLAIN):
        return [settings.colour_weight]  # would change nothing but the meaning of strength
    chosen = "colour_weight" in settings.model_fields_set
    return [settings.colour_weight] if chosen else COLOUR_WEIGHTS


def search(
    features: Features,
    truth: Truth,
    heads: Sequence[ProbeSettings],
    *,
    finalists: int = FINALISTS,
    advance: Callable[[], None] = lambda: None,
) -> Searched:
    """Judge every head out of fold; `advance` is called once a head.

    The best `finalists` are fitted again until nothing moves, so that the winner's figures are
    those of what ships.

    Raises:
        UsageError: a head names a block that there is not.
    """
    bench = _Bench(features, truth, heads)
    waves = list(_waves(heads))
    for number, wave in enumerate(waves):
        needed = {entry.like for later in waves[number + 1 :] for entry in later}
        bench.judge(wave, tolerance=TOLERANCE, keep=needed)
        for _ in wave:
            advance()
    for_good = np.argsort(bench.losses.mean(axis=1))[:finalists]
    if len(for_good):
        bench.judge([_Entry(int(place)) for place in for_good], tolerance=EXACT, keep=set())
    back = np.argsort(bench.order)
    return Searched(tuple(heads), bench.losses[:, back], bench.correct[:, back])


class _Entry(NamedTuple):
    """A head to fit, by its place, and the one to begin at."""

    place: int
    like: int | None = None


def _waves(heads: Sequence[ProbeSettings]) -> list[list[_Entry]]:
    """Heads that can be fitted together: first one a set of blocks at a middle strength, then
    those of other weights, then from strength to strength outwards."""
    paths: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for place, head in enumerate(heads):
        paths[head.class_weights, head.blocks, head.colour_weight].append(place)
    first: dict[tuple[str, ...], int] = {}
    begun: list[list[_Entry]] = [[], []]
    outwards: dict[tuple[int, bool], list[_Entry]] = defaultdict(list)
    for path in paths.values():
        path.sort(key=lambda place: _distance(heads[place]))
        start = min(range(len(path)), key=lambda at: abs(_distance(heads[path[at]])))
        like = first.setdefault(heads[path[start]].blocks, path[start])
        begun[like != path[start]].append(
            _Entry(path[start], None if like == path[start] else like)
        )
        for at, place in enumerate(path):
            if at != start:
                before = path[at - 1] if at > start else path[at + 1]
                outwards[abs(at - start), at > start].append(_Entry(place, before))
    return [*filter(None, begun), *(wave for _, wave in sorted(outwards.items()))]


def _distance(head: ProbeSettings) -> float:
    """From the middle strength, in powers of e."""
    return float(np.log((head.strength or MIDDLE) / MIDDLE))


class _Bench:
    """One matrix of features, its rows sorted by fold, and what was found so far."""

    def __init__(self, features: Features, truth: Truth, heads: Sequence[ProbeSettings]) -> None:
        self.order = np.argsort(truth.folds, kind="stable")
        folds, self._labels = truth.folds[self.order], truth.labels[self.order]
        numbers, starts = np.unique(folds, return_index=True)
        stops = [*starts[1:].tolist(), len(folds)]
        self._folds = [slice(a, b) for a, b in zip(starts.tolist(), stops, strict=True)]
        named = {name for head in heads for name in head.blocks}
        self._blocks = blocks_of(features, sorted(named))
        self._x = matrix(features, self._blocks)[self.order]
        self._features, self._heads = features, heads
        fitted = folds[None, :] != numbers[:, None]
        self._tasks = {
            kind: Task(self._x, self._labels, len(truth.classes), fitted, balanced=kind != "equal")
            for kind in {head.class_weights for head in heads}
        }
        self._fits: dict[int, Fit] = {}
        self.losses = np.zeros((len(heads), len(folds)), np.float32)
        self.correct = np.zeros(self.losses.shape, np.bool_)

    def judge(self, wave: Sequence[_Entry], *, tolerance: float, keep: set[int | None]) -> None:
        """Fit these heads and judge each item by the maps that have not seen it; the fits in
        `keep` are needed again."""
        own: dict[int, Fit] = {}
        for kind, task in self._tasks.items():
            for name in HEADS:
                some = [
                    entry
                    for entry in wave
                    if (self._heads[entry.place].class_weights, self._heads[entry.place].head)
                    == (kind, name)
                ]
                fits = HEADS.get(name)(task, list(map(self._variant, some)), tolerance=tolerance)
                own |= {entry.place: fit for entry, fit in zip(some, fits, strict=True)}
        for number, rows in enumerate(self._folds):
            self._judge_fold(own, number, rows)
        self._fits = {place: fit for place, fit in (self._fits | own).items() if place in keep}

    def _variant(self, entry: _Entry) -> Variant:
        head = self._heads[entry.place]
        counts = importance(
            self._features, self._blocks, used=head.blocks, colour_weight=head.colour_weight
        )
        like = None if entry.like is None else self._fits[entry.like]
        return Variant(counts, head.strength or MIDDLE, like)

    def _judge_fold(self, own: Mapping[int, Fit], number: int, rows: slice) -> None:
        """The items of one fold by all heads, in one product."""
        maps = np.concatenate([fit.linear.weights[number] for fit in own.values()], axis=1)
        bias = np.concatenate([fit.linear.bias[number] for fit in own.values()])
        labels = self._labels[rows]
        logits = (self._x[rows] @ maps + bias).reshape(len(labels), len(own), -1)
        classes = logits.shape[2]
        shares = softmax(logits.reshape(-1, classes)).reshape(logits.shape)
        right = shares[np.arange(len(labels)), :, labels]
        places = list(own)
        self.losses[places, rows] = -np.log(np.maximum(right, SMALLEST)).T
        self.correct[places, rows] = (logits.argmax(axis=2) == labels[:, None]).T


def honest(searched: Searched, standard: Flags, groups: NDArray[np.int64] | None) -> Honest | None:
    """What the winner is worth, by the bootstrap: groups drawn with replacement choose a winner,
    the groups that were not drawn judge it. None where there are too few groups for that.

    `standard` (items,): whether the head that `fit` chooses was right, out of fold. A little
    pessimistic, since a draw holds 63 % of the groups.
    Source: Tsamardinos, Greasidou and Borboudakis, Machine Learning 107 (2018) 1895.
    """
    items = searched.losses.shape[1]
    own = np.arange(items) if groups is None else groups
    count = int(own.max()) + 1
    if count < FEWEST:
        return None
    rng = seeds.generator(0, "winner of a search")
    times = rng.multinomial(count, np.full(count, 1 / count), size=DRAWS)
    times = times[(times == 0).any(axis=1)]  # of five groups, each is drawn once in 26
    sums = _by_group(searched.losses, own, count)
    winners = (sums @ times.T).argmin(axis=0)  # (draws,)
    out = (times == 0).astype(np.float64)
    left = out @ np.bincount(own, minlength=count)
    rows = np.arange(len(times))

    def judged(values: NDArray[np.generic]) -> Numbers:
        """Of each draw's winner, on the groups left out, (draws,)."""
        return np.asarray((_by_group(values, own, count) @ out.T)[winners, rows] / left)

    losses, right = judged(searched.losses), judged(searched.correct)
    gain = right - (out @ np.bincount(own, standard, minlength=count)) / left
    low, high = np.quantile(gain, (0.025, 0.975))
    return Honest(
        log_loss=float(losses.mean()),
        accuracy=float(right.mean()),
        gain=float(gain.mean()),
        low=float(low),
        high=float(high),
        optimism=float(searched.correct[searched.best].mean() - right.mean()),
    )


def _by_group(values: NDArray[np.generic], groups: NDArray[np.int64], count: int) -> Numbers:
    """Sums over the items of each group, (heads, groups)."""
    return np.stack([np.bincount(groups, row, minlength=count) for row in values])
