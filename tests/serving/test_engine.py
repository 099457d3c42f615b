"""The engine against `Bundle.predict`, on every way it computes."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from objektiv.base.errors import BundleError
from objektiv.base.seeds import generator
from objektiv.serving import engine as engines
from objektiv.serving.engine import Ask, Engine, Raw
from objektiv.shipping.bundle import load, squares_of
from objektiv.shipping.session import Predicted
from tests.serving import tiny


def _ask_all(engine: Engine, squares: np.ndarray) -> list[Raw]:
    found: dict[int, Raw | BaseException] = {}
    all_here = threading.Event()

    def answer(place: int, raw: Raw | BaseException) -> None:
        found[place] = raw
        if len(found) == len(squares):
            all_here.set()

    for place, square in enumerate(squares):
        engine.put(Ask(square, answer=lambda raw, place=place: answer(place, raw)))
    assert all_here.wait(20)
    rows = [found[place] for place in range(len(squares))]
    assert all(isinstance(row, Raw) for row in rows)
    return rows  # type: ignore[return-value]


def _pictures(count: int) -> list[np.ndarray]:
    random = generator(0, "engine")
    return [random.integers(0, 256, (40 + k, 50, 3), np.uint8) for k in range(count)]


@pytest.mark.parametrize(("batch", "count"), [(1, 9), (4, 1), (4, 43), (16, 40)])
def test_concurrent_pictures_come_out_as_alone(small: Path, batch: int, count: int) -> None:
    """Whatever runs beside a picture, its numbers are those of the bundle within 1e-5."""
    bundle = load(small)
    pictures = _pictures(count)
    expected = bundle.predict(pictures)
    squares = squares_of(pictures, size=tiny.SIZE, fit="letterbox")
    rows = _ask_all(Engine(bundle, batch=batch), squares)

    assert np.abs(np.concatenate([r.predicted.logits for r in rows]) - expected.logits).max() < 1e-5
    assert expected.strangeness is not None
    for place, row in enumerate(rows):
        assert np.abs(row.predicted.probabilities[0] - expected.probabilities[place]).max() < 1e-5
        assert row.predicted.strangeness is not None
        assert row.predicted.strangeness[0] == pytest.approx(expected.strangeness[place], abs=1e-4)
        assert row.features is None
    assert {row.batch for row in rows} <= {1, batch}


def test_features_are_given_where_asked_for(small: Path) -> None:
    """Their length is the strangeness of this bundle, and batches do not mix them up."""
    squares = squares_of(_pictures(13), size=tiny.SIZE, fit="letterbox")

    for row in _ask_all(Engine(load(small), batch=4, features=True), squares):
        assert row.features is not None and row.features.shape == (16,)
        assert row.predicted.strangeness is not None
        length = np.linalg.norm(row.features)
        assert length == pytest.approx(row.predicted.strangeness[0], rel=1e-5)


def test_what_nobody_wants_is_not_computed(small: Path) -> None:
    """A picture whose asker is gone when its turn comes gets no answer."""
    engine, answers = Engine(load(small)), list[object]()
    square = squares_of(_pictures(1), size=tiny.SIZE, fit="letterbox")[0]
    engine.put(Ask(square, answer=answers.append, wanted=lambda: False))
    _ask_all(engine, square[None])

    assert answers == []
    assert engine.waiting == 0


def test_each_way_is_checked_before_it_serves(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that computes differently from the golden values is refused."""
    right = engines._Way.compute

    def wrong(way: engines._Way, squares: np.ndarray) -> Predicted:
        said = right(way, squares)
        shift = 0.01 if len(way._input) == 4 else 0.0
        return said._replace(probabilities=said.probabilities + np.float32(shift))

    monkeypatch.setattr(engines._Way, "compute", wrong)
    bundle = load(small)

    Engine(bundle, batch=1)
    with pytest.raises(BundleError, match="golden"):
        Engine(bundle, batch=4)


def test_an_error_of_the_network_reaches_who_asked(small: Path) -> None:
    """A square of another size is answered with the error, and the next one as always."""
    engine, answers = Engine(load(small)), list[object]()
    engine.put(Ask(np.zeros((5, 5, 3), np.float32), answer=answers.append))
    _ask_all(engine, squares_of(_pictures(3), size=tiny.SIZE, fit="letterbox"))

    assert [type(answer) for answer in answers] == [ValueError]
