"""What a model bears is counted truly, and what does not fit is refused first."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from objektiv.base.errors import MissingExtra, ModelError, SettingsError, UsageError
from objektiv.base.progress import Progress
from objektiv.base.settings import make
from objektiv.explaining.attack_settings import AttackSettings
from objektiv.explaining.natural import NATURAL
from objektiv.explaining.robustness import Pictured, Robustness, check, examine
from objektiv.explaining.subject import Subject, of_bundle
from objektiv.shipping.bundle import Bundle
from tests.explaining.small import drawn

PICTURES = [Pictured(f"{number}.png", drawn(number)) for number in range(5)]


def _subject(bundles: Callable[[str], Bundle], name: str = "frozen") -> Subject:
    return of_bundle(bundles(name))


def _examine(subject: Subject, **settings: object) -> Robustness:
    return examine(subject, PICTURES, AttackSettings(**settings), progress=Progress())


def test_natural_changes_need_no_torch_and_every_point_is_counted(
    bundles: Callable[[str], Bundle], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The accuracy of each point is the share of its pictures that kept their class."""
    monkeypatch.setattr("objektiv.base.extras._is_installed", lambda name: name != "torch")

    found = _examine(_subject(bundles), method="natural")

    assert found.own == 5
    assert found.clean.estimate == 1.0
    assert [curve.kind for curve in found.curves] == list(NATURAL)
    assert len(found.changed) == 5 * 4 * len(NATURAL)
    rows = iter(found.changed)
    for curve in found.curves:
        for point in curve.points:
            kept = [
                changed.called_after == changed.label for changed in (next(rows) for _ in range(5))
            ]
            assert point.accuracy.estimate == pytest.approx(np.mean(kept))


def test_gradients_turn_the_small_network_to_the_target(
    bundles: Callable[[str], Bundle],
) -> None:
    """The stronger the change, the more pictures become the target, also from 8 bits."""
    torch = pytest.importorskip("torch", reason="needs objektiv[torch]")
    torch.set_num_threads(1)
    subject = _subject(bundles)
    said = subject.called(subject.probabilities(subject.squares([p.pixels for p in PICTURES])))
    target = subject.classes[int(np.bincount(said, minlength=3).argmin())]

    found = _examine(subject, target=target, strengths=(1, 64), steps=6)

    weak, strong = found.curves[0].points
    assert weak.reached is not None
    assert strong.reached is not None
    assert strong.reached.estimate >= weak.reached.estimate
    assert strong.reached.estimate > 0.5
    for changed in found.changed:
        far = np.abs(changed.after.astype(int) - changed.before).max()
        assert far <= changed.level


def test_smoothing_is_attacked_beside_the_model(bundles: Callable[[str], Bundle]) -> None:
    """A second curve begins at its own accuracy without change."""
    torch = pytest.importorskip("torch", reason="needs objektiv[torch]")
    torch.set_num_threads(1)

    found = _examine(
        _subject(bundles), method="fgsm", strengths=(4,), defend=8, copies=2, norm="l2"
    )

    assert [curve.kind for curve in found.curves] == ["fgsm", "smoothed"]
    assert [point.level for point in found.curves[1].points] == [0.0, 4.0]


def test_the_square_attack_needs_no_torch(
    bundles: Callable[[str], Bundle], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers alone are enough."""
    monkeypatch.setattr("objektiv.base.extras._is_installed", lambda name: name != "torch")

    found = _examine(_subject(bundles), method="square", strengths=(64,), queries=20)

    assert len(found.curves[0].points) == 1
    assert found.curves[0].points[0].whole is not None


def test_a_label_of_a_folder_counts_as_right(bundles: Callable[[str], Bundle]) -> None:
    """Where the class is known, a model that is wrong without change is counted as wrong."""
    subject = _subject(bundles)
    called = int(subject.called(subject.probabilities(subject.squares([drawn(0)])))[0])
    wrong = [Pictured("a.png", drawn(0), (called + 1) % 3)]

    found = examine(subject, wrong, AttackSettings(method="natural"), progress=Progress())

    assert found.own == 0
    assert found.clean.estimate == 0.0


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"method": "square", "norm": "l2"}, "takes no such option: --norm l2"),
        ({"method": "natural", "target": "dog"}, "takes no such option: --target dog"),
        ({"target": "dogg"}, "did you mean 'dog'"),
    ],
)
def test_what_does_not_fit_is_refused(
    bundles: Callable[[str], Bundle], settings: dict[str, object], match: str
) -> None:
    """A method with an option it does not know, and an unknown target."""
    with pytest.raises(UsageError, match=match):
        check(_subject(bundles), AttackSettings(**settings))


@pytest.mark.parametrize("strength", [0, -1, 129, "much"])
def test_a_strength_out_of_its_range_is_refused(strength: object) -> None:
    """Strengths lie above 0 and up to 128 grey levels."""
    with pytest.raises(SettingsError, match="strengths"):
        make(AttackSettings, {"strengths": [strength]}, source="a test")


def test_missing_torch_is_told_before_any_work(
    bundles: Callable[[str], Bundle], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the command that installs it."""
    monkeypatch.setattr("objektiv.base.extras._is_installed", lambda name: name != "torch")

    with pytest.raises(MissingExtra, match="pip install"):
        _examine(_subject(bundles))


def test_a_network_without_slope_is_told(
    bundles: Callable[[str], Bundle], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where every gradient is 0 there is nothing to follow, and the way without is named."""
    pytest.importorskip("torch", reason="needs objektiv[torch]")

    def flat(self: Subject) -> object:
        return lambda squares, labels: (np.zeros(len(squares)), np.zeros_like(squares))

    monkeypatch.setattr(Subject, "oracle", flat)
    with pytest.raises(ModelError, match="--method square"):
        _examine(_subject(bundles), strengths=(1,))
