"""Whether heat falls on the parasite: smears whose masks are known, and what a map costs.

In: nothing; smears are drawn with seeds that were not used while heat maps were made. Out: a row a
seed with the share of infected test cells whose heat peaks inside a parasite's outline, beside
chance, and the time of a map beside that of a prediction; JSON with --out.
Try: `python -m benchmarks.heat --seeds 1 --rounds 3`.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks import measure
from objektiv.data import smear
from objektiv.data.images import to_square
from objektiv.data.settings import SmearSettings
from objektiv.explaining.foreground import foreground
from objektiv.explaining.heat import Explainer
from objektiv.explaining.settings import HeatSettings
from objektiv.faces import python
from objektiv.flow.run import Run
from objektiv.flow.settings import TrainSettings

FIRST = 9001  # seeds below 100 were looked at while heat maps were made
PATIENTS, CELLS = 30, 40  # nor were smears of this size
INSIDE, SUMS, TIMES = 0.8, 1e-4, 2.0
TIMED = 40  # pictures


def trained(seed: int, folder: Path) -> tuple[Run, list[smear.Planted]]:
    """A run on a smear of this seed, and the infected cells of its test part."""
    drawing = SmearSettings(seed=seed, patients=PATIENTS, cells=CELLS)
    data = smear.draw_smear(folder / f"smear-{seed}", drawing)
    settings = TrainSettings(
        group=smear.GROUP, bank=folder / "bank", out=folder / "runs", precision="fp32"
    )
    run = python.train(data, settings=settings)
    test = set(run.predictions().only("test").ids)
    return run, [c for c in smear.planted(drawing) if c.name in test and c.mask.any()]


def row_of(seed: int, folder: Path) -> measure.Row:
    """Where the heat of infected cells peaks, and how exactly parts sum to the logit."""
    run, cells = trained(seed, folder)
    explainer = Explainer(run.bundle)
    bundle, label = explainer.bundle, explainer.place_of("infected")
    inside, found, chance, chance_in_cell, missed, doubted = [], [], [], [], [], 0
    for cell in cells:
        heat = explainer.heat(cell.picture, label)
        said = bundle.predict([cell.picture])
        inside.append(bool(cell.mask[heat.peak]))
        found.append(heat.logit > 0)
        chance.append(float(cell.mask.mean()))
        square = to_square(cell.picture, size=bundle.facts.size, fit=bundle.facts.fit)
        chance_in_cell.append(min(chance[-1] / max(float(foreground(square).mean()), 1e-3), 1.0))
        expected = float(said.logits[0, label] - said.logits[0, 1 - label])
        missed.append(abs(sum(part.value for part in heat.parts) - expected))
        doubted += (heat.sanity.likeness or 0) > 0.7
    right = [hit for hit, named in zip(inside, found, strict=True) if named]
    return {
        "seed": seed,
        "infected test cells": len(cells),
        "peak inside": float(np.mean(inside)),
        "of those found": float(np.mean(right)),
        "chance": float(np.mean(chance)),
        "chance within the cell": float(np.mean(chance_in_cell)),
        "accuracy": run.scores().accuracy.estimate,
        "parts miss the logit by": max(missed),
        "maps alike when shuffled": doubted,
    }


def times(run: Path, cells: list[smear.Planted], rounds: int) -> dict[str, list[float]]:
    """Milliseconds a picture, a pass over the same pictures a turn."""
    explainer = Explainer(run)
    pictures = [cell.picture for cell in cells[:TIMED]]
    levels = {f"heat, sanity {s}": HeatSettings(sanity=s) for s in ("none", "quick")}

    def predict() -> float:
        return _milliseconds(lambda picture: explainer.bundle.predict([picture]), pictures)

    sides = {"prediction": predict}
    for name, settings in levels.items():
        sides[name] = lambda settings=settings: _milliseconds(  # type: ignore[misc]
            lambda picture: explainer.heat(picture, settings=settings), pictures
        )
    for side in sides.values():
        side()
    return measure.interleaved(sides, rounds=rounds)


def _milliseconds(function: object, pictures: list[np.ndarray]) -> float:
    start = time.perf_counter()
    for picture in pictures:
        function(picture)  # type: ignore[operator]
    return 1000 * (time.perf_counter() - start) / len(pictures)


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="JSON file to write")
    parser.add_argument("--seeds", type=int, default=5, help="smears that are drawn")
    parser.add_argument("--rounds", type=int, default=9, help="times each side is measured")
    arguments = parser.parse_args()
    result = measure.Result(
        "Heat maps",
        f"Synthetic smears of {PATIENTS} patients, by patient; infected cells of the test part. "
        "`peak inside`: share whose heat for infected peaks within a parasite's outline; `chance`: "
        "share of the picture, or of the cell, that the outlines cover. Then milliseconds a "
        "picture, the same pictures one by one, turn by turn.",
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seeds = range(FIRST, FIRST + arguments.seeds)
        result.rows = [row_of(seed, folder) for seed in seeds]
        run, cells = trained(FIRST, folder / "timed")
        found = times(run.bundle, cells, arguments.rounds)
    rows, usual = result.rows, found["prediction"]
    ratios = {
        side: statistics.median(own / one for own, one in zip(values, usual, strict=True))
        for side, values in found.items()
    }
    result.rows = [
        *rows,
        *(
            {"side": side, **measure.spread(values, "ms"), "times a prediction": ratios[side]}
            for side, values in found.items()
        ),
    ]
    cells_seen = sum(row["infected test cells"] for row in rows)
    inside = sum(row["peak inside"] * row["infected test cells"] for row in rows) / cells_seen
    result.claims = [
        measure.at_least("share of maps that peak inside a parasite", inside, INSIDE),
        measure.at_most("miss of a logit", max(r["parts miss the logit by"] for r in rows), SUMS),
        measure.at_most("time of a map, in predictions", ratios["heat, sanity quick"], TIMES),
    ]
    result.publish(arguments.out)


if __name__ == "__main__":
    main()
