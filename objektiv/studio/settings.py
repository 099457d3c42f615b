"""Settings of the studio; this file imports nothing heavy.

In: values from flags, YAML or Python. Out: frozen settings.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from objektiv.base.settings import Settings


class StudioSettings(Settings):
    """Everything that `objektiv studio` can be told."""

    folder: Path | None = Field(
        default=None,
        description="Folder of the projects; by default the folder objektiv in your home folder.",
    )
    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Address to listen on; beyond this machine (0.0.0.0) a token is needed.",
    )
    port: int = Field(default=8765, ge=0, le=65_535, description="Port; 0 takes a free one.")
    token_file: Path | None = Field(
        default=None,
        description="File with the token that a browser must bring once, as ?token= behind the "
        "address; by default the variable OBJEKTIV_TOKEN.",
    )
    hosts: tuple[str, ...] = Field(
        default=(),
        description="Further names under which the studio may be called, such as lab.example.",
    )
    browser: bool = Field(
        default=True, description="Whether the page is opened in this machine's browser."
    )
