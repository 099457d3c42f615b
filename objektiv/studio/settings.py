"""Settings of the studio; this file imports nothing heavy.

In: values from flags, YAML or Python. Out: frozen settings.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from objektiv.base.settings import Settings


class StudioSettings(Settings):
    """Where the studio keeps its projects, and where it listens."""

    folder: Path | None = Field(
        default=None,
        description="Folder of the projects; by default objektiv in your home folder.",
    )
    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Address to listen on; any other than this machine's own needs --token.",
    )
    port: int = Field(
        default=8765, ge=0, le=65535, description="Port to listen on; 0 takes a free one."
    )
    token: str | None = Field(
        default=None,
        min_length=16,
        description="Secret that a browser has to bring; open the address with ?token=SECRET once.",
    )
    browser: bool = Field(default=True, description="Whether to open the page in your browser.")
