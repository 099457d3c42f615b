"""How much is let in at once: a count of pictures and of bytes, kept in the event loop.

In: what a request brings. Out: it is let in, or refused at once; nothing waits here.
Try: `with Gate(pictures=64, bytes=10**9, pixels=10**8).pictures(1): ...`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from objektiv.serving.problems import refusal


class Gate:
    """Counts of what is in; one thread only, that of the event loop."""

    def __init__(self, *, pictures: int, bytes: int, pixels: int) -> None:
        """The most pictures that wait or are computed, bytes of bodies, and pixels of large
        pictures."""
        self._most_pictures, self._most_bytes, self._most_pixels = pictures, bytes, pixels
        self.count = 0
        self._bytes = 0
        self._pixels = 0

    @contextlib.contextmanager
    def pictures(self, number: int) -> Iterator[None]:
        """Let in `number` pictures, or as many as ever fit, which are then computed in turn.

        Raises:
            Refusal: there is no room.
        """
        number = min(number, max(1, self._most_pictures // 2))
        if self.count + number > self._most_pictures:
            raise refusal(
                "busy",
                value=f"{self.count:,} pictures wait",
                allowed=f"At most {self._most_pictures:,} pictures at once",
            )
        self.count += number
        try:
            yield
        finally:
            self.count -= number

    @contextlib.contextmanager
    def pixels(self, number: int) -> Iterator[None]:
        """Let in one large picture: a file of kilobytes can take seconds to decode.

        Raises:
            Refusal: those that are in would already keep the server busy for seconds.
        """
        if self._pixels and self._pixels + number > self._most_pixels:
            raise refusal("busy", value=f"large pictures of {self._pixels:,} pixels wait")
        self._pixels += number
        try:
            yield
        finally:
            self._pixels -= number

    @contextlib.contextmanager
    def body(self) -> Iterator[Body]:
        """The bytes of one body, which leave when it is done with."""
        body = Body(self)
        try:
            yield body
        finally:
            self._bytes -= body.bytes

    def add_bytes(self, number: int) -> None:
        """Let in more bytes.

        Raises:
            Refusal: the bodies of all requests would fill the memory.
        """
        if self._bytes + number > self._most_bytes:
            raise refusal("busy", value="too many bytes are being sent")
        self._bytes += number


class Body:
    """The bytes that one request holds in memory."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self.bytes = 0

    def add(self, number: int) -> None:
        """More bytes came.

        Raises:
            Refusal: there is no room for them.
        """
        self._gate.add_bytes(number)
        self.bytes += number
