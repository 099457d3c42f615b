"""Heat maps over HTTP."""

from __future__ import annotations

import io
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image

from objektiv.data.images import decode
from objektiv.explaining.heat import Explainer
from objektiv.explaining.overlay import overlay
from objektiv.shipping.bundle import load
from tests.serving import tiny
from tests.serving.tiny import Server

KIND = "image/png"


@pytest.mark.parametrize("label", [None, "blob"])
def test_the_heat_is_the_explainers(server: Server, small: object, label: str | None) -> None:
    """The picture that comes back is the overlay of the heat, its headers tell the rest."""
    data = tiny.picture(2)
    query = f"?label={label}" if label else ""
    answer = server.ask("POST", f"/v1/explain{query}", data, content_type=KIND)
    picture = decode(data, name="", max_pixels=10_000).pixels
    bundle = load(str(small))
    heat = Explainer(bundle).heat(picture, bundle.classes.index(label) if label else None)
    shown = np.asarray(Image.open(io.BytesIO(answer.body)).convert("RGB"))

    assert (answer.status, answer.headers["content-type"]) == (200, KIND)
    assert shown.shape == picture.shape
    assert np.abs(shown.astype(int) - overlay(picture, heat.map)).max() <= 1
    assert answer.headers["x-explained-class"] == bundle.classes[heat.label]
    assert float(answer.headers["x-explained-logit"]) == pytest.approx(heat.logit, rel=1e-4)
    assert answer.headers["x-explained-by"] == heat.kind
    assert len(unquote(answer.headers["x-explained-trust"])) > 20


@pytest.mark.parametrize(
    ("query", "data", "status", "reason"),
    [
        ("?label=dog", tiny.picture(), 400, "query"),
        ("?model=dog", tiny.picture(), 404, "model"),
        ("", b"text", 422, "not-an-image"),
        ("", b"<svg/>", 415, "markup"),
        ("", b"", 400, "no-file"),
    ],
)
def test_what_cannot_be_explained_is_told(
    server: Server, query: str, data: bytes, status: int, reason: str
) -> None:
    """Unknown classes and models, and what is no picture, are problems with a reason."""
    answer = server.ask("POST", f"/v1/explain{query}", data, content_type=KIND)

    assert (answer.status, answer.json()["reason"]) == (status, reason)


def test_one_picture_is_explained_at_a_time(server: Server) -> None:
    """A form with one file is explained, one with two is refused."""
    two = [(b"a", tiny.picture()), (b"b", tiny.picture())]
    for count, status in ((1, 200), (2, 413)):
        body, kind = tiny.form(*two[:count])
        assert server.ask("POST", "/v1/explain", body, content_type=kind).status == status
