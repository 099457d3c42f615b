"""What a run's bundle says about one picture."""

from __future__ import annotations

from pathlib import Path

import pytest

from objektiv.base.errors import ModelError
from objektiv.base.language import speaking
from objektiv.flow.run import Run
from objektiv.shipping.limits import Doubt
from objektiv.studio.answering import answer, doubt_told, model_of
from tests.data.pictures import SIGNATURE, chunk, header, png
from tests.flow.drawn import picture


def test_an_answer_is_that_of_the_bundle(trained: Path) -> None:
    """Class and probabilities, and the picture under its heat."""
    model = model_of(Run(trained))
    pixels = picture("disc", 99)

    said = answer(model, "a.png", png(pixels), heat=True)

    found = model.bundle.predict([pixels])
    assert said.called == "disc"
    assert dict(said.chances)["disc"] == pytest.approx(float(found.probabilities[0, 0]))
    assert said.picture.startswith("data:image/jpeg;base64,")
    assert said.heat.startswith("data:image/jpeg;base64,")
    assert said.heat != said.picture
    assert said.sanity


def test_a_bundle_is_loaded_once(trained: Path) -> None:
    """As long as it is the same."""
    assert model_of(Run(trained)) is model_of(Run(trained))


BOMB = SIGNATURE + header(30_000, 30_000) + chunk(b"IDAT", b"123456789") + chunk(b"IEND")


@pytest.mark.parametrize(
    "data",
    [
        BOMB,
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"<html><body>x</body></html>",
        b"",
        png(picture("disc", 1))[:200],
    ],
)
def test_what_is_no_picture_is_told(trained: Path, data: bytes) -> None:
    """Nothing of it is shown."""
    said = answer(model_of(Run(trained)), "evil.png", data, heat=True)

    assert said.error
    assert (said.picture, said.called) == ("", "")


def test_a_run_without_a_bundle_is_refused(tmp_path: Path) -> None:
    """The message says what is needed."""
    with pytest.raises(ModelError, match="this run holds no bundle"):
        model_of(Run(tmp_path))


def test_doubt_is_told_in_both_languages() -> None:
    """Each reason has its sentence."""
    classes = ("disc", "stripe")
    strange = Doubt("strange", strangeness=8.134, limit=4.2)
    several = Doubt("several", coverage=0.95, possible=(1, 0))
    with speaking("de"):
        german = doubt_told(strange, classes)

    assert "8,13" in german
    assert "stripe, disc" in doubt_told(several, classes)
    assert doubt_told(Doubt("none", coverage=0.95), classes).startswith("None of these")
    assert doubt_told(None, classes) == ""
