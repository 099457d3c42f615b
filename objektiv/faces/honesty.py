"""The honesty ledger in words: how often a test part was looked at, and what was audited.

In: a Ledger. Out: sentences that need no statistics to read.
Try: `looks_told(read(home, test=part_hash(test)))`.
"""

from __future__ import annotations

from objektiv.faces.words import count, percent, points, shown
from objektiv.flow.entries import Check, Honesty
from objektiv.flow.ledger import Ledger

NAMED = 5  # runs that are named one by one


def looks_told(ledger: Ledger) -> list[str]:
    """How often the test part was looked at, by whom, and what that does to a score."""
    if not ledger.place:
        return ["No honesty ledger is kept of these data" + _why(ledger) + "."]
    told = []
    if ledger.times <= 1:
        told.append("This was the first look at this test part that is on record.")
    else:
        told.append(
            f"This test part was looked at {count(ledger.times, 'time')}, by {_runs(ledger)}. "
            "The best of several looks is luckier than it will be on new pictures."
        )
    if ledger.elsewhere:
        times = count(ledger.elsewhere, "time")
        told.append(
            f"Other test parts of the same pictures were looked at {times}; to pick the split that "
            "flatters would be the same luck."
        )
    if ledger.unreadable:
        told.append(f"{count(ledger.unreadable, 'line')} of the ledger cannot be read.")
    if ledger.problem:
        told.append(f"The ledger is not kept with the pictures{_why(ledger)}.")
    return told


def _why(ledger: Ledger) -> str:
    return f" ({shown(ledger.problem)})" if ledger.problem else ""


def _runs(ledger: Ledger) -> str:
    names = [shown(name) for name in ledger.runs]
    more = len(names) - NAMED
    told = ", ".join(names[-NAMED:])
    told += f" and {count(more, 'run')} before" if more > 0 else ""
    return told + (f"; {count(ledger.counted, 'older look')} by number only" * bool(ledger.counted))


def audits_told(ledger: Ledger, data: str) -> list[str]:
    """What the last audits found, and what to type where one is wanting; `data` as one types it."""
    told = []
    if ledger.check:
        told += _check_told(ledger.check)
    if ledger.honesty:
        told.append(_honesty_told(ledger.honesty))
    for command in ledger.outdated:
        told.append(f"objektiv {command.split()[0]} saw other pictures than there are now.")
    for command in ledger.wanting:
        what = "check of the data" if command == "check" else "comparison with a random split"
        told.append(f"No {what} is on record; `objektiv {_typed(command, data)}` makes one.")
    return told


def _typed(command: str, data: str) -> str:
    verb, _, options = command.partition(" ")
    return f"{verb} {data} {options}".strip()


def _check_told(check: Check) -> list[str]:
    day = shown(check.time[:10])
    aside = sum(check.quarantined.values())
    found = [f for f in check.findings if f.severity != "note"]
    told = f"On {day} {count(check.items, 'picture')} were checked: "
    told += f"{count(len(found), 'finding')}"
    told += f" ({'; '.join(shown(f.title) for f in found)})" if found else ""
    told += f", {count(aside, 'file')} set aside" if aside else ", no file set aside"
    sentences = [f"{told}."]
    if check.probes and check.model is not None:
        worst = max(check.probes, key=lambda p: p.accuracy)
        sentences.append(
            f"From {shown(worst.name)} alone {percent(worst.accuracy)} of the labels were told "
            f"right, where a model reached {percent(check.model)} (each class weighing alike)."
        )
    return sentences


def _honesty_told(found: Honesty) -> str:
    return (
        f"A random split would have claimed {percent(found.random.estimate)}; with groups kept "
        f"whole it is {percent(found.honest.estimate)} "
        f"({points(found.difference.estimate)} points, 95 % interval "
        f"{points(found.difference.low)} to {points(found.difference.high)})."
    )
