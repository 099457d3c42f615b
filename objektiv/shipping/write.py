"""Write a bundle: compute the golden values, hash every member, publish bundle.json last.

In: an ONNX graph and what is known of it. Out: a folder, or one `.objektiv` file, that
`shipping.bundle.load` accepts. A folder whose writing was interrupted has no bundle.json.
Try: `write_bundle(Path("model"), contents)`, then `pack(Path("model"), Path("cells.objektiv"))`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from objektiv.base import files
from objektiv.base.errors import UsageError
from objektiv.base.machine import own_version, this_machine
from objektiv.data.settings import Fit
from objektiv.shipping import golden
from objektiv.shipping.bundle import Bundle, same_path, squares_of
from objektiv.shipping.ends import INPUT, outputs
from objektiv.shipping.facts import (
    CARD,
    FACTS,
    GOLDEN,
    MEMBERS,
    MODEL,
    PICTURES,
    SUFFIX,
    Backbone,
    Facts,
    Golden,
    Member,
    Precision,
    Provenance,
    Weights,
    first_mistakes,
    refused,
    sealed,
    tolerance,
)
from objektiv.shipping.limits import Decision, Limits
from objektiv.shipping.members import read_members, zipped
from objektiv.shipping.session import Network, Session, run_whole_graph
from objektiv.shipping.walk import cut, read_graph


@dataclass(frozen=True, kw_only=True)
class BundleContents:
    """All that goes into a bundle; the rest (golden values, hashes, versions) is computed."""

    model: bytes  # ONNX: image -> pixels -> network -> logits, probabilities
    classes: Sequence[str]
    size: int
    fit: Fit
    backbone: Backbone
    head: str
    temperature: float  # already inside the graph
    card: str  # Markdown
    data: str  # hash of the hashes of all images
    split: str  # hash of split.csv
    settings: Mapping[str, Any] = field(default_factory=dict)  # JSON values, None for unknown
    scores: Mapping[str, Any] = field(default_factory=dict)  # likewise
    weights: Weights = "fp32"
    precisions: Sequence[Precision] = ("fp32",)
    tested_precision: Precision = "fp32"
    strange: bool = False  # the graph gives strangeness too
    limits: Limits = Limits()
    decision: Decision | None = None


def write_bundle(folder: Path, contents: BundleContents) -> Bundle:
    """Write the bundle into `folder`, which must be new or empty; returns it, ready to predict.

    Raises:
        UsageError: something is in the folder already.
        BundleError: the contents do not fit together, or the graph computes something else with
            its own preprocessing than behind that of `data.images`.
        MachineError: the disk refuses.
    """
    _check_free(folder)
    facts = _facts(contents)
    members: dict[str, bytes] = {MODEL: contents.model, CARD: contents.card.encode()}
    members |= {name: golden.encode(picture) for name, picture in golden.draw().items()}
    sessions = _sessions(contents.model, facts)
    members[GOLDEN] = _json_bytes(_golden(contents.model, facts, sessions))
    hashes = {
        name: Member(bytes=len(data), sha256=files.sha256(data)) for name, data in members.items()
    }
    facts = facts.model_copy(update={"files": hashes})
    members[FACTS] = sealed(_json_bytes(facts))
    files.make_folder(folder / "golden")
    for name, data in members.items():  # bundle.json comes last: with it, it is a bundle
        files.write_bytes(folder / name, data)
    read_members(folder)
    tested = facts.tested_precision
    return Bundle(facts, members, session=sessions[tested], precision=tested)


def pack(folder: Path, file: Path) -> Path:
    """Put the bundle in `folder` into one new file, a zip named `.objektiv`; returns it.

    Raises:
        UsageError: `file` exists or has another suffix.
        BundleError: the bundle in `folder` is damaged.
        MachineError: the disk refuses.
    """
    if file.suffix != SUFFIX or file.exists():
        raise UsageError(
            "the packed bundle cannot be written there",
            value=f"{file}{' exists' if file.exists() else ''}",
            allowed=f"A new file whose name ends in {SUFFIX}",
            next="choose another name; nothing is overwritten",
        )
    _, members = read_members(folder)
    files.write_bytes(file, zipped(members))
    return file


def _check_free(folder: Path) -> None:
    if folder.is_dir():
        for place in (folder, folder / "golden"):
            files.remove_litter(place)
    if not folder.exists():
        return
    names = {"golden", *MEMBERS} - {FACTS}  # what an interrupted writing may have left
    found = sorted(p.name for p in folder.iterdir()) if folder.is_dir() else ["a file"]
    strange = [name for name in found if name not in names]
    if strange:
        raise UsageError(
            f"{folder} cannot take a bundle",
            value=f"it holds {', '.join(strange[:3])}",
            allowed="A new or empty folder",
            next="choose another folder; nothing is overwritten",
        )


def _facts(contents: BundleContents) -> Facts:
    machine = this_machine()
    try:
        provenance = Provenance(
            objektiv=own_version(),
            libraries=dict(machine.libraries),
            machine=str(machine),
            settings=dict(contents.settings),
            data=contents.data,
            split=contents.split,
            scores=dict(contents.scores),
        )
        return Facts(
            classes=tuple(contents.classes),
            input=INPUT,
            outputs=outputs(len(contents.classes), strange=contents.strange),
            size=contents.size,
            fit=contents.fit,
            backbone=contents.backbone,
            head=contents.head,
            temperature=contents.temperature,
            weights=contents.weights,
            precisions=tuple(contents.precisions),
            tested_precision=contents.tested_precision,
            limits=contents.limits,
            decision=contents.decision,
            provenance=provenance,
            files={},
        )
    except ValidationError as error:
        raise refused(
            "a bundle of these contents cannot be written",
            value=first_mistakes(error),
            allowed="See the fields of Facts and Provenance",
            next="correct what is named; JSON holds None where a number is unknown, not NaN",
        ) from error


def _sessions(data: bytes, facts: Facts) -> dict[Precision, Session]:
    """The network behind the preprocessing, in each declared precision."""
    graph = read_graph(data, facts)
    cut(graph, size=facts.size)
    network = Network(graph)
    return {precision: Session(network, precision=precision) for precision in facts.precisions}


def _golden(data: bytes, facts: Facts, sessions: Mapping[Precision, Session]) -> Golden:
    """The golden probabilities in each declared precision, by an engine that was checked."""
    pictures = list(golden.draw().values())
    squares = squares_of(pictures, size=facts.size, fit=facts.fit)
    with ThreadPoolExecutor(1) as pool:  # compiling takes half a second and one core each
        whole = pool.submit(run_whole_graph, data, pictures)
        found = {precision: session(squares) for precision, session in sessions.items()}
    worst = golden.apart(whole.result(), found["fp32"])
    if worst > same_path(facts.weights):
        raise refused(
            "the graph computes something else with its own preprocessing",
            value=f"golden predictions differ by {worst:.2g}",
            allowed=f"At most {same_path(facts.weights)}; size and fit must be those of the graph",
            next="build the graph with `features.preprocess.add_preprocessing` for this size and "
            "fit",
        )
    expected = {
        p: golden.expected_of(found[p], tolerance=tolerance(facts.weights, p))
        for p in facts.precisions
    }
    return Golden(pictures=PICTURES, expected=expected)


def _json_bytes(value: BaseModel) -> bytes:
    plain = value.model_dump(mode="json")
    text = json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode()
