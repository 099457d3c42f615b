"""The optional parts of objektiv: this table is their only home.

In: the name of an extra. Out: nothing where it is installed, else MissingExtra with the command
that installs it. pyproject.toml must repeat the packages; a contract test compares the two.
Try: `objektiv doctor` lists what is missing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import metadata

from objektiv.base.errors import MissingExtra
from objektiv.base.names import Registry


@dataclass(frozen=True)
class Extra:
    """One optional part."""

    packages: tuple[str, ...]  # requirements as pip reads them
    gives: str  # what a user has from it, a phrase
    commands: tuple[str, ...] = ()  # verbs of the command line that ask for it today


_TEST = (
    "av>=18.1",
    "httpx2>=2.16",
    "hypothesis>=6.170",
    "onnxruntime>=1.31",
    "psutil>=7.2",
    "pytest>=9.2",
    "pytest-randomly>=5.1",
)

EXTRAS = Registry(
    "extra",
    {
        "zoo": Extra(
            ("keras>=3.15", "h5py>=3.16"),
            "the course's 26 backbones on Keras 3, without TensorFlow",
            ("models add",),
        ),
        "torch": Extra(
            (
                "torch>=2.15",
                "torchvision>=0.29",
                "timm>=1.0.31",
                "onnxscript>=0.7",
                "huggingface_hub>=2.4",
                "lightning>=2.6",
                "captum>=0.9",
                "safetensors>=0.8",
            ),
            "training from scratch, fine-tuning and timm's backbones",
            ("train", "models add", "attack", "dream"),
        ),
        "video": Extra(("av>=18.1",), "pictures from videos"),
        "tune": Extra(("optuna>=5.0",), "a search over settings", commands=("tune",)),
        "ort": Extra(
            ("onnxruntime>=1.31",), "ONNX Runtime as a second engine", commands=("verify",)
        ),
        "store": Extra(
            ("sqlalchemy>=2.1", "psycopg[binary]>=3.3"),
            "predictions kept in a database",
            ("serve", "predictions"),
        ),
        "office": Extra(
            ("fpdf2>=2.8", "python-docx>=1.2", "python-pptx>=1.0"),
            "reports as PDF, Word and PowerPoint",
            ("report",),
        ),
        "learn": Extra(("jupyter-book>=2.1", "xgboost>=3.2"), "the course as a book"),
        "scale": Extra(("ray>=2.60",), "work on several machines"),
        "test": Extra(_TEST, "what the tests need"),
        "dev": Extra(
            (
                *_TEST,
                "build>=1.6",
                "import-linter>=2.16",
                "mypy>=2.4",
                "pip-audit>=2.10",
                "playwright>=1.65",
                "ruff>=0.17",
                "schemathesis>=4.32",
            ),
            "what a contributor needs",
        ),
    },
    list_command="objektiv doctor",
)


def package_name(requirement: str) -> str:
    """The package a requirement is about: `psycopg[binary]>=3.3` gives `psycopg`.

    Raises:
        ValueError: the text does not begin with a package name.
    """
    match = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", requirement)
    if match is None:
        raise ValueError(f"no package name in {requirement!r}")
    return match[0]


def missing_packages(extra: str) -> tuple[str, ...]:
    """Names of the packages of `extra` that are not installed; looks only at their metadata.

    Raises:
        UsageError: there is no such extra.
    """
    names = [package_name(requirement) for requirement in EXTRAS.get(extra).packages]
    return tuple(name for name in names if not _is_installed(name))


def _is_installed(package: str) -> bool:
    try:
        metadata.distribution(package)  # not its version: reading that takes 8 ms
    except metadata.PackageNotFoundError:
        return False
    return True


def install_command(extra: str) -> str:
    """The command that installs `extra`, quoted so that every shell takes it."""
    return f'pip install "objektiv[{extra}]"'


def require(extra: str, *, needed_by: str) -> None:
    """Check that `extra` is installed before `needed_by` imports from it.

    Raises:
        MissingExtra: a package of it is missing; `next` is the command that installs it.
    """
    missing = missing_packages(extra)
    if missing:
        raise MissingExtra(
            f"{needed_by} needs a part of objektiv that is not installed",
            value=f"missing {', '.join(missing)}",
            allowed=f"The extra '{extra}' gives {EXTRAS.get(extra).gives}",
            next=install_command(extra),
        )
