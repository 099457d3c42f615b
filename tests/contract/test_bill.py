"""The bill of materials lists all that is installed; the audit never calls silence a pass."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from scripts import audit, order, sbom

PINS = ["jinja2==3.1.6", "typing-extensions==4.16.0"]
FLAW = {"id": "PYSEC-2026-1", "aliases": ["CVE-2026-1"], "fix_versions": ["3.1.7"]}
CLEAN = {"name": "jinja2", "version": "3.1.6", "vulns": []}


@pytest.fixture(scope="module")
def made() -> dict:
    """The bill of this installation, through the program's own door."""
    done = subprocess.run(
        [sys.executable, "-m", "scripts.sbom"],
        cwd=order.REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout)


def _by_pip() -> dict[str, str]:
    """The base install by another way: every name in a Requires line, without the markers' help."""
    wanted = {re.match(r"[\w.-]+", text)[0] for text in sbom.requirements()}  # type: ignore[index]
    found: dict[str, str] = {}
    while wanted:
        name = sbom.canonical(wanted.pop())
        if name in found:
            continue
        try:
            about = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # needed on other systems only
        found[name] = about.version
        lines = [line for line in about.requires or [] if "extra ==" not in line]
        wanted |= {re.match(r"[\w.-]+", line)[0] for line in lines}  # type: ignore[index]
    return found


def test_every_base_package_is_listed(made: dict) -> None:
    """The bill has 100 % of the base packages with their versions, and no other."""
    listed = {c["name"]: c["version"] for c in made["components"]}
    other = _by_pip()

    assert set(listed) <= set(other)
    # A package that a marker rules out on this system may all the same be installed for another.
    assert set(other) - set(listed) <= {"colorama", "exceptiongroup", "tzdata"}
    assert listed == {name: metadata.version(name) for name in listed}
    assert {sbom.canonical(re.split(r"[\[<>=]", t)[0]) for t in sbom.requirements()} <= set(listed)


def test_licences_are_those_that_are_told(made: dict) -> None:
    """Nine of ten packages tell a licence, and it is the one in their metadata."""
    told = {c["name"]: c["licenses"][0] for c in made["components"] if "licenses" in c}

    assert len(told) >= 0.9 * len(made["components"])
    assert told["numpy"] == {"expression": metadata.metadata("numpy")["License-Expression"]}
    assert not [n for n, t in told.items() if t.get("license", {}).get("name") == "UNKNOWN"]


def test_the_form_is_cyclonedx(made: dict) -> None:
    """Names, references and hashes have the form that CycloneDX 1.6 asks for."""
    refs = [c["bom-ref"] for c in made["components"]]

    assert (made["bomFormat"], made["specVersion"], made["version"]) == ("CycloneDX", "1.6", 1)
    assert len(set(refs)) == len(refs)
    assert all(re.fullmatch(r"pkg:pypi/[a-z0-9.-]+@[\w.!+-]+", ref) for ref in refs)
    assert all(c["type"] == "library" and c["purl"] == c["bom-ref"] for c in made["components"])
    hashes = [h for c in made["components"] for h in c.get("hashes", [])]
    hashes += [{"alg": "SHA-256", "content": c["properties"][0]["value"]}
               for c in made["components"] if "properties" in c]  # fmt: skip
    assert hashes and all(re.fullmatch("[0-9a-f]{64}", h["content"]) for h in hashes)
    known = {made["metadata"]["component"]["bom-ref"], *refs}
    assert {d["ref"] for d in made["dependencies"]} == known
    assert {ref for d in made["dependencies"] for ref in d["dependsOn"]} <= known


def test_the_same_packages_give_the_same_bill(made: dict) -> None:
    """Two bills can be compared line by line: nothing in them changes by itself."""
    found = sbom.installed(sbom.requirements())
    version = made["metadata"]["component"]["version"]

    assert sbom.bill(found, version=version) == made


@pytest.mark.parametrize(
    ("answers", "code", "told"),
    [
        ([], audit.NOT_AUDITED, "of 2 of 2 packages"),
        ([CLEAN], audit.NOT_AUDITED, "of 1 of 2 packages (typing-extensions)"),
        (
            [CLEAN, {"name": "typing_extensions", "skip_reason": "not found"}],
            audit.NOT_AUDITED,
            "of 1 of 2 packages",
        ),
        ([CLEAN, {"name": "typing_extensions", "vulns": []}], audit.FINE, "2 packages looked up"),
        ([CLEAN | {"vulns": [FLAW]}], audit.FOUND, "jinja2==3.1.6: PYSEC-2026-1 CVE-2026-1, fixed"),
        ([CLEAN | {"name": "other"}], audit.NOT_AUDITED, "of 2 of 2 packages"),
    ],
)
def test_only_answers_count(answers: list[dict], code: int, told: str) -> None:
    """Found is 1, every package answered is 0, and a package without an answer is never clean."""
    got, lines = audit.verdict(PINS, answers)

    assert got == code
    assert told in "\n".join(lines)


# What pip-audit 2.10 printed, with exit code 0, where the service knew no package.
SILENT = {"dependencies": [{"name": "jinja2", "skip_reason": "Dependency not found on PyPI"}]}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (f"print({json.dumps(json.dumps(SILENT))})", audit.NOT_AUDITED),
        ("raise SystemExit('no network')", audit.NOT_AUDITED),
        (
            "import json, sys, pathlib\n"
            "file = pathlib.Path(sys.argv[sys.argv.index('--requirement') + 1])\n"
            "pins = file.read_text().split()\n"
            "print(json.dumps({'dependencies': [{'name': p.split('==')[0], 'vulns': []}"
            " for p in pins]}))",
            audit.FINE,
        ),
    ],
    ids=["silent", "unreachable", "answers"],
)
def test_the_program_reads_what_pip_audit_answers(tmp_path: Path, body: str, code: int) -> None:
    """With a pip-audit that says nothing the exit code is 5, whatever its own is."""
    (tmp_path / "pip_audit").mkdir()
    (tmp_path / "pip_audit" / "__init__.py").write_text("")
    (tmp_path / "pip_audit" / "__main__.py").write_text(body)
    paths = os.pathsep.join([str(tmp_path), str(order.REPOSITORY)])
    done = subprocess.run(
        [sys.executable, "-m", "scripts.audit"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == code, done.stderr
    assert ("NOT AUDITED" in done.stderr) == (code == audit.NOT_AUDITED)
