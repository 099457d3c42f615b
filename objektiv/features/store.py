"""The store of pretrained networks from elsewhere: a folder for each, read with distrust.

In: a network's facts and its graph. Out: `<store>/<name>/` with network.onnx and network.json,
published whole or not at all; later a Stored, which writes itself behind a tensor of pixels.
Try: `load("MobileNetV2").add(graph, pixels)`.

"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import onnx
from pydantic import ValidationError

from objektiv.base import files
from objektiv.base.errors import DataError, MachineError, ModelError, UsageError
from objektiv.base.places import MODELS
from objektiv.features import strict
from objektiv.features.entry import FACTS, NETWORK, Entry, Facts, source_of, walked
from objektiv.features.graph import GraphBuilder
from objektiv.features.pooling import add_mean, add_pooled
from objektiv.features.stages import INPUT, LOGITS, Place, find_stages, shapes

FEATURES = "features"  # the tensor between network and head; engines may cut the graph here
IMAGENET_LOGITS = "imagenet_logits"  # (n, classes) of the network's own last layer
LAST_MAP = "last_map"  # (n, channels, height, width), the last map before it is pooled

PREFIX = "network."  # before every name of the graph, so that it meets none of ours
LARGEST_FACTS, LARGEST_NETWORK = 16_000_000, 1_500_000_000  # bytes; protobuf itself ends at 2 GiB
KEPT = 2  # networks held in memory; a training asks for its own several times

# "timm:resnet18" lies in the folder timm@resnet18: Windows has no colon in names
_NAME = re.compile(r"(timm:)?[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")


def folder_of(name: str) -> Path:
    """Where the network of this name lies, or would lie.

    Raises:
        UsageError: no network can have this name.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            "no network can have this name",
            value=repr(name)[:100],
            allowed="Letters, digits, `_`, `.` and `-`, at most 80; `timm:` may stand before",
            next="choose another name",
        )
    return MODELS.folder() / name.replace(":", "@")


def names() -> tuple[str, ...]:
    """Every network in the store, sorted; files that are none of ours are passed over."""
    try:
        found = [p.name.replace("@", ":") for p in MODELS.folder().iterdir()]
    except (OSError, MachineError):  # no store yet
        return ()
    return tuple(sorted(n for n in found if _NAME.fullmatch(n) and (folder_of(n) / FACTS).exists()))


def require_free(name: str) -> None:
    """Check that a network can be stored under this name.

    Raises:
        UsageError: it cannot be a name, or is taken.
    """
    if folder_of(name).exists():
        raise UsageError(
            "the store has a network of this name",
            value=name,
            allowed="Nothing is overwritten",
            next=f"`objektiv models remove {name}` first",
        )


def save(facts: Facts, graph: bytes, *, source: strict.Source | None = None) -> Entry:
    """Walk a network's graph, find its stages and publish its folder.

    `source` says what to do where the graph is refused.

    Raises:
        UsageError: the name cannot be, or is taken.
        ModelError: the graph is refused.
        MachineError: the disk refuses.
    """
    require_free(facts.name)
    source = source or source_of(facts.name)
    model = walked(graph, facts, source)
    found = find_stages(model, size=facts.size, source=source)
    if facts.smallest and facts.smallest > found.smallest:
        found = found.model_copy(update={"smallest": facts.smallest})
    entry = Entry(**facts.model_dump(), found=found, bytes=len(graph), network=files.sha256(graph))
    text = entry.model_dump_json(indent=2) + "\n"
    files.publish_folder(folder_of(facts.name), [(NETWORK, graph), (FACTS, text.encode())])
    return entry


def remove(name: str) -> int:
    """Delete a network from the store; returns the bytes that are free now.

    Raises:
        ModelError: the store has no network of this name.
    """
    folder = folder_of(name)
    if not folder.is_dir():
        raise ModelError(
            "the store has no network of this name",
            value=repr(name),
            allowed=f"Stored: {', '.join(names()) or 'none'}",
            next="see `objektiv models`",
        )
    size = sum(p.stat().st_size for p in folder.iterdir())
    with files.writing(folder):
        shutil.rmtree(folder)
    return size


def read_entry(name: str) -> Entry:
    """The facts of a stored network; its graph is not looked at.

    Raises:
        ModelError: they are damaged or of another version.
    """
    path, refused = folder_of(name) / FACTS, source_of(name).refused
    try:
        if path.stat().st_size > LARGEST_FACTS:
            raise OSError(f"more than {LARGEST_FACTS:,} bytes")
        data = path.read_bytes()
        value = files.parse_json(data, name=FACTS)
        version = value.get("format") if isinstance(value, dict) else None
        entry = Entry.model_validate_json(data) if version == 1 else None
    except (OSError, DataError, ValidationError) as error:
        raise refused(
            f"{FACTS} of {name} cannot be used",
            value=" ".join(str(error).split())[:300],
            allowed=f"Strict JSON with the keys {', '.join(Entry.model_fields)}",
        ) from error
    if entry is None or entry.name != name:
        raise refused(
            f"{FACTS} of {name} is another network's or of another version",
            value=f"format {version!r}, name {entry.name if entry else 'not read'}"[:200],
            allowed=f"Format 1, name {name}",
        )
    return entry


@dataclass(frozen=True, eq=False)
class Stored:
    """A network from the store, checked, ready to be written into graphs."""

    entry: Entry
    graph: onnx.GraphProto  # walked, its names as `_renamed` leaves them

    def add(self, graph: GraphBuilder, pixels: str) -> None:
        """Append the network behind `pixels`, float32 (n, size, size, 3), RGB 0 to 255.

        Adds FEATURES, LAST_MAP (n, channels, height, width) and IMAGENET_LOGITS (n, classes).
        """
        graph.insert(self.graph, given={_new_name(INPUT, self.entry): self._input(graph, pixels)})
        found = self.entry.found
        pooled = [add_pooled(graph, self._tensor(place)) for place in found.stages]
        final = self._tensor(found.final)
        pooled.append(add_mean(graph, final) if found.final.map else final)
        graph.add("Concat", pooled, output=FEATURES, axis=1)

    def _tensor(self, place: Place) -> str:
        return _new_name(place.tensor, self.entry)

    def _input(self, graph: GraphBuilder, pixels: str) -> str:
        """The pixels as the network was trained on them."""
        entry = self.entry
        x = graph.add("Transpose", [pixels], perm=[0, 3, 1, 2])
        if entry.colours == "BGR":
            x = graph.add("Gather", [x, graph.ints(2, 1, 0)], axis=1)
        std = np.array(entry.std).reshape(1, 3, 1, 1)
        mean = np.array(entry.mean).reshape(1, 3, 1, 1)
        x = graph.add("Mul", [x, graph.constant((entry.scale / std).astype(np.float32))])
        return graph.add("Sub", [x, graph.constant((mean / std).astype(np.float32))])


def load(name: str) -> Stored:
    """The stored network, its hash compared and its graph walked.

    Raises:
        ModelError: it is damaged, or holds what no network of ours may.
    """
    return _load(folder_of(name) / NETWORK, read_entry(name))


@lru_cache(maxsize=KEPT)
def _load(path: Path, entry: Entry) -> Stored:
    source = source_of(entry.name)
    try:
        if path.stat().st_size > LARGEST_NETWORK:
            raise OSError(f"more than {LARGEST_NETWORK:,} bytes")
        data = path.read_bytes()
    except OSError as error:
        raise source.refused(
            f"{source.file} cannot be read", value=error, allowed="The file that was written"
        ) from error
    if (found := files.sha256(data)) != entry.network:
        raise source.refused(
            f"{source.file} has been changed or damaged",
            value=f"SHA-256 {found}",
            allowed=f"Only {entry.network}, as {FACTS} says",
        )
    model = walked(data, entry, source)
    places = (*entry.found.stages, entry.found.last_map, entry.found.final)
    known = shapes(model, size=entry.size) or {}
    if wrong := [p for p in places if known.get(p.tensor, (0, 0))[1] != p.channels]:
        raise source.refused(
            f"{FACTS} of {entry.name} does not fit {NETWORK}",
            value=f"{wrong[0].name}: {wrong[0].tensor[:80]}, {wrong[0].channels} channels",
            allowed="Tensors of the graph, with their channels",
        )
    return Stored(entry, _renamed(model.graph, entry))


def _new_name(name: str, entry: Entry) -> str:
    ours = {LOGITS: IMAGENET_LOGITS, entry.found.last_map.tensor: LAST_MAP}
    return ours.get(name, f"{PREFIX}{name}")


def _renamed(graph: onnx.GraphProto, entry: Entry) -> onnx.GraphProto:
    """The same graph, in place, with names that meet none of ours."""
    for tensor in graph.initializer:
        tensor.name = _new_name(tensor.name, entry)
    for node in graph.node:
        node.input[:] = [name and _new_name(name, entry) for name in node.input]
        node.output[:] = [name and _new_name(name, entry) for name in node.output]
        node.name = node.output[0]
    return graph
