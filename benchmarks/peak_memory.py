"""One process that looks at pictures and tells its peak of memory; `benchmarks.startup` starts it.

In: a folder of class folders and how many images. Out: a line of JSON with bytes: `started` before
the first image, `looked` when all images were through the network and in the bank, `gathered` when
their features also stood in memory as one matrix for the head.
Try: `python -m benchmarks.peak_memory ../shared/data/malaria 500`.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarks.measure import even_sample
from objektiv.base.progress import Event, Progress
from objektiv.data import dataset as datasets
from objektiv.features.look import look
from objektiv.flow.settings import TrainSettings


def peak() -> int:
    """Most bytes that this process has held; macOS counts bytes, others kilobytes."""
    found = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return found if sys.platform == "darwin" else found * 1024


def main() -> None:
    """Look at a sample through an empty bank."""
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    peaks: dict[str, int] = {}

    def listen(event: Event) -> None:
        if event.finished:  # before the features are gathered from the bank
            peaks["looked"] = peak()

    with tempfile.TemporaryDirectory() as bank:
        settings = TrainSettings(bank=Path(bank))
        dataset = datasets.read(folder, settings)
        rows = even_sample(range(len(dataset.items)), count)
        dataset = replace(dataset, items=dataset.items[rows])
        peaks["started"] = peak()
        look(dataset, settings, max_pixels=settings.max_pixels, progress=Progress(listen))
    print(json.dumps({**peaks, "gathered": peak()}))


if __name__ == "__main__":
    main()
