"""Features from files: objektiv against Keras' MobileNetV2 on the same pictures, turn by turn.

In: the folder of data sets; a virtual environment with TensorFlow is made (or used again). Out: a
table of images a second at the course's 224 and at 128 pixels, and JSON with --out.
Try: `python -m benchmarks.keras --data ../shared/data --limit 300 --rounds 1`.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import measure
from benchmarks.environments import python_with
from benchmarks.extraction import ours
from benchmarks.keras_process import REQUIREMENTS, keras_side

IMAGES = 3000
SIZES = (224, 128)
TIMES = 4


def main() -> None:
    """Measure, print, and write where asked."""
    parser = measure.parser(__doc__, rounds=3)
    parser.add_argument("--environment", type=Path, help="environment with TensorFlow, to keep")
    arguments = parser.parse_args()
    result = measure.Result(
        "Extraction against Keras",
        "Images a second from files to features. Keras: `image_dataset_from_directory` and "
        "`predict` of MobileNetV2 without its top (average pooling, random weights); building the "
        "network and its first batch are not counted. objektiv: `look` with an empty bank, "
        "all counted, compiling too.",
    )
    paths = measure.pictures(arguments.data / "malaria", arguments.limit or IMAGES)
    with (
        python_with(REQUIREMENTS, arguments.environment) as python,
        tempfile.TemporaryDirectory() as temporary,
    ):
        folder = measure.class_folders(paths, Path(temporary))
        with keras_side(python, folder) as keras:
            versions = keras.ask("versions")
            sides: dict[str, Callable[[], float]] = {}
            for size in SIZES:
                sides[f"objektiv {size}"] = ours(folder, size)
                sides[f"Keras {size}"] = partial(keras.ask, "predict", size=size)
            found = measure.interleaved(sides, rounds=arguments.rounds)
    result.about += (
        f" {len(paths):,} cells; TensorFlow {versions['tensorflow']}, Keras {versions['keras']}."
    )

    def times(a: str, b: str) -> float:
        pairs = zip(found[a], found[b], strict=True)
        return float(statistics.median(x / y for x, y in pairs))

    for size in SIZES:
        mine, theirs = f"objektiv {size}", f"Keras {size}"
        for side, network in ((mine, "EfficientNet-Lite0, all stages"), (theirs, "MobileNetV2")):
            row = {"side": side.partition(" ")[0], "network": network, "pixels": size}
            more = {"times Keras": times(mine, theirs)} if side == mine else {}
            result.rows.append({**row, **measure.spread(found[side], "images/s"), **more})
    result.claims = [
        measure.at_least(what, times("objektiv 128", theirs), TIMES, unit="times")
        for what, theirs in (
            ("objektiv at 128 px against Keras at the course's 224 px", "Keras 224"),
            ("both at 128 px", "Keras 128"),
        )
    ]
    result.publish(arguments.out)


if __name__ == "__main__":
    main()
