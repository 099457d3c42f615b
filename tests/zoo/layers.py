"""Layers and networks as the walk sees Keras': a class's name, and attributes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

SIZE = 9


def linear(name: str = "linear") -> Any:
    """An activation of that name."""
    return SimpleNamespace(__name__=name)


def chain(*layers: tuple[str, dict[str, Any]], size: int = SIZE, channels: int = 4) -> Any:
    """A network of layers in a row, from an input (size, size, 3) to `channels` numbers."""
    tensor = SimpleNamespace(shape=(None, size, size, 3))
    made = [_layer("InputLayer", tensor, None, {"name": "first"})]
    for kind, options in layers:
        after = SimpleNamespace(shape=options.pop("shape", tensor.shape))
        made.append(_layer(kind, after, tensor, options))
        tensor = after
    return SimpleNamespace(
        layers=made,
        output=tensor,
        input_shape=(None, size, size, 3),
        output_shape=(None, channels),
    )


def _layer(kind: str, tensor: Any, before: Any, options: dict[str, Any]) -> Any:
    options = {"name": kind.lower(), "output": tensor, "input": before, **options}
    return type(kind, (SimpleNamespace,), {})(**options)


def with_weights(*arrays: Any, **options: Any) -> dict[str, Any]:
    """Options of a layer that holds these arrays, in Keras' order."""
    return {"get_weights": lambda: list(arrays), "activation": linear(), **options}
