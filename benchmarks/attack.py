"""How easily a model of cats and dogs is fooled, and what the defence costs.

In: the folder of data sets (cats_dogs); a probe on Lite0 learns from its training part. Out: the
share of the dogs of the test part that targeted PGD turns into cats at 4/255, accuracy under
natural changes, and accuracy with and without smoothing under PGD; JSON with --out. Needs
objektiv[torch].
Try: `python -m benchmarks.attack --data ../shared/data --limit 8`.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks import measure
from objektiv.base.progress import Progress
from objektiv.explaining.attack_settings import AttackSettings
from objektiv.explaining.robustness import Pictured, Robustness, examine
from objektiv.explaining.subject import Subject, of_bundle
from objektiv.faces import python
from objektiv.flow.looking import pictured
from objektiv.flow.settings import TrainSettings

TURNED = 0.95
STRENGTH = 4.0
FEW = 12  # pictures of the attack on smoothing, whose gradient takes four times as long


def _attacked(
    subject: Subject, pictures: list[Pictured], settings: AttackSettings
) -> tuple[Robustness, float]:
    start = time.perf_counter()
    found = examine(subject, pictures, settings, progress=Progress())
    return found, time.perf_counter() - start


def _rows(found: Robustness, pictures: int, seconds: float) -> list[measure.Row]:
    return [
        {
            "change": curve.kind,
            "level": point.level,
            "pictures": pictures,
            "clean": found.clean.estimate,
            "accuracy": point.accuracy.estimate,
            "low": point.accuracy.low,
            "high": point.accuracy.high,
            "became target": point.reached.estimate if point.reached else None,
            "seconds in all": seconds,
        }
        for curve in found.curves
        for point in curve.points
    ]


def main() -> None:
    """Train, attack, print."""
    arguments = measure.parser(__doc__, rounds=1).parse_args()
    result = measure.Result("attack", "cats and dogs, a probe on Lite0, changed to fool it")
    data = arguments.data / "cats_dogs"
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        settings = TrainSettings(out=place / "runs", bank=place / "bank", precision="fp32")
        run = python.train(data, settings=settings)
        subject = of_bundle(python.load(run.folder / "model", precision="fp32"))
    most = arguments.limit or 1000
    dogs, _ = pictured([data / "test" / "dogs"], subject, most=most, seed=0)
    every, _ = pictured([data / "test"], subject, most=most, seed=0)

    targeted = AttackSettings(target="cats", strengths=(0.5, 1, 2, STRENGTH))
    found, seconds = _attacked(subject, dogs, targeted)
    result.rows += _rows(found, len(dogs), seconds)
    last = found.curves[0].points[-1]
    turned = last.reached.estimate if last.reached else 0.0
    result.claims.append(measure.at_least("dogs that became cats at 4/255", turned, TURNED))

    for own, chosen in (
        (AttackSettings(method="natural"), every),
        (AttackSettings(strengths=(0.5, 1, 2), defend=8, copies=16), every[:FEW]),
    ):
        found, seconds = _attacked(subject, chosen, own)
        result.rows += _rows(found, len(chosen), seconds)
    result.publish(arguments.out)


if __name__ == "__main__":
    main()
