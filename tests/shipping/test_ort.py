"""The second engine runs what the walk has let through, and refuses in our words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from objektiv.base.errors import BundleError
from objektiv.shipping import golden, ort
from objektiv.shipping.facts import MODEL
from objektiv.shipping.session import run_whole_graph

pytest.importorskip("onnxruntime")


def test_it_says_what_openvino_says(strange: Path) -> None:
    """Logits, probabilities and strangeness of pictures of several sizes are the same."""
    data = (strange / MODEL).read_bytes()
    pictures = list(golden.draw().values())

    found, expected = ort.run_whole_graph(data, pictures), run_whole_graph(data, pictures)

    assert found.strangeness is not None and found.strangeness.shape == (len(pictures),)
    assert golden.apart(found, expected) <= 1e-4
    assert np.ptp(found.logits) > 0.1


def test_what_it_cannot_run_is_a_bundle_error(make_graph: Callable[..., bytes]) -> None:
    """Its own exceptions, which have many kinds, do not come out."""
    with pytest.raises(BundleError, match="ONNX Runtime refuses model.onnx"):
        ort.run_whole_graph(make_graph()[:-100], list(golden.draw().values()))
