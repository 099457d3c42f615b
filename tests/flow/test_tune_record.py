"""A record of a search is written whole and read back strictly."""

from __future__ import annotations

from pathlib import Path

import pytest

from objektiv.base.errors import DataError
from objektiv.flow.settings import TuneSettings
from objektiv.flow.tune_record import FILE, Record
from objektiv.models.space import Range, Space

SPACE = Space({"filters": ((8,), ()), "learning_rate": Range(1e-4, 1e-2, True)})


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    """Lists, ranges, trials and open settings are the same afterwards."""
    record = Record({"model": "cnn"}, SPACE, 5, "abc")
    record.trials = [{"values": {"filters": (8,), "learning_rate": 0.001}, "failed": ""}]
    record.save(tmp_path)
    again = Record.reopened(TuneSettings(resume=tmp_path, jobs=2, search=9))

    assert (again.given, again.space, again.data) == (record.given, SPACE, "abc")
    assert again.search == 9 and again.values(0) == {"filters": (8,), "learning_rate": 0.001}
    assert again.base.model_fields_set == {"model"}


def test_a_range_whose_ends_were_changed_is_refused(tmp_path: Path) -> None:
    """What was edited by hand is checked as a grid is."""
    Record({}, SPACE, 5, "abc").save(tmp_path)
    path = tmp_path / FILE
    path.write_text(path.read_text("utf-8").replace('"trials": []', '"trials": 3'), "utf-8")

    with pytest.raises(DataError, match="not what a search wrote"):
        Record.reopened(TuneSettings(resume=tmp_path))
