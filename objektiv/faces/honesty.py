"""The honesty ledger in words: how often a test part was looked at, and what was audited.

In: a Ledger. Out: sentences that need no statistics to read, in the language that is spoken.
Try: `looks_told(read(home, test=part_hash(test)))`.
"""

from __future__ import annotations

import re

from objektiv.base.language import mark, spoken, tr, tr_count
from objektiv.faces.words import percent, points, shown, span
from objektiv.flow.entries import Check, Honesty
from objektiv.flow.ledger import Ledger

NAMED = 5  # runs that are named one by one
SHORTCUT = "The label shows in "
TITLES = (  # of findings, as `objektiv check` writes them down
    mark("Animations"),
    mark("Class shares differ between parts"),
    mark("Classes missing in a part"),
    mark("Classes of very unequal size"),
    mark("Copies"),
    mark("Copies in several parts"),
    mark("Dark pictures of 16 bits"),
    mark("Files that are not what their name says"),
    mark("Files that cannot be read"),
    mark("Groups in several parts"),
    mark("Groups that nobody named"),
    mark("Labels that may be wrong"),
    mark("Nearly one picture, two labels"),
    mark("One class only"),
    mark("One picture, two labels"),
    mark("Parts that look different"),
    mark("Pictures of 16 bits"),
    mark("Pictures that are nearly black"),
    mark("Pictures unlike all others"),
    mark("Pictures with pure white areas"),
    mark("Tiny classes"),
)
PROBES = (  # what a label may show in
    mark("file size and dimensions"),
    mark("dimensions"),
    mark("whole-picture colours"),
    mark("foreground colours"),
    mark("blurred pictures"),
    mark("borders"),
)


def looks_told(ledger: Ledger) -> list[str]:
    """How often the test part was looked at, by whom, and what that does to a score."""
    if not ledger.place:
        return [tr("No honesty ledger is kept of these data{why}.", why=_why(ledger))]
    told = []
    if ledger.times <= 1:
        told.append(tr("This was the first look at this test part that is on record."))
    else:
        told.append(
            tr(
                "This test part was looked at {times} times, by {runs}. The best of several looks "
                "is luckier than it will be on new pictures.",
                times=ledger.times,
                runs=_runs(ledger),
            )
        )
    if ledger.elsewhere:
        told.append(
            tr_count(
                "Other test parts of the same pictures were looked at {number} time; to pick the "
                "split that flatters would be the same luck.",
                "Other test parts of the same pictures were looked at {number} times; to pick the "
                "split that flatters would be the same luck.",
                ledger.elsewhere,
            )
        )
    if ledger.unreadable:
        told.append(
            tr_count(
                "{number} line of the ledger cannot be read.",
                "{number} lines of the ledger cannot be read.",
                ledger.unreadable,
            )
        )
    if ledger.problem:
        told.append(tr("The ledger is not kept with the pictures{why}.", why=_why(ledger)))
    return told


def _why(ledger: Ledger) -> str:
    return f" ({shown(ledger.problem)})" if ledger.problem else ""


def _runs(ledger: Ledger) -> str:
    names = [shown(name) for name in ledger.runs]
    more = len(names) - NAMED
    told = ", ".join(names[-NAMED:])
    if more > 0:
        told += tr_count(" and {number} run before", " and {number} runs before", more)
    if ledger.counted:
        told += tr_count(
            "; {number} older look by number only",
            "; {number} older looks by number only",
            ledger.counted,
        )
    return told


def audits_told(ledger: Ledger, data: str) -> list[str]:
    """What the last audits found, and what to type where one is wanting; `data` as one types it."""
    told = []
    if ledger.check:
        told += _check_told(ledger.check)
    if ledger.honesty:
        told.append(honesty_told(ledger.honesty))
    for command in ledger.outdated:
        told.append(
            tr(
                "objektiv {command} saw other pictures than there are now.",
                command=command.split()[0],
            )
        )
    for command in ledger.wanting:
        typed = _typed(command, data)
        told.append(
            tr("No check of the data is on record; `objektiv {typed}` makes one.", typed=typed)
            if command == "check"
            else tr(
                "No comparison with a random split is on record; `objektiv {typed}` makes one.",
                typed=typed,
            )
        )
    return told


def _typed(command: str, data: str) -> str:
    verb, _, options = command.partition(" ")
    return f"{verb} {data} {options}".strip()


def _check_told(check: Check) -> list[str]:
    aside = sum(check.quarantined.values())
    found = [finding_title(f.title) for f in check.findings if f.severity != "note"]
    told = tr_count(
        "On {day} {number} picture was checked: {findings}{named}, {aside}.",
        "On {day} {number} pictures were checked: {findings}{named}, {aside}.",
        check.items,
        day=_day(check.time[:10]),
        findings=tr_count("{number} finding", "{number} findings", len(found)),
        named=f" ({'; '.join(found)})" if found else "",
        aside=tr_count("{number} file set aside", "{number} files set aside", aside)
        if aside
        else tr("no file set aside"),
    )
    if not check.probes or check.model is None:
        return [told]
    worst = max(check.probes, key=lambda p: p.accuracy)
    return [
        told,
        tr(
            "From {name} alone {share} of the labels were told right, where a model reached "
            "{model} (each class weighing alike).",
            name=_probe(worst.name),
            share=percent(worst.accuracy),
            model=percent(check.model),
        ),
    ]


def _day(text: str) -> str:
    """2026-11-22, or 22.11.2026 where German is spoken."""
    if spoken() == "de" and (found := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", text)):
        return f"{found[3]}.{found[2]}.{found[1]}"
    return shown(text)


def finding_title(title: str) -> str:
    """The title of a finding in the language that is spoken."""
    if title.startswith(SHORTCUT):
        return tr("The label shows in {name}", name=_probe(title.removeprefix(SHORTCUT)))
    return tr(title) if title in TITLES else shown(title)


def _probe(name: str) -> str:
    return tr(name) if name in PROBES else shown(name)


def honesty_told(found: Honesty) -> str:
    """What a random split would have claimed, beside what groups kept whole say."""
    return tr(
        "A random split would have claimed {random}; with groups kept whole it is {honest} "
        "({points} points, 95 % interval {span}).",
        random=percent(found.random.estimate),
        honest=percent(found.honest.estimate),
        points=points(found.difference.estimate),
        span=span(points(found.difference.low), points(found.difference.high)),
    )
