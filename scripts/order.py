"""The reading order of objektiv: the one list behind the file tree, the docs and the import test.

A file imports only from folders above its own and, inside a folder, only from files above it.
A new file is placed here by hand, where it belongs; a test fails until it is.
Try: `python -m scripts.docs` writes the file tree into README.md.
"""

from __future__ import annotations

import ast
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = REPOSITORY / "objektiv"

ORDER: dict[str, tuple[str, ...]] = {
    "base": (
        "errors",
        "names",
        "seeds",
        "files",
        "tensors",
        "lock",
        "progress",
        "settings",
        "extras",
        "machine",
    ),
    "data": (
        "settings",
        "header",
        "tiff",
        "formats",
        "images",
        "safe_names",
        "modes",
        "tables",
        "folders",
        "sources",
        "grouping",
        "groups",
        "dataset",
        "manifest",
        "clusters",
        "apportion",
        "division",
        "split",
        "hand_on",
        "augment",
        "drawing",
        "embedded",
        "smear",
        "digits",
    ),
    "intake": (
        "settings",
        "packed",
        "archives",
        "web",
        "download",
        "catalog",
        "tree",
        "numpy_files",
        "arrays",
        "idx",
        "video",
        "frames",
        "convert",
        "to_arrays",
    ),
    "features": (
        "settings",
        "graph",
        "strict",
        "preprocess",
        "pooling",
        "weights",
        "quantise",
        "lite0",
        "stages",
        "entry",
        "store",
        "backbones",
        "changes",
        "descriptors",
        "runtime",
        "engine",
        "last_map",
        "direct",
        "bank",
        "look",
    ),
    "zoo": (
        "settings",
        "table",
        "arrays",
        "keras_walk",
        "keras_windows",
        "keras_graph",
        "keras_weights",
        "keras_convert",
        "keras_process",
        "plain",
        "timm_graph",
        "files",
        "add",
    ),
    "judging": (
        "predictions",
        "reading",
        "foreign",
        "intervals",
        "metrics",
        "calibration",
        "significance",
        "pairs",
    ),
    "models": (
        "settings",
        "kinds",
        "layers",
        "network",
        "frozen",
        "recipes",
        "descent",
        "logistic",
        "heads",
        "model",
        "pooled",
        "choose",
        "search",
        "space",
        "growth",
    ),
    "training": (
        "settings",
        "trainable",
        "build",
        "kernels",
        "lite0",
        "finetune",
        "schedule",
        "history",
        "optimizers",
        "memory",
        "pictures",
        "checkpoint",
        "learner",
        "fit",
        "suggest",
        "rehearse",
        "rules",
        "frozen",
    ),
    "auditing": (
        "facts",
        "means",
        "feature_map",
        "settings",
        "neighbours",
        "likeness",
        "thumbnails",
        "copies",
        "crossfit",
        "findings",
        "suspects",
        "outliers",
        "probes",
        "operators",
        "augmentation",
        "files",
        "pairs",
        "parts",
        "cleaned",
        "honest",
        "check",
    ),
    "shipping": ("assemble", "facts", "members", "walk", "session", "golden", "bundle", "write"),
    "flow": (
        "settings",
        "run",
        "log",
        "ledger",
        "items",
        "trained",
        "resolve",
        "card",
        "package",
        "pupils",
        "learn",
        "train_probe",
        "train_network",
        "train_finetune",
        "train_frozen",
        "tables",
        "train",
        "tune_record",
        "trials",
        "tune",
        "curve_law",
        "curve",
        "plan",
        "opened",
        "compare",
        "use",
        "evaluate_table",
        "models",
        "split",
        "contents",
        "get",
        "explore",
        "check",
        "augment",
    ),
    "faces": (
        "words",
        "honesty",
        "terminal",
        "pictures",
        "plots",
        "curves",
        "sections",
        "lessons",
        "report",
        "story",
        "canvas",
        "explore_plots",
        "explore_grids",
        "explore_map",
        "explore_page",
        "exploring",
        "augment_grids",
        "augment_page",
        "augmenting",
        "inspect",
        "console",
        "planning",
        "contest",
        "compare_page",
        "comparing",
        "tune_page",
        "tuning",
        "curve_page",
        "curving",
        "using",
        "models",
        "getting",
        "splitting",
        "check_page",
        "checking",
        "options",
        "searches",
        "exits",
        "python",
        "cli_models",
        "cli_judging",
        "cli",
    ),
}

# What each folder is about, one phrase; the files say it themselves in their first line.
FOLDERS: dict[str, str] = {
    "base": "errors, names, files, settings: what every other folder stands on",
    "data": "from pictures on a disk to a dataset and its split",
    "intake": "from addresses, archives, arrays and videos to a folder of pictures",
    "features": "from an image to its features: the backbone, the engine, the bank",
    "zoo": "pretrained networks from Keras, timm and files, made ready for the light path",
    "judging": "from predictions to scores and their intervals",
    "models": "from features to probabilities",
    "training": "networks that learn by gradient",
    "auditing": "what the data hold, and what may be wrong with them",
    "shipping": "the bundle: what was tested, as files",
    "flow": "the run folder and the steps that fill it",
    "faces": "the only part that prints, draws and exits",
}


def modules() -> list[str]:
    """Dotted names in reading order, of the files that exist."""
    listed = [(folder, name) for folder, names in ORDER.items() for name in names]
    return [f"{folder}.{name}" for folder, name in listed if path_of(f"{folder}.{name}").is_file()]


def path_of(module: str) -> Path:
    """The file of a dotted name below the package: `base.files`."""
    return PACKAGE.joinpath(*module.split(".")).with_suffix(".py")


def first_line(path: Path) -> str:
    """What a file says it is: the first line of its docstring, without the final full stop."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0].rstrip(".")


def tree() -> str:
    """The file tree as text, in reading order, each file with its own first line."""
    lines = ["objektiv/"]
    for folder, names in ORDER.items():
        lines.append(f"  {folder + '/':<16}  {FOLDERS[folder]}")
        files = [(name, path_of(f"{folder}.{name}")) for name in names]
        lines += [f"    {p.name:<14}  {first_line(p)}" for _, p in files if p.is_file()]
    lines.append(f"  {'__init__.py':<16}  {first_line(PACKAGE / '__init__.py')}")
    return "\n".join(lines)
