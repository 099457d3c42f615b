"""Hundreds of heads judged together say what each says alone, and the luck of the best is told."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from objektiv.base.errors import UsageError
from objektiv.models.choose import fit
from objektiv.models.model import importance, matrix
from objektiv.models.search import Searched, heads_of, honest, search
from objektiv.models.settings import ProbeSettings
from tests.models.features import drawn

BLOCKS = ("stem", "final", "colours")


def _head(**values: object) -> ProbeSettings:
    return ProbeSettings.model_validate({"blocks": BLOCKS, "strength": 3.0, **values})


@pytest.mark.parametrize("class_weights", ["equal", "balanced"])
def test_losses_are_those_of_scikit_learn(class_weights: str) -> None:
    """Each fold left out in turn, standardised, colours at their weight: the same losses."""
    features, truth = drawn(apart=0.3)
    head = _head(class_weights=class_weights, colour_weight=2.0)
    found = search(features, truth, [head, _head(strength=0.3), _head(blocks=("stem",))])
    x = matrix(features, BLOCKS).astype(np.float64)
    counts = importance(features, BLOCKS, used=BLOCKS, colour_weight=2.0)
    losses = np.zeros(len(truth.labels))
    for fold in range(5):
        left = truth.folds == fold
        scaler = StandardScaler().fit(x[~left])
        theirs = LogisticRegression(
            C=2 * 3.0 / x.shape[1],
            class_weight="balanced" if class_weights == "balanced" else None,
            tol=1e-9,
        ).fit(scaler.transform(x[~left]) * counts, truth.labels[~left])
        log = theirs.predict_log_proba(scaler.transform(x[left]) * counts)
        losses[left] = -log[np.arange(len(log)), truth.labels[left]]

    assert found.losses[0] == pytest.approx(losses, abs=5e-3)
    assert found.losses[0].max() > 0.5


def test_many_heads_together_are_what_each_is_alone() -> None:
    """Neither neighbours in strength nor other sets of blocks move a head's figures."""
    features, truth = drawn(apart=0.3, classes=3)
    heads = heads_of(features, truth, ProbeSettings())
    together = search(features, truth, heads)
    some = [0, len(heads) // 2, together.best]
    alone = np.concatenate([search(features, truth, [heads[place]]).losses for place in some])

    assert together.losses[some].mean(axis=1) == pytest.approx(alone.mean(axis=1), abs=5e-3)
    assert len(heads) > 50
    assert together.log_loss.max() > together.log_loss.min() + 0.1


def test_the_winner_is_what_training_gives_with_its_settings() -> None:
    """The head's settings alone are enough to have it again."""
    features, truth = drawn(apart=0.3)
    found = search(features, truth, heads_of(features, truth, ProbeSettings()))
    again = fit(features, truth, settings=found.heads[found.best])

    assert again.chosen.log_loss == pytest.approx(found.log_loss[found.best], abs=2e-3)
    assert again.probe.blocks == found.heads[found.best].blocks


def test_heads_that_compete_keep_what_is_named() -> None:
    """What the user has settled does not vary."""
    features, truth = drawn()
    open_heads = heads_of(features, truth, ProbeSettings())
    kept = heads_of(
        features, truth, ProbeSettings(blocks=("colours", "stem"), class_weights="balanced")
    )

    assert {h.blocks for h in kept} == {("stem", "colours")}
    assert {h.class_weights for h in kept} == {"balanced"}
    assert {h.class_weights for h in open_heads} == {"equal"}
    assert len({h.colour_weight for h in kept}) > 1
    assert len(set(open_heads)) == len(open_heads)


def test_a_block_that_there_is_not_is_refused_with_the_near_name() -> None:
    """Before anything is fitted."""
    features, truth = drawn()
    with pytest.raises(UsageError, match="did you mean 'stage1'"):
        search(features, truth, [_head(blocks=("stage_1",))])


def _guessing(heads: int, items: int) -> Searched:
    rng = np.random.default_rng(0)
    correct = rng.uniform(size=(heads, items)) < 0.7
    losses = np.where(correct, 0.2, 1.5).astype(np.float32)
    return Searched(tuple(_head(strength=1.0 + n) for n in range(heads)), losses, correct)


def test_the_luck_of_the_best_of_many_is_taken_away() -> None:
    """Of 200 heads that are all right in 70 %, the best shows more and is told to be worth 70 %."""
    found = _guessing(200, 400)
    standard = np.random.default_rng(1).uniform(size=400) < 0.7
    worth = honest(found, standard, None)

    assert worth is not None
    assert found.correct[found.best].mean() > 0.74
    assert worth.accuracy == pytest.approx(0.70, abs=0.015)
    assert worth.optimism > 0.03
    assert worth.low < 0 < worth.high


def test_a_winner_that_is_better_is_told_to_be() -> None:
    """A real difference remains."""
    found = _guessing(20, 600)
    found.correct[7] |= np.random.default_rng(2).uniform(size=600) < 0.7
    found.losses[7] = np.where(found.correct[7], 0.2, 1.5)
    standard = np.random.default_rng(1).uniform(size=600) < 0.7
    worth = honest(found, standard, None)

    assert worth is not None
    assert found.best == 7
    assert worth.low > 0.1
    assert worth.gain == pytest.approx(0.21, abs=0.03)


def test_groups_are_drawn_whole() -> None:
    """With the items of a group alike, what is known is as little as there are groups."""
    few = _guessing(10, 30)
    many = Searched(
        few.heads, np.repeat(few.losses, 20, axis=1), np.repeat(few.correct, 20, axis=1)
    )
    standard = np.random.default_rng(1).uniform(size=30) < 0.7
    alone = honest(few, standard, None)
    whole = honest(many, np.repeat(standard, 20), np.repeat(np.arange(30), 20))

    assert alone is not None
    assert whole == alone
    assert honest(many, np.repeat(standard, 20), np.repeat(np.arange(30), 20) // 10) is None
