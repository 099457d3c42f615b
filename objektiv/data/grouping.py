"""Suggest what belongs together where file names show it, as the patient of a cell: `C\\d+`.

In: names without suffix, and labels. Out: a Suggestion with its evidence, or None. A suggestion is
only shown: whether a number names a patient or a position, the person who took the pictures knows.
Try: `suggest(["C1_cell_1", "C1_cell_2", ...], ["infected", "healthy", ...])`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from objektiv.base.names import natural_key

SAMPLE = 60  # names from which candidates are taken; all names then judge them
FEWEST_GROUPS = 5
FEWEST_PER_CLASS = 3  # one each for train, validation and test
MOST_PAIRS = 0.75  # values per class and item: a running number comes once in each class
LARGEST = 0.5  # share of all items that one group may hold
SEPARATORS = "_-. "

_NUMBER = re.compile(rf"([A-Za-z]*)([{re.escape(SEPARATORS)}]?)\d+")


@dataclass(frozen=True)
class Suggestion:
    """A pattern for --group and what it would find; sizes are items of a group."""

    pattern: str
    groups: int
    examples: tuple[str, ...]
    smallest: int
    median: float
    largest: int
    spanning: int  # groups with items of several classes


def suggest(names: Sequence[str], labels: Sequence[str]) -> Suggestion | None:
    """The pattern that stands first in the names and gives groups that can be divided.

    It must be found in every name, repeat inside the classes, and be no running number: something
    that differs must stand behind it in each name. Among patterns at one place the one with fewest
    groups wins, because a patient holds their pictures and not the other way round.
    """
    found: list[tuple[int, int, int, Suggestion]] = []
    for place, pattern in _candidates(names):
        matches = [re.search(pattern, name) for name in names]
        hits = [match for match in matches if match]
        behind = {match.string[match.end() :] for match in hits}
        if len(hits) < len(names) or len(behind) < 2 or "" in behind:
            continue
        made = _judge(pattern, [match[0] for match in hits], labels)
        if made:
            found.append((place, made.groups, len(found), made))
    return min(found)[-1] if found else None


def _candidates(names: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Where each pattern first stands, and the pattern: letters with a number, or a first word."""
    first: dict[str, int] = {}
    for name in names[:: max(1, len(names) // SAMPLE)]:
        for match in _NUMBER.finditer(name):
            letters, separator = match.groups()
            if letters:
                first.setdefault(f"{letters}{re.escape(separator)}\\d+", match.start())
            elif match.start() == 0 and not separator:
                first.setdefault(r"^\d+", 0)
        for separator in SEPARATORS:
            if separator in name[1:]:
                first.setdefault(f"^[^{re.escape(separator)}]+", 0)
    return ((place, pattern) for pattern, place in first.items())


def _judge(pattern: str, values: Sequence[str], labels: Sequence[str]) -> Suggestion | None:
    """What the groups are like; None where they are none that a split could use."""
    sizes = Counter(values)
    pairs = set(zip(labels, values, strict=True))
    per_class = Counter(label for label, _ in pairs)
    if (
        len(sizes) < FEWEST_GROUPS
        or min(per_class.values()) < FEWEST_PER_CLASS
        or len(pairs) > MOST_PAIRS * len(values)
        or max(sizes.values()) > LARGEST * len(values)
    ):
        return None
    classes = Counter(value for _, value in pairs)
    return Suggestion(
        pattern,
        groups=len(sizes),
        examples=tuple(sorted(sizes, key=natural_key)[:3]),
        smallest=min(sizes.values()),
        median=float(median(sizes.values())),
        largest=max(sizes.values()),
        spanning=sum(count > 1 for count in classes.values()),
    )
