"""The plain descriptors against NumPy in 64 bits, written from their description."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from objektiv.base.seeds import generator
from objektiv.features.descriptors import CHANNELS, COLOURS, COLUMNS, STATISTICS
from objektiv.features.engine import colours_graph
from objektiv.features.preprocess import PIXELS
from objektiv.features.runtime import openvino

ENGINES = ("onnxruntime", "openvino")
SIZES = {96: 48, 128: 64, 224: 56}  # size of the square to cells a side
Floats = NDArray[np.float64]


@cache
def _engine(name: str, size: int) -> Any:
    graph = colours_graph(size)
    if name == "onnxruntime":
        return onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    core = openvino.Core()
    return core.compile_model(core.read_model(graph), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})


def _colours(engine: str, squares: NDArray[np.float32]) -> NDArray[np.float32]:
    made = _engine(engine, squares.shape[1])
    if engine == "onnxruntime":
        return np.asarray(made.run([COLOURS], {PIXELS: squares})[0])
    return np.array(made({PIXELS: squares})[COLOURS])


def _cells(square: NDArray[np.float32]) -> Floats:
    """Means over whole cells, (side, side, 3)."""
    size = len(square)
    side = SIZES[size]
    step = size // side
    return square.astype(np.float64).reshape(side, step, side, step, 3).mean(axis=(1, 3))


def _foreground(cells: Floats) -> tuple[NDArray[np.bool_], float]:
    """What differs from the border, and how near a cell comes to a threshold on the way."""
    ring = np.ones(cells.shape[:2], bool)
    ring[1:-1, 1:-1] = False
    distance = np.abs(cells - cells[ring].mean(axis=0)).max(axis=2)
    threshold, nearest = distance.mean(), np.inf
    for _ in range(3):
        nearest = min(nearest, np.abs(distance - threshold).min())
        above = distance > threshold
        means = [distance[m].mean() if m.any() else 0.0 for m in (above, ~above)]
        threshold = sum(means) / 2
    threshold = max(threshold, 1.0)
    nearest = min(nearest, np.abs(distance - threshold).min())
    return distance > threshold, nearest


def _statistics(values: Floats) -> list[float]:
    """The six numbers of one channel in one area."""
    if not len(values):
        return [0.0, 1.0, 0.0, 0.0, 0.0, 0.0]
    off = values - values.mean()
    deviation = np.sqrt((off**2).mean()) + 1
    skewness = (off**3).mean() / deviation**3
    kurtosis = np.log(1 + (off**4).mean() / deviation**4)
    return [values.mean(), deviation, off.min(), off.max(), skewness, kurtosis]


def _expected(square: NDArray[np.float32]) -> tuple[Floats, float]:
    cells = _cells(square)
    mask, nearest = _foreground(cells)
    red, green, blue = np.moveaxis(cells, 2, 0)
    channels = (red, green, blue, red - green, blue - green)
    columns = [mask.mean()]
    for area in (np.ones_like(mask), mask):
        table = [_statistics(channel[area]) for channel in channels]
        columns += [row[s] for s in range(6) for row in table]
    return np.array(columns), nearest


def _noise(size: int, number: int = 0) -> NDArray[np.float32]:
    random = generator(0, "descriptors", size, number)
    return random.integers(0, 256, (size, size, 3)).astype(np.float32)


def _cell(size: int, number: int = 0) -> NDArray[np.float32]:
    """Something like a stained cell: a pink disc with violet dots on an uneven ground."""
    random = generator(0, "cell", size, number)
    y, x = (np.mgrid[:size, :size] - size / 2) / size
    ground = np.array([225, 220, 230]) + 15 * x[..., None] + random.normal(0, 2, (size, size, 3))
    disc = x**2 + y**2 < random.uniform(0.06, 0.14)
    square = np.where(disc[..., None], [200, 130, 150] + random.normal(0, 6, ground.shape), ground)
    for _ in range(number % 4):
        top, left = random.uniform(-0.15, 0.15, 2)
        square[(y - top) ** 2 + (x - left) ** 2 < 0.002] = [90, 50, 140]
    return square.clip(0, 255).astype(np.float32)


def _flat(size: int, colour: tuple[float, float, float]) -> NDArray[np.float32]:
    return np.broadcast_to(np.array(colour, np.float32), (size, size, 3)).copy()


def _one_colour(size: int) -> NDArray[np.float32]:
    """A violet quarter in the middle of white, on whole cells."""
    square = _flat(size, (255, 255, 255))
    square[size // 4 : size * 3 // 4, size // 4 : size * 3 // 4] = (120, 40, 160)
    return square


def _slope(size: int) -> NDArray[np.float32]:
    ramp = np.linspace(0, 255, size, dtype=np.float32)
    return np.stack(np.broadcast_arrays(ramp[:, None], ramp[None], ramp[::-1, None]), axis=2)


def _pictures(size: int) -> NDArray[np.float32]:
    cells = [_cell(size, n) for n in range(5)]
    return np.stack([_noise(size), _noise(size, 1), _one_colour(size), _slope(size), *cells])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("size", SIZES)
def test_every_column_is_the_described_number(engine: str, size: int) -> None:
    """All 61 numbers of noise, slopes, cells and a one-coloured foreground are as in 64 bits."""
    squares = _pictures(size)
    expected, nearest = zip(*map(_expected, squares), strict=True)

    colours = _colours(engine, squares)

    assert min(nearest) > 1e-4, "choose other pictures: here rounding decides what is foreground"
    assert colours.shape == (len(squares), len(COLUMNS))
    for column, name in enumerate(COLUMNS):
        wanted = [row[column] for row in expected]
        assert np.allclose(colours[:, column], wanted, rtol=1e-4, atol=1e-3), name


def test_the_columns_have_names() -> None:
    """61 different names: the share, then each statistic of each channel in each area."""
    assert len(set(COLUMNS)) == len(COLUMNS) == 61
    assert COLUMNS[0] == "foreground share"
    assert COLUMNS[1] == "whole mean red"
    assert COLUMNS[1 + 5 * 2 + 4] == "whole minimum blue-green"
    assert COLUMNS[1 + 30 + 5] == "foreground deviation red"
    assert COLUMNS[-1] == "foreground kurtosis blue-green"
    assert len(STATISTICS) * len(CHANNELS) * 2 + 1 == 61


@pytest.mark.parametrize("engine", ENGINES)
def test_a_flat_picture_has_no_foreground(engine: str) -> None:
    """Whatever its grey or colour, a flat picture gives its colour, no share and no spread."""
    greys = [(v, v, v) for v in range(256)]
    colours = [(255, 0, 0), (0.3, 127.7, 254.9), (200.01, 3.3, 77.7)]
    squares = np.stack([_flat(96, colour) for colour in greys + colours])
    ones = np.ones(5)

    for square, row in zip(squares, _colours(engine, squares), strict=True):
        r, g, b = square[0, 0].astype(float)
        areas = [
            [r, g, b, r - g, b - g, *ones, *np.zeros(20)],
            [*np.zeros(5), *ones, *np.zeros(20)],
        ]
        assert np.allclose(row, [0, *areas[0], *areas[1]], atol=1e-3), (r, g, b)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("size", SIZES)
def test_a_foreground_of_one_colour_is_found_exactly(engine: str, size: int) -> None:
    """A violet quarter on white is a quarter of the picture and has the mean of violet."""
    row = dict(zip(COLUMNS, _colours(engine, _one_colour(size)[None])[0].tolist(), strict=True))

    assert row["foreground share"] == pytest.approx(0.25)
    assert row["foreground mean red"] == pytest.approx(120, abs=1e-3)
    assert row["foreground mean red-green"] == pytest.approx(80, abs=1e-3)
    assert row["foreground mean blue-green"] == pytest.approx(120, abs=1e-3)
    assert row["foreground deviation green"] == pytest.approx(1, abs=1e-3)
    assert row["foreground skewness green"] == pytest.approx(0, abs=1e-3)
    assert row["whole mean green"] == pytest.approx(255 - 215 / 4, abs=1e-3)
    assert row["whole minimum green"] == pytest.approx(40 - 255 + 215 / 4, abs=1e-3)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_picture_does_not_feel_its_neighbours(engine: str) -> None:
    """Alone, in a batch and in another order a picture has the same numbers, within rounding."""
    squares = _pictures(128)
    together = _colours(engine, squares)
    turned = _colours(engine, squares[::-1].copy())[::-1]
    alone = np.concatenate([_colours(engine, square[None]) for square in squares])

    assert np.allclose(turned, together, rtol=1e-6, atol=1e-4)
    assert np.allclose(alone, together, rtol=1e-6, atol=1e-4)


@pytest.mark.parametrize("engine", ENGINES)
def test_turning_a_picture_changes_nothing(engine: str) -> None:
    """Upside down, mirrored or lying, a cell has the same colours."""
    square = _cell(128, 3)
    turned = np.stack([square, square[::-1], square[:, ::-1], square.transpose(1, 0, 2)])

    rows = _colours(engine, np.ascontiguousarray(turned))

    assert np.allclose(rows, rows[0], rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("size", [32, 96, 128, 160, 224, 512])
def test_every_picture_has_finite_numbers_that_fit_16_bits(engine: str, size: int) -> None:
    """Black, white, checked, one bright pixel, a bright border: nothing divides by nothing."""
    y, x = np.mgrid[:size, :size]
    squares = np.zeros((8, size, size, 3), np.float32)
    squares[1] = 255
    squares[2, (x + y) % 2 == 0] = 255
    squares[3, size // 2, size // 2, 1] = 255
    squares[4, 0] = 255
    squares[5, x < size // 2] = 255
    squares[6] = 1e-3 * x[..., None]
    squares[7, 1:-1, 1:-1] = 255

    colours = _colours(engine, squares)

    assert np.isfinite(colours).all()
    assert np.abs(colours).max() < 65_504
