"""What a comparison of models proves, in sentences.

In: a Comparison. Out: sentences that promise no more than the test behind them.
Try: `verdicts(compare([Path("runs/cells-001"), Path("runs/cells-002")]))`.
"""

from __future__ import annotations

from objektiv.faces.honesty import looks_told
from objektiv.faces.words import count, points, points_range
from objektiv.flow.compare import SHOWN, Compared, Comparison
from objektiv.judging.pairs import Pair
from objektiv.judging.significance import LEVEL

FEWEST = 6  # groups, below which 2 ^ (1 - groups) is above LEVEL: no test can show a difference


def verdicts(compared: Comparison) -> list[str]:
    """Who is shown to be better, how that was tested, and what else a reader must know."""
    told = [_verdict(compared, k) for k in range(1, len(compared.rows))]
    if compared.pairs:
        told.append(method(compared))
    if len(compared.rows) > 2:
        told.append(
            f"{compared.rows[0].name} is the first of {len(compared.rows)} by its accuracy on "
            "these very items: on new ones expect a little less of it."
        )
    cached = [row.name for row in (*compared.rows, *compared.others) if row.known]
    if cached:
        told.append(
            f"The time of {', '.join(cached)} leaves out looking at pictures that the bank knew."
        )
    if compared.ledger and compared.ledger.times > 1:
        told.append(looks_told(compared.ledger)[0])
    return told


def _verdict(compared: Comparison, place: int) -> str:
    first, other = compared.rows[0].name, compared.rows[place].name
    pair = compared.pair(0, place)
    span = f"{points(pair.difference.estimate)} points, 95 % interval "
    span += points_range(pair.difference)
    if pair.corrected is None:
        return f"Whether {first} is better than {other} cannot be tested: {pair.test.reason}."
    shown = "is shown to be" if pair.better == 0 else "is not shown to be"
    return f"{first} {shown} better than {other} ({span}; p {p_value(pair)})."


def p_value(pair: Pair) -> str:
    """`0.012`, `below 0.0001`, or a dash where it is not defined."""
    p = pair.corrected
    if p is None:
        return "-"
    return "below 0.0001" if p < 0.0001 else f"{p:.2g}" if p < 0.1 else f"{p:.2f}"


def method(compared: Comparison) -> str:
    """How it was tested, and when nothing could have been shown."""
    groups = compared.pairs[0].test.groups
    test = "McNemar's test, item by item"
    if groups is not None:
        test = f"McNemar's test for groups (Obuchowski), {count(groups, 'group')}"
    told = f"Shown means p below {LEVEL:g} by {test}"
    number = len(compared.pairs)
    told += f", corrected for {number} comparisons (Holm)" if number > 1 else ""
    told += "; not shown does not mean equal. Each interval is for its own pair, uncorrected."
    if groups is not None and 1 < groups < FEWEST:
        told += f" With {groups} groups no test can show a difference: test on more."
    return told


def differing_told(compared: Comparison) -> list[str]:
    """Which runs were tested on other items, and how many of them differ."""
    told = [_differing(row, compared.rows[0].name) for row in compared.others]
    if told:
        told.append(
            "Accuracies on other items differ by chance too, so nothing is tested there; train "
            "with --split and the split.csv of one run."
        )
    return told


def _differing(row: Compared, first: str) -> str:
    if row.differs is None or row.differs.is_empty():
        return f"{row.name} was tested on other items than {first}."
    kinds = row.differs["what"].value_counts(sort=True).iter_rows()
    how = ", ".join(f"{number:,} {what}" for what, number in list(kinds)[:3])
    return (
        f"{row.name} was not tested on the items of {first}, and is not compared with it: "
        f"{count(len(row.differs), 'item')} differ ({how})."
    )


def first_differing(row: Compared) -> list[tuple[str, str]]:
    """The first items that are not those of the others, and how they differ."""
    return [] if row.differs is None else row.differs.head(SHOWN).rows()


def megabytes(size: int) -> str:
    """`18.6 MB`, in millions of bytes."""
    return f"{size / 1e6:,.1f} MB"
