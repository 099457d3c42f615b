"""The training pictures that tried pictures are like: the nearest of all and of the other classes.

In: a run and files that somebody tries. Out: for each the ids, labels and distances, where the run
kept features to compare with. What is tried leaves nothing behind: it is looked at beside the bank.
Try: `like(project.run("cells-001"), [("a.png", data)], ["disc"])`.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from objektiv.base import files
from objektiv.base.language import Told
from objektiv.base.progress import Progress
from objektiv.explaining.nearest import Neighbour
from objektiv.flow.explain import Kin, kin_of
from objektiv.flow.run import METRICS, Run
from objektiv.flow.settings import ExplainSettings

COUNT = 4  # nearest pictures of each kind


@dataclass(frozen=True)
class Like:
    """The nearest training pictures of one, and the nearest of each class but its own."""

    nearest: tuple[Neighbour, ...] = ()
    others: tuple[Neighbour, ...] = ()


def like(
    run: Run, sent: Sequence[tuple[str, bytes]], labels: Sequence[str]
) -> tuple[list[Like], Told | None]:
    """Of each file (name and bytes) what it is like, and why that cannot be told, if it cannot.

    `labels`: what each was called; a file that is no picture is like nothing.
    """
    kin = _kin(run.folder, (run.folder / METRICS).stat().st_mtime_ns)
    if not isinstance(kin, Kin):
        return [Like() for _ in sent], kin
    with tempfile.TemporaryDirectory() as place:
        how = kin.how.model_copy(update={"bank": Path(place, "bank")})
        paths = []
        for number, (name, data) in enumerate(sent):
            paths.append(Path(place, f"{number}{Path(name).suffix[:10]}"))
            paths[-1].write_bytes(data)
        looked = replace(kin, how=how).look(paths)
    found = []
    for (_, data), label in zip(sent, labels, strict=True):
        seen = looked.get(files.sha256(data))
        found.append(Like() if seen is None else Like(*kin.of(seen, label)))
    return found, None


@functools.lru_cache(maxsize=2)
def _kin(folder: Path, changed: int) -> Kin | Told:
    return kin_of(Run(folder), ExplainSettings(neighbours=COUNT), progress=Progress())
