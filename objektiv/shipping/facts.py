"""What a bundle says about itself: its members, limits and the two JSON files, strictly read.

In: bytes of bundle.json and golden/golden.json. Out: frozen Facts and Golden, or a BundleError.
A bundle is a folder, or one `.objektiv` file (a zip), holding exactly MEMBERS.
"""

from __future__ import annotations

import math
import unicodedata
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, Field, JsonValue, ValidationError, model_validator

from objektiv.base import files
from objektiv.base.errors import BundleError, DataError
from objektiv.base.settings import Strict
from objektiv.data.settings import Fit
from objektiv.shipping.ends import INPUT, STRANGENESS, Tensor, outputs
from objektiv.shipping.limits import Decision, Limits, Name, Share

FORMAT: Literal[2] = (
    2  # 2 may tell limits, a decision and the strangeness of a picture; 1 is still read
)
FORMATS = (1, FORMAT)
SUFFIX = ".objektiv"

FACTS, MODEL, CARD, GOLDEN = "bundle.json", "model.onnx", "model_card.md", "golden/golden.json"
PICTURES = ("golden/gradient.png", "golden/rings.png", "golden/checker.png", "golden/strip.png")
HASHED = (MODEL, CARD, GOLDEN, *PICTURES)
MEMBERS = (FACTS, *HASHED)

LIMITS = {  # bytes; protobuf itself ends at 2 GiB
    MODEL: 1_500_000_000,
    **dict.fromkeys((FACTS, CARD, GOLDEN), 16_000_000),
    **dict.fromkeys(PICTURES, 1_000_000),
}

Precision = Literal["fp32", "bf16"]  # in which the engine computes
Weights = Literal["fp32", "fp16", "int8"]  # in which the file holds the numbers

EXACT, ROUGH = 1e-3, 0.05  # golden tolerances: between processors; of bf16 and int8 on them
AGAIN = "make the bundle again with `objektiv export RUN`, or take an undamaged copy"

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def refused(happened: str, *, value: object, allowed: str, next: str = AGAIN) -> BundleError:
    """A BundleError whose next step is to make the bundle again."""
    return BundleError(happened, value=value, allowed=allowed, next=next)


UNSEALED = "0" * 64


OWN = "own"  # the licence of a network that began with random weights


class Backbone(Strict):
    """The network inside: pretrained, or trained from scratch, which its licence OWN tells."""

    name: Name  # of the pretrained network, or of the recipe
    sha256: Sha256  # of the weights file it was built from, or of the weights it ended with
    licence: Name


class Provenance(Strict):
    """Where the bundle comes from; nothing here changes a prediction."""

    objektiv: str
    libraries: dict[str, str]
    machine: str
    settings: dict[str, JsonValue]
    data: Sha256  # of the hashes of all images
    split: Sha256  # of split.csv
    scores: dict[str, JsonValue]


class Member(Strict):
    """Size and hash of one member."""

    bytes: Annotated[int, Field(ge=0)]
    sha256: Sha256


class Facts(Strict):
    """bundle.json."""

    format: Literal[1, 2] = FORMAT
    seal: Sha256 = UNSEALED  # of this very file while UNSEALED stood here
    classes: Annotated[tuple[Name, ...], Field(min_length=2, max_length=100_000)]
    input: Tensor
    colour: Literal["RGB"] = "RGB"
    outputs: Annotated[tuple[Tensor, ...], Field(min_length=2, max_length=3)]
    size: Annotated[int, Field(ge=1, le=1024)]
    fit: Fit
    backbone: Backbone
    head: Name
    temperature: Annotated[float, Field(gt=0)]  # already inside the graph; told, not applied
    weights: Weights
    precisions: Annotated[tuple[Precision, ...], Field(min_length=1, max_length=2)]
    tested_precision: Precision  # in which the scores were made
    limits: Limits = Limits()
    decision: Decision | None = None
    provenance: Provenance
    files: dict[str, Member]

    @property
    def strange(self) -> bool:
        """Whether the graph tells how strange a picture is."""
        return STRANGENESS in self.outputs

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if len(set(self.classes)) != len(self.classes):
            raise ValueError("a class appears twice")
        for name in self.classes:
            if any(unicodedata.category(c) in ("Cc", "Cs") for c in name):
                raise ValueError(f"the class {name!r} holds a control character")
        known = outputs(len(self.classes), strange=self.strange)
        if self.input != INPUT or self.outputs != known:
            raise ValueError("input or outputs are not those of this format")
        if self.format == 1 and (self.strange or self.limits != Limits() or self.decision):
            raise ValueError("limits, decision and strangeness belong to format 2")
        if self.limits.strangeness is not None and not self.strange:
            raise ValueError("a limit of strangeness is told, but the graph does not measure it")
        if self.limits.floors is not None and len(self.limits.floors) != len(self.classes):
            raise ValueError("there is not one floor for each class")
        if self.decision and self.decision.positive not in self.classes:
            raise ValueError("the decision is about a class that there is not")
        if "fp32" not in self.precisions or self.tested_precision not in self.precisions:
            raise ValueError("precisions lack fp32 or the tested one")
        if len(set(self.precisions)) != len(self.precisions):
            raise ValueError("a precision appears twice")
        return self


class Expected(Strict):
    """What the golden pictures gave in one precision when the bundle was made."""

    tolerance: Annotated[float, Field(gt=0, le=ROUGH)]
    logits: tuple[tuple[float, ...], ...]  # (pictures, classes), like the next
    probabilities: tuple[tuple[Share, ...], ...]  # (pictures, classes)
    strangeness: tuple[float, ...] | None = None  # (pictures,), where the graph tells it


class Golden(Strict):
    """golden/golden.json."""

    pictures: tuple[str, ...]
    expected: dict[Precision, Expected]


def tolerance(weights: str, precision: str) -> float:
    """How far a golden probability may be off: EXACT in 32 bits, ROUGH where numbers are short."""
    return EXACT if precision == "fp32" and weights != "int8" else ROUGH


def read_facts(data: bytes) -> Facts:
    """bundle.json as Facts.

    Raises:
        BundleError: another version, an unknown key, a wrong type, or no strict JSON.
    """
    value = _json(data, FACTS)
    version = value.get("format") if isinstance(value, dict) else None
    if version not in FORMATS or isinstance(version, bool):
        raise refused(
            f"{FACTS} has another format version",
            value=repr(version)[:40],
            allowed=f"This objektiv reads versions {' and '.join(map(str, FORMATS))}",
            next="upgrade with `pip install --upgrade objektiv`, or export the run again",
        )
    facts = _parsed(Facts, data, FACTS)
    if set(facts.files) != set(HASHED):
        raise refused(
            f"{FACTS} lists other files than a bundle has",
            value=sorted(set(facts.files) ^ set(HASHED))[:3],
            allowed=f"Exactly {', '.join(HASHED)}",
        )
    if _seal_of(data, facts.seal) != facts.seal:
        raise refused(
            f"{FACTS} has been changed or damaged",
            value=f"seal {facts.seal[:16]}...",
            allowed="The seal that the rest of the file gives",
        )
    return facts


def read_golden(data: bytes, facts: Facts) -> Golden:
    """golden/golden.json as Golden, fitting `facts`.

    Raises:
        BundleError: it is not strict JSON or does not fit the facts.
    """
    _json(data, GOLDEN)
    golden = _parsed(Golden, data, GOLDEN)
    shape = (len(PICTURES), len(facts.classes))
    if golden.pictures != PICTURES or set(golden.expected) != set(facts.precisions):
        raise refused(
            f"{GOLDEN} names other pictures or precisions than the bundle",
            value=f"{', '.join(golden.pictures[:5])}; {', '.join(golden.expected)}",
            allowed=f"{', '.join(PICTURES)}; {', '.join(facts.precisions)}",
        )
    for precision, expected in golden.expected.items():
        rows = expected.probabilities
        sums = [sum(row) for row in rows]
        fits = all(
            len(table) == shape[0] and all(len(row) == shape[1] for row in table)
            for table in (rows, expected.logits)
        )
        if not fits or any(abs(total - 1) > EXACT for total in sums):
            raise refused(
                f"{GOLDEN} holds no probabilities in {precision}",
                value=f"{len(rows)} rows, sums {sums[:4]}",
                allowed=f"{shape[0]} rows of {shape[1]} numbers that sum to 1",
            )
        strange = expected.strangeness
        if len(strange or ()) != len(PICTURES) * facts.strange:
            raise refused(
                f"{GOLDEN} does not fit a graph that measures how strange a picture is, or not",
                value=f"{len(strange or ())} values in {precision}",
                allowed=f"{len(PICTURES)} values where {FACTS} lists that output, else none",
            )
        if expected.tolerance != tolerance(facts.weights, precision):
            raise refused(
                f"{GOLDEN} has another tolerance in {precision}",
                value=expected.tolerance,
                allowed=f"Exactly {tolerance(facts.weights, precision)}",
            )
    return golden


def sealed(data: bytes) -> bytes:
    """bundle.json with its hash in place of UNSEALED: a flipped bit in a class name is found.

    It guards against damage, not against a forger, who can seal again.
    """
    return data.replace(UNSEALED.encode(), _seal_of(data, UNSEALED).encode(), 1)


def _seal_of(data: bytes, seal: str) -> str:
    return files.sha256(data.replace(seal.encode(), UNSEALED.encode(), 1))


def _json(data: bytes, name: str) -> Any:
    """Strict JSON; 1e999, which Python reads as infinity, is refused too."""
    try:
        value = files.parse_json(data, name=name)
    except DataError as error:
        raise refused(error.happened, value=error.value, allowed=error.allowed) from error
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, float) and not math.isfinite(item):
            raise refused(
                f"{name} holds a number that is too large",
                value=item,
                allowed="Finite numbers are allowed",
            )
    return value


M = TypeVar("M", bound=Strict)


def _parsed(kind: type[M], data: bytes, name: str) -> M:
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        raise refused(
            f"{name} cannot be used", value=first_mistakes(error), allowed=_known(kind)
        ) from error


def _known(kind: type[BaseModel]) -> str:
    return f"Known keys: {', '.join(kind.model_fields)}"


def first_mistakes(error: ValidationError) -> str:
    """The first three mistakes pydantic found, each as `key: what is wrong`."""
    told = [
        f"{'.'.join(map(str, e['loc'])) or 'all'}: {e['msg'].removeprefix('Value error, ')}"
        for e in error.errors(include_url=False, include_input=False)[:3]
    ]
    return "; ".join(told)[:400]
