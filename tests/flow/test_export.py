"""Exporting: as tested to the last bit, or in other numbers, measured, told and refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from objektiv.base import language
from objektiv.base.errors import DataError, ModelError, UsageError
from objektiv.flow import export as module
from objektiv.flow.export import CALIBRATED, export
from objektiv.flow.ledger import Home, read
from objektiv.flow.run import Run
from objektiv.flow.settings import ExportSettings
from objektiv.shipping import remake
from objektiv.shipping.bundle import load
from objektiv.shipping.facts import FACTS, MEMBERS
from objektiv.shipping.verify import verify


@pytest.fixture
def moved(shapes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shapes in another folder, whose ledger no other test sees."""
    monkeypatch.setenv("OBJEKTIV_BANK", str(tmp_path / "bank"))
    return Path(shutil.copytree(shapes, tmp_path / "moved", ignore=lambda *_: {".objektiv"}))


def test_as_tested_nothing_changes(trained: Path, tmp_path: Path) -> None:
    """File and folder hold the run's own bundle, byte by byte, and no picture is looked at."""
    file = export(Run(trained), tmp_path / "new" / "a.objektiv")
    folder = export(Run(trained), tmp_path / "new" / "a", form="folder")

    assert file.path == tmp_path / "new" / "a.objektiv"
    assert file.change is None and folder.change is None
    assert load(file.path).sha256 == load(folder.path).sha256 == load(trained / "model").sha256
    for name in MEMBERS:
        assert (folder.path / name).read_bytes() == (trained / "model" / name).read_bytes()


@pytest.mark.parametrize("form", ["file", "folder"])
def test_an_export_overwrites_nothing(trained: Path, tmp_path: Path, form: module.Form) -> None:
    """What is there already stays as it is."""
    file = tmp_path / "shapes.objektiv"
    file.write_bytes(b"mine")

    with pytest.raises(UsageError, match=r"shapes\.objektiv exists.*nothing is overwritten"):
        export(Run(trained), file, form=form)
    assert file.read_bytes() == b"mine"


def test_a_file_has_the_suffix_of_a_bundle(trained: Path, tmp_path: Path) -> None:
    """Another name is refused before anything is computed."""
    with pytest.raises(UsageError, match=r"ends in \.objektiv"):
        export(Run(trained), tmp_path / "shapes.zip", ExportSettings(precision="int8"))


@pytest.mark.parametrize(("precision", "share"), [("fp16", 0.52), ("int8", 0.33)])
def test_shorter_numbers_are_measured_and_told(
    trained: Path, moved: Path, tmp_path: Path, precision: str, share: float
) -> None:
    """Size, facts, card and ledger say what became of the accuracy, and the bundle verifies."""
    settings = ExportSettings(precision=precision, data=moved)  # type: ignore[arg-type]
    done = export(Run(trained), tmp_path / "a.objektiv", settings)
    bundle, before = load(done.path), load(trained / "model")
    told = bundle.facts.provenance.scores["export"]

    assert done.bytes < share * done.bytes_before
    assert bundle.facts.weights == done.weights == precision
    assert done.change is not None and done.change.others == 0
    assert isinstance(told, dict)
    assert told["source"] == before.sha256
    assert told["test"]["estimate"] == 0.0  # type: ignore[index,call-overload]
    assert "## What the export changed" in bundle.card
    assert bundle.card.index("What the export") < bundle.card.index("## Evaluation")
    assert all(row.passed for row in verify(done.path))
    ledger = read(Home(moved, before.facts.provenance.data, None), test="")
    assert ledger.elsewhere == 1
    old, new = before.facts.limits, bundle.facts.limits  # chosen anew: strangeness is another
    assert old.strangeness is not None and new.strangeness is not None
    assert 0 < abs(new.strangeness - old.strangeness) < 0.1 * old.strangeness
    assert new.refused == old.refused


def test_pruning_changes_no_answer(trained: Path, tmp_path: Path) -> None:
    """Not a bit of a golden value is another, and the pictures are not needed."""
    done = export(Run(trained), tmp_path / "a", ExportSettings(prune=True), form="folder")
    golden = "golden/golden.json"

    assert done.change is None
    assert done.bytes <= done.bytes_before
    assert (done.path / golden).read_bytes() == (trained / "model" / golden).read_bytes()


def _spoilt(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same with its last weights the other way round: every answer is wrong."""
    product = next(n for n in reversed(model.graph.node) if "logits" in n.output).input[0]
    name = next(n for n in model.graph.node if product in n.output).input[1]
    tensor = next(t for t in model.graph.initializer if t.name == name)
    tensor.CopyFrom(numpy_helper.from_array(-numpy_helper.to_array(tensor), name))
    return model


def test_a_loss_above_the_limit_is_refused(
    trained: Path, moved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message has the loss on held-out pictures and the way out; nothing is written."""
    monkeypatch.setattr(remake, "halve", _spoilt)
    target = tmp_path / "a.objektiv"
    settings = ExportSettings(precision="fp16", data=moved)
    with pytest.raises(
        ModelError, match=r"loses too much accuracy in fp16: \d+\.\d+ points on \d+ held-out"
    ) as caught:
        export(Run(trained), target, settings)

    assert caught.value.exit_code == 4
    assert not target.exists()
    assert not (moved / ".objektiv").exists()
    allowed = ExportSettings(precision="fp16", data=moved, max_loss=100)
    assert export(Run(trained), target, allowed).path == target


def test_pictures_that_changed_are_refused(trained: Path, moved: Path, tmp_path: Path) -> None:
    """What is measured on must be what was trained and tested on."""
    for path in (moved / "disc").glob("*.png"):
        path.write_bytes(next((moved / "stripe").glob("*.png")).read_bytes())
    settings = ExportSettings(precision="fp16", data=moved)

    with pytest.raises(DataError, match="a picture of the run is not what it was.*--data"):
        export(Run(trained), tmp_path / "a.objektiv", settings)
    settings = ExportSettings(precision="fp16", data=tmp_path / "nowhere")
    with pytest.raises(DataError, match="there is no such folder"):
        export(Run(trained), tmp_path / "a.objektiv", settings)


def test_a_run_in_8_bits_has_no_other_numbers(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was rounded cannot be had back."""
    facts = load(trained / "model").facts.model_copy(update={"weights": "int8"})
    monkeypatch.setattr(module, "read_members", lambda _: (facts, {FACTS: b""}))

    with pytest.raises(UsageError, match="--precision fp16 of a run in int8"):
        export(Run(trained), tmp_path / "a.objektiv", ExportSettings(precision="fp16"))


def test_a_network_of_its_own_is_calibrated_on_training_pictures(
    learnt: Path, moved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network that nobody measured gets its ranges from pictures of the training part."""
    seen: list[str] = []
    original = module._squares

    def squares(paths: list[Path], facts: object) -> object:
        seen.extend(p.relative_to(moved).as_posix() for p in paths)
        return original(paths, facts)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "_squares", squares)
    settings = ExportSettings(precision="int8", data=moved, max_loss=100)
    done = export(Run(learnt), tmp_path / "a.objektiv", settings)
    predictions = Run(learnt).predictions()

    assert 0 < len(seen) <= CALIBRATED
    assert not set(seen) & set(predictions.ids)  # those are validation and test
    assert done.bytes < done.bytes_before
    assert done.change is not None
    said = load(done.path)
    assert np.isclose(said.facts.temperature, load(learnt / "model").facts.temperature)


def test_the_card_is_told_in_the_language_of_the_run(
    trained: Path, moved: Path, tmp_path: Path
) -> None:
    """A German run has a German card, and the section about the export stands in it."""
    own = Path(shutil.copytree(trained, tmp_path / "german"))
    path = own / "settings.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("language: en", "language: de"))
    settings = ExportSettings(precision="fp16", data=moved)
    card = load(export(Run(own), tmp_path / "a.objektiv", settings).path).card

    with language.speaking("de"):
        assert language.tr("What the export changed") in card
    assert json.dumps("disc")[1:-1] in card
