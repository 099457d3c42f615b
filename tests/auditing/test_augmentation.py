"""Evidence about augmented views, on features that were made so that the answer is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from objektiv.auditing.augmentation import Evidence, Judge, Trial, kept_again, recommend
from objektiv.auditing.operators import OPERATORS
from objektiv.data.settings import AugmentSettings
from objektiv.features.look import Features, Seen
from objektiv.judging.intervals import Interval
from tests.auditing.made import plain, seen

COUNT, DEEP = 200, 12
LABELS = ("a", "b")


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """200 pictures of two classes, alternating in colour only, without groups."""
    folder = tmp_path_factory.mktemp("augmentation")
    return seen(folder, [plain(LABELS[k % 2], (k, 5, 255 - k)) for k in range(COUNT)])


def _with(bare: Seen, deep: NDArray[np.float64], groups: Sequence[str | None] = ()) -> Seen:
    """The same pictures with these columns of the network, and no colours."""
    values = np.zeros_like(bare.features.values)
    values[:, :DEEP] = deep
    items = bare.dataset.items.with_columns(
        pl.Series("group", list(groups) or [None] * COUNT, dtype=pl.String)
    )
    dataset = replace(bare.dataset, items=items)
    return replace(bare, dataset=dataset, features=replace(bare.features, values=values))


def _labelled(seed: int = 0) -> NDArray[np.float64]:
    """Columns of which the first tells the class."""
    deep = np.random.default_rng(seed).normal(size=(COUNT, DEEP))
    deep[:, 0] = np.where(np.arange(COUNT) % 2, 4, -4)
    return deep + 0.3 * np.random.default_rng(seed + 1).normal(size=deep.shape)


def _ids(found: Seen) -> list[str]:
    return found.dataset.items["id"].to_list()


def _views(found: Seen, change: NDArray[np.float32] | float, columns: int | slice) -> Features:
    values = found.features.values.copy()
    values[:, columns] += change
    return replace(found.features, values=values)


def test_views_that_are_the_pictures_show_nothing(bare: Seen) -> None:
    """Five in a hundred lie far out, no label is lost, and they cannot be told apart."""
    found = _with(bare, _labelled())
    evidence = Judge(found, _ids(found)).judge(found.features)

    assert evidence.far.estimate == pytest.approx(0.05)
    assert evidence.change is not None and evidence.change.estimate == 0
    assert evidence.told is not None and evidence.told.estimate == pytest.approx(0.5, abs=0.05)
    assert evidence.kept


def test_views_elsewhere_are_far_and_told_apart(bare: Seen) -> None:
    """A large shift of every column puts all views out and gives an AUC of one."""
    found = _with(bare, _labelled())
    evidence = Judge(found, _ids(found)).judge(_views(found, 30.0, slice(0, None)))

    assert evidence.far.estimate == 1
    assert evidence.told is not None and evidence.told.estimate > 0.99
    assert not evidence.kept


def test_views_of_the_other_class_lose_the_label_and_lie_near(bare: Seen) -> None:
    """What tells the class is turned round: accuracy falls by all it was, distances stay."""
    found = _with(bare, _labelled())
    judge = Judge(found, _ids(found))
    turned = found.features.values.copy()
    turned[:, 0] *= -1
    evidence = judge.judge(replace(found.features, values=turned))

    assert judge.accuracy is not None and judge.accuracy.estimate > 0.95
    assert evidence.change is not None and evidence.change.high < -0.8
    assert evidence.far.estimate < 0.2
    assert not evidence.kept


def test_pictures_of_the_own_group_do_not_make_a_view_near(bare: Seen) -> None:
    """Where groups hold near copies, a view may differ as much as groups do, and is not far."""
    middle = np.repeat(_labelled()[: COUNT // 4], 4, axis=0)
    noise = np.random.default_rng(3).normal(size=middle.shape)
    deep = middle + 0.001 * noise
    groups = [f"g{k // 4}" for k in range(COUNT)]
    change = 0.2 * np.random.default_rng(4).normal(size=(COUNT, DEEP)).astype(np.float32)
    apart, alone = _with(bare, deep, groups), _with(bare, deep)

    far = {
        name: Judge(found, _ids(found)).judge(_views(found, change, slice(0, DEEP))).far
        for name, found in (("groups", apart), ("alone", alone))
    }

    assert far["alone"].estimate > 0.9
    assert far["groups"].estimate < 0.2
    assert far["groups"].groups == COUNT // 4 and far["alone"].groups is None


def test_one_class_or_one_group_leaves_out_what_cannot_be_asked(bare: Seen) -> None:
    """One class has no label to lose; one group can hold no fold out."""
    found = _with(bare, _labelled())
    items = found.dataset.items.with_columns(pl.lit("a").alias("label"))
    one = replace(found, dataset=replace(found.dataset, items=items, classes=("a",)))
    evidence = Judge(one, _ids(one)).judge(one.features)
    assert evidence.change is None and evidence.told is not None

    together = _with(bare, _labelled(), ["g"] * COUNT)
    evidence = Judge(together, _ids(together)).judge(together.features)
    assert evidence.change is None and evidence.told is None
    assert evidence.far.estimate == pytest.approx(0.05)


def test_views_may_be_of_some_of_the_pictures(bare: Seen) -> None:
    """A sample in another order is judged as these pictures."""
    found = _with(bare, _labelled())
    some = _ids(found)[150:100:-1]
    judge = Judge(found, some)
    turned = found.features.values.copy()
    turned[:, 0] *= -1

    same, other = judge.judge(found.features), judge.judge(replace(found.features, values=turned))

    assert same.change is not None and same.change.estimate == 0
    assert other.change is not None and other.change.estimate < -0.8


def _trial(name: str, value: float, *, far: float = 0.0, change: float | None = 0.0) -> Trial:
    def interval(value: float) -> Interval:
        return Interval(value, value, value, "", None, None)

    told = None if change is None else interval(change)
    return Trial(OPERATORS[name].step(value), Evidence(interval(far), told, interval(0.5)))


def test_the_rule_has_two_limits() -> None:
    """One view in five far out, and two points of accuracy, are just allowed."""
    assert _trial("rotation", 10, far=0.2, change=-0.02).evidence.kept
    assert not _trial("rotation", 10, far=0.21).evidence.kept
    assert not _trial("rotation", 10, change=-0.021).evidence.kept
    assert _trial("rotation", 10, change=None).evidence.kept


def test_a_range_ends_before_the_first_strength_that_is_not_kept() -> None:
    """A stronger one that is kept again does not count, and each side of a factor has its own."""
    trials = [
        _trial("rotation", 10),
        _trial("rotation", 30, far=1),
        _trial("rotation", 45, far=1),
        _trial("rotation", 90),
        _trial("zoom", 0.9),
        _trial("zoom", 0.75, change=-0.5),
        _trial("zoom", 1.1, far=1),
        _trial("horizontal_flip", 1),
        _trial("vertical_flip", 1, far=0.5),
    ]
    like = AugmentSettings(fill_mode="reflect")

    assert recommend(trials, like=like) == AugmentSettings(
        rotation=10, zoom=(0.9, 1.0), horizontal_flip=True, fill_mode="reflect"
    )


def test_strengths_that_are_kept_again_are_named() -> None:
    """Which were refused before, and which is kept after them; nothing where none is."""
    told = {10: True, 30: False, 45: False, 90: True}
    trials = [_trial("rotation", value, far=0.0 if good else 1.0) for value, good in told.items()]
    ((name, (refused, again)),) = kept_again(trials).items()

    assert name == "rotation"
    assert [s.value for s in refused] == [30, 45] and [s.value for s in again] == [90]
    assert kept_again(trials[:3]) == {}
