"""The pages that show a project's pictures: all classes, one class, and what was corrected.

In: requests for `/p/PROJECT` and below. Out: counts, samples and small copies by id; pictures are
chosen on them with check boxes, and `studio.deciding` does what is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlencode

import polars as pl
from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from objektiv.base.errors import DataError, UsageError
from objektiv.data import dataset as datasets
from objektiv.data.dataset import Dataset
from objektiv.data.grouping import suggest
from objektiv.data.settings import ReadSettings
from objektiv.studio import arrivals
from objektiv.studio.classes import class_folders
from objektiv.studio.corrections import corrections, known_classes, original
from objektiv.studio.explored import explored
from objektiv.studio.gallery import items
from objektiv.studio.pages import go, page, project_of
from objektiv.studio.projects import Project, check_pattern

router = APIRouter(prefix="/p/{project}")
Here = Annotated[Project, Depends(project_of)]
SAMPLES = 8  # pictures of a class on the first page
CLASSES = 60  # classes that have samples; the others have a line
A_PAGE = 60  # pictures
SHOWN_GROUPS = 500  # in the list to choose from


@dataclass(frozen=True)
class Tile:
    """One picture on a page; `told` stands below its name."""

    id: str
    name: str
    label: str
    told: str = ""
    decided: str = ""  # the action of a correction


@dataclass(frozen=True)
class Paged:
    """Where a page stands among all of its kind."""

    number: int
    total: int
    address: str  # without the page

    def at(self, number: int) -> str:
        """The address of another page."""
        sign = "&" if "?" in self.address else "?"
        return f"{self.address}{sign}page={number}"


@router.get("")
def pictures(request: Request, project: Here) -> HTMLResponse:
    """What the project holds: counts, samples of each class, notes."""
    try:
        dataset, problem = items(project), None
    except DataError as error:
        dataset, problem = None, error
    empty = project.owns_pictures and not any(project.data.glob("*/*"))
    return page(
        request,
        "pictures.html",
        project=project,
        problem=None if empty else problem,
        counts=_counts(project, dataset),
        samples=_samples(project, dataset) if dataset else [],
        total=len(dataset.items) if dataset else 0,
        notes=dataset.notes if dataset else (),
        groups=dataset.items["group"].drop_nulls().n_unique() if dataset else 0,
        shown=_suggestion(project),
        corrected=len(corrections(project)),
        explored=explored(project),
        grouped=project.facts.group == arrivals.GROUPED,
    )


@router.get("/class")
def one_class(
    request: Request,
    project: Here,
    label: str,
    number: Annotated[int, Query(alias="page", ge=1)] = 1,
    find: str = "",
    group: str = "",
) -> HTMLResponse:
    """All pictures of a class, page by page; `find` is a part of a name."""
    dataset = items(project)
    if label not in dataset.classes:
        raise UsageError(
            "there is no such class",
            value=repr(label[:80]),
            allowed=", ".join(dataset.classes[:20]),
            next="choose one of them",
        )
    table = dataset.items.filter(pl.col("label") == label)
    groups = table["group"].drop_nulls().unique(maintain_order=True).to_list()
    table = table.filter(pl.col("group") == group) if group else table
    tiles = _tiles(project, table["id"].to_list(), table["label"].to_list(), find=find)
    words = {"label": label, "find": find, "group": group}
    address = f"/p/{project.name}/class?" + urlencode({k: v for k, v in words.items() if v})
    shown, paged = paged_of(tiles, number, address)
    return page(
        request,
        "class.html",
        project=project,
        label=label,
        classes=known_classes(project),
        tiles=shown,
        paged=paged,
        number=len(tiles),
        find=find,
        group=group,
        groups=groups[:SHOWN_GROUPS] if project.facts.group != arrivals.GROUPED else [],
    )


@router.get("/corrections")
def corrected(
    request: Request,
    project: Here,
    number: Annotated[int, Query(alias="page", ge=1)] = 1,
    action: Literal["all", "aside", "label", "keep"] = "all",
) -> HTMLResponse:
    """What was decided about single pictures, the newest first, each with its undo."""
    found = [c for c in corrections(project) if action in ("all", c.action)]
    names = arrivals.original_names(project)
    tiles = [Tile(c.id, name_of(c.id, names), c.label, c.why, c.action) for c in found]
    shown, paged = paged_of(tiles, number, f"/p/{project.name}/corrections?action={action}")
    labels = dict(original(project).items.select("id", "label").iter_rows()) if found else {}
    return page(
        request,
        "corrections.html",
        project=project,
        tiles=shown,
        paged=paged,
        number=len(found),
        labels=labels,
        action=action,
        counts=dict.fromkeys(("aside", "label", "keep"), 0) | _by_action(project),
    )


@router.post("/groups")
def groups(project: Here, group: Annotated[str, Form()] = "") -> RedirectResponse:
    """Keep together what a pattern finds in the names; an empty one takes groups away."""
    pattern = group.strip() or None
    if not project.owns_pictures:  # those are grouped by what they were called when they came
        check_pattern(pattern)
        datasets.read(project.data, ReadSettings(group=pattern, labels=project.labels))
        project.change(group=pattern)
    return go(f"/p/{project.name}#groups")


def _by_action(project: Project) -> dict[str, int]:
    counts: dict[str, int] = {}
    for correction in corrections(project):
        counts[correction.action] = counts.get(correction.action, 0) + 1
    return counts


def name_of(item: str, names: dict[str, str]) -> str:
    """What a picture is called on a page: its file's name, or the one it came with."""
    return PurePosixPath(names.get(item, item)).name


T = TypeVar("T")


def paged_of(tiles: list[T], number: int, address: str) -> tuple[list[T], Paged]:
    """The tiles of one page; a number behind the last gives the last."""
    total = max(1, -(-len(tiles) // A_PAGE))
    number = min(number, total)
    return tiles[(number - 1) * A_PAGE : number * A_PAGE], Paged(number, total, address)


def _tiles(project: Project, ids: list[str], labels: list[str], *, find: str = "") -> list[Tile]:
    names = arrivals.original_names(project)
    made = [Tile(i, name_of(i, names), label) for i, label in zip(ids, labels, strict=True)]
    wanted = find.casefold()
    return [tile for tile in made if wanted in tile.id.casefold() or wanted in tile.name.casefold()]


def _counts(project: Project, dataset: Dataset | None) -> list[dict[str, Any]]:
    """A row a class, those without pictures too: label, items, share of the largest."""
    found = dict(dataset.counts().select("label", "items").iter_rows()) if dataset else {}
    if project.owns_pictures:
        found |= {name: 0 for name in class_folders(project.data) if name not in found}
    most = max(found.values(), default=0) or 1
    return [{"label": k, "items": n, "share": n / most} for k, n in found.items()]


def _samples(project: Project, dataset: Dataset) -> list[tuple[str, list[Tile]]]:
    """A few pictures of each class, spread over all of them."""
    found = []
    for label in dataset.classes[:CLASSES]:
        ids = dataset.items.filter(pl.col("label") == label)["id"].to_list()
        spread = ids[:: max(1, len(ids) // SAMPLES)][:SAMPLES]
        found.append((label, _tiles(project, spread, [label] * len(spread))))
    return found


def _suggestion(project: Project) -> Any:
    """What the names show of groups where nobody named any."""
    if project.facts.group is not None or project.owns_pictures:
        return None
    try:
        table = original(project).items
    except DataError:
        return None
    if table["group"].is_not_null().any():
        return None
    return suggest([Path(path).stem for path in table["path"]], table["label"].to_list())
