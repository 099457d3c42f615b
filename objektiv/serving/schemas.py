"""What the server's answers look like, for /openapi.json; nothing is checked against it on the way.

In: nothing. Out: classes that FastAPI writes down. Tests compare real answers with them.
Try: `curl localhost:8000/openapi.json`.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class _Schema(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Problem(_Schema):
    """Why a request is refused (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str = Field(description="What happened, and the value.")
    reason: str = Field(description="One word a program can act on.")
    allowed: str
    next: str = Field(description="What to do about it.")
    request_id: str


class FileError(_Schema):
    """Why one file of several has no answer."""

    reason: str
    message: str


class Abstention(_Schema):
    """Why a picture should not be answered by this model."""

    reason: str = Field(description="strange, several or none.")
    message: str
    limit: float | None = None
    coverage: float | None = None
    possible: list[str] | None = None


class Times(_Schema):
    """Milliseconds."""

    decoding: float
    waiting: float
    network: float


class Prediction(_Schema):
    """One picture; only `file` and `error` where it could not be read."""

    file: str | None = Field(default=None, description="The name that the form gave.")
    error: FileError | None = None
    sha256: str | None = Field(default=None, description="Of the file.")
    class_: str | None = Field(default=None, alias="class")
    abstain: Abstention | None = None
    strangeness: float | None = None
    probabilities: dict[str, float] | None = None
    notes: list[str] | None = None
    milliseconds: Times | None = None


class ModelName(_Schema):
    """Which model answered."""

    name: str
    sha256: str


class Predictions(_Schema):
    """The answer to `/v1/predict`."""

    request_id: str
    model: ModelName
    predictions: list[Prediction]
    milliseconds: float


class ModelFacts(_Schema):
    """One model that is served."""

    name: str
    sha256: str
    classes: list[str]
    precision: str
    size: int = Field(description="Pixels of the square that pictures are resized to.")
    fit: str
    backbone: str
    decision: dict[str, Any] | None = None
    limits: dict[str, Any]


class Models(_Schema):
    """The answer to `/v1/models`."""

    models: list[ModelFacts]


class Health(_Schema):
    """The answer to `/healthz` and `/readyz`."""

    status: str
    models: list[str] | None = None
    store: str | None = None
