"""The course's table of networks against Keras' own counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from objektiv.base.errors import UsageError
from objektiv.zoo.table import KERAS, MODES
from tests.zoo.keras_asking import ask_keras

FAST = ["MobileNet", "MobileNetV2", "EfficientNetB0", "DenseNet121", "NASNetMobile"]
REST = [name for name in KERAS if name not in FAST]
FROZEN = {"VGG19": (20_049_473, 25_089), "MobileNetV2": (2_320_705, 62_721)}


@pytest.mark.parametrize(
    "names", [pytest.param(FAST, id="fast"), pytest.param(REST, id="rest", marks=pytest.mark.slow)]
)
def test_keras_counts_as_many_parameters(names: list[str], tmp_path: Path) -> None:
    """The networks that Keras builds have exactly the parameters of the course's table."""
    counts = ask_keras(tmp_path, "count", *names)

    assert dict(zip(names, counts, strict=True)) == {n: KERAS.get(n).parameters for n in names}


@pytest.mark.parametrize("name", ["MobileNetV2", pytest.param("VGG19", marks=pytest.mark.slow)])
def test_frozen_recipes_have_the_counts_of_the_course(name: str, tmp_path: Path) -> None:
    """Without its top, flattened, with one dense unit: the course's two counts, to the last one."""
    assert tuple(ask_keras(tmp_path, "count-frozen", name)) == FROZEN[name]


def test_the_table_has_the_course_s_26_rows() -> None:
    """Each row has a mode of Keras, sizes that fit, and accuracies between 0.7 and 1."""
    rows = [KERAS.get(name) for name in KERAS]

    assert len(rows) == 26
    for row in rows:
        assert row.family.mode in MODES
        assert row.family.smallest < row.size <= 600
        assert 0.7 < row.top1 < row.top5 < 1
        assert 3.9 < 2**20 * row.megabytes / row.parameters < 5.8  # 4 bytes each, and some more


def test_a_typing_mistake_names_the_near_network() -> None:
    """An unknown name suggests the one that was meant."""
    with pytest.raises(UsageError, match="did you mean 'MobileNetV2'"):
        KERAS.get("mobilenetV2")


def test_modes_are_those_that_keras_documents() -> None:
    """The three published modes give what Keras documents, at black and at white."""
    ends = {
        name: [(pixel * m.scale - np.array(m.mean)) / np.array(m.std) for pixel in (0.0, 255.0)]
        for name, m in MODES.items()
    }

    assert np.allclose(ends["tf"], [[-1] * 3, [1] * 3])
    assert np.allclose(ends["caffe"][1], [151.061, 138.221, 131.32])
    assert np.allclose(ends["torch"][0], [-2.1179, -2.0357, -1.8044], atol=1e-4)
    assert MODES["caffe"].colours == "BGR"
