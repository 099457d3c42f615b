"""What every test may ask for: the folder with real data, which only some machines have."""

from __future__ import annotations

from pathlib import Path

import hypothesis
import pytest

REPOSITORY = Path(__file__).resolve().parents[1]

# No deadline: an example that writes a file may wait for a busy disk.
hypothesis.settings.register_profile("objektiv", deadline=None, max_examples=50)
hypothesis.settings.load_profile("objektiv")


@pytest.fixture
def real_data() -> Path:
    """The folder with real pictures beside this repository; the test is skipped without it."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}: it may not be copied into the project")
    return folder
