"""Settings of judging: which class is sought, what is demanded, and what is told beside the scores.

In: values from flags, YAML or Python. Out: frozen settings. This file imports nothing heavy.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from objektiv.base.settings import Settings

Share = Annotated[float, Field(gt=0, lt=1)]


class JudgeSettings(Settings):
    """How predictions are judged."""

    positive: str | None = Field(
        default=None,
        description="The class that is looked for: sensitivity, threshold and expected values "
        "speak of it; by default the first of two in natural order, and none of more.",
    )
    sensitivity: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="Share of the positive class that must be found: the threshold is chosen for "
        "it on data that are not test.",
    )
    specificity: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="Share of all others that must not be called positive, instead of "
        "--sensitivity.",
    )
    cost_miss: float | None = Field(
        default=None,
        gt=0,
        description="Cost of a positive that is missed, beside --cost-alarm: the threshold with "
        "the least cost is chosen.",
    )
    cost_alarm: float | None = Field(
        default=None, gt=0, description="Cost of another that is called positive."
    )
    prevalence: Annotated[tuple[Share, ...], Field(max_length=12)] = Field(
        default=(0.01, 0.05, 0.2),
        description="Shares of the positive class among those to be examined for which predictive "
        "values are told.",
    )
    by: Annotated[tuple[str, ...], Field(max_length=12)] = Field(
        default=(),
        description="Columns of the table of labels, or width, height and format: scores are told "
        "for each of their values.",
    )
    coverage: float = Field(
        default=0.95,
        ge=0.5,
        lt=1,
        description="Share of prediction sets that are to hold the true class.",
    )
    refuse: float = Field(
        default=0.05,
        gt=0,
        le=0.5,
        description="Share of genuine pictures that may be refused as none of the classes.",
    )
    calibration: Literal["temperature", "vector", "isotonic"] = Field(
        default="temperature",
        description="How probabilities that ship are made to mean what they say.",
    )

    @model_validator(mode="after")
    def _is_one_demand(self) -> JudgeSettings:
        costs = (self.cost_miss is not None, self.cost_alarm is not None)
        demands = [self.sensitivity is not None, self.specificity is not None, any(costs)]
        if sum(demands) > 1:
            raise ValueError("only one of sensitivity, specificity and costs can be demanded")
        if any(costs) and not all(costs):
            raise ValueError("cost_miss and cost_alarm are needed together")
        return self
