"""None of these: what lies elsewhere is strange, in NumPy as in the graph."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnxruntime
import pytest

from objektiv.features.graph import FLOAT, GraphBuilder
from objektiv.features.look import Features
from objektiv.models.strangers import STRANGENESS, fit_strangers, out_of_fold
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


def test_it_is_the_mahalanobis_distance_where_every_direction_is_kept() -> None:
    """With all directions kept and nothing beside them, it is scipy's distance, up to its unit."""
    from scipy.spatial.distance import mahalanobis

    rng = np.random.default_rng(1)
    mixed = rng.normal(size=(500, 4)) @ rng.normal(size=(4, 56))
    values = np.concatenate([mixed, np.zeros((500, 3))], axis=1).astype(np.float32)
    features = Features(tuple(map(str, range(500))), values, BLOCKS)
    strangers = fit_strangers(features, ("colours",))
    column = features.block("colours").astype(np.float64)
    inverse = np.linalg.pinv(np.cov(column.T, bias=True), rcond=1e-5)
    expected = [mahalanobis(row, column.mean(axis=0), inverse) for row in column]

    along = (column - strangers.shift) * strangers.scale @ strangers.directions
    kept = strangers.spread > 1e-6 * strangers.spread[0]
    inside = np.sqrt((np.square(along)[:, kept] / strangers.spread[kept]).sum(axis=1))

    assert inside[:9] == pytest.approx(np.array(expected[:9]), rel=0.02)


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
