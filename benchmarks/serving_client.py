"""The clients of `benchmarks/serving.py`: a process of their own, so that their cost is seen.

In: JSON on standard input: port, clients, seconds, mode, bodies. Out: JSON on standard output:
times of each answer, statuses, seconds of CPU that the clients took. Plain sockets with keep-alive
and no HTTP library: a client that is slower than the server measures itself.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any


class Client(asyncio.Protocol):
    """One connection that sends one request at a time."""

    def __init__(self) -> None:
        self.status = 0
        self._buffer = b""
        self._length = -1
        self._waiting: asyncio.Future[int] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: Any) -> None:
        """Keep the way out."""
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who waits."""
        if self._waiting and not self._waiting.done():
            self._waiting.set_result(0)

    def data_received(self, data: bytes) -> None:
        """Collect an answer until it is whole."""
        self._buffer += data
        if self._length < 0 and (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            self.status = int(head[9:12])
            self._length = end + 4 + int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
        if 0 <= self._length <= len(self._buffer) and self._waiting:
            self._waiting.set_result(self.status)

    async def ask(self, request: bytes) -> int:
        """The status of one request; 0 where the connection ended."""
        if self._transport is None or self._transport.is_closing():
            return 0
        self._buffer, self._length = b"", -1
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting


async def connected(port: int) -> Client:
    """A new connection."""
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(Client, "127.0.0.1", port)
    return client


async def closed_loop(port: int, requests: list[bytes], *, clients: int, seconds: float) -> Any:
    """Each client sends its next request when it has its answer."""
    times: list[float] = []
    statuses: Counter[int] = Counter()
    end = time.perf_counter() + seconds

    async def one(number: int) -> None:
        client = await connected(port)
        turn = number
        while time.perf_counter() < end:
            began = time.perf_counter()
            status = await client.ask(requests[turn % len(requests)])
            times.append(time.perf_counter() - began)
            statuses[status] += 1
            turn += clients
            if status == 0:
                client = await connected(port)

    await asyncio.gather(*(one(number) for number in range(clients)))
    return times, statuses


async def open_loop(port: int, requests: list[bytes], *, rate: float, seconds: float) -> Any:
    """Requests at a fixed rate, whatever becomes of those before."""
    times: list[float] = []
    statuses: Counter[int] = Counter()
    free: list[Client] = []
    tasks: set[asyncio.Task[None]] = set()

    async def one(request: bytes, due: float) -> None:
        client = free.pop() if free else await connected(port)
        status = await client.ask(request)
        times.append(time.perf_counter() - due)  # from when it should have been sent
        statuses[status] += 1
        if status:
            free.append(client)

    began = time.perf_counter()
    for number in range(int(rate * seconds)):
        due = began + number / rate
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        task = asyncio.create_task(one(requests[number % len(requests)], due))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    return times, statuses


def main() -> None:
    """Do what standard input says."""
    told = json.loads(sys.stdin.read())
    requests = [Path(path).read_bytes() for path in told["requests"]]
    began, cpu = time.perf_counter(), time.process_time()
    if told["mode"] == "closed":
        work = closed_loop(told["port"], requests, clients=told["clients"], seconds=told["seconds"])
    else:
        work = open_loop(told["port"], requests, rate=told["rate"], seconds=told["seconds"])
    times, statuses = asyncio.run(work)
    found = {
        "times": times,
        "statuses": {str(code): count for code, count in statuses.items()},
        "cpu": time.process_time() - cpu,
        "wall": time.perf_counter() - began,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
