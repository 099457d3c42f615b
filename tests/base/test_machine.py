"""Facts about a machine, read from texts that real systems write."""

from __future__ import annotations

import json
import os
import sys

import pytest

from objektiv.base import machine

XEON = """\
processor	: 0
vendor_id	: GenuineIntel
model name	: Intel(R) Xeon(R)  Platinum 8481C CPU @ 2.70GHz
flags		: fpu vme sse4_2 avx avx2 amx_tile amx_bf16 avx512f avx512_bf16 fma
processor	: 1
model name	: another
flags		: fpu
"""

RASPBERRY_PI = """\
processor	: 0
BogoMIPS	: 108.00
Features	: fp asimd evtstrm crc32 cpuid
CPU implementer	: 0x41

Model		: Raspberry Pi 4 Model B Rev 1.4
"""


def test_name_of_an_x86_processor() -> None:
    """The model name of the first processor is told, with single blanks."""
    assert machine.cpu_name(XEON) == "Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz"


def test_name_of_an_arm_board() -> None:
    """Where Linux tells no model name, the board's model stands for it."""
    assert machine.cpu_name(RASPBERRY_PI) == "Raspberry Pi 4 Model B Rev 1.4"


def test_a_system_that_tells_nothing_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """No source of a name gives the word unknown, not an error or an empty name."""
    monkeypatch.setattr(sys, "platform", "plan9")
    monkeypatch.setattr(machine.platform, "processor", lambda: "")
    monkeypatch.setattr(machine.platform, "machine", lambda: "")

    assert machine.cpu_name("") == "unknown"


def test_flags_that_decide_speed_are_told_in_a_fixed_order() -> None:
    """Instruction sets are those of the first processor that matter for networks."""
    assert machine.flags_in(XEON) == (
        "sse4_2",
        "avx",
        "avx2",
        "fma",
        "avx512f",
        "avx512_bf16",
        "amx_tile",
        "amx_bf16",
    )
    assert machine.flags_in(RASPBERRY_PI) == ("asimd",)
    assert machine.flags_in("") == ()


@pytest.mark.parametrize(
    ("text", "cores"),
    [("200000 100000\n", 2), ("150000 100000\n", 2), ("max 100000\n", 0), ("", 0), ("1 0", 0)],
)
def test_quota_of_a_container(text: str, cores: int) -> None:
    """A container's quota is rounded up to whole cores; no limit is 0."""
    assert machine.quota_cores(text) == cores


def test_a_quota_limits_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """One core of quota is one usable core, however many the machine has."""
    monkeypatch.setattr(machine, "_read", lambda path: "100000 100000" if "cpu.max" in path else "")

    assert machine.usable_cores() == 1


def test_a_container_limits_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The smaller of what is built in and what the container allows is told."""
    monkeypatch.setattr(machine, "_read", lambda path: "1048576\n" if "memory.max" in path else "")

    assert machine.usable_memory() == 1048576


def test_facts_of_this_machine_agree_with_psutil() -> None:
    """Memory is at most what psutil finds built in, and cores at most what it counts."""
    psutil = pytest.importorskip("psutil")
    here = machine.this_machine()

    assert 0 < here.memory <= psutil.virtual_memory().total
    assert 1 <= here.cores <= (psutil.cpu_count() or 1)


def test_facts_survive_json() -> None:
    """The plain form is JSON and names a version for every base library."""
    facts = machine.this_machine().as_dict()

    assert json.loads(json.dumps(facts)) == facts
    assert tuple(facts["libraries"]) == machine.BASE_LIBRARIES
    assert "missing" not in facts["libraries"].values()


def test_the_line_names_machine_and_version() -> None:
    """The one line says what a report of a problem needs: machine, Python and objektiv."""
    here = machine.this_machine()

    assert str(here).startswith(here.cpu)
    assert str(here).endswith(f"Python {here.python}, objektiv {here.objektiv}")


def test_a_library_that_is_not_installed_is_called_missing() -> None:
    """Asking for a version never fails."""
    assert machine._version("objektiv-has-no-such-package") == "missing"


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system sets no affinity")
def test_cores_follow_the_affinity_of_the_process() -> None:
    """A process bound to one core is told that it has one."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert machine.usable_cores() == 1
    finally:
        os.sched_setaffinity(0, before)
