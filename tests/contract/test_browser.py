"""A report in a real browser: no error, no request, nothing cut off, and text that can be read.

Needs Playwright and a Chromium of the system; skipped, with the reason, where one is missing.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="needs Playwright: objektiv[dev]")

from objektiv.base.language import speaking
from objektiv.faces import compare_page
from objektiv.faces.evaluation import write_evaluation
from objektiv.faces.report import write_report
from objektiv.faces.story import report_data
from objektiv.flow.compare import compare
from objektiv.flow.evaluate_table import evaluate_table
from objektiv.flow.finished import reopen
from objektiv.flow.run import Run
from objektiv.flow.settings import EvaluateSettings
from scripts.studio_tour import BROWSERS
from tests.flow.test_compare import changed, worse

SMALLEST = 12.0  # pixels of text on the screen
# The size of each visible piece of text as it is seen: in a figure that is scaled, scaled with it.
SIZES = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim(), own = walker.currentNode.parentElement;
    if (!text || own.closest('title, style')) continue;
    const box = own.getBoundingClientRect();
    if (!box.width || !box.height || !own.checkVisibility()) continue;
    const scale = own.getScreenCTM ? own.getScreenCTM().a : 1;
    found.push([parseFloat(getComputedStyle(own).fontSize) * scale, text.slice(0, 60)]);
  }
  return found;
}"""
# Elements that reach beyond the right edge of the page and do not scroll inside of it.
BEYOND = """() => [...document.querySelectorAll('body *')]
  .filter(e => !e.closest('.scroll, pre') && !e.closest('svg'))
  .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map(e => e.tagName + '.' + e.className + ': ' + e.textContent.trim().slice(0, 40))"""


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    """The Chromium of this system."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is installed")
    with sync_api.sync_playwright() as playwright:
        # Containers run as root, where Chromium's own sandbox refuses to start.
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module", params=["en", "de"])
def report(
    request: pytest.FixtureRequest, trained: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A trained run's report in one language."""
    path = tmp_path_factory.mktemp("browser") / "report.html"
    with speaking(request.param):
        write_report(report_data(reopen(Run(trained))), path)
    return path


@pytest.fixture(scope="module")
def other_pages(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The page of an evaluation, and of a comparison with pictures and with other items."""
    folder = tmp_path_factory.mktemp("pages")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OBJEKTIV_BANK", str(folder / "bank"))
        settings = EvaluateSettings(out=folder, sensitivity=0.9)
        judged = evaluate_table(trained / "predictions.parquet", settings)
    runs = [trained, worse(trained, folder / "a-run-with-a-rather-long-name-001", turned=3)]
    swapped = {"test": "train", "train": "test"}
    parts = tuple(swapped.get(part, part) for part in Run(trained).predictions().parts)
    runs.append(changed(trained, folder / "other-001", parts=parts))
    compared = folder / "comparison.html"
    compared.write_text(compare_page.page(compare(runs), title="comparison-001"), "utf-8")
    return {"evaluation": write_evaluation(judged), "comparison": compared}


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_report_opens_in_a_browser(
    browser: sync_api.Browser, report: Path, width: int, scheme: str
) -> None:
    """At phone and desktop width: no error, no request, no sideways scrolling, no tiny text."""
    assert_readable(browser, report, width, scheme)


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", ["evaluation", "comparison"])
def test_other_pages_open_in_a_browser(
    browser: sync_api.Browser, other_pages: dict[str, Path], name: str, width: int
) -> None:
    """The pages of `evaluate` and `compare` likewise."""
    assert_readable(browser, other_pages[name], width, "light")


def assert_readable(browser: sync_api.Browser, path: Path, width: int, scheme: str) -> None:
    """A page opens without error or request, and can be read."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    errors: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))

    page.goto(path.as_uri())
    page.evaluate("() => document.querySelectorAll('details').forEach(d => d.open = true)")
    sizes = page.evaluate(SIZES)
    beyond = page.evaluate(BEYOND)
    wide = page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
    page.close()

    assert errors == []
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
    assert len(sizes) > 100
    assert [found for found in sizes if found[0] < SMALLEST - 0.05] == []
    assert beyond == [] and wide <= 0
