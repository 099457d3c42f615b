"""What every test may ask for: the folder with real data, which only some machines have."""

from __future__ import annotations

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture
def real_data() -> Path:
    """The folder with real pictures beside this repository; the test is skipped without it."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}: it may not be copied into the project")
    return folder
