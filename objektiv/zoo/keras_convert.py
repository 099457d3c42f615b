"""Turn a network of keras.applications into a plain ONNX file and its facts.

In: the name of a row of `table.KERAS`, weights, and an empty folder. Out: `network.onnx` in it, and
the facts that the store keeps. Keras works in a process of its own (`keras_process`).
Try: `convert_keras("MobileNetV2", weights="random", folder=Path("new"))`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import objektiv.base.errors
from objektiv.base import extras, files
from objektiv.base.errors import ModelError
from objektiv.zoo.settings import IMAGENET, RANDOM
from objektiv.zoo.table import KERAS

PROCESS = "objektiv.zoo.keras_process"  # imported nowhere: it imports Keras
REQUEST, ANSWER = "request.json", "answer.json"
GRAPH = "network.onnx"
PATIENCE = 3600  # seconds; fetching 550 MB over a slow line is what takes longest


def convert_keras(name: str, *, weights: str, folder: Path) -> dict[str, Any]:
    """Write `network.onnx` into `folder`; returns the facts (docs/decisions/zoo.md).

    `weights` are "random", "imagenet" (Keras fetches them and compares their hash) or the path of
    a file .h5 or .safetensors (names in `arrays`) of the whole network.

    Raises:
        UsageError: Keras' table has no such name.
        MissingExtra: Keras is not installed.
        ModelError: the weights are refused or do not fit.
        MachineError: they cannot be fetched.
    """
    KERAS.get(name)
    if weights not in (IMAGENET, RANDOM) and not Path(weights).is_file():
        raise ModelError(
            "there is no weights file",
            value=weights,
            allowed="A file .h5 of Keras, or .safetensors, with the weights of the whole network",
            next=f"give its path, or `imagenet` and an internet connection to fetch that of {name}",
        )
    extras.require("zoo", needed_by=f"turning {name} into ONNX")
    request = {"name": name, "weights": weights, "folder": str(folder.absolute())}
    with tempfile.TemporaryDirectory(dir=folder, prefix="keras-") as home:
        answer = _ask(Path(home), request)
    if "facts" in answer:
        facts: dict[str, Any] = answer["facts"]
        return facts
    kind = getattr(objektiv.base.errors, answer.pop("error"))
    happened = answer.pop("happened")
    raise kind(happened, **answer)


def _ask(home: Path, request: dict[str, str]) -> dict[str, Any]:
    files.write_bytes(home / REQUEST, json.dumps(request).encode())
    done = subprocess.run(
        [sys.executable, "-m", PROCESS],
        env={**os.environ, "KERAS_BACKEND": "openvino", "KERAS_HOME": str(home.absolute())},
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=PATIENCE,
        check=False,
    )
    if not (home / ANSWER).is_file():
        raise ModelError(
            f"Keras' process ended while it worked on {request['name']}",
            value=f"exit code {done.returncode}: {' '.join(done.stderr.split())[-300:]}",
            allowed="Weights as Keras saves them, and memory of four times their size",
            next="close other programs and run the same command again",
        )
    answer: dict[str, Any] = files.parse_json((home / ANSWER).read_bytes(), name=ANSWER)
    return answer
