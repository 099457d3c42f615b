"""Bad input of training networks is answered as all bad input: code, four parts, nothing lost."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from objektiv.base import extras
from tests.contract.asking import Ask, Row, World, assert_refused, assert_row

USAGE, DATA, MODEL, MACHINE = 2, 3, 4, 5


def _with(*options: object) -> Ask:
    return lambda w: w.train(w.shapes, "--model", "cnn", "--size", 24, *options)


LIGHT: dict[str, Row] = {
    "an unknown model": (
        *(USAGE, "no model has this name: 'simple-cn'.*did you mean 'simple-cnn'"),
        lambda w: w.train(w.shapes, "--model", "simple-cn"),
    ),
    "an unknown optimizer": (
        *(USAGE, "optimizer = 'adm': Input should be 'sgd', 'adam'"),
        _with("--optimizer", "adm"),
    ),
    "an unknown activation": (USAGE, "activation = 'rellu'", _with("--activation", "rellu")),
    "filters that are no numbers": (USAGE, r"filters.0 = 'many'", _with("--filters", "many")),
    "dropout of other blocks": (
        *(USAGE, "dropout has 3 numbers for 2 blocks"),
        _with("--filters", "8,16", "--dropout", "0.1,0.2,0.3"),
    ),
    "a batch of nothing": (USAGE, "batch = '0'", _with("--batch", 0)),
    "a budget that is no time": (USAGE, "budget = 'soon'", _with("--budget", "soon")),
    "a run to go on with that is not there": (
        *(USAGE, "there is no such run"),
        lambda w: ["train", w.shapes, "--resume", w.tmp / "no-001"],
    ),
    "a finished run to go on with": (
        *(USAGE, "the run came to its end"),
        lambda w: ["train", w.shapes, "--resume", w.trained],
    ),
    "settings for a run that goes on": (
        *(USAGE, "a run goes on with its own settings: --epochs"),
        lambda w: ["train", w.shapes, "--resume", w.trained, "--epochs", 3],
    ),
    "one run to compare": (USAGE, "needs two runs", lambda w: ["compare", w.trained]),
    "a comparison with nothing": (
        *(USAGE, "there is no such run"),
        lambda w: ["compare", w.trained, w.tmp / "no-001"],
    ),
    "a frozen network with a budget": (
        *(USAGE, "a frozen network has no such thing: --budget"),
        lambda w: w.train(
            w.shapes, "--model", "vgg19-frozen", "--backbone", "lite0", "--budget", "1m"
        ),
    ),
}

HEAVY: dict[str, Row] = {
    "pictures smaller than the network allows": (
        *(USAGE, "the images are too small for the network: nothing is left at its layer"),
        _with("--size", 8, "--filters", "4,4,4,4"),
    ),
    "a backbone that is not fine-tuned": (
        *(USAGE, "this cannot be fine-tuned: --backbone lite1"),
        lambda w: w.train(w.shapes, "--model", "finetune", "--backbone", "lite1"),
    ),
    "a device that is not there": (
        *(MACHINE, "no such device for training: --device mps"),
        _with("--device", "mps"),
    ),
    "a budget for nothing": (USAGE, "too small for one epoch", _with("--budget", "0.1s")),
    "a loss that is no number": (
        *(MODEL, "the loss is no longer a number.*learning-rate"),
        _with("--optimizer", "sgd", "--learning-rate", 1000, "--rescale", "raw", "--epochs", 3),
    ),
}


@pytest.mark.parametrize("row", LIGHT.values(), ids=LIGHT)
def test_what_needs_no_torch_is_refused(world: World, row: Row) -> None:
    """Each row is told in four parts, with its code."""
    assert_row(world, row)


@pytest.mark.parametrize("row", HEAVY.values(), ids=HEAVY)
def test_what_cannot_be_trained_is_refused(world: World, row: Row) -> None:
    """Each row is told in four parts, with its code, and leaves no run."""
    pytest.importorskip("torch", reason="needs objektiv[torch]")
    pytest.importorskip("lightning", reason="needs objektiv[torch]")
    assert_row(world, row)


def test_a_missing_extra_is_told_before_any_work(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without torch the command that installs it is named, and no folder is made."""
    monkeypatch.setattr(extras, "_is_installed", lambda package: package != "torch")

    answer = world.ask(*world.train(world.shapes, "--model", "cnn"))

    assert_refused(answer, MACHINE, r'missing torch.*pip install "objektiv\[torch\]"')
    assert not world.out.exists()


def test_a_batch_larger_than_the_data_is_told(world: World) -> None:
    """It is no error: all pictures make one batch, and a note says so."""
    pytest.importorskip("torch", reason="needs objektiv[torch]")
    pytest.importorskip("lightning", reason="needs objektiv[torch]")

    answer = world.ask(*_with("--filters", 4, "--dense", 8, "--epochs", 1, "--batch", 500)(world))

    assert answer.code == 0, answer.err
    assert "500 a batch are more than there are" in answer.out


def test_a_folder_in_use_is_refused(world: World) -> None:
    """A second process is told that another one works in the run's folder."""
    pytest.importorskip("torch", reason="needs objektiv[torch]")
    from objektiv.base.lock import only_process

    folder = shutil.copytree(world.trained, world.tmp / "cut-001")
    (folder / "metrics.json").unlink()
    text = Path(folder / "settings.yaml").read_text()
    (folder / "settings.yaml").write_text(text.replace("model: probe", "model: cnn"))

    with only_process(folder):
        answer = world.ask("train", world.shapes, "--resume", folder)

    assert_refused(answer, MACHINE, "another process works in")
