"""Settings of whole steps: one flat object each, put together from the parts that own the fields.

In: values from flags, YAML or Python. Out: frozen settings. This file imports nothing heavy.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from objektiv.auditing.settings import CheckSettings
from objektiv.base.language import Language
from objektiv.base.settings import Settings
from objektiv.data.settings import (
    AugmentSettings,
    HandOnSettings,
    ReadSettings,
    RepeatSettings,
    SplitSettings,
)
from objektiv.explaining.settings import HeatSettings
from objektiv.features.settings import FeatureSettings
from objektiv.judging.settings import JudgeSettings
from objektiv.models.settings import FrozenSettings, HeadSettings, NetworkSettings, ProbeSettings
from objektiv.training.settings import FitSettings

LANGUAGE = "Language of the report: en, English, or de, German."
Pixels = Annotated[int, Field(ge=1, le=512)]


class RunSettings(JudgeSettings):
    """Where a run is kept and how it is judged."""

    out: Path = Field(
        default=Path("runs"), description="Folder that gets a new numbered folder a run."
    )
    name: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$",
        description="First part of the run folder's name; by default the data folder's name.",
    )


class TrainSettings(
    ReadSettings,
    SplitSettings,
    FeatureSettings,
    ProbeSettings,
    NetworkSettings,
    FrozenSettings,
    FitSettings,
    AugmentSettings,
    RunSettings,
):
    """Everything that `objektiv train` can be told.

    What is left open is what the recipe of the model says, and else the default.
    """

    model: str = Field(
        default="probe",
        description="What is trained: probe, a head on features that are kept, in seconds; cnn, a "
        "network of your own; finetune, the pretrained network itself; or a recipe of the course.",
    )
    budget: str | None = Field(
        default=None,
        pattern=r"^[0-9]+(\.[0-9]+)?(s|m|h)$",
        description="Time for the whole training, such as 90s, 10m or 2h: the number of epochs is "
        "chosen so that it fits.",
    )
    split: Path | None = Field(
        default=None, description="split.csv of another run to use again instead of splitting anew."
    )
    language: Language = Field(default="en", description=LANGUAGE)


class TuneSettings(TrainSettings):
    """Everything that `objektiv tune` can be told: what stays the same in every trial, and how
    many there are."""

    out: Path = Field(
        default=Path("tunes"), description="Folder that gets a new numbered folder a search."
    )
    grid: Path | None = Field(
        default=None,
        description="YAML file of what is tried: `setting: [values]` a line, over any setting of "
        "`objektiv train`; by default heads on the features.",
    )
    search: int | None = Field(
        default=None,
        ge=1,
        le=10_000,
        description="Number of trials that Optuna chooses in what --grid names, instead of every "
        "combination; there `setting: {low: 0.001, high: 0.1, log: true}` is a range.",
    )
    jobs: int = Field(default=1, ge=1, le=64, description="Trials that run at the same time.")
    resume: Path | None = Field(
        default=None, description="Folder of a search that was cut off: go on with it."
    )


class CurveSettings(ReadSettings, SplitSettings, FeatureSettings, ProbeSettings):
    """Everything that `objektiv curve` can be told."""

    draws: int = Field(
        default=8, ge=3, le=100, description="Times that images are drawn for each number of them."
    )
    resolutions: Annotated[tuple[Pixels, ...], Field(max_length=12)] = Field(
        default=(),
        description="Sides in pixels, such as 16,32,64, to which pictures are reduced to see how "
        "detailed they must be.",
    )
    out: Path = Field(
        default=Path("curves"),
        description="Folder that gets a new numbered folder with the page and the table.",
    )


class ExploreSettings(ReadSettings, FeatureSettings):
    """Everything that `objektiv explore` can be told."""

    rows: int = Field(default=4, ge=1, le=12, description="Rows of the grid of random samples.")
    columns: int = Field(
        default=4, ge=1, le=12, description="Columns of the grid of random samples."
    )
    seed: int = Field(
        default=1337,
        ge=0,
        le=2**32 - 1,
        description="Number from which the samples and the feature map are drawn.",
    )
    out: Path = Field(
        default=Path("explored"),
        description="Folder that gets a new numbered folder with the page and the figures.",
    )


class AugmentDataSettings(ReadSettings, FeatureSettings, AugmentSettings):
    """Everything that `objektiv augment` can be told."""

    sample: int = Field(
        default=300,
        ge=20,
        le=2000,
        description="Number of pictures that are augmented and judged, at each strength of each "
        "operator.",
    )
    seed: int = Field(
        default=1337,
        ge=0,
        le=2**32 - 1,
        description="Number from which the changes and the pictures shown are drawn.",
    )
    out: Path = Field(
        default=Path("augmented"),
        description="Folder that gets a new numbered folder with the page and the figures.",
    )


class CheckDataSettings(ReadSettings, FeatureSettings, CheckSettings):
    """Everything that `objektiv check` can be told."""

    out: Path = Field(
        default=Path("checks"),
        description="Folder that gets a new numbered folder with the page and the tables.",
    )


class DivideSettings(
    ReadSettings, RepeatSettings, HandOnSettings, FeatureSettings, HeadSettings, CheckSettings
):
    """Everything that `objektiv split` can be told."""

    out: Path = Field(
        default=Path("split.csv"), description="New file that says the part and fold of each image."
    )


_MAX_PIXELS = ReadSettings.model_fields["max_pixels"]


class PredictSettings(Settings):
    """How `objektiv predict` reads images and shows answers."""

    top: int = Field(default=3, ge=1, le=1000, description="Number of classes shown an image.")
    max_pixels: int = Field(default=_MAX_PIXELS.default, ge=1, description=_MAX_PIXELS.description)


class ExplainSettings(HeatSettings):
    """Everything that `objektiv explain` can be told."""

    label: str | None = Field(
        default=None, description="Class to explain; by default the one that is called."
    )
    neighbours: int = Field(
        default=4,
        ge=0,
        le=20,
        description="Nearest training pictures shown of each, where a run is named.",
    )
    language: Language = Field(default="en", description=LANGUAGE)
    max_pixels: int = Field(default=_MAX_PIXELS.default, ge=1, description=_MAX_PIXELS.description)
    out: Path = Field(
        default=Path("explained"),
        description="Folder that gets a new numbered folder with the page, the maps and the "
        "numbers.",
    )


class ExportSettings(Settings):
    """Everything that `objektiv export` can be told."""

    precision: Literal["tested", "fp32", "fp16", "int8"] = Field(
        default="tested",
        description="Numbers of the file: tested, those that the run was tested with; fp16, "
        "weights of half the size, computed with in 32 bits; int8, a third of the size and faster. "
        "What changes is measured on the run's own pictures and told in the model card.",
    )
    max_loss: float = Field(
        default=1.0,
        ge=0,
        le=100,
        description="Largest loss of accuracy on held-out pictures, in points of a hundred, above "
        "which shorter numbers are refused.",
    )
    prune: bool = Field(
        default=False,
        description="Whether features that the head does not read, and the layers that only they "
        "need, are left out; no answer changes, but stored features are fewer.",
    )
    data: Path | None = Field(
        default=None,
        description="Folder where the run's pictures lie now, if it is another than in training.",
    )


class ReportSettings(Settings):
    """Everything that `objektiv report` can be told."""

    language: Language = Field(default="en", description=LANGUAGE)
    data: Path | None = Field(
        default=None,
        description="Folder where the run's pictures lie now, if it is another than in training.",
    )
    out: Path | None = Field(
        default=None,
        description="Folder that gets a new numbered folder with the report; by default the run's "
        "own.",
    )


class EvaluateSettings(ReadSettings, RunSettings):
    """Everything that `objektiv evaluate` can be told."""

    language: Language = Field(default="en", description=LANGUAGE)
