"""Each heavy library is imported only in the files that are there to deal with it."""

from __future__ import annotations

import ast
from functools import cache

import pytest

from scripts import order

# A line more is a decision: could the work move into a file that is already listed?
ALLOWED: dict[str, set[str]] = {
    "openvino": {"features.runtime"},  # others take it from there: it sends nothing
    "onnx": {
        "features.graph",
        "features.strict",
        "features.stages",
        "features.entry",  # its name in a type
        "features.store",  # likewise
        "zoo.plain",
        "zoo.timm_graph",
        "zoo.files",
        "shipping.walk",
        "shipping.session",
        "shipping.verify",  # its name in a type
        "shipping.parts",
        "shipping.prune",
        "shipping.halves",
        "shipping.eight",
        "shipping.remake",
        "shipping.taps",
        "explaining.tail",
        "explaining.gradients",
        "explaining.torch_operations",  # its names of types
        "explaining.torch_graph",
        "explaining.subject",
    },
    "google": {"features.strict", "zoo.files"},
    "cv2": {
        "data.images",
        "data.augment",
        "data.drawing",
        "intake.frames",
        "features.changes",
        "auditing.likeness",
        "explaining.foreground",
        "explaining.occlusion",
        "explaining.overlay",
        "faces.explain_page",
        "explaining.natural",
        "explaining.dream",
    },
    "PIL": {
        "studio.gallery",
        "studio.answering",
        "data.images",
        "shipping.golden",
        "faces.pictures",
        "faces.dream_page",
        "faces.paper_figures",
        "faces.paper_page",
        "faces.explore_grids",
        "faces.explore_map",
    },
    "polars": {
        "studio.browsing",
        "data.modes",
        "data.division",
        "data.manifest",
        "data.hand_on",
        "data.dataset",
        "data.clusters",
        "data.split",
        "intake.to_arrays",
        "features.look",
        "judging.columns",
        "judging.predictions",
        "judging.reading",
        "judging.foreign",
        "judging.subgroups",
        "auditing.facts",
        "auditing.means",
        "flow.run",
        "flow.judge",
        "flow.limits",
        "flow.items",
        "flow.finished",
        "flow.tables",
        "flow.train",
        "flow.use",
        "flow.explain",
        "flow.opened",
        "flow.compare",
        "flow.evaluate_table",
        "studio.splits",
        "faces.comparing",
        "faces.explore_plots",
        "faces.explore_map",
        "faces.explore_page",
        "auditing.copies",
        "auditing.crossfit",
        "auditing.findings",
        "auditing.suspects",
        "auditing.outliers",
        "auditing.probes",
        "auditing.files",
        "auditing.pairs",
        "auditing.parts",
        "auditing.thumbnails",
        "auditing.cleaned",
        "auditing.check",
        "flow.check",
        "faces.check_page",
        "faces.augment_page",
        "serving.store_read",
        "cli.stored",  # its name in a type
    },
    "sqlalchemy": {"serving.store_table"},
    "sklearn": {"data.digits", "auditing.feature_map"},
    "jinja2": {"faces.report", "studio.pages"},
    "typer": {
        "cli.networks",
        "cli.serving",
        "cli.studio",
        "cli.judging",
        "cli.explaining",
        "cli.main",
        "cli.exits",
        "cli.options",
        "cli.reports",
        "cli.searches",
        "cli.shipping",
        "cli.stored",
        "cli.looking",
    },
    "yaml": {"base.settings"},
    "starlette": {
        "studio.pages",
        "studio.adding",
        "studio.app",
        "serving.problems",
        "serving.incoming",
        "serving.wall",
        "serving.uploads",
        "serving.waiting",
        "serving.predicting",
        "serving.explaining",
        "serving.app",
        "serving.protocol",
        "serving.listen",
        "serving.run",
    },
    "uvicorn": {"serving.protocol", "serving.listen"},
    "prometheus_client": {"serving.metrics"},
    "av": {"intake.video"},
    "matplotlib": {  # figures that are also PNG and a notebook's; the report draws its own
        "faces.canvas",
        "faces.paper_figures",  # shapes
        "faces.paper_pdf",  # its fonts
        "faces.explore_plots",
        "faces.explore_grids",
        "faces.explore_map",
        "faces.explore_page",  # its name in a type
        "faces.tune_page",  # likewise
        "faces.curve_page",  # likewise
        "faces.augment_grids",
        "faces.python",  # likewise
        "faces.attack_page",  # likewise
    },
    "torch": {
        "training.trainable",  # for a type checker
        "training.build",
        "training.kernels",
        "training.memory",
        "training.lite0",
        "training.finetune",
        "training.optimizers",
        "training.checkpoint",
        "training.learner",
        "training.fit",
        "zoo.timm_graph",
        "training.rehearse",
        "explaining.gradients",
        "explaining.torch_windows",
        "explaining.torch_operations",
        "explaining.torch_graph",
    },
    "captum": {"explaining.gradients"},
    "timm": {"zoo.timm_graph"},
    "huggingface_hub": {"zoo.timm_graph"},
    "lightning": {"training.checkpoint", "training.learner", "training.fit"},
    "keras": {"zoo.keras_process"},
    "h5py": {"zoo.keras_weights"},
    "optuna": {"training.suggest"},
    "fpdf": {"faces.paper_pdf"},
    "docx": {"faces.paper_word"},
    "pptx": {"faces.paper_slides"},
    "tensorflow": set(),
    "onnxruntime": {"shipping.ort"},
    "fastapi": {
        "serving.documents",
        "serving.app",
        "studio.pages",
        "studio.home",
        "studio.working",
        "studio.pictures",
        "studio.adding",
        "studio.browsing",
        "studio.checking",
        "studio.deciding",
        "studio.explored",
        "studio.making",
        "studio.splits",
        "studio.training",
        "studio.results",
        "studio.cells",
        "studio.thresholds",
        "studio.contests",
        "studio.trying",
        "studio.exports",
        "studio.app",
    },
    "pyarrow": set(),
    "pandas": set(),
}


@cache
def _imports() -> dict[str, set[str]]:
    """The libraries that each module of objektiv imports, at the top or inside a function."""
    found: dict[str, set[str]] = {}
    for path in order.PACKAGE.rglob("*.py"):
        module = ".".join(path.relative_to(order.PACKAGE).with_suffix("").parts)
        names: list[str] = []
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names.append(node.module or "")
        found[module] = {name.partition(".")[0] for name in names}
    return found


def _importers(library: str) -> set[str]:
    """Modules of objektiv that import `library`."""
    return {module for module, libraries in _imports().items() if library in libraries}


@pytest.mark.parametrize("library", ALLOWED)
def test_library_is_imported_only_where_allowed(library: str) -> None:
    """No file outside the list imports the library."""
    assert sorted(_importers(library) - ALLOWED[library]) == []


def test_tests_and_benchmarks_take_openvino_quietly() -> None:
    """No test or benchmark imports OpenVINO plainly, which would report it to a web service."""
    programs = [
        path
        for folder in ("tests", "benchmarks", "examples")
        for path in (order.REPOSITORY / folder).rglob("*.py")
    ]
    plain = [
        path.name
        for path in programs
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Import) and node.names[0].name.startswith("openvino"))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("openvino"))
        if path.name != "test_runtime.py"  # tries in vain to import the reporter
    ]

    assert plain == []


@pytest.mark.parametrize("library", ALLOWED)
def test_list_has_no_dead_lines(library: str) -> None:
    """Each file that may import the library does, so that the list stays true."""
    assert sorted(ALLOWED[library] - _importers(library)) == []
