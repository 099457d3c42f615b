"""While the first version is being built: skip what needs its last file. Goes when it is there."""

from __future__ import annotations

import pytest

from scripts import order

NEEDS_ALL = (
    "test_documents_are_fresh",
    "test_every_command_is_documented",
    "test_links_of_the_readme",
    "test_commands_of_extras_exist",
    "contract/test_door.py",
    "test_help_is_light",
    "test_every_file_has_a_place",
    "test_command_is_called_objektiv",
    "test_every_source_file_has_its_tests",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests above until the command line, which stands on everything, is there."""
    if (order.PACKAGE / "faces" / "cli.py").is_file():
        return
    for item in items:
        if any(name in item.nodeid for name in NEEDS_ALL):
            item.add_marker(pytest.mark.skip("the command line is not there yet"))
