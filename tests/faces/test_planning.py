"""What plan prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from objektiv.faces import planning
from objektiv.flow.plan import Plan, Prospect
from objektiv.flow.settings import TrainSettings


def test_what_is_ready_stands_in_the_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Times and sizes of what can be trained, below it what the others lack, then the command."""
    found = Plan(
        1200,
        (
            Prospect("probe", "a head", None, 12.0, 2_500_000_000, 19_000_000),
            Prospect("cnn", "a network", note="needs torch"),
        ),
    )
    monkeypatch.setattr(planning, "plan_step", lambda *_, **__: found)

    planning.plan(Path("cells"), TrainSettings())

    said = capsys.readouterr().out
    assert all(text in said for text in ("1,200 images", "12 s", "2.5 GB", "19 MB"))
    assert "cnn: needs torch." in said
    assert "Next: objektiv train cells --model probe" in said
