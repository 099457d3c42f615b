"""Shortcut probes: each sees what it should and no more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from objektiv.auditing import probes
from objektiv.auditing.probes import KINDS, Looks, draw_sample, probe, probe_findings
from objektiv.features.descriptors import COLUMNS
from objektiv.features.look import Block, Features

COUNT = 200
BLOCKS = (
    Block("stage", 0, 20),
    Block("final", 20, 40),
    Block("colours", 40, 40 + len(COLUMNS)),
    Block("size", 40 + len(COLUMNS), 43 + len(COLUMNS)),
)
LABELS = ["a", "b"] * (COUNT // 2)


def _items(tmp_path: Path, sizes: list[int]) -> pl.DataFrame:
    paths = []
    for number, size in enumerate(sizes):
        path = tmp_path / f"{number}.bin"
        path.write_bytes(bytes(size))
        paths.append(str(path))
    ids = [f"i{k}" for k in range(COUNT)]
    columns = {"id": ids, "path": paths, "label": LABELS, "hash": ids}
    return pl.DataFrame(columns).with_columns(pl.lit(None, pl.String).alias("group"))


def _noise(seed: int) -> Features:
    values = np.random.default_rng(seed).normal(size=(COUNT, BLOCKS[-1].stop)) + 5
    return Features(tuple(f"i{k}" for k in range(COUNT)), values.astype(np.float32), BLOCKS)


def _telling(features: Features, block: str, column: int = 0) -> Features:
    """With the label in one column of a block."""
    values = features.values.copy()
    start = next(b.start for b in BLOCKS if b.name == block)
    values[:, start + column] += 20 * (np.arange(COUNT) % 2)
    return replace(features, values=values)


def test_the_label_is_found_where_it_was_planted_and_nowhere_else(tmp_path: Path) -> None:
    """File size, blurred pictures and the model know the label; the other probes guess."""
    sizes = [100 + 300 * (k % 2) + k % 7 for k in range(COUNT)]
    looks = Looks(_telling(_noise(1), "stage"), _telling(_noise(2), "final"), _noise(3))

    found = probe(_items(tmp_path, sizes), ["a", "b"], looks)

    share = {p.name: p.accuracy.estimate for p in found.probes}
    assert found.model.estimate > 0.9
    assert share["file size and dimensions"] > 0.95
    assert share["blurred pictures"] > 0.9
    for name in ("dimensions", "whole-picture colours", "foreground colours", "borders"):
        assert abs(share[name] - 0.5) < 0.15, name
    kinds = {finding.kind for finding in probe_findings(found)}
    assert kinds == {"shortcut-file", "shortcut-blurred"}


def test_colours_of_the_whole_and_of_the_foreground_are_told_apart(tmp_path: Path) -> None:
    """A column of the foreground tells its own probe only."""
    column = COLUMNS.index("foreground mean red")
    looks = Looks(_telling(_noise(1), "colours", column), _noise(2), _noise(3))

    found = probe(_items(tmp_path, [100] * COUNT), ["a", "b"], looks)

    share = {p.name: p.accuracy.estimate for p in found.probes}
    assert share["foreground colours"] > 0.95
    assert abs(share["whole-picture colours"] - 0.5) < 0.15


def test_whole_picture_colours_are_means_and_deviations() -> None:
    """Extremes of the whole picture find dots on the object, so they are left out."""
    whole, foreground = probes._colour_columns()

    assert {COLUMNS[k].split()[1] for k in whole} == {"mean", "deviation"}
    assert {COLUMNS[k].split()[0] for k in foreground} == {"foreground"}


def test_the_sample_keeps_the_shares_of_the_classes() -> None:
    """Of 300 and 100 pictures 60 and 20 are drawn, in order, the same every time."""
    items = pl.DataFrame({"id": range(400), "label": ["a"] * 300 + ["b"] * 100})

    sample = draw_sample(items, most=80)

    assert sample["label"].value_counts().sort("label")["count"].to_list() == [60, 20]
    assert sample["id"].is_sorted()
    assert sample.equals(draw_sample(items, most=80))
    assert draw_sample(items, most=400).equals(items)


def test_every_kind_has_advice_and_a_command() -> None:
    """No probe is a finding without a way on."""
    assert all(kind.advice and "{data}" in kind.command for kind in KINDS)
