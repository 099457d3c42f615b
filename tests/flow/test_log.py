"""log.txt tells what a run did, also when it was cut off."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest

from objektiv.base.errors import DataError
from objektiv.flow.log import Log


def _lines(folder: Path) -> list[str]:
    return (folder / "log.txt").read_text(encoding="utf-8").splitlines()


def test_each_line_has_its_time(tmp_path: Path) -> None:
    """Every line begins with the local time and its distance from UTC."""
    Log(tmp_path).line("two\nlines")

    moments = [datetime.fromisoformat(line.split("  ")[0]) for line in _lines(tmp_path)]

    assert len(moments) == 2
    assert all(moment.tzinfo is not None for moment in moments)
    assert _lines(tmp_path)[1].endswith("  two lines")


def test_the_first_line_names_the_machine(tmp_path: Path) -> None:
    """A log opens with the machine and the versions it ran on."""
    Log(tmp_path)

    assert re.search(r"\d+ cores.*Python 3\.\d+.*objektiv", _lines(tmp_path)[0])


def test_a_step_tells_its_time_and_what_it_was_told(tmp_path: Path) -> None:
    """A finished step has its seconds in the log and in `seconds`."""
    log = Log(tmp_path)
    with log.step("look") as told:
        told.append("3 images")

    assert re.fullmatch(r"look: \d+\.\d s; 3 images", _lines(tmp_path)[-1].split("  ")[1])
    assert list(log.seconds) == ["look"]


def test_a_finished_run_says_so(tmp_path: Path) -> None:
    """The last line of a run that came to its end is `finished`."""
    with Log(tmp_path).ending():
        pass

    assert _lines(tmp_path)[-1].endswith("  finished")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (DataError("no", value=1, allowed="Two", next="add one"), "no: 1. Two. Next: add one"),
        (KeyboardInterrupt(), "interrupted"),
    ],
)
def test_a_run_that_ended_early_says_why(tmp_path: Path, error: BaseException, told: str) -> None:
    """The last line of a run that was stopped tells what stopped it, and the error goes on."""
    with pytest.raises(type(error)) as caught, Log(tmp_path).ending():
        raise error

    assert caught.value is error
    assert _lines(tmp_path)[-1].endswith(f"  ended early: {told}")
