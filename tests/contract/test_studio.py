"""The studio in a real browser: from a folder of drawn cells to a trained, tried, exported bundle.

Needs Playwright and a Chromium of the system; skipped, with the reason, where one is missing.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="needs Playwright: objektiv[dev]")

from objektiv.base.progress import Progress
from objektiv.data.settings import SmearSettings
from objektiv.data.smear import draw_smear
from objektiv.shipping.bundle import load
from scripts.studio_tour import BROWSERS, browser_page, studio, tour
from tests.contract.test_browser import BEYOND

PHONE = {"width": 390, "height": 844}
BEYOND_ALL = BEYOND.replace("'.scroll, pre'", "'.scroll, .steps, pre'")  # .steps scrolls too
PLACES = ["pictures", "train", "job", "results", "behind", "try", "export"]


def test_a_folder_becomes_a_bundle_on_a_phone(tmp_path: Path) -> None:
    """Nothing is cut off, nothing fails, nothing is asked of another site, and the bundle loads."""
    if not any(map(shutil.which, BROWSERS)):
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is installed")
    cells = draw_smear(tmp_path / "cells", SmearSettings(patients=8, cells=20), progress=Progress())
    own = {**os.environ, "OBJEKTIV_BANK": str(tmp_path / "bank")}
    places: list[str] = []
    faults: list[str] = []
    asked: set[str] = set()
    with (
        studio(tmp_path / "home", **own) as address,
        browser_page(viewport=PHONE, locale="de-DE") as page,
    ):
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
        page.on("request", lambda request: asked.add(request.url))

        def seen(place: str) -> None:
            places.append(place)
            faults.extend(page.evaluate(BEYOND_ALL))
            if page.get_attribute("html", "lang") != "de":
                faults.append(f"{place} does not speak German")

        bundle = tour(page, address, cells, seen=seen)
        shutil.copy(bundle, tmp_path / "cells.objektiv")

    assert places == PLACES
    assert faults == []
    assert {url for url in asked if not url.startswith((address, "data:", "blob:"))} == set()
    assert load(tmp_path / "cells.objektiv").classes == ("healthy", "infected")
