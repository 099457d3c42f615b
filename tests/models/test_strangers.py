"""None of these: what lies elsewhere is strange, in NumPy as in the graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
from sklearn.decomposition import PCA

from objektiv.features.graph import FLOAT, GraphBuilder
from objektiv.features.look import Features
from objektiv.models.strangers import STRANGENESS, Strangers, compared, fit_strangers, out_of_fold
from tests.models.features import BLOCKS, drawn

USED = ("stem", "final", "colours")


def _moved(features: Features, by: float) -> Features:
    return replace(features, values=features.values + by * np.sign(features.values[::-1] - 4))


def test_the_usual_picture_has_strangeness_one_and_others_more() -> None:
    """The median of what was learnt from is 1; the further away, the stranger."""
    features, _ = drawn(400)
    strangers = fit_strangers(features, USED)

    usual = strangers.strangeness(features)
    near, far = (strangers.strangeness(_moved(features, by)) for by in (2.0, 8.0))

    assert np.median(usual) == pytest.approx(1, abs=1e-6)
    assert np.quantile(usual, 0.95) < np.median(near) < np.median(far)


def test_graph_and_numpy_agree() -> None:
    """The ONNX form gives the strangeness of NumPy, near and far, within 1 in 10,000."""
    features, _ = drawn(120)
    strangers = fit_strangers(features, USED)
    graph = GraphBuilder()
    network = graph.input("features", FLOAT, ["images", 46])
    colours = graph.input("colours", FLOAT, ["images", 10])
    tensors = {b.name: network for b in BLOCKS[:3]} | {"colours": colours}
    spans = {b.name: (b.start, b.stop) for b in BLOCKS[:3]} | {"colours": (0, 10)}
    strangers.add(graph, tensors, spans)
    graph.output(STRANGENESS, FLOAT, ["images", 1])
    session = onnxruntime.InferenceSession(graph.to_bytes("strangers"))

    for given in (features, _moved(features, 5.0)):
        fed = {"features": given.values[:, :46], "colours": given.values[:, 46:56]}
        (said,) = session.run(None, fed)
        assert said[:, 0] == pytest.approx(strangers.strangeness(given), rel=1e-4)


def test_its_two_parts_are_those_of_scikit_learns_components() -> None:
    """Distances along and beside the leading directions agree with scikit-learn's PCA."""
    rng = np.random.default_rng(1)
    drawn = rng.normal(size=(900, 2)) @ (rng.normal(size=(2, 56)) * [[9], [4]])
    values = (99 + drawn + rng.normal(size=(900, 56))).astype(np.float32)
    values = np.concatenate([values, np.zeros((900, 3), np.float32)], axis=1)
    features = Features(tuple(map(str, range(900))), values, BLOCKS)
    strangers = fit_strangers(features, ("colours",))
    standard = (features.block("colours") - strangers.shift) * strangers.scale
    count = len(strangers.spread)
    theirs = PCA(count, whiten=True, svd_solver="full").fit(standard)
    along = theirs.transform(standard)
    beside = np.square(standard - theirs.inverse_transform(along)).sum(axis=1)
    expected = np.sqrt(np.square(along).mean(axis=1) + beside / beside.mean())

    said = strangers.strangeness(features)

    assert said == pytest.approx(expected / np.median(expected), rel=5e-3)


def test_out_of_fold_a_picture_is_compared_with_others_only() -> None:
    """A picture that is far from all but its own fold is strange out of fold, not in it."""
    features, truth = drawn(200)
    values = features.values.copy()
    lonely = truth.folds == 2
    values[lonely] += 10 * np.sin(np.arange(values.shape[1]))
    features = replace(features, values=values)

    inside = fit_strangers(features, USED).strangeness(features)
    outside = out_of_fold(features, USED, np.arange(200), truth.folds)

    assert np.median(outside[lonely]) > 3 * np.median(inside[lonely])
    assert np.median(outside[~lonely]) == pytest.approx(np.median(inside[~lonely]), rel=0.3)


def test_of_many_items_halves_of_the_folds_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """With plenty of items no item is compared with its own fold, and two fits do."""
    features, truth = drawn(400)
    fits = []

    def counted(features: Features, blocks: Sequence[str], rows: np.ndarray) -> Strangers:
        fits.append(set(truth.folds[rows]))
        return fit_strangers(features, blocks, rows)

    monkeypatch.setattr("objektiv.models.strangers.fit_strangers", counted)
    few = out_of_fold(features, USED, np.arange(400), truth.folds)
    assert fits == [{0, 1, 2, 3, 4} - {k} for k in range(5)]
    fits.clear()
    monkeypatch.setattr("objektiv.models.strangers.SAMPLE", 100)
    many = out_of_fold(features, USED, np.arange(400), truth.folds)

    assert fits == [{1, 3}, {0, 2, 4}]
    assert np.corrcoef(few, many)[0, 1] > 0.8


def test_a_sample_decides_and_the_same_one_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """More pictures than the sample are drawn from, alike in every run."""
    monkeypatch.setattr("objektiv.models.strangers.SAMPLE", 80)
    features, _ = drawn(300)

    first, again = (fit_strangers(features, USED).strangeness(features) for _ in range(2))

    assert (first == again).all()
    assert np.median(first) == pytest.approx(1, abs=0.15)


def test_columns_that_never_vary_are_left_out() -> None:
    """A column that is constant does not make a picture infinitely strange."""
    features, _ = drawn(90)
    values = features.values.copy()
    values[:, 50] = 7.0
    strangers = fit_strangers(replace(features, values=values), ("colours",))

    assert np.isfinite(strangers.strangeness(features)).all()
    assert strangers.scale[4] == 0


def test_all_stages_are_compared_but_not_the_final_block() -> None:
    """The blocks are those of the network without its last one."""
    assert compared({"stem": 12, "stage1": 18, "final": 16}) == ("stem", "stage1")
