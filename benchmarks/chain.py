"""The whole chain through the command line, against the course's Keras recipe.

Ours: `objektiv train` as a new process on an empty bank, to the written report; then a new training
with another seed on the filled bank. Keras: 30 epochs of the course's MobileNetV2 recipe,
PROJECTED from measured training and validation steps. All three in turn.
In: the folder of data sets; a virtual environment with TensorFlow is made (or used again). Out: a
table of seconds, and JSON with --out.
Try: `python -m benchmarks.chain --data ../shared/data --limit 600 --rounds 1 --steps 2`.
"""

from __future__ import annotations

import itertools
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import measure
from benchmarks.accuracy import FAST_WORDS
from benchmarks.environments import python_with
from benchmarks.keras_process import REQUIREMENTS, keras_side

EPOCHS, SHARES = 30, (0.6, 0.2)  # of images in training and validation: COURSE.md, case malaria
TIMES, WARM_SECONDS = 200, 5
FAST_CHAIN = f"objektiv {' '.join(FAST_WORDS)}, bank empty"
GROUP = r"C\d+"  # the patient


class Chain:
    """Trainings of one folder, each in a new process."""

    def __init__(self, folder: Path, work: Path) -> None:
        self._folder, self._work = folder, work
        self._seeds = itertools.count(1)
        self._bank = work / "none"

    def cold(self, *words: str) -> float:
        """Seconds with an empty bank; `words` are further options."""
        self._bank = Path(tempfile.mkdtemp(prefix="bank-", dir=self._work))
        return self._train(*words)

    def warm(self) -> float:
        """Seconds with the bank that the last cold one filled, and a seed not used before."""
        return self._train()

    def _train(self, *more: str) -> float:
        runs = Path(tempfile.mkdtemp(prefix="runs-", dir=self._work))
        options = {
            "--group": GROUP,
            "--bank": self._bank,
            "--out": runs,
            "--seed": next(self._seeds),
        }
        words = [*(str(word) for pair in options.items() for word in pair), *more]
        seconds = measure.seconds_of_process([*measure.OBJEKTIV, "train", self._folder, *words])
        if not list(runs.glob("*/report.html")):
            raise RuntimeError(f"no report was written in {runs}")
        return seconds


def main() -> None:
    """Measure, print, and write where asked."""
    parser = measure.parser(__doc__, rounds=3)
    parser.add_argument("--environment", type=Path, help="environment with TensorFlow, to keep")
    parser.add_argument("--steps", type=int, default=20, help="Keras steps measured a round")
    arguments = parser.parse_args()
    paths = measure.pictures(arguments.data / "malaria", arguments.limit)
    result = measure.Result("The whole chain against the course's recipe", "")
    with (
        python_with(REQUIREMENTS, arguments.environment) as python,
        tempfile.TemporaryDirectory() as temporary,
    ):
        folder = measure.class_folders(paths, Path(temporary) / "cells")
        with keras_side(python, folder) as keras:
            versions = keras.ask("versions")
            chain = Chain(folder, Path(temporary))
            sides: dict[str, Callable[[], float]] = {
                FAST_CHAIN: lambda: chain.cold(*FAST_WORDS),
                "objektiv, bank empty": chain.cold,
                "objektiv, bank warm, another seed": chain.warm,
                "training": lambda: float(keras.ask("train", steps=arguments.steps)),
                "validation": lambda: float(keras.ask("validate", steps=arguments.steps)),
            }
            found = measure.interleaved(sides, rounds=arguments.rounds)
    rates = list(zip(found.pop("training"), found.pop("validation"), strict=True))
    course = f"Keras, {EPOCHS} epochs, projected"
    found[course] = [
        EPOCHS * len(paths) * sum(share / rate for share, rate in zip(SHARES, pair, strict=True))
        for pair in rates
    ]
    result.rows = [{"what": name, **measure.spread(s, "seconds")} for name, s in found.items()]
    result.about = (
        f"Seconds on {len(paths):,} cells. objektiv: `objektiv train` in a new process, report "
        "written; compiling and starting Python counted; once with settings for small pictures, "
        "whose accuracy stands beside that of the default in the table of accuracies, once with "
        "the default. Keras: the course's MobileNetV2 recipe "
        f"(ImageDataGenerator with its augmentation, 224 px, batch 64, frozen base, flatten, dense "
        f"1), {EPOCHS} epochs PROJECTED from {arguments.steps} training and validation steps a "
        f"round after warm-up: {statistics.median(r for r, _ in rates):.1f} training and "
        f"{statistics.median(r for _, r in rates):.1f} validation images/s, of "
        f"{SHARES[0]:.0%} and {SHARES[1]:.0%} of the cells. Starting Python, testing and choosing "
        f"anything are not counted for Keras. TensorFlow {versions['tensorflow']}, Keras "
        f"{versions['keras']}."
    )
    warm = statistics.median(found["objektiv, bank warm, another seed"])
    result.claims = [
        *(
            measure.at_least(
                f"less time than the course's recipe (projected): {name}",
                statistics.median(t / o for t, o in zip(found[course], found[name], strict=True)),
                TIMES,
                unit="times",
            )
            for name in (FAST_CHAIN, "objektiv, bank empty")
        ),
        measure.at_most("a new training with a warm bank", warm, WARM_SECONDS, unit="s"),
    ]
    result.publish(arguments.out)


if __name__ == "__main__":
    main()
