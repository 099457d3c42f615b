"""The process in which Keras runs: it turns one network into ONNX, says what it did, and ends.

In: KERAS_HOME, a folder that holds REQUEST alone. Out: `network.onnx` in the folder asked for, and
ANSWER beside the request: the facts of the network, or an error in its four parts. Keras chooses
its backend once a process, and what reads strange files should end with its work; so
`keras_convert` starts this. It reaches the internet only where the weights are "imagenet".
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np

from objektiv.base import files
from objektiv.base.errors import MachineError, ObjektivError
from objektiv.zoo import arrays, keras_weights
from objektiv.zoo.keras_convert import ANSWER, GRAPH, REQUEST
from objektiv.zoo.keras_graph import Ends, write_graph
from objektiv.zoo.settings import IMAGENET, RANDOM
from objektiv.zoo.table import KERAS, MODES, KerasNetwork

# EfficientNet's published files keep deviations where Keras' layer Normalization expects variances;
# Keras makes it good by one layer more, only when it fetches the weights itself.
DEVIATIONS = np.array([0.229, 0.224, 0.225])


def main() -> int:
    """Answer the request in KERAS_HOME; the exit code tells whether it worked."""
    request = files.parse_json((_scratch() / REQUEST).read_bytes(), name=REQUEST)
    answer: dict[str, Any]
    try:
        folder = Path(request["folder"])
        answer = {"facts": convert(request["name"], request["weights"], folder)}
    except ObjektivError as error:
        parts = {"value": str(error.value), "allowed": error.allowed, "next": error.next}
        answer = {"error": type(error).__name__, "happened": error.happened, **parts}
    files.write_bytes(_scratch() / ANSWER, json.dumps(answer).encode())
    return 0 if "facts" in answer else 1


def convert(name: str, weights: str, folder: Path) -> dict[str, Any]:
    """Write GRAPH into `folder`; the facts of the network as JSON has them.

    Raises:
        ModelError: the weights are refused or do not fit.
        MachineError: they cannot be fetched.
    """
    row = KERAS.get(name)
    model, sha256 = build(row, weights)
    graph, ends = write_graph(model, padding_by_size=row.family.padding_by_size)
    files.write_bytes(folder / GRAPH, graph.to_bytes(name))
    random = weights == RANDOM
    return {
        "name": name,
        "title": name,
        "family": "keras",
        "parameters": model.count_params(),
        "size": row.size,
        "smallest": row.family.smallest,
        **_preprocessing(row, ends, published=weights not in (RANDOM, IMAGENET)),
        "classes": IMAGENET,
        "origin": "drawn, not trained" if random else f"keras.applications, {row.family.origin}",
        "licence": "none" if random else row.family.licence,
        "sha256": sha256,
        "last_map": ends.last_map,
        "final": ends.final,
        "logits": "logits",
        "random": random,
    }


def build(row: KerasNetwork, weights: str) -> tuple[Any, str]:
    """The network as Keras builds it, and the SHA-256 of its weights file, empty where drawn."""
    keras = keras_on_openvino()
    function = getattr(keras.applications, row.name)
    if weights == IMAGENET:
        return _fetched(row, function)
    model = function(weights=None)
    if weights == RANDOM:
        keras_weights.draw(model, seed=0)
        return model, ""
    copy = _scratch() / "copy"  # looked through and read from here, so that it stays the same
    shutil.copyfile(weights, copy)
    sha256 = _sha256(copy)
    if weights.endswith(arrays.SUFFIX):
        keras_weights.load_arrays(model, copy)
    else:
        keras_weights.load(model, copy)
    return model, sha256


def keras_on_openvino() -> Any:
    """Keras, set up as its networks need it whatever the user's own settings are."""
    from objektiv.features import runtime  # noqa: F401  (first: it keeps OpenVINO from reporting)

    os.environ["KERAS_BACKEND"] = "openvino"
    import keras

    keras.config.set_image_data_format("channels_last")
    keras.config.set_floatx("float32")
    return keras


def _fetched(row: KerasNetwork, function: Any) -> tuple[Any, str]:
    """The network with the weights that Keras fetches; Keras compares their hash."""
    try:
        model = function(weights=IMAGENET)
    except Exception as error:  # Keras raises plain exceptions where it cannot fetch
        raise MachineError(
            f"Keras cannot fetch the weights of {row.name}",
            value=" ".join(str(error).split())[:300],
            allowed="A connection to the internet is needed, or the file itself",
            next="fetch the file elsewhere, then `--weights FILE`",
        ) from error
    (file,) = _scratch().rglob("*.h5")
    return model, _sha256(file)


def _scratch() -> Path:
    """The folder that the calling process gave; it removes it."""
    return Path(os.environ["KERAS_HOME"])


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _preprocessing(row: KerasNetwork, ends: Ends, *, published: bool) -> dict[str, Any]:
    """From pixels of 0 to 255 to the graph's input: (pixels * scale - mean) / std."""
    mode = MODES[row.family.mode]
    if row.family.mode != "none":
        return {
            "mean": list(mode.mean),
            "std": list(mode.std),
            "scale": mode.scale,
            "colours": mode.colours,
        }
    multiply, add = ends.multiply, ends.add
    if published and np.allclose(255 * multiply, 1 / np.sqrt(DEVIATIONS), rtol=1e-4):
        multiply, add = multiply / np.sqrt(DEVIATIONS), add / np.sqrt(DEVIATIONS)
    scale = 1 / 255
    std = scale / np.broadcast_to(multiply, 3)
    mean = -np.broadcast_to(add, 3) * std
    return {"mean": mean.tolist(), "std": std.tolist(), "scale": scale, "colours": mode.colours}


if __name__ == "__main__":
    sys.exit(main())
