"""Exploring: everything that can be told of a dataset before training."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from objektiv.base.progress import Event, Progress
from objektiv.data.dataset import read
from objektiv.flow.explore import explore
from objektiv.flow.settings import ExploreSettings
from tests.flow import drawn


def test_explore_tells_what_a_folder_holds(shapes: Path, bank: Path) -> None:
    """Counts, means and a map of all items; each step is told to the listener."""
    events: list[Event] = []
    settings = ExploreSettings(group=drawn.GROUP, bank=bank, precision="fp32")
    found = explore(shapes, settings, progress=Progress(events.append))

    assert found.facts.counts["items"].to_list() == [30, 30]
    assert [mean.used for mean in found.means] == [30, 30]
    assert set(found.map.ids) == set(found.seen.dataset.items["id"])
    assert [e.step for e in events if e.finished] == [
        "look at images",
        "mean pictures",
        "feature map",
    ]


def test_a_dataset_is_taken_as_well(shapes: Path, bank: Path) -> None:
    """The same result as from its folder, and the same every time."""
    settings = ExploreSettings(bank=bank, precision="fp32")
    first = explore(shapes, settings, progress=Progress())
    second = explore(read(shapes, settings), settings, progress=Progress())

    assert first.facts.items.equals(second.facts.items)
    assert np.array_equal(first.map.places, second.map.places)
