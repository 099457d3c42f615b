"""Whatever was done to a bundle, loading it ends in a BundleError or in a sound bundle."""

from __future__ import annotations

import collections
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from objektiv.base.errors import BundleError
from objektiv.shipping import eight, golden
from objektiv.shipping.bundle import load
from objektiv.shipping.facts import MEMBERS
from objektiv.shipping.write import BundleContents, write_bundle
from scripts.order import REPOSITORY
from tests.shipping import graphs, mutants

EXAMPLES = int(os.environ.get("OBJEKTIV_MUTANTS", "300"))
PICTURES = list(golden.draw().values())


@pytest.fixture(scope="session")
def short(
    make_contents: Callable[..., BundleContents], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A sound bundle in 8 bits."""
    graph = graphs.staged()
    data = eight.shorten(graph, dict.fromkeys(eight.places(graph), (-1.0, 6.0)))
    folder = tmp_path_factory.mktemp("short") / "model"
    write_bundle(folder, make_contents(model=data.SerializeToString(), weights="int8"))
    return folder


@pytest.mark.parametrize(("kind", "share"), [("folder", 0.7), ("short", 0.3)])
def test_spoilt_bundles_are_refused_in_our_words(
    kind: str, share: float, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Flipped bits, cut files, other zips, JSON and graphs: never another exception."""
    folder = request.getfixturevalue(kind)
    members = {name: (folder / name).read_bytes() for name in MEMBERS}
    path = tmp_path / "a.objektiv"
    ways: collections.Counter[str] = collections.Counter()

    @settings(
        max_examples=int(share * EXAMPLES),
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(way=st.integers(0, 5), numbers=mutants.NUMBERS)
    def spoil(way: int, numbers: list[int]) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # zipfile, of a name that is there twice
            path.write_bytes(mutants.spoilt(members, way, numbers))
        try:
            bundle = load(path)
        except BundleError as error:
            assert error.exit_code == 4
            ways[error.happened.partition(": ")[2][:30]] += 1
        else:
            ways["sound"] += 1
            said = bundle.predict(PICTURES)
            np.testing.assert_allclose(said.probabilities.sum(axis=1), 1, atol=1e-3)

    spoil()
    assert len(ways) >= 10  # many different walls were reached
    assert ways["sound"] < 0.5 * sum(ways.values())


@pytest.mark.slow
def test_many_more_mutants() -> None:
    """20,000 of them, in a process of their own that a crash of an engine would end."""
    test = f"{Path(__file__).relative_to(REPOSITORY)}::test_spoilt_bundles_are_refused_in_our_words"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test],
        cwd=REPOSITORY,
        env={**os.environ, "OBJEKTIV_MUTANTS": "20000"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
