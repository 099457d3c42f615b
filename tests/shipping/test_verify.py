"""Everything that can be checked about a bundle is a row; a figure that is off has not passed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from objektiv.base import extras
from objektiv.base.errors import BundleError, MissingExtra
from objektiv.shipping.bundle import SAME_PATH
from objektiv.shipping.facts import GOLDEN, MODEL
from objektiv.shipping.session import has_bf16
from objektiv.shipping.verify import verify
from objektiv.shipping.write import BundleContents, write_bundle

Members = dict[str, bytes]
Forge = Callable[[Members], Path]
MakeContents = Callable[..., BundleContents]


def test_verify_lists_every_check(folder: Path) -> None:
    """A sound bundle passes each row, with the figure it was judged by."""
    rows = verify(folder)

    assert [row.check for row in rows] == [
        *["members", "graph", "golden images, fp32"],
        *["batch of 16 as alone", "whole graph as cut"],
    ]
    assert all(row.passed for row in rows)
    assert float(rows[-1].found) <= SAME_PATH


def test_verify_finds_preprocessing_of_another_fit(
    members: Members, rehash: Forge, make_contents: MakeContents
) -> None:
    """A graph whose own preprocessing differs from what the facts say does not pass."""
    model = make_contents(fit="crop").model
    rows = verify(rehash(members | {MODEL: model}))

    assert [row.check for row in rows if not row.passed] == ["whole graph as cut"]
    assert float(rows[-1].found) > SAME_PATH


def test_verify_tries_bf16_too(make_contents: MakeContents, tmp_path: Path) -> None:
    """Each declared precision has its row; without such a processor it says so."""
    folder = tmp_path / "b"
    write_bundle(folder, make_contents())
    members = {p: (folder / p).read_bytes() for p in (GOLDEN, "bundle.json")}
    assert b"bf16" not in members[GOLDEN]
    rows = verify(
        write_bundle(tmp_path / "c", make_contents(precisions=("fp32", "bf16")))
        if has_bf16()
        else folder
    )
    assert ("golden images, bf16" in {row.check for row in rows}) == has_bf16()


def test_a_damaged_bundle_cannot_be_verified(folder: Path, tmp_path: Path) -> None:
    """Where nothing can be computed, verify ends as load does, naming the path."""
    with pytest.raises(BundleError, match="nowhere: no bundle"):
        verify(tmp_path / "nowhere")


def test_both_engines_agree(folder: Path, strange: Path) -> None:
    """ONNX Runtime repeats the golden values, and says what OpenVINO says."""
    pytest.importorskip("onnxruntime")
    for bundle in (folder, strange):
        rows = verify(bundle, engine="both")

        assert [row.check for row in rows[-2:]] == [
            "golden images, fp32, ONNX Runtime",
            "ONNX Runtime as OpenVINO",
        ]
        assert all(row.passed for row in rows)
        assert 0 < float(rows[-1].found) <= SAME_PATH


def test_onnx_runtime_alone_checks_the_golden_values(members: Members, rehash: Forge) -> None:
    """A golden value that is off by a hundredth is a row that has not passed."""
    pytest.importorskip("onnxruntime")
    golden = json.loads(members[GOLDEN])
    row = golden["expected"]["fp32"]["probabilities"][0]
    high = row.index(max(row))
    row[high] -= 0.01
    row[high - 1] += 0.01
    rows = verify(rehash(members | {GOLDEN: json.dumps(golden).encode()}), engine="onnxruntime")

    assert [(row.check, row.passed) for row in rows] == [
        ("members", True),
        ("graph", True),
        ("golden images, fp32, ONNX Runtime", False),
    ]


def test_a_missing_onnx_runtime_is_told_with_its_command(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the extra the message has the command that installs it; OpenVINO still verifies."""
    monkeypatch.setattr(extras, "_is_installed", lambda package: package != "onnxruntime")
    with pytest.raises(MissingExtra, match=r"missing onnxruntime.*objektiv\[ort\]"):
        verify(folder, engine="both")

    assert all(row.passed for row in verify(folder))
