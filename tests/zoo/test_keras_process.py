"""What Keras' process makes of a network, without Keras."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("h5py", reason="the extra `zoo` is not installed")

from objektiv.base.errors import ModelError  # noqa: E402
from objektiv.zoo import keras_process  # noqa: E402
from objektiv.zoo.keras_convert import ANSWER, REQUEST  # noqa: E402
from objektiv.zoo.keras_graph import Ends  # noqa: E402
from objektiv.zoo.table import KERAS  # noqa: E402

MEAN, DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def _facts(monkeypatch: Any, folder: Path, ends: Ends, *, weights: str) -> dict[str, Any]:
    graph = SimpleNamespace(to_bytes=lambda name: b"graph")
    model = SimpleNamespace(count_params=lambda: 7)
    monkeypatch.setattr(keras_process, "build", lambda row, weights: (model, "hash"))
    monkeypatch.setattr(keras_process, "write_graph", lambda model, **_: (graph, ends))
    return keras_process.convert("EfficientNetB0", weights, folder)


@pytest.mark.parametrize("weights", ["imagenet", "efficientnetb0.h5"])
def test_efficientnet_takes_what_its_weights_were_trained_with(
    weights: str, tmp_path: Path, monkeypatch: Any
) -> None:
    """Fetched or from a file, where the corrected layer is missing, the input is the same."""
    kept = np.sqrt(DEVIATION)  # Keras' layer divides by the root of what the file calls variance
    deviation = DEVIATION if weights == "imagenet" else kept
    ends = Ends("map", "final", 1 / (255 * deviation), -MEAN / deviation)

    facts = _facts(monkeypatch, tmp_path, ends, weights=weights)

    assert facts["scale"] == 1 / 255 and facts["colours"] == "RGB"
    assert np.allclose(facts["mean"], MEAN) and np.allclose(facts["std"], DEVIATION)
    assert (tmp_path / "network.onnx").read_bytes() == b"graph"
    assert (facts["sha256"], facts["parameters"], facts["random"]) == ("hash", 7, False)


def test_a_refusal_becomes_an_answer(tmp_path: Path, monkeypatch: Any) -> None:
    """What goes wrong in the process is written beside the request, in its four parts."""

    def refuse(*_: Any) -> Any:
        raise ModelError("a", value=5, allowed="c", next="d")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(keras_process, "build", refuse)
    request = {"name": "MobileNet", "weights": "random", "folder": str(tmp_path)}
    (tmp_path / REQUEST).write_text(json.dumps(request))

    assert keras_process.main() == 1

    answer = json.loads((tmp_path / ANSWER).read_text())
    assert answer == {
        **{"error": "ModelError", "happened": "a", "value": "5", "allowed": "c", "next": "d"}
    }


def test_a_row_without_internet_says_how_to_bring_the_file(monkeypatch: Any) -> None:
    """Where Keras cannot fetch, the error names the other way."""

    def fetch(**_: Any) -> Any:
        raise Exception("URL fetch failure on https://example.org/a.h5: None -- unreachable")

    keras = SimpleNamespace(applications=SimpleNamespace(VGG16=fetch))
    monkeypatch.setattr(keras_process, "keras_on_openvino", lambda: keras)

    with pytest.raises(Exception, match="cannot fetch the weights of VGG16.*--weights FILE"):
        keras_process.build(KERAS.get("VGG16"), "imagenet")
