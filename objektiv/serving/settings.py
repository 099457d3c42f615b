"""Settings of the server: the sole home of their defaults, limits and help.

In: options or a YAML file. Out: ServeSettings.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from objektiv.base.settings import Settings
from objektiv.data.settings import ReadSettings

_MAX_PIXELS = ReadSettings.model_fields["max_pixels"]


class ServeSettings(Settings):
    """Everything that `objektiv serve` can be told."""

    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Address to listen on; beyond this machine (0.0.0.0) a token is needed.",
    )
    port: int = Field(default=8000, ge=0, le=65_535, description="Port; 0 takes a free one.")
    token_file: Path | None = Field(
        default=None,
        description="File with the token that every request must send; by default the variable "
        "OBJEKTIV_TOKEN.",
    )
    hosts: tuple[str, ...] = Field(
        default=(),
        description="Further names under which the server may be called, such as lab.example.",
    )
    origins: tuple[str, ...] = Field(
        default=(),
        description="Other sites whose pages may ask, such as https://lab.example.",
    )
    max_body: int = Field(
        default=32_000_000, ge=1_000, description="Bytes of a request that are read at most."
    )
    max_pixels: int = Field(default=_MAX_PIXELS.default, ge=1, description=_MAX_PIXELS.description)
    max_files: int = Field(
        default=100, ge=1, le=10_000, description="Pictures that one request may hold."
    )
    queue: int = Field(
        default=64,
        ge=1,
        le=10_000,
        description="Pictures that may wait or be computed; a request beyond gets 503.",
    )
    deadline: float = Field(
        default=30.0, gt=0, le=3_600, description="Seconds in which a request is answered, or 504."
    )
    workers: Literal["auto"] | int = Field(
        default="auto", description="Threads that decode pictures; auto: one a core."
    )
    batch: int = Field(
        default=1,
        ge=1,
        le=64,
        description="Waiting pictures computed as one batch; 1: each on a core of its own.",
    )
    store: str | None = Field(
        default=None,
        description="Where predictions are kept: a file for SQLite, or an address such as "
        "postgresql://NAME@HOST/DATABASE.",
    )
    store_mode: Literal["required", "best-effort"] = Field(
        default="required",
        description="What a prediction that cannot be stored becomes: refused, or given with a "
        "header that tells.",
    )
    log: Literal["all", "refused"] = Field(
        default="all", description="Requests that get a line in the log."
    )
