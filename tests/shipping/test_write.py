"""Writing computes the golden values, hashes every member, and never overwrites."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from objektiv.base import files
from objektiv.base.errors import BundleError, MachineError, UsageError
from objektiv.shipping.bundle import load
from objektiv.shipping.facts import FACTS, GOLDEN, HASHED, MEMBERS, Backbone
from objektiv.shipping.write import BundleContents, pack, write_bundle

MakeContents = Callable[..., BundleContents]


def test_a_written_bundle_holds_its_members_and_nothing_else(folder: Path) -> None:
    """Eight files, each with its hash and length in bundle.json."""
    found = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))

    assert found == set(MEMBERS)
    assert set(facts["files"]) == set(HASHED)
    for name, listed in facts["files"].items():
        data = (folder / name).read_bytes()
        assert listed == {"bytes": len(data), "sha256": files.sha256(data)}


def test_the_facts_tell_where_the_bundle_comes_from(folder: Path) -> None:
    """Versions, machine, settings, scores and hashes are kept for a replay."""
    provenance = json.loads((folder / FACTS).read_text(encoding="utf-8"))["provenance"]

    assert provenance["settings"] == {"seed": 1337}
    assert provenance["scores"] == {"accuracy": 0.75, "auc": None}
    assert provenance["libraries"]["openvino"][0].isdigit()
    assert "Python" in provenance["machine"]


def test_writing_twice_gives_the_same_bytes(make_contents: MakeContents, tmp_path: Path) -> None:
    """The same contents on the same machine give the same bundle, packed or not."""
    for name in ("a", "b"):
        write_bundle(tmp_path / name, make_contents())
        pack(tmp_path / name, tmp_path / f"{name}.objektiv")

    assert (tmp_path / "a.objektiv").read_bytes() == (tmp_path / "b.objektiv").read_bytes()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"classes": ("a", "b", "a")}, "a class appears twice"),
        ({"classes": ("a", "b")}, "other inputs or outputs than 2 classes need"),
        ({"temperature": float("nan")}, "temperature: Input should be"),
        ({"scores": {"auc": float("nan")}}, "scores.*finite number"),
        ({"scores": {"auc": object()}}, "scores.*JSON"),
        ({"data": "unknown"}, "data: String should match"),
        ({"precisions": ("bf16",), "tested_precision": "bf16"}, "precisions lack fp32"),
        ({"size": 0, "model": b""}, "size: Input should be greater"),
        ({"model": b"no graph"}, "model.onnx is not a whole ONNX file"),
    ],
)
def test_contents_that_do_not_fit_are_refused(
    make_contents: MakeContents, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    """A wrong fact is told before a file is written."""
    with pytest.raises(BundleError, match=message):
        write_bundle(tmp_path / "b", make_contents(**changes))
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("wrong", [{"fit": "stretch"}, {"size": 48}])
def test_a_graph_with_other_preprocessing_is_refused(
    make_contents: MakeContents, tmp_path: Path, wrong: dict[str, Any]
) -> None:
    """Size and fit in the facts must be those of the graph, or training and serving differ."""
    model = make_contents().model
    with pytest.raises(BundleError, match="something else with its own preprocessing|refuses"):
        write_bundle(tmp_path / "b", make_contents(**wrong, model=model))


def test_a_bundle_is_never_overwritten(folder: Path, make_contents: MakeContents) -> None:
    """A finished bundle and a folder with other files stay as they are."""
    before = (folder / FACTS).read_bytes()
    with pytest.raises(UsageError, match=r"cannot take a bundle: it holds bundle.json"):
        write_bundle(folder, make_contents(temperature=2.0))
    assert (folder / FACTS).read_bytes() == before


def test_a_folder_with_other_files_is_left_alone(
    make_contents: MakeContents, tmp_path: Path
) -> None:
    """Pictures of the user are not mixed with a bundle."""
    (tmp_path / "cat.jpg").write_bytes(b"x")
    with pytest.raises(UsageError, match="it holds cat.jpg.*nothing is overwritten"):
        write_bundle(tmp_path, make_contents())
    with pytest.raises(UsageError, match="it holds a file"):
        write_bundle(tmp_path / "cat.jpg", make_contents())


def test_interrupted_writing_is_refused_and_can_be_repeated(
    make_contents: MakeContents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each written file: what is there is no bundle yet, and writing again makes it one."""
    original = files.write_bytes
    for stop in range(1, len(MEMBERS)):
        folder = tmp_path / f"b{stop}"
        done: list[Path] = []

        def stopping(path: Path, data: bytes, done: list[Path] = done, stop: int = stop) -> None:
            if len(done) == stop:
                raise MachineError("full", value=path, allowed="Space", next="again")
            original(path, data)
            done.append(path)

        with monkeypatch.context() as patch:
            patch.setattr(files, "write_bytes", stopping)
            with pytest.raises(MachineError, match="full"):
                write_bundle(folder, make_contents())
        with pytest.raises(BundleError, match="not complete"):
            load(folder)
        write_bundle(folder, make_contents())
        assert load(folder).classes[0] == "blank"


def test_packing_names_its_limits(folder: Path, tmp_path: Path) -> None:
    """A packed bundle has our suffix and takes no other file's place."""
    with pytest.raises(UsageError, match=r"new file whose name ends in \.objektiv"):
        pack(folder, tmp_path / "a.zip")
    pack(folder, tmp_path / "a.objektiv")
    with pytest.raises(UsageError, match="exists"):
        pack(folder, tmp_path / "a.objektiv")


def test_a_damaged_folder_is_not_packed(folder: Path, tmp_path: Path) -> None:
    """Packing checks every hash first."""
    for name in MEMBERS:
        (tmp_path / "b" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "b" / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "b" / GOLDEN).write_bytes(b"{}")
    with pytest.raises(BundleError, match="changed or damaged"):
        pack(tmp_path / "b", tmp_path / "a.objektiv")
    assert not (tmp_path / "a.objektiv").exists()


def test_a_backbone_needs_a_licence() -> None:
    """Weights without a licence do not ship."""
    with pytest.raises(ValueError, match="licence"):
        Backbone(name="x", sha256="0" * 64, licence="")
