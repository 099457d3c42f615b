"""The page of an attack shows what was found, and nothing else."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest

from objektiv.base.progress import Progress
from objektiv.explaining.attack_settings import AttackSettings
from objektiv.explaining.robustness import Pictured, Robustness, examine
from objektiv.explaining.subject import of_bundle
from objektiv.faces import attack_page
from tests.explaining.small import drawn, probe, shipped
from tests.explaining.test_robustness import PICTURES


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Robustness:
    """Six pictures under every natural change."""
    subject = of_bundle(shipped(probe(), tmp_path_factory.mktemp("bundle") / "model"))
    named = [Pictured("<b>.png", drawn(9)), *PICTURES]
    settings = AttackSettings(method="natural")
    return examine(subject, named, settings, progress=Progress())


def test_each_curve_has_its_table_with_the_clean_accuracy_first(found: Robustness) -> None:
    """Seven tables of five rows; the first row is without change."""
    tables = attack_page.tables(found)

    assert len(tables) == 7
    assert all(len(table.rows) == 5 and table.rows[0][0] == "no change" for table in tables)


def test_the_csv_holds_every_point(found: Robustness, tmp_path: Path) -> None:
    """Estimates and ends of every interval, as numbers."""
    page = attack_page.save(found, tmp_path, typed="a.objektiv")

    rows = list(csv.DictReader(io.StringIO((tmp_path / "curves.csv").read_text())))
    assert len(rows) == sum(len(curve.points) for curve in found.curves)
    assert all(
        float(r["accuracy_low"]) <= float(r["accuracy_estimate"]) <= float(r["accuracy_high"])
        for r in rows
    )
    assert page.read_text(encoding="utf-8").count("<svg") == 2  # the mark and the figure


def test_names_of_files_are_escaped(found: Robustness) -> None:
    """A file may be called anything."""
    assert "<b>.png" not in attack_page.page(found, typed="a.objektiv")


def test_a_magnified_difference_is_grey_where_nothing_changed(found: Robustness) -> None:
    """Grey is 128; the strongest change is full black or white."""
    changed = next(c for c in found.changed if not np.array_equal(c.before, c.after))

    pixels, times = attack_page.magnified(changed)

    same = changed.before == changed.after
    assert times >= 1 or np.abs(changed.after.astype(int) - changed.before).max() > 127
    assert (pixels[same] == 128).all()
    assert int(np.abs(pixels.astype(int) - 128).max()) == 127


def test_each_picture_is_shown_once_at_the_change_that_turned_it(found: Robustness) -> None:
    """The weakest that turns the answer, where one does; those come first."""
    shown = attack_page.chosen(found)

    assert len({changed.name for changed in shown}) == len(shown) == 6
    turned = [changed.called_after != changed.called_before for changed in shown]
    assert turned == sorted(turned, reverse=True)
