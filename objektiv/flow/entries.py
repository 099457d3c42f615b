"""What stands on the honesty ledger: looks at test parts, and audits of the data.

In: scores and findings of a run. Out: entries, each one line of JSON. Every text in a line may come
from a stranger: it is limited here, and escaped wherever it is shown.
Try: `parse(b'{"kind": "look"}')`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from objektiv.base import files
from objektiv.base.errors import DataError
from objektiv.base.settings import Strict
from objektiv.judging.predictions import Predictions

MOST_FOUND = 100  # findings of one check, and looks that a run's own record names
Text = Annotated[str, Field(max_length=500)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0, le=10**12)]


class Line(Strict):
    """Base of what a line holds; a newer version may say more."""

    model_config = ConfigDict(extra="ignore")


class Entry(Line):
    """What happened at a time."""

    time: Text  # see `now`


class Look(Entry):
    """A test part was scored."""

    kind: Literal["look"] = "look"
    command: Text  # train or evaluate
    run: Text  # its folder's name
    model: Text
    test: Text  # see `part_hash`
    items: Count
    accuracy: Share


class Found(Strict):
    """A finding of a check."""

    kind: Text
    severity: Literal["error", "warning", "note"]
    title: Text
    items: Count


class Probed(Strict):
    """What a shortcut probe reached; `share` of the way from guessing to the model."""

    name: Text
    accuracy: Share
    share: Annotated[float, Field(ge=0)]


class Ends(Strict):
    """An estimate with its 95 % interval."""

    estimate: float
    low: float
    high: float


class Check(Entry):
    """`objektiv check` looked for everything that is wrong in the data."""

    kind: Literal["check"] = "check"
    data: Text  # hash of the pictures that it saw
    items: Count
    quarantined: Mapping[Text, Count]  # files by reason
    findings: tuple[Found, ...]
    probes: tuple[Probed, ...]  # none where no head could be fitted
    model: Share | None  # balanced accuracy of the model on the pictures of the probes


class Honesty(Entry):
    """`objektiv split --honest` judged a random split beside one that keeps groups whole."""

    kind: Literal["honest"] = "honest"
    data: Text
    items: Count
    clusters: Count
    random: Ends  # accuracy, as a random split would claim it
    honest: Ends
    difference: Ends  # random minus honest


class Counted(Line):
    """Old looks at one test part, of which only the number is kept."""

    kind: Literal["counted"] = "counted"
    test: Text
    looks: Count


Audit = Check | Honesty
_LINE: TypeAdapter[Look | Check | Honesty | Counted] = TypeAdapter(
    Annotated[Look | Check | Honesty | Counted, Field(discriminator="kind")]
)


def look_at(test: Predictions, run: Path, *, command: str, model: str, accuracy: float) -> Look:
    """The entry of a run (its folder) that scored `test` just now."""
    return Look(
        time=now(),
        command=command,
        run=run.name[:500],
        model=model[:500],
        test=part_hash(test),
        items=len(test),
        accuracy=accuracy,
    )


def now() -> str:
    """The time of an entry, with the distance to UTC."""
    return datetime.now().astimezone().isoformat(timespec="milliseconds")


def data_hash(hashes: Any) -> str:
    """SHA-256 over the SHA-256s of the pictures, in any order; what a bundle calls its data."""
    return files.sha256("\n".join(sorted(hashes)).encode())


def part_hash(test: Predictions) -> str:
    """SHA-256 over ids and contents of a test part, in any order."""
    rows = sorted(zip(test.ids, test.hashes, strict=True))
    return files.sha256(json.dumps(rows).encode())


def parse(line: bytes) -> Line | None:
    """The entry in a line; None where it is not one."""
    try:
        found = _LINE.validate_json(json.dumps(files.parse_json(line, name="a line")))
    except (DataError, ValidationError, ValueError):
        return None
    return found
