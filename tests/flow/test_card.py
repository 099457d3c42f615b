"""The model card says what the model is, on what it was tested, and what it cannot do."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from objektiv.base.language import speaking
from objektiv.flow.card import model_card
from objektiv.flow.run import Run
from objektiv.flow.trained import Trained
from objektiv.shipping.facts import OWN
from tests.flow.conftest import TrainOn


def _card(trained: Path) -> str:
    return (trained / "model_card.md").read_text(encoding="utf-8")


def _of(trained: Trained) -> str:
    return model_card("cells-001", trained.seen, trained.made, trained.judged)


def _front(card: str) -> dict[str, Any]:
    """The YAML before the text."""
    start, front, _ = card.split("---\n", 2)
    assert start == ""
    found: dict[str, Any] = yaml.safe_load(front)
    return found


def test_the_card_tells_the_scores_of_the_run(trained: Path) -> None:
    """Accuracy and its interval stand in the card as metrics.json has them."""
    accuracy = Run(trained).metrics()["test"]["accuracy"]
    told = "| accuracy | {estimate:.3f} | {low:.3f} to {high:.3f} |".format(**accuracy)

    assert told in _card(trained)


def test_the_front_is_what_hugging_face_reads(trained: Path) -> None:
    """Licence, task and tags, and each score of the test part with its full figures."""
    front, test = _front(_card(trained)), Run(trained).metrics()["test"]
    (model,) = front["model-index"]
    (result,) = model["results"]
    values = {m["type"]: m["value"] for m in result["metrics"]}

    assert front["license"] == "apache-2.0"
    assert front["pipeline_tag"] == result["task"]["type"] == "image-classification"
    assert result["dataset"]["split"] == "test"
    assert model["name"] == trained.name
    assert values["accuracy"] == pytest.approx(test["accuracy"]["estimate"], rel=1e-5)
    assert values["brier_score"] == pytest.approx(test["brier"], rel=1e-5)
    assert set(front["metrics"]) == set(values)


def test_hugging_face_itself_reads_the_front(trained: Path) -> None:
    """Its own library finds the results."""
    hub = pytest.importorskip("huggingface_hub", reason="the extra torch is not installed")
    found = hub.ModelCard(_card(trained)).data.eval_results

    assert {r.metric_type for r in found} >= {"accuracy", "sensitivity", "roc_auc"}
    assert {r.task_type for r in found} == {"image-classification"}


def test_the_card_tells_on_what_it_was_tested(trained: Path) -> None:
    """Numbers of pictures and groups, classes, size, backbone and licence are told."""
    card = _card(trained)

    assert "Learnt from 48 pictures, tested on 12 others" in card
    assert "Tested on 2 groups that the model had not seen" in card
    assert "Classes: disc, stripe" in card
    assert "128 x 128 pixels by `letterbox`" in card
    assert "EfficientNet-Lite0 (weights: Apache-2.0," in card
    assert "No file had to be set aside" in card


def test_a_hostile_name_does_not_break_the_front(train_on: TrainOn, shapes: Path) -> None:
    """Quotes, line ends and colons in names stay text in the YAML."""
    trained = train_on(shapes)
    name = 'x": [1]\n--- \u2028 \U0001f600'
    card = model_card(name, trained.seen, trained.made, trained.judged)

    assert json.dumps(_front(card)["model-index"][0]["name"]).count("[1]") == 1


def test_the_licence_is_that_of_the_network_inside(train_on: TrainOn, shapes: Path) -> None:
    """One that Hugging Face does not list is named; a network of one's own has none yet."""
    trained = train_on(shapes)

    def front(licence: str) -> dict[str, Any]:
        backbone = trained.made.backbone.model_copy(update={"licence": licence})
        return _front(_of(replace(trained, made=replace(trained.made, backbone=backbone))))

    assert front("Odd Licence 2")["license_name"] == "Odd Licence 2"
    assert "license" not in front(OWN)


def test_the_card_tells_its_limits(trained: Path) -> None:
    """Every card says that the model also names a class for pictures of something else."""
    card = _card(trained)

    assert "It always names one of its classes, also for pictures of something else" in card
    assert "### Out of scope" in card


def test_the_card_travels_with_the_bundle(trained: Path) -> None:
    """The card in the run and the one in the bundle are the same."""
    assert (trained / "model" / "model_card.md").read_text(encoding="utf-8") == _card(trained)


def test_the_card_says_when_no_groups_were_named(train_on: TrainOn, shapes: Path) -> None:
    """Without groups the card warns that pictures of one object may be in both parts."""
    assert "No groups were named, so pictures of one patient or object may be in both" in (
        _of(train_on(shapes))
    )


def test_the_same_run_gives_the_same_card(train_on: TrainOn, shapes: Path) -> None:
    """No clock, no machine, no path in it."""
    trained = train_on(shapes)

    assert _of(trained) == _of(trained)
    assert str(shapes.parent) not in _of(trained)


def test_a_german_card_has_the_same_figures(train_on: TrainOn, shapes: Path) -> None:
    """Text and decimal comma are German; the front stays what machines read."""
    trained = train_on(shapes)
    with speaking("de"):
        german = _of(trained)
    accuracy = f"{trained.judged.scores.accuracy.estimate:.3f}".replace(".", ",")

    assert "## Grenzen" in german
    assert f"| Genauigkeit | {accuracy} |" in german
    assert _front(german) == _front(_of(trained))
