"""The list of pretrained networks, and their speed on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from objektiv.base.progress import Event, Progress
from objektiv.features import store
from objektiv.features.backbones import BACKBONES, KERAS
from objektiv.features.entry import FACTS
from objektiv.flow import models as step
from objektiv.flow.models import listed, measured
from tests.features import networks


def test_all_networks_are_listed_before_any_is_stored(models: Path) -> None:
    """The package's three and the course's 26, those not ready with the command that helps."""
    rows = {row.name: row for row in listed()}

    assert list(rows) == ["lite0", "lite1", "lite2", *KERAS]
    assert len(KERAS) == 26
    assert rows["lite0"].ready and rows["lite0"].top1 == 0.75
    vgg = rows["VGG19"]
    assert (vgg.parameters, vgg.depth, vgg.top1, vgg.top5) == (143_667_240, 19, 0.713, 0.900)
    assert [r.name for r in rows.values() if r.ready == bool(r.command)] == []
    assert "objektiv models add VGG19" in vgg.command


def test_a_stored_network_of_the_table_is_ready(models: Path) -> None:
    """Its row has the stored facts; drawn weights have no accuracy, learnt ones the published."""
    networks.store_small(name="VGG19", random=True)
    networks.store_small(name="ResNet50", random=False, title="Mine")
    rows = {row.name: row for row in listed()}

    assert rows["VGG19"].ready and rows["VGG19"].top1 is None and rows["VGG19"].random
    assert rows["ResNet50"].top1 == 0.749 and rows["ResNet50"].title == "Mine"
    assert len(rows) == 29


def test_own_networks_come_last_and_damaged_ones_say_so(models: Path) -> None:
    """A network of one's own is a row; one whose facts are cut is listed with what is wrong."""
    networks.store_small(name="mine")
    entry = networks.store_small(name="old")
    (models / "old" / FACTS).write_text("{", encoding="utf-8")

    *_, mine, old = listed()

    assert (mine.name, mine.ready, mine.megabytes) == ("mine", True, entry.bytes / 1e6)
    assert not old.ready and "network.json of old" in old.problem


def test_speeds_are_of_those_that_are_ready(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each ready network is measured or says why not; the others are left out."""
    monkeypatch.setattr(step, "MEASURED", 0.01)
    networks.store_small(name="mine")
    networks.store_small(name="broken")
    (store.folder_of("broken") / "network.onnx").write_bytes(b"cut")
    rows = [row for row in listed() if row.name not in BACKBONES._entries]
    heard: list[Event] = []

    speeds = measured(rows, progress=Progress(heard.append))

    assert list(speeds) == ["broken", "mine"]
    assert isinstance(speeds["mine"], float) and speeds["mine"] > 1
    assert "changed or damaged" in str(speeds["broken"])
    assert (heard[-1].done, heard[-1].total) == (2, 2)
