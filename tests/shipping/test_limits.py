"""When a bundle doubts its answer, and which class a threshold calls."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from objektiv.base.errors import BundleError
from objektiv.shipping.bundle import load
from objektiv.shipping.facts import FACTS, GOLDEN, MEMBERS, MODEL
from objektiv.shipping.limits import Decision, Doubt, Limits
from objektiv.shipping.verify import verify

LIMITS = Limits(strangeness=2.0, refused=0.05, coverage=0.9, floors=(0.2, 0.3, 0.6))


def _doubt(*probabilities: float, strangeness: float | None = 1.0) -> Doubt | None:
    strange = None if strangeness is None else np.array([strangeness], np.float32)
    (doubt,) = LIMITS.doubts(np.array([probabilities], np.float32), strange)
    return doubt


def test_one_possible_class_is_an_answer() -> None:
    """Where one class reaches its floor there is no doubt."""
    assert _doubt(0.9, 0.05, 0.05) is None
    assert _doubt(0.1, 0.25, 0.65) is None


def test_several_possible_classes_are_named_with_the_most_probable_first() -> None:
    """The classes that reach their floors are told in the order of their probabilities."""
    assert _doubt(0.35, 0.6, 0.05) == Doubt("several", coverage=0.9, possible=(1, 0))


def test_a_lone_class_that_is_not_the_most_probable_is_told_beside_it() -> None:
    """Where only a less probable class reaches its floor, both count as possible."""
    assert _doubt(0.44, 0.01, 0.55) == Doubt("several", coverage=0.9, possible=(2, 0))


def test_no_possible_class_is_a_doubt() -> None:
    """Where no class reaches its floor, none is named as possible."""
    assert _doubt(0.15, 0.29, 0.56) == Doubt("none", coverage=0.9)


@pytest.mark.parametrize("strangeness", [2.01, np.inf, np.nan])
def test_a_strange_picture_is_doubted_however_sure_the_classes_are(strangeness: float) -> None:
    """Above the limit the reason is strangeness, also where it is not a number."""
    doubt = _doubt(1.0, 0.0, 0.0, strangeness=strangeness)

    assert doubt is not None
    assert (doubt.why, doubt.limit) == ("strange", 2.0)
    assert _doubt(1.0, 0.0, 0.0, strangeness=2.0) is None


def test_without_limits_nothing_is_doubted() -> None:
    """A bundle without limits answers as before."""
    assert Limits().doubts(np.full((3, 2), 0.5), np.array([9.0, 9.0, 9.0])) == (None,) * 3
    assert LIMITS.doubts(np.array([[0.9, 0.1, 0]]), None) == (None,)


def test_the_class_that_is_looked_for_is_called_from_its_threshold_on() -> None:
    """At the threshold the positive class is called, below it the best of the others."""
    said = np.array([[0.3, 0.6, 0.1], [0.29, 0.01, 0.7], [0.9, 0.1, 0.0]], np.float32)

    called = Decision(positive="a", threshold=0.3).called(said, ("a", "b", "c"))

    assert called.tolist() == [0, 2, 0]


def test_a_bundle_tells_strangeness_limits_and_doubts(strange: Path) -> None:
    """Strangeness comes with the prediction, alone and in a batch, and what it is compared with."""
    bundle = load(strange)
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (40, 30, 3)).astype(np.uint8) for _ in range(6)]
    alone = np.concatenate([bundle.predict([p]).strangeness for p in pictures])  # type: ignore[misc]
    batch = bundle.predict(pictures)

    assert batch.strangeness == pytest.approx(alone, rel=1e-5)
    assert len(set(alone.round(3))) == 6
    assert bundle.facts.decision == Decision(positive="ring", threshold=0.3)
    doubts = bundle.doubts(batch)
    assert [d is not None and d.why == "strange" for d in doubts] == (alone > 4.0).tolist()
    assert bundle.predict([]).strangeness is not None
    assert all(row.passed for row in verify(strange))


def test_a_bundle_without_strangeness_tells_none(folder: Path) -> None:
    """Where the graph does not measure it, strangeness is None, not a number."""
    assert load(folder).predict([np.zeros((9, 9, 3), np.uint8)]).strangeness is None


def test_bundles_of_the_first_format_are_still_read(
    members: dict[str, bytes], rehash: Callable[[dict[str, bytes]], Path]
) -> None:
    """A file as version 1 wrote it loads, predicts and verifies."""
    facts, golden = (json.loads(members[name]) for name in (FACTS, GOLDEN))
    facts["format"] = 1
    del facts["limits"], facts["decision"]
    for expected in golden["expected"].values():
        del expected["strangeness"]
    old = rehash(members | {FACTS: json.dumps(facts).encode(), GOLDEN: json.dumps(golden).encode()})

    bundle = load(old)

    assert (bundle.facts.format, bundle.facts.limits) == (1, Limits())
    assert bundle.predict([np.zeros((9, 9, 3), np.uint8)]).strangeness is None
    assert all(row.passed for row in verify(old))


def _strangeness(golden: dict[str, Any], value: object) -> None:
    golden["expected"]["fp32"]["strangeness"] = value


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "does not fit a graph that measures how strange"),
        ([1.0, 1.0], "does not fit a graph that measures how strange"),
        ([1.0, 1.0, 1.0, 1.0], "gets another prediction.*strangeness in fp32: expected 1.0000"),
    ],
)
def test_golden_strangeness_is_checked(
    strange: Path, rehash: Callable[[dict[str, bytes]], Path], value: object, message: str
) -> None:
    """A bundle whose pictures come out stranger than it says is refused."""
    members = {name: (strange / name).read_bytes() for name in MEMBERS}
    golden = json.loads(members[GOLDEN])
    _strangeness(golden, value)

    with pytest.raises(BundleError, match=message):
        load(rehash(members | {GOLDEN: json.dumps(golden).encode()}))


def test_a_graph_without_the_output_that_the_facts_tell_is_refused(
    strange: Path, members: dict[str, bytes], rehash: Callable[[dict[str, bytes]], Path]
) -> None:
    """Facts that promise strangeness do not go with a graph that has two outputs."""
    other = {name: (strange / name).read_bytes() for name in MEMBERS}

    with pytest.raises(BundleError, match="other inputs or outputs than 3 classes need"):
        load(rehash(other | {MODEL: members[MODEL]}))
