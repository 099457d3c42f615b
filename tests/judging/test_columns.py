"""Columns of a table of predictions are read strictly."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from objektiv.base.errors import DataError
from objektiv.judging.columns import (
    PROBABILITY,
    read_folds,
    read_labels,
    read_matrix,
    read_numbers,
    read_texts,
    some,
)
from objektiv.judging.predictions import Predictions

TABLE = pl.DataFrame(
    {
        "id": ["a", "b"],
        "label": ["ill", "well"],
        "fold": ["0", None],
        "probability:well": ["0.4", "x"],
        "probability:ill": [0.6, 0.3],
    }
)


def test_texts_have_their_default_where_nothing_stands() -> None:
    """A column that is absent, or a cell that is empty, gives the default."""
    assert read_texts(TABLE, "part", default="test") == ("test", "test")
    assert read_texts(TABLE, "fold", default="") == ("0", "")


def test_numbers_come_in_the_order_of_the_classes_and_what_is_none_is_nan() -> None:
    """Columns are found by class; text that is no number becomes NaN for others to refuse."""
    found = read_matrix(TABLE, PROBABILITY, classes=("ill", "well"), source="t")

    assert found[:, 0].tolist() == [0.6, 0.3]
    assert found[0, 1] == 0.4 and np.isnan(found[1, 1])
    assert read_numbers(TABLE, ["probability:ill"]).shape == (2, 1)


def test_folds_and_labels_are_checked() -> None:
    """Folds are whole numbers or nothing, labels are classes."""
    assert read_folds(TABLE, source="t") == (0, None)
    assert read_labels(TABLE, ("well", "ill"), source="t").tolist() == [1, 0]
    with pytest.raises(DataError, match="folds that are no numbers.*x"):
        read_folds(TABLE.with_columns(fold=pl.lit("x")), source="t")
    with pytest.raises(DataError, match="labels without a column of probabilities.*'well'"):
        read_labels(TABLE, ("ill",), source="t")


def test_messages_name_three_at_most() -> None:
    """A long list stays a line."""
    assert some(range(5)) == "0, 1, 2 and 2 more"


def test_strangeness_is_kept_in_a_table_and_must_be_a_number() -> None:
    """Predictions with strangeness go into a table and come back; NaN is refused by name."""
    table = pl.DataFrame(
        {
            "id": ["a", "b"],
            "label": ["ill", "well"],
            "probability:ill": [0.6, 0.3],
            "probability:well": [0.4, 0.7],
            "strangeness": [0.9, 2.5],
        }
    )
    said = Predictions.from_table(table)

    assert said.strangeness is not None and said.strangeness.tolist() == [0.9, 2.5]
    assert said.rows([1]).strangeness == np.array([2.5])
    assert said.to_table()["strangeness"].to_list() == [0.9, 2.5]
    assert Predictions.from_table(table.drop("strangeness")).strangeness is None
    with pytest.raises(DataError, match="strangeness are not finite: b"):
        Predictions.from_table(table.with_columns(strangeness=pl.Series(["1", "x"])))
