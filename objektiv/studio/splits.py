"""The page of the split: which pictures learn, which decide, which test, and what honesty costs.

In: requests for `/p/PROJECT/split`. Out: a form that starts `objektiv split --honest`, the table
of each split that was made (`PROJECT/splits/split-001/split.csv`), and the two claims in words.
"""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import polars as pl
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel

from objektiv.base import files
from objektiv.base.errors import DataError, UsageError
from objektiv.base.language import tr
from objektiv.base.names import suggestion
from objektiv.data.folders import PARTS
from objektiv.data.grouping import Suggestion, suggest
from objektiv.data.settings import SplitSettings
from objektiv.data.split import Split
from objektiv.faces.honesty import honesty_told
from objektiv.faces.sections import Table, named
from objektiv.faces.words import whole
from objektiv.flow import entries, ledger
from objektiv.flow.entries import Honesty
from objektiv.flow.run import SPLIT
from objektiv.flow.settings import DivideSettings
from objektiv.studio import forms, gallery, jobs
from objektiv.studio.jobs import Job
from objektiv.studio.pages import go, page, project_of, spoken_by
from objektiv.studio.projects import JOBS, Project

router = APIRouter(prefix="/p/{project}/split")
Here = Annotated[Project, Depends(project_of)]
SPLITS = "splits"  # folder of a project
LARGEST = 4_000_000  # bytes of a ledger that are read
SHARES = tuple(round(100 * share) for share in SplitSettings.model_fields["ratios"].default)


@dataclass(frozen=True)
class Made:
    """One split that was made."""

    path: Path
    made: float  # seconds since 1970

    @property
    def name(self) -> str:
        """What it is called in addresses."""
        return self.path.parent.name


def made_splits(project: Project) -> list[Made]:
    """All splits of a project, the newest first."""
    found = [Made(p, p.stat().st_mtime) for p in (project.folder / SPLITS).glob(f"*/{SPLIT}")]
    return sorted(found, key=lambda made: (-made.made, made.name))


def split_of(project: Project, name: str) -> Made:
    """The split of this name.

    Raises:
        UsageError: there is none.
    """
    found = {made.name: made for made in made_splits(project)}
    if name not in found:
        raise UsageError(
            "there is no such split",
            value=repr(name),
            allowed=f"Splits of this project: {', '.join(found) or 'none yet'}",
            next=suggestion(name, found) or "split first",
        )
    return found[name]


@router.get("")
def show(request: Request, project: Here, name: str = "") -> HTMLResponse:
    """The form, and below it the newest split, or the one that is named."""
    return _shown(request, project, chosen=split_of(project, name) if name else None)


class Asked(BaseModel):
    """The form; shares in percent, all as they were typed."""

    train: str = str(SHARES[0])
    validation: str = str(SHARES[1])
    test: str = str(SHARES[2])
    seed: str = ""
    group: str = ""
    copies: bool = False


@router.post("", response_model=None)
def start(
    request: Request, project: Here, asked: Annotated[Asked, Form()]
) -> RedirectResponse | HTMLResponse:
    """Start the command; a wrong value comes back with the form."""
    typed = asked.model_dump(exclude={"copies"})
    given = {"ratios": ",".join(_share(typed[part]) for part in PARTS)}
    given |= {name: typed[name].strip() for name in ("seed", "group") if typed[name].strip()}
    if wrong := forms.mistakes(DivideSettings, given):
        return _shown(request, project, typed=typed, wrong=wrong)
    jobs.require_free(project.folder / JOBS)
    project = project.change(group=given.pop("group", None))
    folder = files.new_numbered_folder(files.make_folder(project.folder / SPLITS), "split")
    words = ["split", *project.read_words, "--honest", *(["--near-copies"] if asked.copies else [])]
    words += [*forms.words(given), f"--out={folder / SPLIT}"]
    title = spoken_by(request, lambda: tr("Split the pictures"))
    job = jobs.start(project.folder / JOBS, words, title=title)
    return go(f"/p/{project.name}/jobs/{job.name}")


def _share(percent: str) -> str:
    """`60` as `0.6`; what is no number stays, and is then refused by its setting."""
    try:
        return f"{float(percent.replace(',', '.')) / 100:.12g}"
    except ValueError:
        return percent.strip() or "-"


def _shown(
    request: Request,
    project: Project,
    *,
    chosen: Made | None = None,
    typed: dict[str, str] | None = None,
    wrong: dict[str, str] | None = None,
) -> HTMLResponse:
    made = made_splits(project)
    shown = chosen or (made[0] if made else None)
    usual = dict(zip(PARTS, map(str, SHARES), strict=True)) | {"seed": ""}
    return page(
        request,
        "split.html",
        project=project,
        typed=typed or usual | {"group": project.facts.group or ""},
        wrong=defaultdict(str, wrong or {}),
        status=422 if wrong else 200,
        default_seed=SplitSettings.model_fields["seed"].default,
        suggested=None if project.facts.group else _suggested(project),
        made=made,
        chosen=shown,
        **spoken_by(request, lambda: _told(project, shown)),
    )


def _suggested(project: Project) -> Suggestion | None:
    """A pattern that the names show; only shown, never taken unasked."""
    try:
        items = gallery.items(project).items
    except DataError:
        return None
    names = [Path(path).stem for path in items["path"]]
    return suggest(names, items["label"].to_list())


def _told(project: Project, shown: Made | None) -> dict[str, Any]:
    """The table of a split, and what its command found of honesty."""
    if shown is None:
        return {"table_of": None, "job": None, "honesty": "", "flatters": False}
    job = _job_of(project, shown)
    found = _honesty(project, job) if job else None
    return {
        "table_of": counts(project, Split.load(shown.path)),
        "job": job,
        "honesty": honesty_told(found) if found else "",
        "flatters": bool(found and found.difference.low > 0),
    }


def counts(project: Project, split: Split) -> Table:
    """How many pictures of each class, and how many groups, are in which part."""
    items = gallery.items(project).items.select("id", "label", "group")
    table = split.table.select("id", "part").join(items, on="id", how="left")
    gone = int(table["label"].is_null().sum())
    rows = [
        (name, *_numbers(table.filter(pl.col("label") == name), "id"))
        for name in gallery.items(project).classes
    ]
    foot = (tr("all"), *_numbers(table, "id"))
    if table["group"].is_not_null().any():
        rows.append((tr("groups"), *_numbers(table.drop_nulls("group"), "group")))
    if gone:
        lost = table.filter(pl.col("label").is_null())
        rows.append((tr("no longer there"), *_numbers(lost, "id")))
    head = (tr("class"), *map(named, PARTS), tr("all"))
    return Table(tr("Pictures in each part"), head, tuple(rows), foot)


def _numbers(table: pl.DataFrame, column: str) -> tuple[str, ...]:
    parts = [table.filter(pl.col("part") == part)[column].n_unique() for part in PARTS]
    return *map(whole, parts), whole(sum(parts))


def _job_of(project: Project, made: Made) -> Job | None:
    """The job that made a split."""
    word = f"--out={made.path}"
    return next((job for job in jobs.jobs(project.folder / JOBS) if word in job.asked.words), None)


def _honesty(project: Project, job: Job) -> Honesty | None:
    """What the command put on record between its begin and its end."""
    ended = job.result.ended if job.result else time.time()
    bank = ledger.usual_bank()
    places = [project.data / ledger.FOLDER / ledger.FILE] if project.data.is_dir() else []
    places += (bank / ledger.IN_BANK).glob(f"*/{ledger.FILE}") if bank else []
    for place in places:
        if not place.is_file() or place.stat().st_mtime < job.asked.began - 1:
            continue
        with place.open("rb") as stream:
            lines = stream.read(LARGEST).splitlines()
        for entry in map(entries.parse, lines):
            if isinstance(entry, Honesty) and job.asked.began - 1 <= _moment(entry) <= ended + 1:
                return entry
    return None


def _moment(entry: Honesty) -> float:
    try:
        return datetime.fromisoformat(entry.time).timestamp()
    except ValueError:
        return 0.0
