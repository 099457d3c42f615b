"""Work that is only worth doing while somebody waits for it.

In: a request and a coroutine. Out: what that comes to; or it is cancelled, because the client hung
up or the time is over.
Try: `await while_wanted(request, work(), seconds=30)`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

from objektiv.serving.problems import refusal

T = TypeVar("T")


async def while_wanted(request: Request, work: Coroutine[Any, Any, T], *, seconds: float) -> T:
    """What `work` comes to; the request's body must have been read.

    Raises:
        ClientDisconnect: the client has hung up.
        Refusal: it took longer than `seconds`.
    """
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)
    gone = loop.create_task(_until_gone(request))
    gone.add_done_callback(lambda _: task.cancel())
    try:
        async with asyncio.timeout(seconds):
            return await task
    except TimeoutError:
        limit = f"At most {seconds:g} seconds"
        raise refusal("late", value="the time is over", allowed=limit) from None
    except asyncio.CancelledError:
        if gone.done() and not gone.cancelled():
            raise ClientDisconnect from None
        raise  # the server ends
    finally:
        gone.cancel()


async def _until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
