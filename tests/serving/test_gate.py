from __future__ import annotations

import pytest

from objektiv.serving.gate import Gate
from objektiv.serving.problems import Refusal


def test_pictures_leave_when_their_request_ends() -> None:
    """A full gate refuses, and lets in again once something has left, also by an error."""
    gate = Gate(pictures=4, bytes=10, pixels=100)

    with pytest.raises(ValueError, match="planted"), gate.pictures(2):
        with gate.pictures(2):
            with pytest.raises(Refusal, match="4 pictures wait. At most 4") as error:
                with gate.pictures(1):
                    pass
            assert error.value.reason == "busy"
        with gate.pictures(1):
            assert gate.count == 3
        raise ValueError("planted")
    assert gate.count == 0


def test_one_large_request_does_not_need_the_whole_queue() -> None:
    """A request with more pictures than fit takes half of the places, and works in turn."""
    gate = Gate(pictures=4, bytes=10, pixels=100)

    with gate.pictures(1), gate.pictures(100):
        assert gate.count == 3


def test_bytes_of_all_bodies_are_counted_together() -> None:
    """Bodies that would fill the memory together are refused, and their bytes given back."""
    gate = Gate(pictures=4, bytes=10, pixels=100)

    with gate.body() as one:
        one.add(6)
        with pytest.raises(Refusal, match="too many bytes"), gate.body() as two:
            two.add(4)
            two.add(1)
    with gate.body() as three:
        three.add(10)
        assert three.bytes == 10


def test_large_pictures_are_counted_by_their_pixels() -> None:
    """One is always let in, a second only where both fit; they leave with their request."""
    gate = Gate(pictures=4, bytes=10, pixels=100)

    with gate.pixels(150):
        with pytest.raises(Refusal, match="150 pixels wait"), gate.pixels(1):
            pass
    with gate.pixels(60), gate.pixels(40):
        pass
