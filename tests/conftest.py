"""What every test may ask for: real data, which only some machines have, and one trained run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from objektiv.flow.settings import CheckDataSettings, TrainSettings
from tests.flow import drawn

if TYPE_CHECKING:
    from objektiv.flow.check import DataCheck

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


@pytest.fixture(scope="session", autouse=True)
def _no_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test sees the networks that this user has stored."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OBJEKTIV_MODELS", str(tmp_path_factory.mktemp("models")))
        yield


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty store of pretrained networks, of this test alone."""
    monkeypatch.setenv("OBJEKTIV_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture(scope="session")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 30 discs and 30 stripes in 10 groups; tests must not change it."""
    return drawn.draw(tmp_path_factory.mktemp("data") / "shapes")


@pytest.fixture(scope="session")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One feature bank for all tests that train; `trained` fills it with the shapes."""
    return tmp_path_factory.mktemp("bank")


@pytest.fixture(scope="session")
def planted_check(tmp_path_factory: pytest.TempPathFactory) -> DataCheck:
    """A finished check of a folder with every kind of trouble; tests must not change it."""
    from objektiv.base.progress import Progress
    from objektiv.flow.check import check
    from tests.auditing import planted
    from tests.features import tiny

    root = planted.plant(tmp_path_factory.mktemp("data") / "planted")
    out, bank = tmp_path_factory.mktemp("checks"), tmp_path_factory.mktemp("bank")
    values = {"backbone": "tiny", "size": tiny.SIZE, "precision": "fp32", "bank": bank}
    settings = CheckDataSettings(group=planted.GROUP, out=out, **values)
    with tiny.registered():
        return check(root, settings, fixing="write", progress=Progress())


@pytest.fixture(scope="session")
def trained(shapes: Path, bank: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished run folder of a training on the shapes; tests must not change it."""
    from objektiv.faces import python  # here: most tests need no training, and it takes a second

    out = tmp_path_factory.mktemp("runs")
    settings = TrainSettings(group=drawn.GROUP, out=out, bank=bank, precision="fp32")
    return python.train(shapes, settings=settings).folder


@pytest.fixture(scope="session")
def learnt(
    shapes: Path, bank: Path, trained: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The finished run folder of a small network, on the items of `trained`; do not change it."""
    pytest.importorskip("torch", reason="needs objektiv[torch]")
    pytest.importorskip("lightning", reason="needs objektiv[torch]")
    from objektiv.faces import python

    settings = TrainSettings(
        **drawn.NETWORK, out=tmp_path_factory.mktemp("networks"), bank=bank, epochs=2, rotation=20
    )
    return python.train(shapes, settings=settings).folder
