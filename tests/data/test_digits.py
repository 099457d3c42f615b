"""The bundled digits are written as they are, only larger."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from objektiv.data.dataset import read
from objektiv.data.digits import write_digits
from objektiv.data.embedded import ABOUT
from objektiv.data.settings import ReadSettings


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of digits, written once."""
    return write_digits(tmp_path_factory.mktemp("digits") / "digits")


def test_each_digit_is_in_the_folder_of_its_class(digits: Path) -> None:
    """There are 1,797 pictures, as many of each digit as scikit-learn has, in natural order."""
    data = read(digits, ReadSettings())

    assert data.classes == tuple("0123456789")
    found = dict(data.items["label"].value_counts().iter_rows())
    expected = np.bincount(load_digits().target)
    assert [found[label] for label in data.classes] == expected.tolist()
    assert len(data.items) == 1_797


def test_pixels_are_those_of_scikit_learn_enlarged(digits: Path) -> None:
    """Each pixel became 8 x 8 equal ones, and 0 to 16 became 0 to 255."""
    source = load_digits()

    for number in (0, 1, 500, 1_796):
        path = digits / str(source.target[number]) / f"digit_{number:04d}.png"
        with Image.open(path) as picture:
            pixels = np.asarray(picture)
        assert pixels.shape == (64, 64)
        blocks = pixels.reshape(8, 8, 8, 8).swapaxes(1, 2)
        assert (blocks == blocks[:, :, :1, :1]).all()
        assert np.array_equal(np.rint(blocks[:, :, 0, 0] / 255 * 16), source.images[number])


def test_the_folder_says_what_it_holds(digits: Path) -> None:
    """A note says that the digits are real, whose they are and that they were enlarged."""
    note = json.loads((digits / ABOUT).read_text(encoding="utf-8"))

    assert note["what"] == (
        "real handwritten digits, 8 x 8 pixels, bundled with scikit-learn, enlarged 8 times"
    )
    assert note["pictures"] == 1_797


def test_written_digits_are_used_again(digits: Path) -> None:
    """A second call leaves every file as it was."""
    path = digits / "0" / "digit_0000.png"
    before = path.stat()

    assert write_digits(digits) == digits
    assert path.stat().st_ino == before.st_ino
    assert path.stat().st_mtime_ns == before.st_mtime_ns
