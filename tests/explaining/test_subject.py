"""A model to look into answers as its bundle does, and knows the names of its classes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from objektiv.base.errors import MissingExtra, UsageError
from objektiv.data.drawing import png
from objektiv.data.images import decode
from objektiv.explaining.subject import of_backbone, of_bundle
from objektiv.features.direct import Direct
from objektiv.shipping.bundle import Bundle
from tests.explaining.small import drawn


def test_it_answers_as_the_bundle_and_the_same_alone_and_together(
    bundles: Callable[[str], Bundle],
) -> None:
    """One square or nine; rounding to grey levels moves probabilities hardly."""
    bundle = bundles("probe")
    subject = of_bundle(bundle)
    pictures = [drawn(number) for number in range(9)]
    squares = subject.squares(pictures)

    together = subject.probabilities(squares)

    alone = np.concatenate([subject.probabilities(square[None]) for square in squares])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert np.abs(together - bundle.predict(pictures).probabilities).max() < 0.05
    np.testing.assert_array_equal(subject.called(together), together.argmax(axis=1))


def test_a_saved_square_is_the_same_square_again(bundles: Callable[[str], Bundle]) -> None:
    """What an attack finds, in whole grey levels, comes out of its PNG as it went in."""
    subject = of_bundle(bundles("probe"))
    (square,) = subject.squares([drawn(3)])

    data = png(square.astype(np.uint8))

    again = decode(data, name="square.png", max_pixels=10**6).pixels
    np.testing.assert_array_equal(subject.squares([again])[0], square)


def test_a_backbone_answers_as_predict_does() -> None:
    """The pretrained network with its own classes gives the probabilities of `features.direct`."""
    subject = of_backbone("lite0")
    square = subject.squares([drawn(4)])

    found = subject.probabilities(square)

    expected = Direct("lite0").predict([square[0].astype(np.uint8)]).probabilities
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_class_of_several_names_suggests_them() -> None:
    """ImageNet knows no `cat`, but several cats."""
    with pytest.raises(UsageError, match="knows no such class") as caught:
        of_backbone("lite0").place_of("cat")

    assert "Persian cat" in str(caught.value)
    assert "Egyptian cat" in str(caught.value)


def test_a_misspelt_class_suggests_the_nearest(bundles: Callable[[str], Bundle]) -> None:
    """A bundle's own class is found by its spelling."""
    subject = of_bundle(bundles("probe"))

    assert subject.place_of("dog") == 1
    with pytest.raises(UsageError, match="did you mean 'dog'"):
        subject.place_of("dogg")


def test_gradients_ask_for_torch_where_it_is_missing(
    bundles: Callable[[str], Bundle], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message has the command that installs it."""
    monkeypatch.setattr("objektiv.base.extras._is_installed", lambda name: name != "torch")

    with pytest.raises(MissingExtra, match=r"pip install \"objektiv\[torch\]\""):
        of_bundle(bundles("probe")).oracle()


def test_a_file_that_lies_about_its_name_is_no_backbone(tmp_path: Path) -> None:
    """An unknown network is refused with what there is."""
    with pytest.raises(UsageError, match="no backbone has this name"):
        of_backbone(str(tmp_path / "net"))
