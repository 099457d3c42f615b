"""The engine: every image once, in order, the same numbers however the work is divided."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, get_args

import numpy as np
import pytest
from numpy.typing import NDArray
from threadpoolctl import threadpool_info

from objektiv.base.errors import ModelError, UsageError
from objektiv.base.seeds import generator
from objektiv.features import engine as engines
from objektiv.features.backbones import BACKBONES
from objektiv.features.engine import (
    BATCH,
    HINTS,
    Engine,
    Looked,
    Prepared,
    backbone_graph,
    colours_graph,
    resolve_precision,
)
from objektiv.features.runtime import openvino
from objektiv.features.settings import Arithmetic
from tests.features.tiny import SIZE

pytestmark = pytest.mark.usefixtures("small")

Prepare = Callable[[int], Prepared[int]]


@cache
def _squares(count: int = 21, size: int = SIZE) -> NDArray[np.float32]:
    random = generator(0, "engine", size)
    return random.uniform(0, 255, (count, size, size, 3)).astype(np.float32)


def _engine(workers: int = 2, network: str = "tiny") -> Engine:
    return Engine(backbone_graph(network, size=SIZE), size=SIZE, precision="fp32", workers=workers)


def _plain(item: int) -> Prepared[int]:
    return Prepared(item, _squares()[item])


def _run(engine: Engine, items: list[int], prepare: Prepare = _plain) -> list[Looked[int]]:
    return list(engine.run(items, prepare))


def _values(results: list[Looked[int]]) -> NDArray[np.float32]:
    return np.stack([r.features for r in results if r.features is not None])


@pytest.mark.parametrize("count", [0, 1, BATCH - 1, BATCH, BATCH + 1, 5 * BATCH + 3])
def test_each_item_comes_out_once_and_in_order(count: int) -> None:
    """However long each takes, results stand in the order of the items, known ones among them."""
    called = []

    def slow(item: int) -> Prepared[int]:
        called.append(item)
        time.sleep(0.003 * (item % 3))
        return Prepared(item, None if item % 5 == 4 else _squares()[item % 21])

    results = _run(_engine(), list(range(count)), slow)

    assert [r.key for r in results] == list(range(count))
    assert sorted(called) == list(range(count))
    assert [r.features is None for r in results] == [n % 5 == 4 for n in range(count)]
    expected = _values(_run(_engine(), list(range(21))))
    for result in results:
        if result.features is not None:
            assert np.array_equal(result.features, expected[result.key % 21])


def _direct(graph: bytes) -> NDArray[np.float32]:
    """What a graph gives for all squares at once, without the engine."""
    core = openvino.Core()
    options = {"INFERENCE_PRECISION_HINT": "f32"}
    model = core.compile_model(core.read_model(graph), "CPU", options)
    return np.array(model(_squares())[0])


@pytest.mark.parametrize("network", ["tiny", "lite0"])
def test_features_and_descriptors_are_those_of_the_graphs(network: str) -> None:
    """A row holds the network's columns, then the descriptors', as the graphs alone give them."""
    values = _values(_run(_engine(network=network), list(range(21))))

    width = BACKBONES.get(network).width
    assert values.dtype == np.float32
    assert values.shape == (21, width + 61)
    features = _direct(backbone_graph(network, size=SIZE))
    assert np.allclose(values[:, :width], features, rtol=1e-4, atol=1e-4)
    assert np.allclose(values[:, width:], _direct(colours_graph(SIZE)), rtol=1e-5, atol=1e-3)


def test_company_and_threads_change_nothing() -> None:
    """Alone, in another order, again, and with another number of threads: the same in every bit."""
    items = list(range(21))
    engine = _engine(network="lite0")
    expected = _values(_run(engine, items))

    assert np.array_equal(_values(_run(engine, items)), expected)
    assert np.array_equal(_values(_run(engine, items[::-1]))[::-1], expected)
    assert np.array_equal(_values([r for n in items for r in _run(engine, [n])]), expected)
    for workers in (1, 5):
        again = _values(_run(_engine(workers, "lite0"), items))
        assert np.allclose(again, expected, rtol=0, atol=1e-5)


def test_pictures_are_prepared_in_threads() -> None:
    """As many threads prepare as were asked for, and never more at once."""
    names: set[str] = set()
    at_once, most = 0, 0
    lock = threading.Lock()

    def watched(item: int) -> Prepared[int]:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
            names.add(threading.current_thread().name)
        time.sleep(0.002)
        with lock:
            at_once -= 1
        return Prepared(item, None)

    _run(_engine(workers=3), list(range(15 * BATCH)), watched)

    assert most == len(names) == 3
    assert threading.current_thread().name not in names


def test_preparing_does_not_run_away() -> None:
    """While the results wait to be taken, a bounded number of pictures is in memory."""
    prepared = []

    def counted(item: int) -> Prepared[int]:
        prepared.append(item)
        return Prepared(item, _squares()[item % 21])

    results = _engine(workers=2).run(list(range(100 * BATCH)), counted)
    next(results)
    time.sleep(0.3)
    ahead = len(prepared)
    rest = sum(1 for _ in results)

    assert ahead <= 16 * BATCH
    assert rest == 100 * BATCH - 1


def _threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("prepare")]


def test_a_mistake_while_preparing_is_raised() -> None:
    """An error in a thread comes out as it is, no thread is left, and the engine still works."""
    engine = _engine()

    def broken(item: int) -> Prepared[int]:
        if item == 30:
            raise ZeroDivisionError("in item 30")
        return Prepared(item, _squares()[item % 21])

    with pytest.raises(ZeroDivisionError, match="in item 30"):
        _run(engine, list(range(100)), broken)

    assert _threads() == []
    assert len(_run(engine, list(range(21)))) == 21


@pytest.mark.parametrize("taken", [0, 1, 20])
def test_stopping_early_ends_the_threads(taken: int) -> None:
    """Closed before its end, a run waits for what it began and leaves no thread behind."""
    engine = _engine()
    results: Any = engine.run([n % 21 for n in range(500)], _plain)
    for _ in range(taken):
        next(results)

    results.close()

    assert _threads() == []
    assert len(_run(engine, list(range(21)))) == 21


def _blas() -> list[int]:
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


def test_other_libraries_get_their_threads_back() -> None:
    """The limit on NumPy's own threads holds while a run lasts, not after it, stopped or not."""
    before = _blas()
    results: Any = _engine().run(list(range(21)), _plain)
    next(results)
    during = _blas()
    results.close()

    assert set(during) == {1}
    assert _blas() == before


def test_nothing_is_compiled_where_nothing_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a filled bank no network is made ready, which would take the longest."""

    def never(*_: object) -> None:
        raise AssertionError("a network was compiled")

    monkeypatch.setattr(engines, "_compile", never)

    results = _run(_engine(), list(range(50)), lambda item: Prepared(item, None))

    assert [r.key for r in results] == list(range(50))


@pytest.mark.parametrize("precision", get_args(Arithmetic))
def test_descriptors_are_always_computed_in_32_bits(
    monkeypatch: pytest.MonkeyPatch, precision: Arithmetic
) -> None:
    """Whatever the network computes in, 256 grey levels stay apart in the plain descriptors."""
    seen: dict[bytes, str] = {}

    def spying(graph: bytes, size: int, options: dict[str, str]) -> Any:
        seen[graph] = options["INFERENCE_PRECISION_HINT"]
        return compile_plain(graph, size, {**options, "INFERENCE_PRECISION_HINT": "f32"})

    compile_plain = engines._compile
    monkeypatch.setattr(engines, "_compile", spying)
    network = backbone_graph("tiny", size=SIZE)
    _run(Engine(network, size=SIZE, precision=precision, workers=1), [0])

    assert seen == {network: HINTS[precision], colours_graph(SIZE): "f32"}


def test_every_precision_has_its_hint() -> None:
    """OpenVINO is told to compute in bf16 for bf16 only; 8-bit numbers stand in the graph."""
    assert HINTS == {"fp32": "f32", "bf16": "bf16", "int8": "f32"}
    assert set(HINTS) == set(get_args(Arithmetic))


@pytest.fixture(params=[True, False], ids=["with bf16", "without bf16"])
def capable(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[bool]:
    """A processor that computes in bf16, or one that does not."""

    class Core:
        def get_property(self, device: str, name: str) -> list[str]:
            assert (device, name) == ("CPU", "OPTIMIZATION_CAPABILITIES")
            return ["FP32", "INT8", *["BF16"] * request.param]

    monkeypatch.setattr(engines.openvino, "Core", Core)
    yield request.param


def test_auto_takes_what_the_processor_has(capable: bool) -> None:
    """`auto` is bf16 where the processor computes in it, else fp32; fp32 and int8 are obeyed."""
    assert resolve_precision("auto") == ("bf16" if capable else "fp32")
    assert resolve_precision("fp32") == "fp32"
    assert resolve_precision("int8") == "int8"


def test_bf16_is_refused_where_it_is_not(capable: bool) -> None:
    """A precision that would silently be another one is an error that says what runs here."""
    if capable:
        assert resolve_precision("bf16") == "bf16"
        return
    with pytest.raises(ModelError, match=r"does not compute in bf16.*fp32.*--precision fp32"):
        resolve_precision("bf16")


def test_an_unknown_backbone_is_refused() -> None:
    """A misspelt name is told with the near one before a graph is begun."""
    with pytest.raises(UsageError, match=r"'lite00'.*Ready: lite0.*did you mean 'lite0'"):
        backbone_graph("lite00", size=SIZE)
