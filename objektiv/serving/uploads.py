"""The pictures of one request: a raw body is one, a form holds several.

In: a request. Out: names and bytes, or a Refusal. Which it is, the header Content-Type says.
Try: `curl --data-binary @cell.png -H "Content-Type: image/png" localhost:8000/v1/predict`.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from objektiv.serving.gate import Body, Gate
from objektiv.serving.problems import refusal

FORM = "multipart/form-data"
RAW = ("image/", "application/octet-stream")
MARKUP = ("image/svg", "text/html", "text/xml", "application/xml", "application/xhtml")
FIELDS = 20  # fields of text in a form, which are not used
FIELD_BYTES = 10_000


@dataclass(frozen=True)
class Upload:
    """One file of a request; `name` is what the client calls it, "" for a raw body."""

    name: str
    data: bytes | UploadFile

    async def bytes(self) -> bytes:
        """The file's bytes; those of a form may lie on the disk until now."""
        return self.data if isinstance(self.data, bytes) else await self.data.read()


@contextlib.asynccontextmanager
async def uploads(request: Request, gate: Gate, *, max_files: int) -> AsyncIterator[list[Upload]]:
    """The pictures of a request, at least one; they are gone when the block ends.

    Raises:
        Refusal: the type is not read, or the form is not as it should be.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == FORM:
        with gate.body() as body:
            async with _form(request, _counted(request, body), max_files=max_files) as found:
                yield found
    elif kind.startswith(MARKUP):
        raise refusal("markup", value=kind[:60])
    elif kind and not kind.startswith(RAW):
        raise refusal("type", value=kind[:60])
    else:
        with gate.body() as body:
            parts: list[bytes] = []
            async for part in _counted(request, body):
                parts.append(part)
            if not (data := b"".join(parts)):
                raise refusal("no-file", value="0 bytes")
            yield [Upload("", data)]


async def _parts(request: Request) -> AsyncGenerator[bytes, None]:
    more = True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        yield message.get("body", b"")
        more = message.get("more_body", False)


async def _counted(request: Request, body: Body) -> AsyncGenerator[bytes, None]:
    async for part in _parts(request):
        body.add(len(part))
        yield part


@contextlib.asynccontextmanager
async def _form(
    request: Request, parts: AsyncGenerator[bytes, None], *, max_files: int
) -> AsyncIterator[list[Upload]]:
    parser = MultiPartParser(
        request.headers,
        parts,
        max_files=max_files,
        max_fields=FIELDS,
        max_part_size=FIELD_BYTES,
    )
    try:
        form = await parser.parse()
    except MultiPartException as error:
        if error.message.startswith(("Too many", "Part exceeded")):
            allowed = f"At most {max_files:,} files and {FIELDS} short fields"
            raise refusal("files", value="more than that", allowed=allowed) from None
        raise refusal("form", value="its parts do not follow the header's boundary") from None
    except (KeyError, ValueError):  # a header without a boundary, or with one of no known letters
        raise refusal("form", value="no boundary that can be read") from None
    try:
        found = [
            Upload(value.filename or "", value)
            for _, value in form.multi_items()
            if isinstance(value, UploadFile)
        ]
        if not found:
            raise refusal("no-file", value="no part of the form is a file")
        yield found
    finally:
        await form.close()
