"""Checkpoints without pickle, and whose they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs objektiv[torch]")
pytest.importorskip("lightning", reason="needs objektiv[torch]")

from objektiv.base import tensors
from objektiv.base.errors import ModelError
from objektiv.training import checkpoint


def _lightnings() -> dict[str, object]:
    return {
        "state_dict": {"weight": torch.ones(2, 2), "count": torch.tensor(3)},
        "optimizer_states": [
            {
                "state": {0: {"mean": torch.full((2, 2), 0.1)}},
                "param_groups": [{"lr": 0.1, "steps": 4, "params": [0]}],
            }
        ],
        "loops": {"object": object()},
        checkpoint.STANDS: {"clock": {"epoch": 2, "loss": 0.1 + 0.2}, "belongs": {"seed": 1}},
    }


def test_checkpoint_comes_back(tmp_path: Path) -> None:
    """Weights, what the optimizer keeps and where training stands are the same bits."""
    path = tmp_path / "a.safetensors"
    checkpoint.Arrays().save_checkpoint(_lightnings(), path)
    found = checkpoint.Arrays().load_checkpoint(path)

    assert torch.equal(found["state_dict"]["weight"], torch.ones(2, 2))
    assert found["state_dict"]["count"].item() == 3
    (optimizer,) = found["optimizer_states"]
    assert torch.equal(optimizer["state"][0]["mean"], torch.full((2, 2), 0.1))
    assert optimizer["param_groups"] == [{"lr": 0.1, "steps": 4, "params": [0]}]
    assert found[checkpoint.STANDS]["clock"]["loss"] == 0.1 + 0.2
    assert checkpoint.read_stands(path)["belongs"] == {"seed": 1}
    checkpoint.Arrays().remove_checkpoint(path)
    assert not path.exists()


@pytest.mark.parametrize("about", [{}, {"objektiv": "{"}, {"objektiv": '{"format": 2}'}])
def test_other_files_are_refused(about: dict[str, str], tmp_path: Path) -> None:
    """Arrays without our JSON, with broken JSON, or of a newer format are no checkpoint."""
    tensors.write(tmp_path / "a", {"x": np.zeros(1)}, about)

    with pytest.raises(ModelError, match="no checkpoint that this version can go on from"):
        checkpoint.read_stands(tmp_path / "a")


@pytest.mark.parametrize(
    ("now", "message"),
    [
        ({"seed": 2, "batch": 8}, "seed differs: 1 then, 2 now"),
        ({"seed": 1}, "batch differs: 8 then, None now"),
        ({"seed": 1, "batch": 8, "new": 0}, "new differs: None then, 0 now"),
    ],
)
def test_first_difference_is_named(now: dict[str, int], message: str) -> None:
    """What another training had is told with both values."""
    with pytest.raises(ModelError, match=message):
        checkpoint.require_same({"seed": 1, "batch": 8}, now, path=Path("last"))


def test_only_the_best_state_is_kept(tmp_path: Path) -> None:
    """States of epochs that are no longer the best are deleted."""
    for number in (1, 2):
        checkpoint.save_best(tmp_path, number, {"x": np.full(1, number, np.float32)})
    checkpoint.tidy(tmp_path, best=2)

    assert [p.name for p in tmp_path.iterdir()] == [checkpoint.BEST.format(2)]
    assert checkpoint.load_best(tmp_path, 2)["x"].tolist() == [2]
