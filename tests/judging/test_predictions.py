"""Predictions are checked when made, kept exactly, and read from elsewhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from objektiv.base.errors import DataError, UsageError
from objektiv.judging.predictions import Predictions


def make(items: int = 6, **changes: Any) -> Predictions:
    """Predictions of three classes; every third item is test, groups of two."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(items, 3))
    powers = np.exp(logits)
    fields: dict[str, Any] = {
        "ids": tuple(f"a/{i}.png" for i in range(items)),
        "hashes": tuple(f"{i:064x}" for i in range(items)),
        "parts": tuple("test" if i % 3 == 0 else "train" for i in range(items)),
        "folds": tuple(None if i % 3 == 0 else i % 2 for i in range(items)),
        "groups": tuple(f"g{i // 2}" for i in range(items)),
        "labels": np.arange(items) % 3,
        "classes": ("round", "square", "type_10"),
        "logits": logits,
        "probabilities": powers / powers.sum(axis=1, keepdims=True),
    }
    return Predictions(**{**fields, **changes})


def same(a: Predictions, b: Predictions) -> bool:
    """Whether every field is equal to the last bit."""
    fixed = ("ids", "hashes", "parts", "folds", "groups", "classes")
    arrays = ("labels", "logits", "probabilities")
    return all(getattr(a, n) == getattr(b, n) for n in fixed) and all(
        np.array_equal(getattr(a, n), getattr(b, n)) for n in arrays
    )


def test_saved_predictions_come_back_equal(tmp_path: Path) -> None:
    """Saving and loading changes no bit of any field."""
    predictions = make()
    predictions.save(tmp_path / "predictions.parquet")

    assert same(predictions, Predictions.load(tmp_path / "predictions.parquet"))


def test_the_table_has_the_agreed_columns() -> None:
    """The table holds id to label, then logits, then probabilities, named by class."""
    columns = make().to_table().columns

    assert columns == [
        *("id", "hash", "part", "fold", "group", "label"),
        *("logit:round", "logit:square", "logit:type_10"),
        *("probability:round", "probability:square", "probability:type_10"),
    ]


def test_an_empty_set_keeps_its_types(tmp_path: Path) -> None:
    """Predictions of no item can be saved and loaded."""
    empty = make().rows([])
    empty.save(tmp_path / "p.parquet")
    loaded = Predictions.load(tmp_path / "p.parquet")

    assert len(loaded) == 0 and loaded.probabilities.shape == (0, 3)


def test_only_keeps_one_part() -> None:
    """`only` returns the items of the part, in their order, with everything of theirs."""
    chosen = make().only("test")

    assert chosen.ids == ("a/0.png", "a/3.png")
    assert np.array_equal(chosen.logits, make().logits[[0, 3]])


def test_only_suggests_the_near_part() -> None:
    """A part that is not there is refused, with those that are and the nearest."""
    with pytest.raises(UsageError, match=r"'tset'.*have: test, train.*did you mean 'test'"):
        make().only("tset")


def test_predicted_is_the_most_probable() -> None:
    """The predicted class is the first of the most probable."""
    rows = np.array([[0.2, 0.5, 0.3], [0.4, 0.4, 0.2]])
    p = make(2, probabilities=rows, labels=np.array([1, 1]))

    assert p.predicted.tolist() == [1, 0]
    assert p.correct.tolist() == [True, False]


def test_logarithms_are_finite() -> None:
    """The logarithm of a probability of 0 is large, not infinite."""
    p = make(1, probabilities=np.array([[0.0, 1.0, 0.0]]))

    assert np.isfinite(p.log_probabilities).all()
    assert p.log_probabilities[0, 0] == pytest.approx(-36.04, abs=0.01)


def test_arrays_cannot_be_written() -> None:
    """Neither the arrays nor those they were made from can change predictions later."""
    logits = np.zeros((6, 3))
    p = make(logits=logits)
    logits[0, 0] = 9

    assert p.logits[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        p.probabilities[0, 0] = 1


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        (("a", "a", "b"), [0, 0, 1]),
        (("a", None, "a"), [0, 1, 0]),
        ((None, None, None), None),
        (("a", "b", None), None),
    ],
)
def test_groups_become_numbers(groups: tuple[str | None, ...], expected: list[int] | None) -> None:
    """An item without a group stands alone, and where all stand alone there are no groups."""
    found = make(3, groups=groups).group_numbers

    assert (found if found is None else found.tolist()) == expected


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ids": ("x", "x", "y")}, "same id stands twice.*'x'"),
        ({"ids": ("x", "", "y")}, "one is empty: ''"),
        ({"classes": ("a", "b", "a")}, "same class stands twice.*'a'"),
        ({"hashes": ("x",)}, "3 ids, 3 classes, but hashes 1"),
        ({"labels": np.array([0, 1])}, r"labels \(2,\)"),
        ({"labels": np.array([0, 1, 3])}, "no index of a class: 3.*0 to 2"),
        ({"labels": np.array([0, 1, -1])}, "no index of a class: -1"),
        ({"logits": np.full((3, 3), np.inf)}, r"logits are not finite: a/0.png, a/1.png"),
        ({"probabilities": np.full((3, 3), np.nan)}, "probabilities are not finite"),
        ({"probabilities": np.full((3, 3), 0.334)}, r"no probabilities: a/0.png \(sum 1.002\)"),
        ({"probabilities": np.array([[1.5, -0.5, 0]] * 3)}, r"between 0 and 1"),
        ({"probabilities": np.full((3, 2), 0.5)}, r"probabilities \(3, 2\)"),
    ],
)
def test_bad_predictions_are_refused(changes: dict[str, Any], message: str) -> None:
    """What does not fit is refused, with the value and what is allowed."""
    with pytest.raises(DataError, match=message):
        make(3, **changes)


def test_sums_may_miss_one_by_a_thousandth() -> None:
    """Rows kept in float16, whose sum misses 1 by less than 0.001, are accepted as they are."""
    rows = make().probabilities.astype(np.float16)

    assert np.array_equal(make(probabilities=rows).probabilities, rows)


def test_labels_that_are_no_whole_numbers_are_refused() -> None:
    """Labels are never rounded."""
    with pytest.raises(TypeError, match="Cannot cast"):
        make(3, labels=np.array([0.0, 1.0, 0.7]))


CSV = "id,label,group,fold,probability:01,probability:2\na,01,p,,0.9,0.1\nb,2,,3,0.4,0.6\n"


def test_a_table_made_elsewhere_is_read(tmp_path: Path) -> None:
    """CSV is read as text: class 01 stays 01, missing columns get their stated values."""
    (tmp_path / "p.csv").write_text(CSV, encoding="utf-8")
    p = Predictions.load(tmp_path / "p.csv")

    assert (p.classes, p.labels.tolist()) == (("01", "2"), [0, 1])
    assert (p.groups, p.folds) == (("p", None), (None, 3))
    assert (p.parts, p.hashes) == (("test", "test"), ("", ""))
    assert np.allclose(p.logits, np.log([[0.9, 0.1], [0.4, 0.6]]))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("id,", "name,", "lacks columns: id"),
        ("probability:", "p_", "lacks columns: probability:NAME"),
        ("b,2", "b,3", "labels without a column of probabilities: '3'.*01, 2"),
        ("b,2", "b,02", "did you mean '01'|did you mean '2'"),
        ("0.6", "much", "probabilities are not finite: b"),
        ("0.6", "", "probabilities are not finite: b"),
        (",3,", ",x,", "folds that are no numbers: x"),
        ("b,2", "a,2", "same id stands twice.*'a'"),
        ("group,", "logit:01,", r"do not match its classes: logit:2"),
    ],
)
def test_a_bad_table_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    """A table that lacks or garbles something is refused and told what."""
    text = CSV.replace(old, new)
    (tmp_path / "p.csv").write_text(text, encoding="utf-8")

    with pytest.raises(DataError, match=message):
        Predictions.load(tmp_path / "p.csv")


@pytest.mark.parametrize("name", ["p.parquet", "p.csv"])
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, name: str) -> None:
    """A file of noise is refused in four parts that name it."""
    (tmp_path / name).write_bytes(b"\x00\xff\x13" * 50)

    with pytest.raises(DataError, match=rf"{name}.*Next: ") as caught:
        Predictions.load(tmp_path / name)
    assert caught.value.exit_code == 3


def test_a_missing_file_is_told() -> None:
    """A file that is not there is a DataError with the system's words."""
    with pytest.raises(DataError, match="No such file"):
        Predictions.load(Path("nowhere.parquet"))


def test_whole_numbers_are_accepted_as_probabilities() -> None:
    """A table of zeros and ones, and ids that are numbers, is accepted."""
    table = pl.DataFrame(
        {"id": [1, 2], "label": [0, 1], "probability:0": [1, 0], "probability:1": [0, 1]}
    )
    p = Predictions.from_table(table)

    assert (p.ids, p.classes) == (("1", "2"), ("0", "1"))
    assert p.correct.all()
    assert np.isfinite(p.logits).all()


def test_rows_follow_the_order_asked_for() -> None:
    """`rows` picks places in any order and keeps each item's fields together."""
    p = make()
    turned = p.rows([4, 1])

    assert turned.ids == ("a/4.png", "a/1.png")
    assert same(turned.rows([1, 0]), replace(p.rows([1, 4])))
