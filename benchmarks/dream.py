"""The ideal cat and zebra of Lite0: how sure the network is, how smooth they are, how long it took.

In: nothing but the package's own weights. Out: probability of the saved picture by the network
itself, total variation beside that of plain ascent, seconds; JSON with --out. Needs
objektiv[torch].
Try: `python -m benchmarks.dream`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks import measure
from objektiv.base.progress import Progress
from objektiv.explaining.attack_settings import DreamSettings
from objektiv.explaining.dream import Wish, dream
from objektiv.explaining.subject import of_backbone

SURE, SMOOTHER, SECONDS = 0.99, 5.0, 60.0


def main() -> None:
    """Dream of both, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="JSON file")
    arguments = parser.parse_args()
    result = measure.Result("dream", "ideal pictures of Lite0 from noise, default settings")
    subject = of_backbone("lite0")
    for label in ("tabby", "zebra"):
        found = dream(subject, Wish(label=label), DreamSettings(), progress=Progress())
        for way, made in (("all means", found.ideal), ("plain", found.plain)):
            if made:
                result.rows.append(
                    {
                        "class": label,
                        "way": way,
                        "probability": made.value,
                        "variation": made.variation,
                        "seconds": made.seconds,
                    }
                )
        ratio = found.plain.variation / found.ideal.variation if found.plain else 0.0
        result.claims += [
            measure.at_least(f"probability of {label}", found.ideal.value, SURE),
            measure.at_least(f"variation of plain ascent against {label}", ratio, SMOOTHER),
            measure.at_most(f"time for {label}", found.ideal.seconds, SECONDS, unit="s"),
        ]
    result.publish(arguments.out)


if __name__ == "__main__":
    main()
