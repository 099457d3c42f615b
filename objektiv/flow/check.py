"""Check: from a folder of pictures to findings, their tables and a cleaned one, in a new folder.

In: a folder and CheckDataSettings. Out: a DataCheck; faces print it and draw its page. The
pictures are only read; that they were checked goes on the ledger of the data.
Try: `check(Path("cells"), CheckDataSettings(group=r"C\\d+"), progress=Progress()).folder`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import polars as pl

from objektiv.auditing.check import Checked
from objektiv.auditing.check import check as check_seen
from objektiv.auditing.copies import find_copies
from objektiv.auditing.findings import Finding
from objektiv.auditing.probes import Looks
from objektiv.base import files
from objektiv.base.places import BANK
from objektiv.base.progress import Progress
from objektiv.base.settings import write_yaml
from objektiv.data import dataset as datasets
from objektiv.data.split import unformulated
from objektiv.features.look import Seen, look
from objektiv.flow import entries, ledger
from objektiv.flow.entries import Check, Found, Probed
from objektiv.flow.ledger import Home, Ledger
from objektiv.flow.run import SETTINGS, require_outside, save_table, stem_of, typed
from objektiv.flow.settings import CheckDataSettings

Fixing = Literal["report", "write"]
FINDINGS, PAGE = "findings.json", "check.html"
MANIFEST, LEFT_OUT = "manifest.csv", "left_out.csv"
TABLES = {"suspicious-labels": "suspects.csv", "outliers": "outliers.csv", "copies": "copies.csv"}


@dataclass(frozen=True, eq=False)
class DataCheck:
    """What a check gave; `manifest` is the cleaned table, None unless it was asked for."""

    folder: Path
    data: str  # as one types it, with the options that name groups and labels
    checked: Checked
    seen: Seen
    seconds: float
    manifest: Path | None
    ledger: Ledger  # of the data, with this check

    @property
    def page(self) -> Path:
        """Where its page stands."""
        return self.folder / PAGE

    def command(self, finding: Finding) -> str:
        """What to type about a finding; once the cleaned table is there, to train on it."""
        if self.manifest is not None and finding.command.endswith("--fix"):
            return self.training
        return finding.command.replace("{data}", self.data)

    @property
    def training(self) -> str:
        """How to train on the cleaned table, or on the data as they are."""
        if self.manifest is None:
            return f"objektiv train {self.data}"
        return f"objektiv train {typed(self.seen.dataset.root)} --labels {typed(self.manifest)}"


def check(
    data: Path, settings: CheckDataSettings, *, fixing: Fixing = "report", progress: Progress
) -> DataCheck:
    """Look for everything that is wrong in `data`; with fixing="write" a cleaned table too.

    Raises:
        ObjektivError: nothing can be read, or --out lies among the data; features that were
            computed stay in the bank.
    """
    start = time.monotonic()
    if not settings.labels:  # a folder is searched
        require_outside(data, settings.out, option="out")
        require_outside(data, settings.bank or BANK.folder(), option="bank")
    dataset = datasets.read(data, settings, purpose="check")
    seen = look(dataset, settings, max_pixels=settings.max_pixels, progress=progress)
    settings_seen = settings.model_copy(update={"size": seen.size, "precision": seen.precision})

    def changed(sample: pl.DataFrame) -> Looks:
        own = replace(seen.dataset, items=sample)
        views = [
            look(
                own, settings_seen, max_pixels=settings.max_pixels, progress=progress, change=change
            )
            for change in ("blur", "border")
        ]
        ids = sample["id"].to_list()
        return Looks(seen.features.of(ids), *(view.features.of(ids) for view in views))

    pairs = find_copies(
        seen.features,
        seen.dataset.items,
        settings,
        bank=settings.bank or BANK.folder(),
        max_pixels=settings.max_pixels,
        progress=progress,
    )
    with progress.step("check", total=1) as step:
        checked = check_seen(seen, pairs, changed, max_pixels=settings.max_pixels)
        step.advance()
    folder = files.new_numbered_folder(settings.out, stem_of(data))
    write_yaml(settings, folder / SETTINGS)
    manifest = _write(folder, checked, fixing)
    on_record = ledger.add(Home.of(seen.dataset, bank=settings.bank), _entry(checked))
    seconds = time.monotonic() - start
    found = DataCheck(folder, _typed(data, settings), checked, seen, seconds, manifest, on_record)
    files.write_json(folder / FINDINGS, [_as_dict(found, f) for f in checked.findings])
    return found


def table_of(finding: Finding) -> str | None:
    """The name of the table with the pictures of a finding; None where it is about none."""
    if finding.items.is_empty():
        return None
    return TABLES.get(finding.kind, f"{finding.kind}.csv")


def _write(folder: Path, checked: Checked, fixing: Fixing) -> Path | None:
    """The tables; the path of the cleaned one where it was asked for."""
    for finding in checked.findings:
        if table := table_of(finding):
            save_table(finding.items, folder / table)
    if fixing == "report":
        return None
    save_table(checked.cleaned.left_out, folder / LEFT_OUT)
    kept = checked.cleaned.kept
    kept = kept.with_columns(unformulated("path"))
    files.write_text(folder / MANIFEST, kept.write_csv())  # last: what it needs is there
    return folder / MANIFEST


def _entry(checked: Checked) -> Check:
    """What stays on record of a check."""
    dataset, probes = checked.dataset, checked.probes
    found = [
        Found(kind=f.kind, severity=f.severity, title=f.title[:500], items=len(f.items))
        for f in checked.findings
    ]
    probed = [
        Probed(name=p.name, accuracy=p.accuracy.estimate, share=p.share)
        for p in (probes.probes if probes else ())
    ]
    return Check(
        time=entries.now(),
        data=entries.data_hash(dataset.items["hash"]),
        items=len(dataset.items),
        quarantined=dict(dataset.quarantine["reason"].value_counts(sort=True).iter_rows()),
        findings=tuple(found[: entries.MOST_FOUND]),
        probes=tuple(probed),
        model=probes.model.estimate if probes else None,
    )


def _typed(data: Path, settings: CheckDataSettings) -> str:
    words = [typed(data)]
    words += ["--labels", typed(settings.labels)] if settings.labels else []
    words += ["--group", f"'{settings.group}'"] if settings.group else []
    return " ".join(words)


def _as_dict(found: DataCheck, finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "severity": finding.severity,
        "title": finding.title,
        "evidence": finding.evidence,
        "items": len(finding.items),
        "table": table_of(finding),
        "command": found.command(finding),
    }
