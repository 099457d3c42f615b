"""The bill of materials: every package that the base install brings, as CycloneDX 1.6 JSON.

In: the packages installed for this Python, by their own metadata. Out: JSON with name, version,
licence as far as it is told, and who needs whom. The hash of the archive that a package came in is
not kept by pip; where it is (installed from a file), it is given. The hash of RECORD, the package's
own list of its files and their hashes, always is.
Try: `python -m scripts.sbom > sbom.cdx.json`; `--extra store` adds what an extra brings.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from email.message import Message
from importlib import metadata
from typing import Any, cast

from packaging.requirements import Requirement

from scripts import order

Distributions = Mapping[str, metadata.Distribution]
SPDX = {  # what authors write in the old free field, to what it means (https://spdx.org/licenses)
    "apache 2.0": "Apache-2.0",
    "apache-2.0": "Apache-2.0",
    "bsd-3-clause": "BSD-3-Clause",
    "mit": "MIT",
    "mit license": "MIT",
}


def canonical(name: str) -> str:
    """A package's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed(requirements: Iterable[str]) -> dict[str, metadata.Distribution]:
    """Every distribution that these bring on this machine, themselves included, by name.

    Raises:
        PackageNotFoundError: one is not installed.
    """
    waiting = [Requirement(text) for text in requirements]
    found: dict[str, metadata.Distribution] = {}
    seen: set[tuple[str, str]] = set()
    while waiting:
        requirement = waiting.pop()
        name = canonical(requirement.name)
        for extra in ("", *requirement.extras):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            found[name] = metadata.distribution(name)
            waiting += _needs(found[name], extra=extra)
    return dict(sorted(found.items()))


def _needs(distribution: metadata.Distribution, *, extra: str) -> list[Requirement]:
    """What a distribution requires here; with an extra, also what that adds."""
    every = [Requirement(text) for text in distribution.requires or []]
    return [r for r in every if r.marker is None or r.marker.evaluate({"extra": extra})]


def requirements(extras: Iterable[str] = ()) -> list[str]:
    """The dependencies that pyproject.toml names, and those of extras."""
    text = (order.REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    more = [p for extra in extras for p in project["optional-dependencies"][extra]]
    return [*project["dependencies"], *more]


def bill(distributions: Distributions, *, version: str) -> dict[str, Any]:
    """The document; the same packages give the same one, so it has neither time nor number."""
    own = f"pkg:pypi/objektiv@{version}"
    root = {"type": "application", "bom-ref": own, "name": "objektiv", "version": version}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": root | {"purl": own, "licenses": [_licence("Apache-2.0")]}},
        "components": [_component(name, d) for name, d in distributions.items()],
        "dependencies": [
            {"ref": own, "dependsOn": [_purl(d) for d in distributions.values()]},
            *(
                {
                    "ref": _purl(d),
                    "dependsOn": sorted(
                        {
                            _purl(distributions[canonical(r.name)])
                            for r in _needs(d, extra="")
                            if canonical(r.name) in distributions
                        }
                    ),
                }
                for d in distributions.values()
            ),
        ],
    }


def _purl(distribution: metadata.Distribution) -> str:
    return f"pkg:pypi/{canonical(distribution.metadata['Name'])}@{distribution.version}"


def _component(name: str, distribution: metadata.Distribution) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": "library",
        "bom-ref": _purl(distribution),
        "name": name,
        "version": distribution.version,
        "purl": _purl(distribution),
    }
    if told := licence(distribution):
        made["licenses"] = [told]
    archive = json.loads(distribution.read_text("direct_url.json") or "{}").get("archive_info", {})
    if known := archive.get("hashes", {}).get("sha256"):
        made["hashes"] = [{"alg": "SHA-256", "content": known}]
    if record := distribution.read_text("RECORD"):
        content = hashlib.sha256(record.encode()).hexdigest()
        made["properties"] = [{"name": "objektiv:record:sha256", "value": content}]
    return made


def licence(distribution: metadata.Distribution) -> dict[str, Any] | None:
    """What a package says of its licence: the expression, else the free field, else a classifier.

    Nothing is guessed: a text that is no known name stays a text.
    """
    about = cast(Message, distribution.metadata)
    if expression := about.get("License-Expression"):
        return {"expression": expression}
    text = (about.get("License") or "").strip()
    if text and text != "UNKNOWN" and len(text) < 100 and "\n" not in text:
        return _licence(text)
    names = [c for c in about.get_all("Classifier") or [] if c.startswith("License ::")]
    return _licence(names[0].rpartition(" :: ")[2]) if names else None


def _licence(name: str) -> dict[str, Any]:
    known = SPDX.get(name.lower())
    return {"license": {"id": known} if known else {"name": name}}


def main(words: list[str]) -> int:
    """Print the document."""
    extras = [words[i + 1] for i, word in enumerate(words[:-1]) if word == "--extra"]
    text = (order.REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    found = installed(requirements(extras))
    print(json.dumps(bill(found, version=tomllib.loads(text)["project"]["version"]), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
