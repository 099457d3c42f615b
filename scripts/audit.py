"""Ask whether a known vulnerability stands in what objektiv installs, and say when nobody could.

In: the packages that the base install and the extra `store` bring for this Python; pip-audit, and a
service it can reach. Out: exit code 0: every package was looked up and none is listed; 1: some are;
5: it could not be asked, or not for every package. pip-audit itself ends well when a service knows
none of the packages, so this looks at what was really answered.
Try: `python -m scripts.audit`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from importlib import metadata, util
from pathlib import Path
from typing import Any

from scripts import sbom

SERVICES = ("pypi", "osv")  # the second where the first cannot say
FINE, FOUND, NOT_AUDITED = 0, 1, 5
EXTRAS = ("store",)
SECONDS = 120  # for one service


def ask(pins: list[str], service: str) -> list[dict[str, Any]]:
    """What pip-audit has to say of each package; empty where it could not ask."""
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder, "pins.txt")
        listed.write_text("\n".join(pins) + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "pip_audit", "--requirement", str(listed)]
        command += ["--no-deps", "--disable-pip", "--vulnerability-service", service]
        command += ["--format", "json", "--progress-spinner", "off"]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=SECONDS, check=False
            )
            return list(json.loads(done.stdout)["dependencies"])
        except (subprocess.TimeoutExpired, ValueError, KeyError):
            return []


def verdict(pins: list[str], answers: list[dict[str, Any]]) -> tuple[int, list[str]]:
    """The exit code and what to say, by what was answered for each of `pins`."""
    wanted = {sbom.canonical(pin.partition("==")[0]): pin for pin in pins}
    asked = {sbom.canonical(a["name"]): a for a in answers if "vulns" in a}
    lines = [
        f"{wanted[name]}: {v['id']} {' '.join(v.get('aliases', []))}".rstrip()
        + f", fixed in {', '.join(v.get('fix_versions', [])) or 'no version'}"
        for name, answer in sorted(asked.items())
        if name in wanted
        for v in answer["vulns"]
    ]
    silent = sorted(set(wanted) - set(asked))
    if silent:
        lines.append(
            f"NOT AUDITED: no service tells anything of {len(silent)} of {len(wanted)} packages"
            f" ({', '.join(silent[:5])}{' ...' if len(silent) > 5 else ''})"
        )
    elif not lines:
        lines.append(f"{len(wanted)} packages looked up, no vulnerability is listed")
    found = any(a["vulns"] for name, a in asked.items() if name in wanted)
    return (FOUND if found else NOT_AUDITED if silent else FINE), lines


def main() -> int:
    """Ask one service after the other for what is not answered yet."""
    if util.find_spec("pip_audit") is None:
        print("NOT AUDITED: pip-audit is not installed (extra 'dev')", file=sys.stderr)
        return NOT_AUDITED
    try:
        packages = sbom.installed(sbom.requirements(EXTRAS))
    except metadata.PackageNotFoundError:  # without the extra, what is there
        packages = sbom.installed(sbom.requirements())
    pins = [f"{name}=={d.version}" for name, d in packages.items()]
    answers: list[dict[str, Any]] = []
    for service in SERVICES:
        known = {sbom.canonical(a["name"]) for a in answers if "vulns" in a}
        left = [pin for pin in pins if pin.partition("==")[0] not in known]
        answers += ask(left, service) if left else []
    code, lines = verdict(pins, answers)
    print("\n".join(lines), file=sys.stdout if code == FINE else sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
