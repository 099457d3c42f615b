"""Walk through the studio in a real browser, from a folder of drawn cells to an exported bundle.

In: the studio's address, a page of Playwright, a folder of pictures. Out: the names of the places
that were seen, the pictures of docs/studio.md where a folder for them is given, and the bundle.
Drawn cells only: what is published comes from no patient.
Try: `python -m scripts.studio_tour` writes docs/pictures/studio-*.png.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

from objektiv.base.progress import Progress
from objektiv.data.settings import SmearSettings
from objektiv.data.smear import GROUP, draw_smear
from scripts import order

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PICTURES = order.REPOSITORY / "docs" / "pictures"
WIDTH, HEIGHT, COLOURS = 1100, 760, 128
MINUTE = 60_000  # milliseconds
LONGEST = 3 * MINUTE  # for a job on a busy machine
PROGRAM = "from objektiv.cli.main import main; main()"


@contextmanager
def studio(home: Path, **environment: str) -> Iterator[str]:
    """The address of a studio in a process of its own, which ends with the block."""
    words = ["studio", "--port", "0", "--browser", "no", "--folder", str(home)]
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *words],
        cwd=order.REPOSITORY,
        env={**environment, "PYTHONPATH": str(order.REPOSITORY)},  # for its jobs
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            yield line.removeprefix("The studio is at ").partition(" ")[0]
        finally:
            process.terminate()
            if (code := process.wait(20)) != 0:
                raise RuntimeError(f"the studio ended with {code}")


@contextmanager
def browser_page(**context: Any) -> Iterator[Any]:
    """A page of this system's Chromium; None where there is none."""
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        yield None
        return
    with sync_playwright() as playwright:
        # Containers run as root, where Chromium's own sandbox refuses to start.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield browser.new_context(**context).new_page()
        finally:
            browser.close()


def tour(page: Any, address: str, cells: Path, *, seen: Callable[[str], None]) -> Path:
    """From the folder `cells` to an exported bundle, as a person would; `seen` is told each place.

    Returns the file that was downloaded.
    """
    _make_project(page, address, cells)
    seen("pictures")
    base = page.url.partition("?")[0].rstrip("/")
    page.goto(f"{base}/train")
    seen("train")
    page.locator("main form button:not([formaction])").last.click()
    _await_job(page, seen)
    page.goto(f"{base}/runs")
    page.locator("main table a").first.click()
    page.wait_for_selector("#threshold:not([hidden])")
    seen("results")
    page.locator("#confusion td a").first.click()
    page.wait_for_load_state()
    seen("behind")
    page.goto(f"{base}/try")
    picture = next(path for path in sorted(cells.rglob("*.png")))
    page.set_input_files("#files", str(picture))  # which asks at once
    page.wait_for_selector("img[src^='data:'], img[src^='blob:']", timeout=LONGEST)
    page.wait_for_timeout(500)
    seen("try")
    return _export(page, base, seen)


def _make_project(page: Any, address: str, cells: Path) -> None:
    page.goto(f"{address}/new")
    page.fill("#folder", str(cells))
    page.press("#folder", "Enter")
    page.fill("#title", "Drawn cells")
    page.fill("#group", GROUP)
    page.locator("form[action='/new/folder'] button:not([formaction])").click()
    page.wait_for_url("**/p/*")
    for tile in page.locator("main img").all():  # they are loaded when they come into sight
        tile.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    page.evaluate("scrollTo(0, 0)")


def _await_job(page: Any, seen: Callable[[str], None] | None = None) -> None:
    page.wait_for_selector("[data-job]")
    if seen:
        page.wait_for_timeout(1500)
        seen("job")
    page.wait_for_selector("[data-job]:not([data-state=running])", timeout=LONGEST)
    state = page.get_attribute("[data-job]", "data-state")
    if state not in ("done", "found"):
        raise RuntimeError(f"the job ended as {state}: {page.inner_text('main')}")


def _export(page: Any, base: str, seen: Callable[[str], None]) -> Path:
    page.goto(f"{base}/export")
    page.locator("main form.sheet button").last.click()
    _await_job(page)
    page.goto(f"{base}/export")
    seen("export")
    with page.expect_download() as waiting:
        page.locator("a[download]").first.click()
    return Path(waiting.value.path())


def main() -> None:
    """Write the pictures of docs/studio.md."""
    import os

    def shoot(name: str) -> None:
        file = PICTURES / f"studio-{name}.png"
        page.screenshot(path=str(file), full_page=name in ("results", "try"))
        with Image.open(file) as image:
            image.quantize(COLOURS).save(file, optimize=True)

    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        cells = draw_smear(work / "cells", SmearSettings(patients=12), progress=Progress())
        own = {**os.environ, "OBJEKTIV_BANK": str(work / "bank")}
        size = {"width": WIDTH, "height": HEIGHT}
        with studio(work / "home", **own) as address, browser_page(viewport=size) as page:
            if page is None:
                raise SystemExit(f"no browser: none of {', '.join(BROWSERS)} is installed")
            tour(page, address, cells, seen=shoot)


if __name__ == "__main__":
    main()
