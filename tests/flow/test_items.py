"""Features, labels, parts and folds stand in one order, and no item judges itself."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from objektiv.flow.items import Items
from objektiv.judging.calibration import softmax
from tests.flow.conftest import TrainOn


@pytest.fixture
def items(train_on: TrainOn, shapes: Path) -> Items:
    """The items of a training on the shapes."""
    trained = train_on(shapes)
    return Items.of(trained.seen, trained.split)


def test_learning_leaves_the_test_part_out(items: Items) -> None:
    """What a model may learn from is train and validation, each item with its own features."""
    features, truth = items.learning()
    test = set(items.table.filter(part="test")["id"])

    assert len(features.ids) == len(truth.labels) == len(truth.folds) == 48
    assert test.isdisjoint(features.ids) and len(test) == 12
    for row in (0, 17, 47):
        own = items.features.of([features.ids[row]])
        assert np.array_equal(features.values[row], own.values[0])
        assert truth.classes[truth.labels[row]] == features.ids[row].split("/")[0]


def test_the_split_need_not_be_in_the_order_of_the_features(
    train_on: TrainOn, shapes: Path
) -> None:
    """Rows of split.csv in another order give the same items."""
    trained = train_on(shapes)
    turned = replace(trained.split, table=trained.split.table.reverse())

    assert Items.of(trained.seen, turned).table.equals(Items.of(trained.seen, trained.split).table)


def test_predictions_are_out_of_fold_where_the_model_learnt(
    train_on: TrainOn, shapes: Path
) -> None:
    """Train and validation have the logits of the maps that left them out, test the final ones."""
    trained = train_on(shapes)
    predictions, fitted = trained.judged.predictions, trained.probe
    final = fitted.probe.logits(Items.of(trained.seen, trained.split).features)
    test = np.array(predictions.parts) == "test"

    assert np.array_equal(predictions.logits[test], final[test])
    assert np.array_equal(predictions.logits[~test], fitted.logits)
    assert not np.allclose(predictions.logits[~test], final[~test], atol=0.01)
    assert np.allclose(predictions.probabilities, softmax(predictions.logits))


def test_predictions_tell_where_each_item_was(train_on: TrainOn, shapes: Path) -> None:
    """Id, part and fold of each prediction are those of the split; the hash is the file's."""
    trained = train_on(shapes)
    predictions = trained.judged.predictions
    rows = trained.split.table.rows()

    assert sorted(zip(predictions.ids, predictions.parts, predictions.folds, strict=True)) == (
        sorted(rows)
    )
    assert (
        predictions.hashes[3]
        == hashlib.sha256((shapes / predictions.ids[3]).read_bytes()).hexdigest()
    )
