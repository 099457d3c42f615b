"""`/v1/predict` under anything: mutated pictures and forms, and what schemathesis makes of the
OpenAPI document."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from objektiv.serving import schemas
from objektiv.serving.problems import KINDS
from tests.serving import tiny
from tests.serving.tiny import Server

SEEDS = [
    tiny.picture(k, format=f) for k, f in enumerate(["PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF"])
]
KINDS_OF_BODY = st.sampled_from(
    [
        "image/png",
        "image/*",
        "application/octet-stream",
        "text/html",
        "image/svg+xml",
        "",
        "a/b",
        "\xff",
    ]
)
EXPECTED = {200, 400, 413, 415, 422}


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own, that must still serve at the end."""
    with tiny.serving(
        tiny.bundle(tmp_path_factory.mktemp("fuzz") / "cells"), max_files=5
    ) as server:
        yield server
        assert server.predict(tiny.picture()).status == 200
        assert 'reason="bug"' not in " ".join(server.metrics())


@st.composite
def mutants(draw: st.DrawFn) -> bytes:
    """A picture with some bytes changed, cut or put in."""
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, max(0, len(data) - 1)))
        kind = draw(st.sampled_from(["set", "cut", "insert", "end"]))
        if kind == "set" and data:
            data[place] = draw(st.integers(0, 255))
        elif kind == "cut":
            del data[place : place + draw(st.integers(1, 40))]
        elif kind == "insert":
            data[place:place] = draw(st.binary(max_size=20))
        else:
            del data[place:]
    return bytes(data)


def _check(answer: tiny.Answer) -> None:
    assert answer.status in EXPECTED
    if answer.status == 200:
        schemas.Predictions.model_validate(answer.json())
    else:
        schemas.Problem.model_validate(answer.json())
    assert answer.headers["x-content-type-options"] == "nosniff"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.one_of(mutants(), st.binary(max_size=400)), kind=KINDS_OF_BODY)
def test_mutated_pictures_are_named_or_refused(fuzzed: Server, data: bytes, kind: str) -> None:
    """Whatever the body and its type, the answer is a prediction or a problem with a reason."""
    _check(fuzzed.predict(data, kind=kind))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.lists(st.tuples(st.binary(max_size=20), mutants()), max_size=7),
    spoil=st.tuples(st.integers(0, 200), st.binary(max_size=6)),
    query=st.sampled_from(["", "?top=1", "?top=x", "?model=cells", "?model=%00", "?top=1&top=2"]),
)
def test_mutated_forms_are_named_or_refused(
    fuzzed: Server, files: list[tuple[bytes, bytes]], spoil: tuple[int, bytes], query: str
) -> None:
    """Forms with strange names, spoilt parts and queries likewise."""
    body, kind = tiny.form(*files)
    place, put = spoil
    data = body[:place] + put + body[place:]
    answer = fuzzed.ask("POST", f"/v1/predict{query}", data, content_type=kind)
    if "%00" in query:
        assert answer.status == 404
    else:
        _check(answer)


@pytest.mark.slow
def test_more_mutants_from_several_clients(fuzzed: Server) -> None:
    """Two thousand mutants from four clients at once: none ends the server."""
    failed: list[BaseException] = []

    def work(seed: int) -> None:
        @settings(max_examples=500, database=None, derandomize=False)
        @given(data=mutants())
        def run(data: bytes) -> None:
            _check(fuzzed.predict(data))

        try:
            run()
        except BaseException as error:  # told by the one who waits
            failed.append(error)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []


@pytest.mark.slow
def test_the_openapi_document_tells_the_truth(small_openapi: Server) -> None:
    """schemathesis finds no answer that the document does not tell, and no error of ours."""
    schemathesis = pytest.importorskip("schemathesis", reason="needs objektiv[dev]")
    from schemathesis.specs.openapi import checks

    schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{small_openapi.port}/openapi.json")
    checked = 0
    for result in schema.get_all_operations():
        operation = result.ok()

        @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def run(case: object) -> None:
            # random bytes are no picture, and are rightly refused
            case.call_and_validate(  # type: ignore[attr-defined]
                excluded_checks=[checks.positive_data_acceptance]
            )

        run()
        checked += 1

    assert checked == 7


@pytest.fixture(scope="module")
def small_openapi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for schemathesis."""
    with tiny.serving(tiny.bundle(Path(tmp_path_factory.mktemp("openapi")) / "cells")) as server:
        yield server


def test_every_reason_is_told_once() -> None:
    """No two kinds of refusal say the same words."""
    told = [kind.happened for kind in KINDS.values()]

    assert len(set(told)) == len(told)
