"""Findings about classes and parts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from objektiv.auditing.findings import Finding
from objektiv.auditing.parts import class_findings, grouping_finding, part_findings
from objektiv.data.dataset import FACTS, ITEMS, QUARANTINE, Dataset
from objektiv.features.descriptors import COLUMNS
from objektiv.features.look import Block, Features
from objektiv.flow.check import DataCheck
from tests.auditing.test_pairs import _pairs

BLOCKS = (Block("stage", 0, 8), Block("colours", 8, 8 + len(COLUMNS)))


def _dataset(rows: list[tuple[str, str | None]]) -> Dataset:
    """Items of (label, part)."""
    items = pl.DataFrame(
        [(f"i{k}", "", label, None, part) for k, (label, part) in enumerate(rows)],
        schema=ITEMS,
        orient="row",
    )
    facts = [pl.lit(None, kind).alias(name) for name, kind in FACTS.items()]
    items = items.with_columns(facts).with_columns(hash="id", width=10, height=20)
    classes = tuple(sorted({label for label, _ in rows}))
    return Dataset(Path("data"), classes, items, pl.DataFrame(schema=QUARANTINE))


def _features(dataset: Dataset, shift: float = 0) -> Features:
    """Noise; the test part is shifted."""
    values = np.random.default_rng(0).normal(size=(len(dataset.items), BLOCKS[-1].stop)) + 5
    values[(dataset.items["part"] == "test").fill_null(value=False).to_numpy()] += shift
    return Features(tuple(dataset.items["id"]), values.astype(np.float32), BLOCKS)


def _kinds(found: list[Finding]) -> dict[str, str]:
    return {finding.kind: finding.severity for finding in found}


@pytest.mark.parametrize(
    ("counts", "kinds"),
    [
        ({"a": 30, "b": 30}, {}),
        ({"a": 30}, {"one-class": "error"}),
        ({"a": 30, "b": 19}, {"tiny-classes": "warning"}),
        ({"a": 30, "b": 2}, {"tiny-classes": "error", "imbalance": "warning"}),
        ({"a": 150, "b": 30}, {"imbalance": "warning"}),
    ],
)
def test_classes_are_judged_by_their_counts(counts: dict[str, int], kinds: dict[str, str]) -> None:
    """Fewer than 20 is tiny, fewer than 3 stops training, five times as many is uneven."""
    dataset = _dataset([(label, None) for label, number in counts.items() for _ in range(number)])

    assert _kinds(class_findings(dataset)) == kinds


def test_data_without_parts_have_no_findings_about_them() -> None:
    """Nothing is compared where there is nothing to compare."""
    dataset = _dataset([("a", None)] * 40 + [("b", None)] * 40)

    assert part_findings(dataset, _features(dataset), _pairs()) == []


def test_parts_drawn_from_one_source_pass() -> None:
    """Equal shares and equal pictures give no finding."""
    dataset = _dataset([("a", "train"), ("b", "train"), ("a", "test"), ("b", "test")] * 30)

    assert part_findings(dataset, _features(dataset), _pairs()) == []


def test_parts_that_look_different_are_told_by_size_and_light() -> None:
    """Where a head can tell test from train, a warning says how well."""
    dataset = _dataset([("a", "train"), ("b", "train"), ("a", "test"), ("b", "test")] * 30)

    (finding,) = part_findings(dataset, _features(dataset, 4), _pairs())

    assert (finding.kind, finding.severity) == ("parts-differ", "warning")
    assert "test: median 10 x 20, light 9" in finding.evidence


def test_shares_that_differ_are_told_of_the_class_that_differs_most() -> None:
    """Half of train against a fifth of test."""
    rows = [("a", "train"), ("b", "train")] * 20 + [("a", "test")] * 4 + [("b", "test")] * 16
    dataset = _dataset(rows)

    (finding,) = part_findings(dataset, _features(dataset), _pairs())

    assert finding.kind == "shifted-shares"
    assert "a is 20 % of test, 50 % of train" in finding.evidence


def test_leaks_between_parts_are_errors(planted_check: DataCheck) -> None:
    """Groups, copies and the class that validation lacks are all found."""
    found = {f.kind: f for f in planted_check.checked.findings}

    assert {found[k].severity for k in ("leaking-groups", "leaking-copies", "missing-classes")} == {
        "error"
    }
    pair = found["leaking-copies"].items.row(0, named=True)
    assert {pair["id"], pair["b"]} == {"test/disc/g20_leak.png", "train/disc/g00_disc_0.png"}
    assert "validation has no stripe" in found["missing-classes"].evidence
    assert "12 groups" in found["leaking-groups"].evidence


def test_groups_that_the_names_show_are_pointed_at() -> None:
    """Only where nobody named groups, with the option that would."""
    dataset = _dataset([("ab"[k % 2], None) for k in range(60)])
    paths = [f"P{k // 6}_cell_{k}.png" for k in range(60)]
    shown = replace(dataset, items=dataset.items.with_columns(path=pl.Series(paths)))
    named = replace(shown, items=shown.items.with_columns(group=pl.lit("one")))

    found = grouping_finding(shown)
    assert found is not None
    assert r"--group 'P\d+'" in found.command
    assert "10 groups" in found.evidence
    assert grouping_finding(named) is None
    assert grouping_finding(dataset) is None
