"""The page that trains: a model in plain words, the few settings that matter, and all the others.

In: requests for `/p/PROJECT/train` and for the curves of a job. Out: a form made of TrainSettings,
a job of `objektiv train` or `objektiv plan`, and each epoch as JSON while a network learns.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from objektiv.base import extras
from objektiv.base.errors import DataError
from objektiv.base.language import mark, spoken, tr
from objektiv.base.settings import Settings
from objektiv.data.settings import AugmentSettings, SplitSettings
from objektiv.features.backbones import BACKBONES
from objektiv.features.settings import FeatureSettings
from objektiv.flow.run import HISTORY
from objektiv.flow.settings import TrainSettings
from objektiv.judging.settings import JudgeSettings
from objektiv.models.recipes import RECIPES, Recipe
from objektiv.models.settings import FrozenSettings, NetworkSettings, ProbeSettings
from objektiv.studio import forms, gallery, jobs
from objektiv.studio.forms import Field
from objektiv.studio.pages import go, page, project_of, spoken_by
from objektiv.studio.projects import JOBS, Project
from objektiv.studio.splits import made_splits, split_of
from objektiv.studio.working import job_of, run_of
from objektiv.training.settings import FitSettings

router = APIRouter(prefix="/p/{project}")
Here = Annotated[Project, Depends(project_of)]
FIRST = ("probe", "finetune", "cnn")  # the models that stand first; below them the course's
# What the page asks in its own words, and what the project knows already.
OWN = ("model", "budget", "positive", "sensitivity", "specificity", "language")
KNOWN = ("group", "group_by", "parts", "name", "max_pixels")
PARTS: tuple[tuple[str, type[Settings]], ...] = (
    (mark("Splitting"), SplitSettings),
    (mark("How pictures are looked at"), FeatureSettings),
    (mark("The quick probe"), ProbeSettings),
    (mark("Layers of a network of your own"), NetworkSettings),
    (mark("Learning by gradient"), FitSettings),
    (mark("Networks that stay as they are"), FrozenSettings),
    (mark("Random changes of training pictures"), AugmentSettings),
    (mark("Judging"), JudgeSettings),
)
CURVES = ("epoch", "train_loss", "val_loss", "train_accuracy", "val_accuracy")
MODEL_TOLD = {
    "probe": mark(
        "A pretrained network looks at each picture once, and a small classifier learns from what "
        "it saw. Takes seconds, and is often hard to beat."
    ),
    "finetune": mark(
        "The pretrained network itself goes on learning from your pictures. Takes minutes to hours."
    ),
    "cnn": mark(
        "A network that learns from nothing but your pictures: its layers are yours to choose. "
        "Wants many pictures."
    ),
}
TITLES = {
    "probe": mark("Quick probe"),
    "finetune": mark("Fine-tuning"),
    "cnn": mark("Network of your own"),
}


@dataclass(frozen=True)
class Choice:
    """A model as the page offers it; `lacking`: the command that would make it possible, or ""."""

    name: str
    title: str
    told: str
    lacking: str


def choices() -> list[Choice]:
    """All models, those of FIRST first, in the language that is spoken."""
    recipes = [RECIPES.get(name) for name in FIRST]
    recipes += [RECIPES.get(name) for name in RECIPES if name not in FIRST]
    return [
        Choice(
            recipe.name,
            tr(TITLES.get(recipe.name, recipe.name)),
            tr(MODEL_TOLD.get(recipe.name, recipe.title)),
            _lacking(recipe),
        )
        for recipe in recipes
    ]


def _lacking(recipe: Recipe) -> str:
    if recipe.family in ("network", "finetune") and extras.missing_packages("torch"):
        return extras.install_command("torch")
    backbone = recipe.settings.get("backbone")
    if backbone and backbone not in BACKBONES:
        return f"objektiv models add {backbone}"
    return ""


@router.get("/train")
def show(request: Request, project: Here, split: str = "") -> HTMLResponse:
    """The form."""
    return _shown(request, project, {"model": "probe", "split": split}, {})


@router.post("/train", response_model=None)
async def start(request: Request, project: Here) -> HTMLResponse | RedirectResponse:
    """Train; a wrong setting comes back with the form, told where it stands."""
    return await _start(request, project, "train")


@router.post("/train/plan", response_model=None)
async def plan(request: Request, project: Here) -> HTMLResponse | RedirectResponse:
    """Measure on a few pictures how long it would take."""
    return await _start(request, project, "plan")


async def _start(request: Request, project: Project, verb: str) -> HTMLResponse | RedirectResponse:
    sent = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    given = forms.typed(sent, forms.fields(TrainSettings))
    given |= _demanded(sent)
    wrong = forms.mistakes(TrainSettings, given)
    split = sent.get("split", "")
    if not wrong and given.get("model", "probe") not in RECIPES:
        wrong = {"model": tr("There is no such model.")}
    if wrong:
        return _shown(request, project, sent, wrong)
    words = [verb, *project.read_words, *forms.words(given)]
    words += [f"--split={split_of(project, split).path}"] if split else []
    if verb == "train":
        language = spoken_by(request, spoken)
        words += [f"--out={project.runs_folder}", f"--language={language}"]
    model = given.get("model", "probe")
    title = spoken_by(request, lambda: _title(verb, model))
    job = jobs.start(project.folder / JOBS, words, title=title)
    return go(f"/p/{project.name}/jobs/{job.name}")


def _title(verb: str, model: str) -> str:
    name = tr(TITLES.get(model, model))
    return tr("Train: {name}", name=name) if verb == "train" else tr("Plan: {name}", name=name)


def _demanded(sent: Mapping[str, str]) -> dict[str, str]:
    """`demand` says which of two shares is wanted, `share` how large, in percent."""
    demand, share = sent.get("demand", ""), sent.get("share", "").strip().replace(",", ".")
    if demand not in ("sensitivity", "specificity"):
        return {}
    try:
        return {demand: f"{float(share) / 100:.12g}"}
    except ValueError:
        return {demand: share or "-"}


def _shown(
    request: Request, project: Project, typed: Mapping[str, str], wrong: Mapping[str, str]
) -> HTMLResponse:
    return page(
        request,
        "train.html",
        project=project,
        status=422 if wrong else 200,
        typed=defaultdict(str, typed),
        wrong=defaultdict(str, wrong),
        models=spoken_by(request, choices),
        first=len(FIRST),
        splits=made_splits(project),
        classes=_classes(project),
        parts=more_settings(),
        opened=any(name not in (*OWN, "") for name in wrong),
    )


def _classes(project: Project) -> tuple[str, ...]:
    try:
        return gallery.items(project).classes
    except DataError:
        return ()


def more_settings() -> list[tuple[str, list[Field]]]:
    """All settings that the page does not ask for in its own words, by what they are about."""
    left = {field.name: field for field in forms.fields(TrainSettings, leave_out=(*OWN, *KNOWN))}
    found = []
    for title, kind in PARTS:
        own = [left.pop(name) for name in kind.model_fields if name in left]
        found.append((title, own))
    return [*found, (mark("More"), list(left.values()))] if left else found


@router.get("/jobs/{name}/curves")
def curves(project: Here, name: str) -> JSONResponse:
    """The epochs of a network that learns, as far as they are."""
    folder = run_of(project, job_of(project, name))
    return JSONResponse({"epochs": epochs(folder) if folder else []})


def epochs(folder: Path) -> list[dict[str, Any]]:
    """The rows of history.csv, of a network alone."""
    try:
        with (folder / HISTORY).open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        if not rows or "epoch" not in rows[0]:
            return []
        return [{name: float(row[name]) for name in CURVES if name in row} for row in rows]
    except (OSError, ValueError, TypeError):
        return []
