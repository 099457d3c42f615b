"""Whether the demo's synthetic smear is as hard as it should be: five seeds, by patient.

In: nothing; the smears are drawn. Out: a row a seed with the accuracy on unseen patients beside the
plain baseline's, and JSON with --out. Not a timing. Try: `python -m benchmarks.smear`.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks import measure
from benchmarks.accuracy import seen_of, trained
from objektiv.data import smear
from objektiv.data import split as splits
from objektiv.data.settings import SmearSettings
from objektiv.flow.settings import TrainSettings

SEEDS = range(5)
LOWEST, HIGHEST, ABOVE_BASELINE = 0.90, 0.99, 0.05


def row_of(seed: int, folder: Path) -> measure.Row:
    """Draw, look, split by patient and train as `objektiv demo` does."""
    data = smear.draw_smear(folder / f"smear-{seed}", SmearSettings(seed=seed))
    settings = TrainSettings(group=smear.GROUP, bank=folder / "bank")
    seen = seen_of(data, settings, None)
    model, plain = trained(seen, splits.split(seen.dataset, settings), settings)
    accuracy, baseline = float(model.correct.mean()), float(plain.correct.mean())
    return {
        "seed": seed,
        "test pictures": len(model),
        "accuracy": accuracy,
        "plain baseline": baseline,
        "difference": accuracy - baseline,
    }


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="JSON file to write")
    out = parser.parse_args().out
    result = measure.Result(
        "Synthetic smear",
        "`objektiv demo` with five seeds: test accuracy on the patients of the test part (four or "
        "five of 24), beside the plain baseline.",
    )
    with tempfile.TemporaryDirectory() as folder:
        result.rows = [row_of(seed, Path(folder)) for seed in SEEDS]
    accuracies = [row["accuracy"] for row in result.rows]
    result.claims = [
        measure.at_least("lowest accuracy of five seeds", min(accuracies), LOWEST),
        measure.at_most("highest accuracy of five seeds", max(accuracies), HIGHEST),
        measure.at_least(
            "least distance to the plain baseline",
            min(row["difference"] for row in result.rows),
            ABOVE_BASELINE,
        ),
    ]
    result.publish(out)


if __name__ == "__main__":
    main()
