"""The operators that change training pictures, each with the strengths at which it is tried.

In: nothing. Out: OPERATORS with their Steps, each an AugmentSettings of one operator at one value;
`widened` puts the furthest values that were kept together. The ranges are those of the course.
Try: `[step.told for step in OPERATORS["rotation"].steps]`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from objektiv.data.settings import AugmentSettings

Value = float | bool | tuple[float, float]


@dataclass(frozen=True)
class Step:
    """One operator at one strength."""

    operator: str  # its name in AugmentSettings
    value: float  # 1 for a flip
    told: str  # `30°`, `10 %`, `x 0.7`

    def settings(self, like: AugmentSettings) -> AugmentSettings:
        """This operator alone with its ends at `value`; what it empties is filled as in `like`."""
        value = OPERATORS[self.operator].at(self.value)
        return AugmentSettings.model_validate(filling(like) | {self.operator: value})


@dataclass(frozen=True)
class Operator:
    """One operator: `sides` are rows of values, each from the weakest to the strongest."""

    name: str
    title: str
    sides: tuple[tuple[float, ...], ...]
    neutral: float  # the value that changes nothing
    form: str  # how a value is told

    @property
    def two_sided(self) -> bool:
        """Whether its setting is a lowest and a highest factor."""
        return self.neutral == 1

    @property
    def flips(self) -> bool:
        """Whether it is on or off."""
        return self.sides == ((1.0,),)

    @property
    def steps(self) -> tuple[Step, ...]:
        """All its strengths."""
        return tuple(step for side in self.ladders for step in side)

    @property
    def ladders(self) -> tuple[tuple[Step, ...], ...]:
        """Its strengths by side, each from the weakest on."""
        return tuple(tuple(self.step(value) for value in side) for side in self.sides)

    def step(self, value: float) -> Step:
        """One strength, in words of its own."""
        shown = value * 100 if "%" in self.form else value
        return Step(self.name, value, self.form.format(shown))

    def at(self, value: float) -> Value:
        """What its setting is at one value alone."""
        if self.flips:
            return value == 1
        return (value, value) if self.two_sided else value

    def range(self, values: Iterable[float]) -> Value:
        """The setting that reaches from the neutral value to all of `values`."""
        reached = [self.neutral, *values]
        if self.flips:
            return len(reached) > 1
        return (min(reached), max(reached)) if self.two_sided else max(reached)


_SHIFTS = ((0.05, 0.1, 0.2, 0.3),)
OPERATORS: Mapping[str, Operator] = {
    operator.name: operator
    for operator in (
        Operator("rotation", "Rotation", ((10, 30, 45, 90),), 0, "{:g}°"),
        Operator("width_shift", "Width shift", _SHIFTS, 0, "{:g} %"),
        Operator("height_shift", "Height shift", _SHIFTS, 0, "{:g} %"),
        Operator("shear", "Shear", ((5, 15, 30, 45),), 0, "{:g}°"),
        Operator("zoom", "Zoom", ((0.9, 0.75, 0.5), (1.1, 1.25, 1.5)), 1, "x {:g}"),
        Operator("brightness", "Brightness", ((0.9, 0.7, 0.4, 0.1), (1.1, 1.3)), 1, "x {:g}"),
        Operator("horizontal_flip", "Horizontal flip", ((1.0,),), 0, "mirrored"),
        Operator("vertical_flip", "Vertical flip", ((1.0,),), 0, "upside down"),
    )
}


def filling(like: AugmentSettings) -> dict[str, Any]:
    """How `like` fills what a move has emptied."""
    return {name: getattr(like, name) for name in ("fill_mode", "fill_value")}


def widened(kept: Iterable[Step], *, like: AugmentSettings) -> AugmentSettings:
    """Settings whose ranges reach to all of `kept`; an operator without one stays off."""
    values: dict[str, list[float]] = {}
    for step in kept:
        values.setdefault(step.operator, []).append(step.value)
    chosen = {name: OPERATORS[name].range(own) for name, own in values.items()}
    return AugmentSettings.model_validate(filling(like) | chosen)


def interpolation(size: int) -> AugmentSettings:
    """A move by half a pixel of `size`: what any warp does to a picture by mixing pixels alone."""
    return AugmentSettings(width_shift=0.5 / size, height_shift=0.5 / size)
