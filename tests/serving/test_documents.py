from __future__ import annotations

from objektiv.serving.documents import READING, refusals
from objektiv.serving.problems import KINDS, PICTURES


def test_reasons_of_one_status_are_told_together() -> None:
    """Each status has all its reasons in its description, and the type of problems."""
    found = refusals("query", "late")

    assert sorted(map(int, found)) == [400, 401, 403, 504]
    assert KINDS["host"].happened in found[400]["description"]
    assert KINDS["query"].happened in found[400]["description"]
    assert "application/problem+json" in found[504]["content"]


def test_routes_that_read_pictures_tell_every_status_of_one() -> None:
    """Whatever a picture or its request is refused for, its status is documented."""
    statuses = {*PICTURES.values(), *(KINDS[word].status for word in ("markup", "encoding"))}

    assert statuses <= set(READING)
