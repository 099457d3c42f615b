"""How long reading and judging a video takes, against plain decoding by PyAV.

Plain decoding is PyAV's shortest loop, `for frame in container.decode(stream): pass`, with all
cores at work (thread_type AUTO): no pixel reaches Python. Beside it the same loop with every frame
converted to a grey or RGB array, as scripts do. Objektiv's side is `intake.frames.choose` with its
defaults: every frame decoded and judged for blur and sameness; nothing is written by any side.
In: the folder of data sets. Out: a table, and JSON with --out.
Try: `python -m benchmarks.video --data ../shared/data --rounds 3`.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import measure
from objektiv.intake.frames import choose
from objektiv.intake.settings import ConvertSettings

MOST = 1.5  # times plain decoding
SECONDS = 0.5  # a side repeats a short video until it has taken about so long
JUDGED, PLAIN = "read and judged", "plain PyAV"


def decode(path: Path, *, format: str = "") -> None:
    """Decode every frame; with `format` also make an array of it."""
    import av

    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for frame in container.decode(stream):
            if format:
                frame.to_ndarray(format=format)


def judge(path: Path) -> None:
    """Decode every frame and decide which are kept."""
    choose(path, ConvertSettings())


def repeated(function: Callable[[Path], None], path: Path, times: int) -> float:
    """Seconds of one call, as the mean of several."""

    def several() -> None:
        for _ in range(times):
            function(path)

    return measure.seconds_of(several) / times


def add_video(result: measure.Result, path: Path, *, rounds: int) -> None:
    """Rows and the claim about one video."""
    functions: dict[str, Callable[[Path], None]] = {
        PLAIN: decode,
        JUDGED: judge,
        "PyAV and each frame grey": partial(decode, format="gray"),
        "PyAV and each frame RGB": partial(decode, format="rgb24"),
    }
    warm = measure.seconds_of(lambda: decode(path))
    times = max(1, math.ceil(SECONDS / warm))
    sides = {name: partial(repeated, f, path, times) for name, f in functions.items()}
    found = measure.interleaved(sides, rounds=rounds)
    choice = choose(path, ConvertSettings())
    for name, seconds in found.items():
        ratio = statistics.median(a / b for a, b in zip(seconds, found[PLAIN], strict=True))
        row = {"video": path.name, "frames": choice.frames, "what": name}
        result.rows.append({**row, **measure.spread(seconds, "seconds"), "times plain": ratio})
    ratios = [a / b for a, b in zip(found[JUDGED], found[PLAIN], strict=True)]
    what = f"{path.name}: read and judged, times plain decoding, median of rounds"
    result.claims.append(measure.at_most(what, statistics.median(ratios), MOST))


def main() -> None:
    """Measure, print, and write where asked."""
    arguments = measure.parser(__doc__, rounds=15).parse_args()
    result = measure.Result(
        "Video",
        "Seconds to decode a video and judge every frame for blur and sameness, without writing "
        "pictures, against plain decoding by PyAV without any conversion; all sides decode on all "
        "cores. `times plain` is the median over the rounds of the ratio within a round. The two "
        "conversions are what scripts do that look at frames as arrays.",
    )
    for path in sorted((arguments.data / "video").iterdir())[: arguments.limit]:
        add_video(result, path, rounds=arguments.rounds)
    result.publish(arguments.out)


if __name__ == "__main__":
    main()
