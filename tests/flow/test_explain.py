"""A run explains pictures, and shows those that it learnt from."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from objektiv.base.errors import UsageError
from objektiv.base.progress import Progress
from objektiv.flow.explain import LEARNT, Kin, explain, kin_of
from objektiv.flow.run import Run
from objektiv.flow.settings import ExplainSettings
from objektiv.shipping.bundle import load


def _folders(shapes: Path) -> list[Path]:
    return [p for p in sorted(shapes.iterdir()) if list(p.glob("*.png"))][:2]


def _pictures(shapes: Path) -> list[Path]:
    return [sorted(folder.glob("*.png"))[0] for folder in _folders(shapes)]


def test_pictures_are_explained_with_those_that_are_like_them(
    trained: Path, shapes: Path, tmp_path: Path
) -> None:
    """Heat, nearest of those learnt from, nearest of the other class; a bad file has its error."""
    run, settings = Run(trained), ExplainSettings(neighbours=3)
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    copy = shutil.copy(_pictures(shapes)[0], tmp_path / "copy.png")
    kin = kin_of(run, settings, progress=Progress())
    assert isinstance(kin, Kin)

    found = list(explain(load(run.bundle), [copy, bad, _pictures(shapes)[1]], settings, kin=kin))

    parts = dict(zip(run.predictions().ids, run.predictions().parts, strict=True))
    first, broken, _ = found
    assert broken.error is not None and broken.heat is None
    assert first.heat is not None and first.heat.kind == "contributions"
    assert len(first.nearest) == 3
    assert all(parts[n.id] in LEARNT for n in first.nearest)
    assert all(n.distance > 0 for n in first.nearest)  # not itself, under another name
    called = load(run.bundle).classes[first.heat.label]
    assert {n.label for n in first.others} == set(load(run.bundle).classes) - {called}


def test_a_class_that_does_not_exist_is_refused(trained: Path, shapes: Path) -> None:
    """The nearest name is suggested before any picture is read."""
    settings = ExplainSettings(label="dics")

    with pytest.raises(UsageError, match="knows no such class"):
        next(explain(load(Run(trained).bundle), _pictures(shapes), settings))


def test_a_network_of_its_own_has_no_bank(learnt: Path) -> None:
    """Where features are not kept it says so instead of showing others."""
    told = kin_of(Run(learnt), ExplainSettings(), progress=Progress())

    assert "Nearest pictures are not shown" in str(told)


def test_a_network_of_its_own_is_explained(learnt: Path, shapes: Path) -> None:
    """A network that was trained from nothing has heat by covering or by its last layer."""
    (found,) = explain(load(Run(learnt).bundle), _pictures(shapes)[:1], ExplainSettings())

    assert found.heat is not None
    assert found.heat.kind in ("occlusion", "contributions")
