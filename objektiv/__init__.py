"""objektiv: from a folder of images to a tested, explained and deployed classifier.

    import objektiv as ob

    data = ob.read("cells", ob.ReadSettings(group=r"C\\d+"))
    ob.explore(data).figures["samples"]
    run = ob.train(data, ob.split(data))
    print(run.scores().accuracy)
    bundle = ob.load(ob.export(run, "cells.objektiv"))
    print(ob.predict(bundle, "new_cell.png")[0].probabilities)

Importing this is instant: each name is fetched when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from objektiv.base.errors import (
        BundleError,
        Cancelled,
        DataError,
        ImageError,
        MachineError,
        MissingExtra,
        ModelError,
        ObjektivError,
        SettingsError,
        UsageError,
    )
    from objektiv.data.dataset import Dataset
    from objektiv.data.settings import ReadSettings, SmearSettings, SplitSettings
    from objektiv.data.split import Split
    from objektiv.explaining.attack_settings import AttackSettings, DreamSettings
    from objektiv.faces.python import (
        Exploration,
        attack,
        dream,
        evaluate,
        explain,
        explore,
        export,
        load,
        predict,
        read,
        split,
        train,
    )
    from objektiv.flow.run import Run
    from objektiv.flow.settings import (
        EvaluateSettings,
        ExplainSettings,
        ExploreSettings,
        ExportSettings,
        TrainSettings,
    )
    from objektiv.judging.metrics import Scores, score
    from objektiv.judging.predictions import Predictions
    from objektiv.shipping.bundle import Bundle

_HOMES = {
    "base.errors": (
        "BundleError",
        "Cancelled",
        "DataError",
        "ImageError",
        "MachineError",
        "MissingExtra",
        "ModelError",
        "ObjektivError",
        "SettingsError",
        "UsageError",
    ),
    "data.dataset": ("Dataset",),
    "data.settings": ("ReadSettings", "SmearSettings", "SplitSettings"),
    "data.split": ("Split",),
    "explaining.attack_settings": ("AttackSettings", "DreamSettings"),
    "faces.python": (
        "Exploration",
        "attack",
        "dream",
        "evaluate",
        "explain",
        "explore",
        "export",
        "load",
        "predict",
        "read",
        "split",
        "train",
    ),
    "flow.run": ("Run",),
    "flow.settings": (
        "EvaluateSettings",
        "ExplainSettings",
        "ExploreSettings",
        "ExportSettings",
        "TrainSettings",
    ),
    "judging.metrics": ("Scores", "score"),
    "judging.predictions": ("Predictions",),
    "shipping.bundle": ("Bundle",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "AttackSettings",
    "Bundle",
    "BundleError",
    "Cancelled",
    "DataError",
    "Dataset",
    "DreamSettings",
    "EvaluateSettings",
    "ExplainSettings",
    "Exploration",
    "ExploreSettings",
    "ExportSettings",
    "ImageError",
    "MachineError",
    "MissingExtra",
    "ModelError",
    "ObjektivError",
    "Predictions",
    "ReadSettings",
    "Run",
    "Scores",
    "SettingsError",
    "SmearSettings",
    "Split",
    "SplitSettings",
    "TrainSettings",
    "UsageError",
    "attack",
    "dream",
    "evaluate",
    "explain",
    "explore",
    "export",
    "load",
    "predict",
    "read",
    "score",
    "split",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'objektiv' has no attribute {name!r}")
    return getattr(importlib.import_module(f"objektiv.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
