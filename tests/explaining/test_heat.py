"""A heat map of any bundle: exact where it can be, in the picture's own pixels, and doubted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from objektiv.base.errors import MissingExtra, UsageError
from objektiv.explaining.heat import Explainer
from objektiv.explaining.settings import HeatSettings
from objektiv.shipping.bundle import Bundle
from tests.explaining.small import drawn

Bundles = Callable[[str], Bundle]


@pytest.mark.parametrize("name", ["strange", "two", "frozen", "sigmoid"])
def test_map_and_parts_sum_to_the_logit(bundles: Bundles, name: str) -> None:
    """What lies in the picture, beside it and without a place is the logit, or the difference."""
    bundle = bundles(name)
    explainer = Explainer(bundle)
    picture = drawn(5)
    logits = bundle.predict([picture]).logits[0]
    for label in range(len(bundle.classes)):
        heat = explainer.heat(picture, label)

        other = 0 if heat.against is None else logits[heat.against]
        assert heat.kind == "contributions"
        assert heat.logit == pytest.approx(logits[label] - other, abs=1e-4)
        assert sum(heat.stages.values()) == pytest.approx(heat.logit, abs=1e-9)
        placed = sum(part.value for part in heat.parts if part.places is not None)
        assert heat.map.sum() + heat.beside == pytest.approx(placed, abs=1e-4)
        assert heat.map.shape == picture.shape[:2]


def test_two_classes_give_the_same_map_turned_round(bundles: Bundles) -> None:
    """What speaks for one of two speaks against the other."""
    explainer = Explainer(bundles("two"))
    one, other = (explainer.heat(drawn(1), label) for label in (0, 1))

    np.testing.assert_allclose(one.map, -other.map, atol=1e-5)
    assert (one.against, other.against) == (1, 0)


def test_stages_add_up_to_the_whole_map(bundles: Bundles) -> None:
    """Each stage alone, together, is the map."""
    explainer = Explainer(bundles("probe"))
    whole = explainer.heat(drawn(2), 0)
    assert explainer.stages == ("stage1", "stage2", "final")

    alone = [
        explainer.heat(drawn(2), 0, settings=HeatSettings(stage=stage))
        for stage in explainer.stages
    ]

    np.testing.assert_allclose(sum(heat.map for heat in alone), whole.map, atol=1e-4)
    assert alone[0].stage == "stage1"


def test_the_called_class_is_explained_by_default(bundles: Bundles) -> None:
    """Without a label it is the most probable one, with its probability."""
    bundle = bundles("probe")
    said = bundle.predict([drawn(3)]).probabilities[0]

    heat = Explainer(bundle).heat(drawn(3))

    assert heat.label == said.argmax()
    assert heat.probability == pytest.approx(said.max(), abs=1e-5)


def test_any_bundle_can_be_covered_up(bundles: Bundles) -> None:
    """A network whose end is not known gets occlusion, in batches, and no parts."""
    explainer = Explainer(bundles("frozen"))
    heat = explainer.heat(drawn(1), settings=HeatSettings(method="occlusion", sanity="full"))

    assert heat.kind == "occlusion"
    assert heat.map.shape == drawn(1).shape[:2]
    assert heat.parts == ()
    assert heat.sanity.curves is not None
    assert heat.sanity.likeness is not None


def test_full_sanity_tells_more(bundles: Bundles) -> None:
    """None tells nothing, quick tells of model and object, full of the answer too."""
    explainer = Explainer(bundles("strange"))
    told = {
        level: len(explainer.heat(drawn(1), 0, settings=HeatSettings(sanity=level)).told)
        for level in ("none", "quick", "full")  # type: ignore[arg-type]
    }

    assert told == {"none": 0, "quick": 2, "full": 3}


@pytest.mark.parametrize("shape", [(1, 1), (3, 400), (900, 20), (2, 2)])
def test_small_and_thin_pictures_have_heat(bundles: Bundles, shape: tuple[int, int]) -> None:
    """Pictures smaller than the network, and very thin ones, are explained in their own pixels."""
    for name in ("probe", "frozen"):
        explainer = Explainer(bundles(name))
        for method in ("auto", "occlusion"):
            picture = drawn(1, height=shape[0], width=shape[1])
            heat = explainer.heat(picture, settings=HeatSettings(method=method))  # type: ignore[arg-type]
            assert heat.map.shape == shape
            assert np.isfinite(heat.map).all()


def test_a_class_that_does_not_exist_is_refused(bundles: Bundles) -> None:
    """The nearest class is suggested."""
    with pytest.raises(UsageError, match="did you mean 'screw'"):
        Explainer(bundles("probe")).place_of("screws")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"stage": "stage22"}, "did you mean 'stage2'"),
        ({"stage": "stage1", "method": "occlusion"}, "none, for this model and method"),
        ({"stage": "stage1", "method": "grad-cam"}, "none, for this model and method|torch"),
    ],
)
def test_what_does_not_fit_the_bundle_is_refused(
    bundles: Bundles, values: dict[str, str], words: str
) -> None:
    """A stage it does not have, gradients it does not have: each says what it has."""
    with pytest.raises((UsageError, MissingExtra), match=words):
        Explainer(bundles("probe")).heat(drawn(1), settings=HeatSettings(**values))  # type: ignore[arg-type]


def test_contributions_are_refused_where_the_end_is_not_linear(
    bundles: Bundles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for by name they are not silently replaced."""
    monkeypatch.setattr("objektiv.explaining.heat.linear_end", lambda bundle: None)
    explainer = Explainer(bundles("probe"))

    assert explainer.heat(drawn(1)).kind == "occlusion"
    with pytest.raises(UsageError, match="no sum over the places"):
        explainer.heat(drawn(1), settings=HeatSettings(method="contributions"))


@pytest.mark.parametrize("method", ["grad-cam", "integrated-gradients"])
def test_gradients_without_torch_name_the_command(
    bundles: Bundles, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the extra is missing one line says what installs it."""
    monkeypatch.setattr("objektiv.base.extras._is_installed", lambda name: name != "captum")

    with pytest.raises(MissingExtra, match=r"objektiv\[torch\]") as caught:
        Explainer(bundles("probe")).heat(drawn(1), settings=HeatSettings(method=method))  # type: ignore[arg-type]
    assert f"--method {method}" in str(caught.value)
