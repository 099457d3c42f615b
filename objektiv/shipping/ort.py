"""A bundle's whole graph in ONNX Runtime, which knows nothing of objektiv: the second opinion.

In: a walked graph as bytes, and pictures of any size. Out: what it predicts. Needs the extra `ort`.
Try: `run_whole_graph(data, [picture]).probabilities`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from objektiv.base import extras
from objektiv.shipping.ends import INPUT
from objektiv.shipping.facts import MODEL, refused
from objektiv.shipping.session import Predicted, predicted, together

PROVIDERS = ["CPUExecutionProvider"]


def require() -> None:
    """Check that ONNX Runtime is there.

    Raises:
        MissingExtra: it is not; `next` is the command that installs it.
    """
    extras.require("ort", needed_by="ONNX Runtime as an engine")


def run_whole_graph(data: bytes, pictures: Sequence[NDArray[np.uint8]]) -> Predicted:
    """The whole graph, preprocessing included, on pictures of any size, one by one.

    `data` is a graph that `shipping.walk` has seen.

    Raises:
        BundleError: ONNX Runtime refuses the graph.
        MissingExtra: ONNX Runtime is not installed.
    """
    require()
    import onnxruntime

    onnxruntime.disable_telemetry_events()  # its builds for Windows report otherwise
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors, which are raised anyway
    try:
        session = onnxruntime.InferenceSession(data, options, providers=PROVIDERS)
        results = [session.run(None, {INPUT.name: picture}) for picture in pictures]
    except Exception as error:  # its own kinds have no parent but this
        raise refused(
            f"ONNX Runtime refuses {MODEL}",
            value=" ".join(str(error).split())[:200],
            allowed="A graph objektiv wrote",
        ) from error
    return together([predicted(result) for result in results])
