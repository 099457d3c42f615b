"""What `/v1/explain` does: one picture in, the same picture under its heat out, as PNG.

In: a request. Out: a response; headers tell the class, the method and how far it can be trusted.
One thread explains, apart from the engine, so that predictions go on; few may wait for it.
Try: `curl --data-binary @cell.png -H "Content-Type: image/png" localhost:8000/v1/explain > a.png`.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote
from weakref import WeakKeyDictionary

from starlette.requests import Request
from starlette.responses import Response

from objektiv.data.images import decode
from objektiv.serving.desk import Desk
from objektiv.serving.engine import Engine
from objektiv.serving.gate import Gate
from objektiv.serving.problems import refusal
from objektiv.serving.reading import is_markup, shown_name
from objektiv.serving.settings import ServeSettings
from objektiv.serving.uploads import uploads
from objektiv.serving.waiting import while_wanted

if TYPE_CHECKING:
    from objektiv.explaining.heat import Explainer

WAITING = 8  # pictures; each takes a tenth of a second, or seconds where places are covered
MAX_PIXELS = 4_000_000  # the heat of a picture takes many times its own memory


class _Shown(NamedTuple):
    label: str
    logit: float
    kind: str
    told: tuple[str, ...]
    png: bytes


class Explaining:
    """The service behind `/v1/explain`; lives in one event loop."""

    def __init__(self, desk: Desk, settings: ServeSettings) -> None:
        self._desk, self._settings = desk, settings
        self._max_pixels = min(settings.max_pixels, MAX_PIXELS)
        self._gate = Gate(pictures=WAITING, bytes=WAITING * settings.max_body, pixels=0)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="objektiv-explain")
        self._explainers: WeakKeyDictionary[Engine, Explainer] = WeakKeyDictionary()

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown(cancel_futures=True)

    async def answer(self, request: Request, *, model: str | None, label: str | None) -> Response:
        """The response to one request; `label`: the class to explain, by default the called one.

        Raises:
            Refusal: it is not answered; the reason says why.
            ImageError: the picture cannot be read.
        """
        _, engine = self._desk.engine(model)
        classes = engine.bundle.classes
        if label is not None and label not in classes:
            few = ", ".join(classes[:20])
            raise refusal("query", value=f"label {label[:60]!r}", allowed=f"Classes: {few}")
        async with uploads(request, self._gate, max_files=1) as (file,):
            data = await file.bytes()
            with self._gate.pictures(1):
                work = self._in_thread(data, file.name, engine, label)
                shown = await while_wanted(request, work, seconds=self._settings.deadline)
        headers = {
            "x-explained-class": quote(shown.label),
            "x-explained-logit": f"{shown.logit:.6g}",
            "x-explained-by": shown.kind,
            "x-explained-trust": quote(" ".join(shown.told), safe=" .,:;%()"),
        }
        return Response(shown.png, 200, headers, media_type="image/png")

    async def _in_thread(self, data: bytes, name: str, engine: Engine, label: str | None) -> _Shown:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._explain, data, name, engine, label)

    def _explain(self, data: bytes, name: str, engine: Engine, label: str | None) -> _Shown:
        # here, because they take longer to import than the rest of the server
        from objektiv.explaining.heat import Explainer
        from objektiv.explaining.overlay import overlay, png

        if is_markup(data):
            raise refusal("markup", value=shown_name(name))
        picture = decode(data, name=shown_name(name), max_pixels=self._max_pixels).pixels
        bundle = engine.bundle
        if engine not in self._explainers:
            self._explainers[engine] = Explainer(bundle)
        place = None if label is None else bundle.classes.index(label)
        heat = self._explainers[engine].heat(picture, place)
        drawn = png(overlay(picture, heat.map))
        return _Shown(
            bundle.classes[heat.label], heat.logit, heat.kind, tuple(map(str, heat.told)), drawn
        )
