"""OpenVINO comes without its reporter."""

from __future__ import annotations

import sys

import pytest


def test_openvino_comes_whole() -> None:
    """What is taken from here is OpenVINO itself, with its engine and the conversion it lists."""
    from objektiv.features.runtime import openvino

    assert openvino is sys.modules["openvino"]
    assert "CPU" in openvino.Core().available_devices
    assert callable(openvino.convert_model)


def test_the_reporter_cannot_be_imported() -> None:
    """After the import, the package that sends usage data counts as not installed."""
    import objektiv.features.runtime  # noqa: F401

    with pytest.raises(ImportError, match="openvino_telemetry"):
        import openvino_telemetry  # noqa: F401
