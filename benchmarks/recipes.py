"""Training throughput of the course's recipes against Keras `fit` with ImageDataGenerator.

Ours: pictures read from files, then one epoch of `mobilenetv2-frozen` (fresh pictures) and of
`simple-cnn`, with the course's augmentation; reading, compiling and validation of a few pictures
counted. Keras: training steps after warm-up. All in turn; weights are random on both sides.
In: the folder of data sets, objektiv[zoo] and objektiv[torch]; an environment with TensorFlow is
made (or used again). Out: a table of images a second, and JSON with --out.
Try: `python -m benchmarks.recipes --data ../shared/data --limit 600 --rounds 1 --steps 1`.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import measure
from benchmarks.environments import python_with
from benchmarks.keras_process import REQUIREMENTS, keras_side
from benchmarks.keras_side import FROZEN, SIMPLE
from objektiv.base.progress import Progress
from objektiv.base.settings import make
from objektiv.data.augment import apply, transform
from objektiv.data.settings import AugmentSettings
from objektiv.features.last_map import LastMap
from objektiv.models.layers import last_layer, network
from objektiv.models.recipes import RECIPES
from objektiv.models.settings import NetworkSettings
from objektiv.training import frozen, pictures
from objektiv.training.pictures import Lessons
from objektiv.training.settings import FitSettings
from objektiv.zoo.add import add
from objektiv.zoo.settings import RANDOM, AddSettings

TIMES = 2
FEW = 8  # pictures that are validated on
PIXELS = 50_000_000
SEED = 1337


class Ours:
    """One epoch of each recipe on the same files."""

    def __init__(self, paths: list[Path], work: Path) -> None:
        self._paths, self._work = paths, work
        names = sorted({path.parent.name for path in paths})
        self._labels = [names.index(path.parent.name) for path in paths]

    def frozen(self) -> float:
        """Images a second of the frozen recipe."""
        given = RECIPES.get(FROZEN).settings
        last, ending = last_layer(NetworkSettings(), classes=2)
        teaching = frozen.Teaching(self._fitting(given), "fresh", last, ending, 2, "fp32")
        maps = LastMap(given["backbone"], size=given["size"], rescale=given["rescale"])

        def train() -> None:
            lessons = self._lessons(given)
            frozen.fit(maps, lessons, teaching, seed=SEED, progress=Progress())

        return len(self._paths) / measure.seconds_of(train)

    def simple(self) -> float:
        """Images a second of the simple CNN."""
        from objektiv.training.build import FromNothing
        from objektiv.training.fit import fit

        given = RECIPES.get(SIMPLE).settings
        layers = network(_part(NetworkSettings, given), classes=2)
        trainable = FromNothing(layers, size=given["size"])
        folder = Path(tempfile.mkdtemp(dir=self._work))

        def train() -> None:
            lessons = self._lessons(given)
            settings = self._fitting(given)
            fit(trainable, lessons, settings, seed=SEED, folder=folder, progress=Progress())

        return len(self._paths) / measure.seconds_of(train)

    def _fitting(self, given: Any) -> FitSettings:
        settings: FitSettings = _part(FitSettings, given)
        return settings.model_copy(update={"epochs": 1})

    def _lessons(self, given: Any) -> Lessons:
        how = pictures.Reading(given["size"], given["fit"], PIXELS)
        read = pictures.read(self._paths, self._labels, how, progress=Progress())
        augment = _part(AugmentSettings, given)

        def change(square: Any, out: Any, epoch: int, row: int) -> object:
            return apply(square, transform(augment, seed=SEED, epoch=epoch, item=row), out=out)

        return Lessons(read, read.only(np.arange(FEW)), change)


def _part(kind: Any, given: Any) -> Any:
    return make(kind, {name: given[name] for name in kind.model_fields if name in given})


def _store_network(folder: Path) -> None:
    """MobileNetV2 with random weights in a store of our own."""
    os.environ["OBJEKTIV_MODELS"] = str(folder / "models")
    add(RECIPES.get(FROZEN).settings["backbone"], AddSettings(weights=RANDOM))


def main() -> None:
    """Measure, print, and write where asked."""
    parser = measure.parser(__doc__, rounds=3)
    parser.add_argument("--environment", type=Path, help="environment with TensorFlow, to keep")
    parser.add_argument("--steps", type=int, default=10, help="Keras steps measured a round")
    arguments = parser.parse_args()
    paths = measure.pictures(arguments.data / "malaria", arguments.limit)
    result = measure.Result("Training throughput of the course's recipes", "")
    with (
        python_with(REQUIREMENTS, arguments.environment) as python,
        tempfile.TemporaryDirectory() as temporary,
    ):
        work = Path(temporary)
        _store_network(work)
        with keras_side(python, measure.class_folders(paths, work / "cells")) as keras:
            versions = keras.ask("versions")
            ours = Ours(paths, work)

            def theirs(recipe: str) -> Callable[[], float]:
                return lambda: float(keras.ask("train", steps=arguments.steps, recipe=recipe))

            found = measure.interleaved(
                {
                    f"{FROZEN}, objektiv": ours.frozen,
                    f"{FROZEN}, Keras": theirs(FROZEN),
                    f"{SIMPLE}, objektiv": ours.simple,
                    f"{SIMPLE}, Keras": theirs(SIMPLE),
                },
                rounds=arguments.rounds,
            )
    result.rows = [{"what": name, **measure.spread(s, "images/s")} for name, s in found.items()]
    result.about = (
        f"Images a second in training, {len(paths):,} cells, the course's augmentation. objektiv: "
        "from files to the end of one epoch, reading and compiling counted. Keras: "
        f"{arguments.steps} steps after warm-up, ImageDataGenerator on the same files. TensorFlow "
        f"{versions['tensorflow']}, Keras {versions['keras']}."
    )
    result.claims = [
        measure.at_least(
            f"{recipe} against Keras",
            statistics.median(
                a / b
                for a, b in zip(
                    found[f"{recipe}, objektiv"], found[f"{recipe}, Keras"], strict=True
                )
            ),
            TIMES,
            unit="times",
        )
        for recipe in (FROZEN, SIMPLE)
    ]
    result.publish(arguments.out)


if __name__ == "__main__":
    main()
