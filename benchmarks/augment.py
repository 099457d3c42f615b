"""Augmentation alone, picture by picture: objektiv against Keras' ImageDataGenerator, turn by turn.

In: the folder of data sets; a virtual environment with TensorFlow is made (or used again). Out: a
table of milliseconds a picture with the course's settings at 224 pixels, one thread each, and JSON
with --out. Both sides change the same squares, which lie in memory.
Try: `python -m benchmarks.augment --data ../shared/data --limit 50 --rounds 1`.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks import measure
from benchmarks.environments import python_with
from benchmarks.keras_process import REQUIREMENTS, keras_side
from objektiv.data.augment import Pixels, augment_batch
from objektiv.data.images import decode, read_bytes, to_square
from objektiv.data.settings import AugmentSettings

IMAGES, SIZE, TIMES = 200, 224, 5
# COURSE.md, case malaria; Keras takes shear 0.1 for a tenth of a degree
COURSE = AugmentSettings(
    rotation=30, width_shift=0.1, height_shift=0.1, shear=0.1, zoom=(0.9, 1.1), horizontal_flip=True
)


def squares_of(paths: list[Path]) -> NDArray[np.uint8]:
    """The pictures as squares in memory, (pictures, SIZE, SIZE, 3)."""
    decoded = (
        decode(read_bytes(p, name=p.name), name=p.name, max_pixels=50_000_000) for p in paths
    )
    return np.stack(
        [
            np.rint(to_square(picture.pixels, size=SIZE, fit="stretch")).astype(np.uint8)
            for picture in decoded
        ]
    )


def ours(given: Pixels) -> Callable[[], float]:
    """Milliseconds a picture of one pass."""
    out = np.empty_like(given)
    items = list(map(str, range(len(given))))

    def run() -> float:
        start = time.perf_counter()
        augment_batch(given, COURSE, items=items, seed=1337, epoch=1, out=out)
        return 1000 * (time.perf_counter() - start) / len(given)

    return run


def main() -> None:
    """Measure, print, and write where asked."""
    parser = measure.parser(__doc__, rounds=7)
    parser.add_argument("--environment", type=Path, help="environment with TensorFlow, to keep")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    result = measure.Result(
        "Augmentation against Keras",
        f"Milliseconds a picture of {SIZE} x {SIZE} pixels with the course's settings (rotation "
        "30, shifts 0.1, shear 0.1, zoom 0.1, horizontal flip, nearest), one thread each, squares "
        "in memory. Keras: `ImageDataGenerator.random_transform` of float32, as it does it in "
        "training. objektiv: drawing the change and one warp, of uint8 as in training, and of "
        "float32.",
    )
    paths = measure.pictures(arguments.data / "malaria", arguments.limit or IMAGES)
    squares = squares_of(paths)
    with (
        python_with(REQUIREMENTS, arguments.environment) as python,
        tempfile.TemporaryDirectory() as temporary,
    ):
        file = Path(temporary) / "squares.npy"
        np.save(file, squares)
        with keras_side(python, Path(temporary)) as keras:
            versions = keras.ask("versions")
            sides: dict[str, Callable[[], float]] = {
                "objektiv uint8": ours(squares),
                "objektiv float32": ours(squares.astype(np.float32)),
                "Keras float32": partial(keras.ask, "augment", squares=str(file)),
            }
            found = measure.interleaved(sides, rounds=arguments.rounds)
    result.about += f" {len(paths):,} cells; Keras {versions['keras']}."

    def times(side: str) -> float:
        pairs = zip(found["Keras float32"], found[side], strict=True)
        return float(statistics.median(keras / mine for keras, mine in pairs))

    for side, values in found.items():
        more = {} if side.startswith("Keras") else {"times as fast": times(side)}
        result.rows.append({"side": side, **measure.spread(values, "ms a picture"), **more})
    result.claims = [
        measure.at_least(
            "augmentation against Keras'", times("objektiv uint8"), TIMES, unit="times"
        ),
        measure.at_least("the same, both float32", times("objektiv float32"), TIMES, unit="times"),
    ]
    result.publish(arguments.out)


if __name__ == "__main__":
    main()
