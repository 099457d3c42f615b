"""Facts of a network from elsewhere are strict, and its graph must be what they tell."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from objektiv.base.errors import ModelError
from objektiv.features.entry import source_of, walked
from tests.features import networks

GRAPH = networks.small()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"family": "pickle"}, "family"),
        ({"mean": (0.5, 0.5)}, "mean"),
        ({"std": (1.0, 0.0, 1.0)}, "std"),
        ({"std": (1.0, 1.0)}, "std"),
        ({"scale": float("nan")}, "scale"),
        ({"colours": "GRB"}, "colours"),
        ({"classes": "cifar"}, "classes"),
        ({"classes": ()}, "classes"),
        ({"size": 4}, "size"),
        ({"size": "64"}, "size"),
        ({"sha256": "abc"}, "sha256"),
        ({"licence": ""}, "licence"),
        ({"note": "more"}, "note"),
    ],
)
def test_facts_that_cannot_be_are_refused(change: dict[str, Any], told: str) -> None:
    """Unknown keys, wrong types and impossible numbers have no place in the store."""
    with pytest.raises(ValidationError, match=told):
        networks.facts(GRAPH, **change)


@pytest.mark.parametrize(
    "change", [{"classes": ("a", "b")}, {"classes": "imagenet"}, {"size": 128}], ids=str
)
def test_a_graph_must_have_the_ends_that_its_facts_tell(change: dict[str, Any]) -> None:
    """Another number of classes or another size in the file is refused."""
    facts = networks.facts(GRAPH, **change)

    with pytest.raises(ModelError, match=r"another input or output than its facts tell.*model"):
        walked(GRAPH, facts, source_of("small"))


def test_a_graph_that_fits_is_walked() -> None:
    """The sound network passes, whole."""
    model = walked(GRAPH, networks.facts(GRAPH), source_of("small"))

    assert model.SerializeToString() == GRAPH
