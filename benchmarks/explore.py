"""What `explore` finds in the malaria cells, and how long each step takes with a warm bank.

In: the folder of data sets. Out: a row a class, a row a step, and JSON with --out.
Try: `python -m benchmarks.explore --data ../shared/data`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from benchmarks import measure
from objektiv.base.progress import Progress
from objektiv.faces.explore_page import save
from objektiv.flow.explore import explore
from objektiv.flow.settings import ExploreSettings

GROUP = r"C\d+"
SECONDS = 15.0  # for 6,000 cells, page and figures included


def rows_of(data: Path, folder: Path) -> tuple[list[measure.Row], list[measure.Row]]:
    """Classes and steps; the first look fills the bank and is not timed."""
    settings = ExploreSettings(group=GROUP, bank=folder / "bank")
    explore(data, settings, progress=Progress())
    explored = explore(data, settings, progress=Progress())
    start = time.perf_counter()
    page = folder / "page"
    page.mkdir()
    save(explored, page)
    steps = explored.timings | {"page and figures": time.perf_counter() - start}
    facts = explored.facts
    classes = facts.sizes.join(facts.colours, on="label").iter_rows(named=True)
    found = [
        {
            "class": row["label"],
            "pictures": row["items"],
            "median width": row["width_median"],
            "median height": row["height_median"],
            "median kB": row["kilobytes_median"],
            "median brightness": row["brightness_median"],
            "middle half": f"{row['brightness_low']:.0f} to {row['brightness_high']:.0f}",
        }
        for row in classes
    ]
    return found, [{"step": step, "seconds": seconds} for step, seconds in steps.items()]


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--out", type=Path, help="JSON file to write")
    arguments = parser.parse_args()
    result = measure.Result(
        "Explore",
        "6,000 malaria cells of 120 patients: what `objektiv explore` finds, and the time of each "
        "step when the bank is warm. Brightness is in grey levels from 0 to 255.",
    )
    with tempfile.TemporaryDirectory() as folder:
        classes, steps = rows_of(arguments.data / "malaria", Path(folder))
    result.rows = classes + steps
    total = sum(row["seconds"] for row in steps)
    result.claims = [
        measure.at_most("all steps, page included", total, SECONDS, unit="s"),
    ]
    result.publish(arguments.out)


if __name__ == "__main__":
    main()
