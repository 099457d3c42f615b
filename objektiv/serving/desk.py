"""The models that a server has, by name; one can be read anew while it serves.

In: names and paths of bundles. Out: engines. A bundle that is refused when it is read again leaves
the one in place that was there before; requests that have begun end with the engine they began
with.
Try: `Desk({"cells": Path("cells.objektiv")}, batch=4).engine(None)`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from objektiv.base.errors import UsageError
from objektiv.serving.engine import Engine
from objektiv.serving.problems import refusal
from objektiv.shipping.bundle import load

INSIDE_A_RUN = "model"  # the folder of a run that is its bundle


class Desk:
    """Engines by name; safe to use from several threads."""

    def __init__(self, paths: Mapping[str, Path], *, batch: int, features: bool = False) -> None:
        """Load all of them.

        Raises:
            BundleError: one is damaged, altered or unknown.
        """
        self._paths, self._batch, self._features = dict(paths), batch, features
        self._engines = {name: self._load(path) for name, path in self._paths.items()}
        self._reading = threading.Lock()

    @property
    def engines(self) -> Mapping[str, Engine]:
        """What serves now, by name."""
        return self._engines

    def engine(self, name: str | None) -> tuple[str, Engine]:
        """The engine called `name`, or the only one.

        Raises:
            Refusal: there is none of this name, or a name is needed.
        """
        if name is None and len(self._engines) == 1:
            return next(iter(self._engines.items()))
        if name is None or name not in self._engines:
            value = "no name was given" if name is None else name[:60]
            raise refusal("model", value=value, allowed=f"One of {', '.join(self._engines)}")
        return name, self._engines[name]

    def reload(self, name: str) -> Engine:
        """Read a bundle again and let it take over; takes a second, so not in the event loop.

        Raises:
            Refusal: there is no model of this name.
            BundleError: the bundle is refused; the one before goes on.
        """
        self.engine(name)
        with self._reading:  # one at a time: two would take twice the memory
            engine = self._load(self._paths[name])
            self._engines = {**self._engines, name: engine}
        return engine

    def _load(self, path: Path) -> Engine:
        return Engine(load(path), batch=self._batch, features=self._features)


def named(bundles: Sequence[str]) -> dict[str, Path]:
    """Names and paths from words such as `cells.objektiv`, `runs/cells-001/model` and `a=PATH`.

    Raises:
        UsageError: two have the same name, or a name cannot stand in an address.
    """
    found: dict[str, Path] = {}
    for word in bundles:
        name, equals, rest = word.partition("=")
        path = Path(rest if equals else word)
        if not equals:
            whole = path.resolve()
            name = whole.parent.name if whole.name == INSIDE_A_RUN else whole.stem
        if not name or len(name) > 100 or not name.isprintable() or set(name) & set("/\\?#%"):
            raise UsageError(
                "a model cannot have this name",
                value=repr(name[:60]),
                allowed="Up to 100 letters, digits, dots and dashes",
                next=f"give it one: NAME={path}",
            )
        if name in found:
            raise UsageError(
                "two models have the same name",
                value=name,
                allowed="Each name once",
                next=f"give one of them another name: NAME={path}",
            )
        found[name] = path
    return found
