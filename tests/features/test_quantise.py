"""Eight bits: the whole numbers themselves, the network made of them, and the way to the bundle."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import ValidationError

from objektiv.base import files
from objektiv.base.errors import ModelError
from objektiv.base.progress import Progress
from objektiv.base.seeds import generator
from objektiv.data.settings import SmearSettings
from objektiv.data.smear import GROUP, draw_smear
from objektiv.features import lite0
from objektiv.features.backbones import BACKBONES, FEATURES
from objektiv.features.engine import backbone_graph
from objektiv.features.graph import FLOAT, GraphBuilder
from objektiv.features.preprocess import PIXELS
from objektiv.features.quantise import HALF, LARGEST, PAIR, Plain, Short, quantise
from objektiv.features.runtime import openvino
from objektiv.features.settings import FeatureSettings
from objektiv.features.weights import KNOWN, read_state
from objektiv.flow.settings import TrainSettings
from objektiv.flow.train import train

SIZE, BATCH = 128, 8
Floats = NDArray[np.float32]

shapes = st.tuples(st.integers(1, 5), st.integers(1, 7), st.sampled_from([1, 3]))


def _weights(shape: tuple[int, int, int], seed: int = 0) -> Floats:
    """Few large and many small ones, as trained networks have, (out, in, kernel, kernel)."""
    out, inner, kernel = shape
    random = generator(seed, "weights", *shape)
    return random.standard_t(3, (out, inner, kernel, kernel)).astype(np.float32)


@given(shapes, st.integers(0, 99))
def test_a_weight_is_off_by_less_than_a_step(shape: tuple[int, int, int], seed: int) -> None:
    """Whole number times step gives each weight back within a step, and none exceeds 127."""
    weight = _weights(shape, seed)

    whole, step = quantise(weight)

    assert whole.shape == weight.shape and whole.dtype == np.int8
    assert np.abs(whole.astype(int)).max() <= LARGEST
    off = np.abs(whole * step.astype(np.float64)[:, None, None, None] - weight)
    assert (off / step[:, None, None, None]).max() <= 1 + 1e-3


@given(shapes, st.integers(0, 99))
def test_the_sum_of_a_row_hardly_moves(shape: tuple[int, int, int], seed: int) -> None:
    """The errors of a row cancel to half a step, so that no channel shifts as a whole."""
    weight = _weights(shape, seed)

    whole, step = quantise(weight)

    sums = weight.sum(axis=(1, 2, 3), dtype=np.float64) / step
    assert np.abs(whole.sum(axis=(1, 2, 3)) - sums).max() <= 0.5 + 1e-3


@given(shapes, st.integers(0, 99))
def test_neighbours_fit_sixteen_bits(shape: tuple[int, int, int], seed: int) -> None:
    """Two neighbouring input channels at 255 never sum beyond what 16 bits hold."""
    whole, _ = quantise(_weights(shape, seed))

    rows = np.moveaxis(whole.astype(int), 1, -1)
    rows = np.concatenate([rows, np.zeros((*rows.shape[:-1], rows.shape[-1] % 2), int)], axis=-1)
    left, right = rows[..., 0::2], rows[..., 1::2]
    same = left * right > 0
    assert np.abs((left + right)[same]).max(initial=0) <= PAIR
    for a, b in [(0, 0), (0, 255), (255, 0), (255, 255)]:
        sums = a * left + b * right
        assert -(2**15) <= sums.min() and sums.max() < 2**15


def test_a_row_of_zeros_stays_zero() -> None:
    """A channel without weights is no division by zero."""
    whole, step = quantise(np.zeros((2, 3, 1, 1), np.float32))

    assert not whole.any() and np.isfinite(step).all() and (step > 0).all()


def _run(numbers: Short | Plain, values: Floats, *, kind: str) -> Floats:
    """One method of `numbers` alone, in ONNX Runtime."""
    graph = GraphBuilder()
    x = graph.input("x", FLOAT, [len(values)])
    y = numbers.pixels(graph, x) if kind == "pixels" else numbers.value(graph, x, place=kind)
    graph.output(y, FLOAT, [len(values)])
    return np.asarray(
        onnxruntime.InferenceSession(graph.to_bytes("test")).run(None, {"x": values})[0]
    )


def test_grey_levels_are_rounded_to_whole_ones() -> None:
    """In 8 bits a pixel is what the next whole grey level gives in 32, less the offset."""
    levels = np.array([0, 0.4, 0.6, 1, 127, 128, 254.7, 255], np.float32)

    short = _run(Short({}), levels, kind="pixels")
    plain = _run(Plain(), np.rint(levels), kind="pixels")

    assert np.abs(short + HALF - plain).max() < 1e-6
    assert np.abs(np.rint(levels) / 127.5 - 1 - plain).max() < 1e-6


def test_values_are_kept_within_half_a_step_of_their_range() -> None:
    """Inside, a value moves by half a step at most, zero not at all; outside, to the end."""
    low, high = -20.0, 31.0
    step = (high - low) / 255
    values = np.linspace(-60, 60, 4001, dtype=np.float32)

    found = _run(Short({"here": (low, high)}), values, kind="here")

    inside = (values > low + step) & (values < high - step)
    assert np.abs(found - values)[inside].max() <= step / 2 + 1e-4
    assert found[np.abs(values).argmin()] == 0
    assert abs(found.min() - low) <= step and abs(found.max() - high) <= step


def test_relu6_needs_no_measured_range() -> None:
    """Without a place the range is that of ReLU6, 0 to 6."""
    found = _run(Short({}), np.array([-1, 0, 3, 6, 9], np.float32), kind="")

    assert np.abs(found - [0, 0, 3, 6, 6]).max() <= 3 / 255 + 1e-6


class _Places(Plain):
    """Notes the places that a network asks ranges for."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def value(self, graph: GraphBuilder, x: str, *, place: str = "") -> str:
        self.found += [place] if place else []
        return x


def test_the_file_of_ranges_covers_each_place() -> None:
    """Each block's end has its range, zero inside, of these very weights; there are no others."""
    graph, places = GraphBuilder(), _Places()
    pixels = graph.input(PIXELS, FLOAT, [1, 32, 32, 3])
    lite0.add_lite0(graph, pixels, read_state("efficientnet-lite0"), places)
    file = Path(lite0.__file__).with_name(lite0.RANGES)
    known = files.parse_json(file.read_bytes(), name=lite0.RANGES)

    assert sorted(lite0.ranges()) == sorted(places.found)
    assert len(places.found) == sum(stage.blocks for stage in lite0.STAGES)
    assert all(low < 0 < high for low, high in lite0.ranges().values())
    assert known["weights"] == KNOWN["efficientnet-lite0"].sha256


def test_a_backbone_without_ranges_has_no_eight_bits() -> None:
    """A network whose ranges nobody measured refuses int8 and names what it can."""
    backbone = replace(BACKBONES.get("lite0"), add_int8=None)

    with pytest.raises(ModelError, match="Lite0 has no 8-bit form.*fp32 runs everywhere"):
        backbone.add_in("int8", GraphBuilder(), PIXELS)


def test_an_unknown_precision_is_refused() -> None:
    """A misspelt precision is told which ones there are."""
    with pytest.raises(ValidationError, match="'auto', 'fp32', 'bf16' or 'int8'"):
        FeatureSettings(precision="int4")  # type: ignore[arg-type]


@cache
def _pixels() -> Floats:
    """Drawn pictures of BATCH kinds: soft blobs on a slope, with noise."""
    rows, columns = np.mgrid[0:SIZE, 0:SIZE] / SIZE
    pictures = []
    for number in range(BATCH):
        random = generator(number, "blobs")
        picture = 120 + 80 * (rows * random.normal() + columns * random.normal())[..., None]
        for _ in range(6):
            y, x, radius = random.uniform(0.1, 0.9, 3)
            blob = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (0.02 + 0.05 * radius**2))
            picture = picture + blob[..., None] * random.normal(0, 90, 3)
        pictures.append(picture + random.normal(0, 8, picture.shape))
    return np.clip(np.array(pictures), 0, 255).astype(np.float32)


def _compiled(precision: Any, **options: str) -> Any:
    core = openvino.Core()
    model = core.read_model(backbone_graph("lite0", size=SIZE, precision=precision))
    model.reshape([BATCH, SIZE, SIZE, 3])
    return core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32", **options})


@cache
def _features(precision: str) -> Floats:
    return np.array(_compiled(precision)(_pixels())[FEATURES])


def _cosines(left: Floats, right: Floats) -> dict[str, Floats]:
    """Of each block, (pictures,)."""
    found, start = {}, 0
    for block, width in lite0.BLOCK_WIDTHS.items():
        a, b = (side[:, start : start + width].astype(np.float64) for side in (left, right))
        start += width
        lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
        found[block] = np.asarray((a * b).sum(axis=1) / lengths)
    return found


def test_each_block_is_near_its_form_in_32_bits() -> None:
    """The cosine with the 32-bit features is above 0.99 for the usual picture, 0.96 for all."""
    cosines = _cosines(_features("fp32"), _features("int8"))

    assert {b: np.median(c) for b, c in cosines.items() if np.median(c) < 0.99} == {}
    assert {b: c.min() for b, c in cosines.items() if c.min() < 0.96} == {}
    assert cosines["final"].max() < 1 - 1e-5  # else it would not be 8 bits that are compared


def test_onnx_runtime_and_openvino_compute_the_same() -> None:
    """The stem is equal but for rounding; single flips of rounding add up to 0.99 at the end."""
    session = onnxruntime.InferenceSession(backbone_graph("lite0", size=SIZE, precision="int8"))
    plain = np.asarray(session.run([FEATURES], {PIXELS: _pixels()})[0])

    cosines = _cosines(plain, _features("int8"))

    assert cosines["stem"].min() > 0.99999
    assert min(c.min() for c in cosines.values()) > 0.99


x86 = pytest.mark.skipif(
    platform.machine().lower() not in ("x86_64", "amd64"), reason="looks at kernels of x86"
)


@x86
def test_openvino_computes_every_convolution_in_whole_numbers() -> None:
    """Each of the 49 convolutions runs as an 8-bit kernel; none falls back to floats."""
    request = _compiled("int8", PERF_COUNT="YES").create_infer_request()
    request.infer([_pixels()])

    kinds = [i.exec_type for i in request.profiling_info if "Convolution" in i.node_type]

    assert len(kinds) == 49
    assert [kind for kind in kinds if not kind.lower().endswith("_i8")] == []


PROGRAM = """
import sys
import numpy as np
from tests.features.test_quantise import _features
np.save(sys.argv[1], _features("int8"))
"""


@x86
@pytest.mark.slow
def test_a_processor_without_vnni_computes_the_same(tmp_path: Path) -> None:
    """Held to AVX2, whose 16-bit sums would wrap round, OpenVINO gives the same features."""
    file = tmp_path / "features.npy"
    environment = {**os.environ, "ONEDNN_MAX_CPU_ISA": "AVX2"}
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", PROGRAM, file], cwd=root, env=environment, check=True)

    cosines = _cosines(np.load(file), _features("int8"))

    assert min(c.min() for c in cosines.values()) > 0.9999


@pytest.mark.slow
def test_training_in_eight_bits_ships_eight_bits(tmp_path: Path) -> None:
    """From drawn cells to a bundle whose weights are int8, which says what was tested."""
    drawn = draw_smear(tmp_path / "smear", SmearSettings(patients=5, cells=12, seed=3))
    settings = TrainSettings(
        precision="int8", group=GROUP, out=tmp_path / "runs", bank=tmp_path / "bank"
    )

    trained = train(drawn, settings, progress=Progress())

    model = trained.run.bundle
    facts = files.parse_json((model / "bundle.json").read_bytes(), name="bundle.json")
    assert trained.seen.precision == "int8"
    assert (facts["weights"], facts["precisions"]) == ("int8", ["fp32"])
    assert trained.shipped.difference <= 0.02
    assert (model / "model.onnx").stat().st_size < 4_500_000  # 4.65 million weights of a byte
    assert "tested: int8" in (trained.run.folder / "model_card.md").read_text(encoding="utf-8")
