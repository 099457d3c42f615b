"""The model card says what the model is, on what it was tested, and what it cannot do."""

from __future__ import annotations

from pathlib import Path

from objektiv.flow.card import _harmless, model_card
from objektiv.flow.run import Run
from tests.flow.conftest import TrainOn


def _card(trained: Path) -> str:
    return (trained / "model_card.md").read_text(encoding="utf-8")


def test_the_card_tells_the_scores_of_the_run(trained: Path) -> None:
    """Accuracy and its interval stand in the card as metrics.json has them."""
    accuracy = Run(trained).metrics()["test"]["accuracy"]
    told = "| accuracy | {estimate:.3f} | {low:.3f} to {high:.3f} |".format(**accuracy)

    assert told in _card(trained)


def test_the_card_tells_on_what_it_was_tested(trained: Path) -> None:
    """Numbers of pictures and groups, classes, size, backbone and licence are told."""
    card = _card(trained)

    assert "Learnt from 48 pictures, tested on 12 others" in card
    assert "2 groups that the model had not seen" in card
    assert "Classes: disc, stripe" in card
    assert "128 x 128 pixels by `letterbox`" in card
    assert "EfficientNet-Lite0 (weights: Apache-2.0," in card


def test_a_class_name_is_no_markup() -> None:
    """A class called like a tag or a cell's end is shown, not obeyed, where Markdown is shown."""
    assert _harmless("<img onerror=x> | a") == "&lt;img onerror=x> &#124; a"


def test_the_card_tells_its_limits(trained: Path) -> None:
    """Every card says that the model also names a class for pictures of something else."""
    assert "It always names one of its classes, also for pictures of something else" in (
        _card(trained)
    )


def test_the_card_travels_with_the_bundle(trained: Path) -> None:
    """The card in the run and the one in the bundle are the same."""
    assert (trained / "model" / "model_card.md").read_text(encoding="utf-8") == _card(trained)


def test_the_card_says_when_no_groups_were_named(train_on: TrainOn, shapes: Path) -> None:
    """Without groups the card warns that pictures of one object may be in both parts."""
    trained = train_on(shapes)
    card = model_card(trained.made, trained.judged.scores)

    assert "No groups were named, so pictures of one patient or object may be in both" in card
