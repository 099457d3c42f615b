"""Models by name, and one that is read again while requests go on."""

from __future__ import annotations

import contextlib
import shutil
import threading
from pathlib import Path

import pytest

from objektiv.base.errors import BundleError, UsageError
from objektiv.serving.desk import Desk, named
from objektiv.serving.problems import Refusal
from tests.serving import tiny


def test_names_come_from_files_runs_and_words() -> None:
    """A file gives its stem, a run's bundle the run's name, NAME=PATH the name."""
    found = named(["a/cells.objektiv", "runs/dogs-001/model", "x=b/cells.objektiv"])

    assert [*found] == ["cells", "dogs-001", "x"]
    assert found["x"] == Path("b/cells.objektiv")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["a/cells.objektiv", "b/cells.objektiv"], "two models have the same name: cells"),
        (["a/b=c.objektiv"], "a model cannot have this name: 'a/b'"),
        (["=c.objektiv"], "a model cannot have this name: ''"),
    ],
)
def test_names_that_do_not_fit_are_refused(words: list[str], message: str) -> None:
    """Names are unique and can stand in an address."""
    with pytest.raises(UsageError, match=message):
        named(words)


def test_one_model_needs_no_name_and_two_do(small: Path) -> None:
    """Where several models are served, a request names one of them."""
    one = Desk({"a": small}, batch=1)
    two = Desk({"a": small, "b": small}, batch=1)

    assert one.engine(None)[0] == "a"
    assert two.engine("b")[0] == "b"
    with pytest.raises(Refusal, match="no name was given. One of a, b"):
        two.engine(None)
    with pytest.raises(Refusal, match="no such model: c"):
        two.engine("c")


def test_a_spoilt_bundle_leaves_the_old_one(small: Path, tmp_path: Path) -> None:
    """What is refused when it is read again changes nothing; a sound one takes over."""
    path = tmp_path / "cells"
    shutil.copytree(small, path)
    desk = Desk({"cells": path}, batch=1)
    before = desk.engine(None)[1]
    (path / "model.onnx").write_bytes(b"spoilt")
    with pytest.raises(BundleError, match=r"model\.onnx"):
        desk.reload("cells")
    assert desk.engine(None)[1] is before

    shutil.rmtree(path)
    tiny.bundle(path, seed=1)
    desk.reload("cells")
    assert desk.engine(None)[1].bundle.sha256 != before.bundle.sha256


def _spoil_and_mend(server: tiny.Server, path: Path) -> list[int]:
    statuses = []
    model = (path / "model.onnx").read_bytes()
    for data in (b"spoilt", model):
        (path / "model.onnx").write_bytes(data)
        statuses.append(server.ask("POST", "/v1/models/cells/reload").status)
    shutil.rmtree(path)
    tiny.bundle(path, seed=1)
    statuses.append(server.ask("POST", "/v1/models/cells/reload").status)
    return statuses


def test_a_reload_drops_no_request(small: Path, tmp_path: Path) -> None:
    """While a bundle is spoilt, mended and replaced, every request is answered, by old or new."""
    path = tmp_path / "cells"
    shutil.copytree(small, path)
    with tiny.serving(path) as server:
        old = server.ask("GET", "/v1/models").json()["models"][0]["sha256"]
        found: list[tuple[int, str]] = []
        done = threading.Event()

        def ask() -> None:
            with contextlib.closing(server.connect()) as connection:
                while not done.is_set():
                    kind = {"content_type": "image/png"}
                    answer = tiny.asked(connection, "POST", "/v1/predict", tiny.picture(), **kind)
                    found.append((answer.status, answer.json()["model"]["sha256"]))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        statuses = _spoil_and_mend(server, path)
        last = server.predict(tiny.picture()).json()["model"]["sha256"]
        done.set()
        for thread in threads:
            thread.join(20)
        metrics = server.metrics()

    assert statuses == [409, 200, 200]
    assert len(found) > 20
    assert {status for status, _ in found} == {200}
    assert {sha for _, sha in found} <= {old, last} and last != old
    assert metrics["objektiv_reload_failed_total"] == 1
    assert [line for line in metrics if line.startswith("objektiv_model_info")] == [
        f'objektiv_model_info{{model="cells",precision="fp32",sha256="{last}"}}'
    ]
