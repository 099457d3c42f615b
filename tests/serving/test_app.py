"""The routes, on a server that listens."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from objektiv.faces.answered import answered
from objektiv.flow.use import answers
from objektiv.serving import schemas
from objektiv.shipping.bundle import load
from tests.serving import tiny
from tests.serving.tiny import Server


def test_a_picture_is_named_as_on_the_command_line(
    server: Server, small: Path, tmp_path: Path
) -> None:
    """Pictures of five formats have the same class, doubt and probabilities as from `predict`."""
    bundle = load(small)
    for number, format in enumerate(["PNG", "JPEG", "BMP", "TIFF", "WEBP"]):
        path = tmp_path / f"a.{format.lower()}"
        path.write_bytes(tiny.picture(number, format=format))
        (expected,) = answers(bundle, [path])
        told = server.predict(path.read_bytes(), kind="application/octet-stream").json()
        schemas.Predictions.model_validate(told)
        (found,) = told["predictions"]
        wanted = json.loads(json.dumps(answered(expected, bundle.classes)))

        assert told["model"] == {"name": "cells", "sha256": bundle.sha256}
        assert found.pop("milliseconds")["network"] > 0
        probabilities = found.pop("probabilities"), wanted.pop("probabilities")
        assert [*probabilities[0]] == [*probabilities[1]]
        assert np.allclose([*probabilities[0].values()], [*probabilities[1].values()], atol=1e-5)
        assert found.pop("strangeness") == pytest.approx(wanted.pop("strangeness"), abs=2e-4)
        for told_doubt in (found["abstain"], wanted["abstain"]):
            if told_doubt:
                told_doubt.pop("message")  # holds the strangeness
        assert found == wanted


def test_several_pictures_are_named_in_their_order(server: Server) -> None:
    """A form with good and bad files has an answer or an error for each, with its name."""
    files = [(b"%d.png" % k, tiny.picture(k)) for k in range(20)]
    files.insert(3, (b"bad.png", b"no picture"))
    told = server.form(*files, query="?top=1").json()
    schemas.Predictions.model_validate(told)

    assert [one["file"] for one in told["predictions"]] == [name.decode() for name, _ in files]
    assert told["predictions"][3]["error"]["reason"] == "not-an-image"
    assert [len(one.get("probabilities", ())) for one in told["predictions"]] == [
        *[1] * 3,
        0,
        *[1] * 17,
    ]
    alone = server.predict(tiny.picture(7)).json()["predictions"][0]
    assert told["predictions"][8]["sha256"] == alone["sha256"]


def test_models_are_listed(server: Server, small: Path) -> None:
    """The list names each model with what it answers."""
    told = server.ask("GET", "/v1/models").json()
    schemas.Models.model_validate(told)

    assert [model["name"] for model in told["models"]] == ["cells"]
    assert told["models"][0]["classes"] == list(tiny.CLASSES)
    assert told["models"][0]["sha256"] == load(small).sha256


def test_the_server_tells_that_it_lives_and_is_ready(server: Server) -> None:
    """Both pages of health answer."""
    assert server.ask("GET", "/healthz").json() == {"status": "alive"}
    assert server.ask("GET", "/readyz").json() == {"status": "ready", "models": ["cells"]}


def test_the_page_asks_for_nothing_from_elsewhere(server: Server) -> None:
    """The page and its openapi.json name every route, no script and no other address."""
    page = server.ask("GET", "/")
    document = server.ask("GET", "/openapi.json").json()
    text = page.body.decode()

    assert "<script" not in text and "https://" not in text
    assert "style-src 'sha256-" in page.headers["content-security-policy"]
    assert set(document["paths"]) == {
        "/v1/predict",
        "/v1/explain",
        "/v1/models",
        "/v1/models/{name}/reload",
        "/healthz",
        "/readyz",
        "/metrics",
    }
    assert all(path in text for path in document["paths"])
    for path in ("/docs", "/redoc"):
        assert server.ask("GET", path).status == 404


@pytest.mark.parametrize(
    ("method", "path", "status", "reason"),
    [
        ("GET", "/nowhere", 404, "address"),
        ("GET", "/v1/predict", 405, "method"),
        ("POST", "/v1/predict?top=0", 400, "query"),
        ("POST", "/v1/predict?model=dogs", 404, "model"),
        ("POST", "/v1/models/dogs/reload", 404, "model"),
        ("POST", "/v1/predict", 400, "no-file"),
    ],
)
def test_what_does_not_exist_is_told(
    server: Server, method: str, path: str, status: int, reason: str
) -> None:
    """Addresses, methods, queries and names that do not fit are problems with a reason."""
    answer = server.ask(method, path)
    told = answer.json()
    schemas.Problem.model_validate(told)

    assert (answer.status, told["reason"]) == (status, reason)
    assert answer.headers["content-type"] == "application/problem+json"
    assert told["request_id"] == answer.headers["x-request-id"]


def test_16_bit_pictures_are_read_over_http(server: Server, tmp_path: Path) -> None:
    """A 16-bit picture is answered, with a note that says so."""
    path = tmp_path / "deep.png"
    Image.fromarray(np.arange(4096, dtype=np.uint16).reshape(64, 64) * 16).save(path)

    (found,) = server.predict(path.read_bytes()).json()["predictions"]

    assert found["notes"] == ["16 bits, largest value 65,520 of 65,535"]
