"""How much change a model bears: accuracy against strength, of attacks and of natural changes.

In: a Subject, pictures with their classes, AttackSettings. Out: a Robustness: the accuracy at each
strength with its interval, and what became of each picture. What an attack finds is rounded to
whole grey levels and asked again, as it would come out of a file.
Try: `examine(of_bundle(bundle), pictures, AttackSettings(method="natural"), progress=Progress())`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from objektiv.base import seeds
from objektiv.base.errors import ModelError, UsageError
from objektiv.base.extras import require
from objektiv.base.progress import Progress
from objektiv.data.images import Pixels
from objektiv.explaining.attack_settings import AttackSettings
from objektiv.explaining.attacks import Aim, Ball, Floats, Labels, Oracle, fgsm, pgd, square
from objektiv.explaining.natural import NATURAL
from objektiv.explaining.smoothing import Smoothed
from objektiv.explaining.subject import BATCH, Subject
from objektiv.judging.intervals import Interval, proportion


@dataclass(frozen=True, eq=False)
class Pictured:
    """A picture that a model is tried on; `label` is None where nothing tells its class."""

    name: str
    pixels: Pixels
    label: int | None = None


@dataclass(frozen=True, eq=False)
class Changed:
    """One picture at one strength: the square before and after in whole grey levels, and the
    probabilities that the model gives both."""

    name: str
    label: int
    level: float
    before: Pixels
    after: Pixels
    said_before: Floats
    said_after: Floats
    called_before: int
    called_after: int


@dataclass(frozen=True)
class Point:
    """Accuracy at one level of a change; `reached`: share of pictures of other classes that became
    the target, and `whole`: accuracy of the same squares rounded to grey levels."""

    level: float
    accuracy: Interval
    whole: Interval | None = None
    reached: Interval | None = None


@dataclass(frozen=True)
class Curve:
    """Accuracy against strength of one kind of change; `kind` is a method or a name of NATURAL."""

    kind: str
    points: tuple[Point, ...]


@dataclass(frozen=True, eq=False)
class Robustness:
    """What was found: `clean` is the accuracy without change; `own` tells that the classes were the
    model's own answers, because no folder named them."""

    settings: AttackSettings
    subject: Subject
    clean: Interval
    own: int
    curves: tuple[Curve, ...]
    changed: tuple[Changed, ...]
    seconds: float = 0.0


def examine(
    subject: Subject, pictures: Sequence[Pictured], settings: AttackSettings, *, progress: Progress
) -> Robustness:
    """Change the pictures at each strength, and ask the model again.

    Raises:
        UsageError: the target is unknown, or the method does not fit.
        MissingExtra: the method needs torch.
        ModelError: the network has no gradient at any of the pictures.
    """
    check(subject, settings)
    squares = subject.squares([picture.pixels for picture in pictures])
    said = subject.probabilities(squares)
    called = subject.called(said)
    known = [called[i] if p.label is None else p.label for i, p in enumerate(pictures)]
    labels = np.array(known, np.int64)
    trial = _Trial(subject, pictures, squares, labels, said, settings, progress)
    curves, changed = trial.natural() if settings.method == "natural" else trial.attacks()
    own = sum(picture.label is None for picture in pictures)
    clean = proportion(called == labels, None)
    return Robustness(settings, subject, clean, own, curves, changed)


def check(subject: Subject, settings: AttackSettings) -> None:
    """Refuse what cannot be done before anything is computed.

    Raises:
        UsageError: the target is unknown, or the method does not fit.
        MissingExtra: the method needs torch.
    """
    if settings.target is not None:
        subject.place_of(settings.target)
    if settings.method in ("pgd", "fgsm"):
        require("torch", needed_by=f"--method {settings.method}")
    wrong = {"square": ("norm", settings.norm != "linf"), "natural": ("target", settings.target)}
    option, given = wrong.get(settings.method, ("", False))
    if given:
        raise UsageError(
            f"the method {settings.method} takes no such option",
            value=f"--{option} {getattr(settings, option)}",
            allowed="square works with --norm linf; natural changes have no target",
            next=f"leave --{option} away, or take --method pgd",
        )


@dataclass(frozen=True, eq=False)
class _Trial:
    subject: Subject
    pictures: Sequence[Pictured]
    squares: Floats
    labels: Labels
    said: Floats
    settings: AttackSettings
    progress: Progress

    def natural(self) -> tuple[tuple[Curve, ...], tuple[Changed, ...]]:
        """Every kind of NATURAL at each of its levels."""
        curves, changed = [], []
        total = sum(len(kind.levels) for kind in NATURAL.values())
        with self.progress.step("change", total=total * len(self.pictures)) as step:
            for name, kind in NATURAL.items():
                points = []
                for level in kind.levels:
                    random = seeds.generator(self.settings.seed, "natural", name)
                    moved = self.subject.squares(
                        [kind.change(p.pixels, level, random) for p in self.pictures]
                    )
                    own = self._changed(moved, level)
                    points.append(Point(level, self._accuracy([c.called_after for c in own])))
                    changed += own
                    step.advance(len(self.pictures))
                curves.append(Curve(name, tuple(points)))
        return tuple(curves), tuple(changed)

    def attacks(self) -> tuple[tuple[Curve, ...], tuple[Changed, ...]]:
        """The method at each strength; behind smoothing once more, where that is asked for."""
        curves, changed = [], []
        ways: list[tuple[str, Subject | Smoothed]] = [(self.settings.method, self.subject)]
        if self.settings.defend:
            ways.append(("smoothed", Smoothed(self.subject, self.settings)))
        strengths = self.settings.strengths
        total = len(ways) * len(strengths) * len(self.pictures)
        with self.progress.step("attack", total=total) as step:
            for kind, model in ways:
                points = []
                if model is not self.subject:
                    clean = model.called(model.probabilities(self.squares))
                    points.append(Point(0.0, self._accuracy(clean)))
                attack = _attack(model, self.settings)
                for strength in strengths:
                    moved = self._moved(attack, strength, step.advance)
                    points.append(self._point(model, moved, strength))
                    changed += self._changed(moved, strength) if model is self.subject else []
                curves.append(Curve(kind, tuple(points)))
        return tuple(curves), tuple(changed)

    def _moved(self, attack: Attack, strength: float, told: Callable[[int], None]) -> Floats:
        parts = []
        for start in range(0, len(self.squares), BATCH):
            squares = self.squares[start : start + BATCH]
            labels = self.labels[start : start + BATCH]
            aim = Aim(Ball(self.settings.norm, strength), self.settings.target is not None)
            if self.settings.target is not None:
                labels = np.full_like(labels, self.subject.place_of(self.settings.target))
            parts.append(attack(squares, labels, aim))
            told(len(squares))
        return np.concatenate(parts)

    def _point(self, model: Subject | Smoothed, moved: Floats, strength: float) -> Point:
        called = model.called(model.probabilities(moved))
        whole = model.called(model.probabilities(np.rint(moved)))
        reached = None
        if self.settings.target is not None:
            target = self.subject.place_of(self.settings.target)
            others = self.labels != target
            reached = proportion(called[others] == target, None) if others.any() else None
        return Point(strength, self._accuracy(called), self._accuracy(whole), reached)

    def _accuracy(self, called: Sequence[int] | NDArray[np.int64]) -> Interval:
        return proportion(np.asarray(called) == self.labels, None)

    def _changed(self, moved: Floats, level: float) -> list[Changed]:
        whole = np.rint(moved)
        said = self.subject.probabilities(whole)
        before, after = self.subject.called(self.said), self.subject.called(said)
        return [
            Changed(
                picture.name,
                int(self.labels[i]),
                level,
                self.squares[i].astype(np.uint8),
                whole[i].astype(np.uint8),
                self.said[i],
                said[i],
                int(before[i]),
                int(after[i]),
            )
            for i, picture in enumerate(self.pictures)
        ]


Attack = Callable[[Floats, Labels, Aim], Floats]


def _attack(model: Subject | Smoothed, settings: AttackSettings) -> Attack:
    """The method as one function."""
    if settings.method == "square":
        asked: dict[str, int] = {"queries": settings.queries, "seed": settings.seed}
        return lambda squares, labels, aim: square(squares, labels, model.logits, aim=aim, **asked)
    oracle = _followed(model.oracle())
    if settings.method == "fgsm":
        return lambda squares, labels, aim: fgsm(squares, labels, oracle, aim=aim)

    def stepped(squares: Floats, labels: Labels, aim: Aim) -> Floats:
        start = aim.ball.anywhere(squares, seeds.generator(settings.seed, "start"))
        return pgd(squares, labels, oracle, aim=aim, steps=settings.steps, start=start)

    return stepped


def _followed(oracle: Oracle) -> Oracle:
    """The same, refusing where there is nothing to follow."""

    def checked(squares: Floats, labels: Labels) -> tuple[Floats, Floats]:
        losses, gradient = oracle(squares, labels)
        if not gradient.any():
            raise ModelError(
                "the network has no gradient at these pictures",
                value="every slope is 0",
                allowed="A loss that changes with the pixels is needed",
                next="take `--method square`, which asks for answers alone",
            )
        return losses, gradient

    return checked
