"""The page of an ideal picture tells figures that are true of it."""

from __future__ import annotations

import numpy as np
import pytest

from objektiv.explaining.attack_settings import DreamSettings
from objektiv.explaining.dream import Dream, Dreamt, Wish
from objektiv.explaining.subject import of_bundle
from objektiv.faces import dream_page
from tests.explaining.small import probe, shipped


@pytest.fixture
def found(tmp_path_factory: pytest.TempPathFactory) -> Dream:
    """A dream of nothing but grey."""
    subject = of_bundle(shipped(probe(), tmp_path_factory.mktemp("bundle") / "model"))
    grey = np.full((8, 8, 3), 128, np.uint8)
    dreamt = Dreamt(grey, 0.875, 1.25, (grey,), (0.5,), 3.0)
    return Dream(subject, Wish(label="<dog>"), "<dog>", DreamSettings(), dreamt, None)


def test_figures_stand_in_the_table_and_names_are_escaped(found: Dream) -> None:
    """Without a plain picture there is one row."""
    (row,) = dream_page.table(found).rows

    assert row[1] == "87.5 %"
    assert row[2] in ("1.2", "1.3")
    page = dream_page.page(found, film=dream_page.gif(found.ideal))
    assert "<dog>" not in page
    assert "<script" not in page
