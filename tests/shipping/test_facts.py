"""bundle.json and golden.json are read strictly."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from objektiv.base.errors import BundleError
from objektiv.shipping.facts import FACTS, GOLDEN, Facts, read_facts, read_golden, tolerance

Members = dict[str, bytes]


def _refused(data: bytes, message: str) -> None:
    with pytest.raises(BundleError, match=message) as caught:
        read_facts(data)
    assert caught.value.exit_code == 4
    assert all((caught.value.happened, caught.value.allowed, caught.value.next))


def test_the_facts_of_a_sound_bundle_are_read(members: Members) -> None:
    """What was written is read back with its types."""
    facts = read_facts(members[FACTS])

    assert facts.classes == ("blank", "ring", "blob")
    assert (facts.size, facts.fit, facts.temperature) == (32, "letterbox", 1.25)
    assert facts.provenance.scores == {"accuracy": 0.75, "auc": None}


@pytest.mark.parametrize("version", [0, 3, "1", True, 1.5, None])
def test_another_version_is_refused_before_anything_else(version: object) -> None:
    """A version that this objektiv does not know is named, whatever else the file holds."""
    _refused(json.dumps({"format": version, "new": 1}).encode(), "another format version")


CHANGES: list[tuple[str, Callable[[dict[str, Any]], object], str]] = [
    ("unknown key", lambda f: f.update(extra=1), "extra: Extra inputs"),
    ("unknown key inside", lambda f: f["provenance"].update(more=1), "provenance.more"),
    ("missing key", lambda f: f.pop("head"), "head: Field required"),
    ("number as text", lambda f: f.update(size="32"), "size: Input should be a valid integer"),
    ("size 0", lambda f: f.update(size=0), "size: Input should be greater"),
    ("huge size", lambda f: f.update(size=100_000), "size: Input should be less"),
    ("unknown fit", lambda f: f.update(fit="tile"), "fit: Input should be 'letterbox'"),
    ("no temperature", lambda f: f.update(temperature=0), "temperature: Input should be greater"),
    ("one class", lambda f: f.update(classes=["one"]), "classes: Tuple should have at least 2"),
    ("twin classes", lambda f: f["classes"].append("ring"), "a class appears twice"),
    ("bell in a class", lambda f: f.update(classes=["a", "\a"]), "control character"),
    ("empty class", lambda f: f.update(classes=["a", ""]), "classes.1: String should have"),
    ("class as number", lambda f: f.update(classes=[1, 2]), "classes.0: Input should be a valid"),
    ("other input", lambda f: f["input"].update(name="x"), "not those of this format"),
    ("other outputs", lambda f: f["outputs"][0].update(shape=[1, 9]), "not those of this format"),
    ("no fp32", lambda f: f.update(precisions=["bf16"]), "precisions lack fp32"),
    ("untested", lambda f: f.update(tested_precision="bf16"), "lack fp32 or the tested one"),
    ("precision twice", lambda f: f.update(precisions=["fp32"] * 2), "appears twice"),
    ("BGR", lambda f: f.update(colour="BGR"), "colour: Input should be 'RGB'"),
    ("short hash", lambda f: f["backbone"].update(sha256="ab"), "backbone.sha256: String should"),
    ("file listed less", lambda f: f["files"].popitem(), "lists other files"),
    ("file listed more", lambda f: f["files"].update(x=f["files"][GOLDEN]), "lists other files"),
    ("floor above one", lambda f: f["limits"].update(coverage=0.9, floors=[2]), "limits.floors.0"),
    ("floors alone", lambda f: f["limits"].update(floors=[0.1] * 3), "are told together"),
    ("refused alone", lambda f: f["limits"].update(refused=0.1), "are told together"),
    ("two floors", lambda f: f["limits"].update(coverage=0.9, floors=[0.1] * 2), "one floor for"),
    (
        "limit of nothing",
        lambda f: f["limits"].update(strangeness=1.0, refused=0.1),
        "the graph does not measure it",
    ),
    (
        "unknown positive",
        lambda f: f.update(decision={"positive": "square", "threshold": 0.5}),
        "about a class that there is not",
    ),
    ("old with limits", lambda f: f.update(format=1), "belong to format 2"),
    ("negative length", lambda f: f["files"][GOLDEN].update(bytes=-1), "greater than or equal"),
]


@pytest.mark.parametrize(
    ("change", "message"), [c[1:] for c in CHANGES], ids=[c[0] for c in CHANGES]
)
def test_a_changed_fact_is_refused(
    members: Members, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    """Every unknown key, wrong type and contradiction is refused by name."""
    facts = json.loads(members[FACTS])
    if message == "belong to format 2":
        facts["limits"] = {"coverage": 0.9, "floors": [0.1] * 3}
    change(facts)
    _refused(json.dumps(facts).encode(), message)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "cannot be read as JSON"),
        (b"[1]", "another format version"),
        (b"\xff\xfe{}", "cannot be read as JSON"),
        (b'{"format": 1, "format": 1}', "a key appears twice"),
        (b'{"format": 1, "size": NaN}', "NaN is not a JSON number"),
        (b'{"format": 1, "size": 1e999}', "a number that is too large"),
        (b'{"format": 1} x', "cannot be read as JSON"),
        (b"[" * 100_000, "cannot be read as JSON"),
    ],
)
def test_what_is_no_strict_json_is_refused(data: bytes, message: str) -> None:
    """Duplicate keys, NaN, infinities, trailing text and depth bombs are refused."""
    _refused(data, message)


GOLDEN_CHANGES: list[tuple[str, Callable[[dict[str, Any]], object], str]] = [
    ("unknown key", lambda g: g.update(x=1), "x: Extra inputs"),
    ("other picture", lambda g: g["pictures"].reverse(), "names other pictures"),
    ("no precision", lambda g: g["expected"].clear(), "names other pictures or precisions"),
    ("unknown precision", lambda g: g["expected"].update(fp8={}), "expected.fp8"),
    ("row missing", lambda g: g["expected"]["fp32"]["probabilities"].pop(), "3 rows"),
    ("class missing", lambda g: g["expected"]["fp32"]["probabilities"][0].pop(), "4 rows of 3"),
    ("logit missing", lambda g: g["expected"]["fp32"]["logits"][0].pop(), "4 rows of 3"),
    ("above 1", lambda g: _set(g, [2.0, -1.0, 0.0]), "less than or equal to 1"),
    ("sum 0.9", lambda g: _set(g, [0.9, 0.0, 0.0]), "numbers that sum to 1"),
    ("tolerance 0.05", lambda g: g["expected"]["fp32"].update(tolerance=0.05), "other tolerance"),
    ("tolerance 1", lambda g: g["expected"]["fp32"].update(tolerance=1.0), "tolerance: Input"),
]


def _set(golden: dict[str, Any], row: list[float]) -> None:
    golden["expected"]["fp32"]["probabilities"][0] = row


@pytest.mark.parametrize(
    ("change", "message"), [c[1:] for c in GOLDEN_CHANGES], ids=[c[0] for c in GOLDEN_CHANGES]
)
def test_changed_golden_values_are_refused(
    members: Members, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    """Golden values must be probabilities for exactly our pictures, with our tolerance."""
    golden = json.loads(members[GOLDEN])
    change(golden)
    facts = read_facts(members[FACTS])
    with pytest.raises(BundleError, match=message):
        read_golden(json.dumps(golden).encode(), facts)


@pytest.mark.parametrize(
    ("weights", "precision", "expected"),
    [
        ("fp32", "fp32", 1e-3),
        ("fp16", "fp32", 1e-3),
        ("int8", "fp32", 0.05),
        ("fp32", "bf16", 0.05),
    ],
)
def test_the_tolerance_is_wide_only_for_short_numbers(
    weights: str, precision: str, expected: float
) -> None:
    """Only 8-bit weights and bf16 may be off by more than 0.001."""
    assert tolerance(weights, precision) == expected


def test_any_flipped_bit_in_the_facts_is_found(members: Members) -> None:
    """bundle.json has no hash elsewhere; its own seal covers every bit of it."""
    data = members[FACTS]
    for place in range(len(data)):
        spoilt = bytearray(data)
        spoilt[place] ^= 1 << (place % 8)
        with pytest.raises(BundleError, match=FACTS):
            read_facts(bytes(spoilt))


def test_facts_cannot_be_changed(members: Members) -> None:
    """Facts are frozen, so that nobody mends a bundle after its checks."""
    facts: Facts = read_facts(members[FACTS])
    with pytest.raises(ValueError, match="frozen"):
        facts.temperature = 2.0
