"""What papers take from a run is what the run found."""

from __future__ import annotations

from dataclasses import replace

from objektiv.base.language import speaking
from objektiv.faces.paper_facts import Facts
from objektiv.faces.paper_page import read_page
from objektiv.faces.report import page
from tests.faces.conftest import MakeReport


def _facts(make_report: MakeReport, **fields: object) -> Facts:
    data = make_report(**fields)
    return Facts(read_page(page(data)), data)


def test_the_headline_tells_the_share(make_report: MakeReport) -> None:
    """In words, with its interval."""
    told = _facts(make_report).headline.text

    assert told.startswith("Of 20 test pictures 16 were right: 80.0 % (95 % interval")


def test_augmentation_is_only_told_of_networks(make_report: MakeReport) -> None:
    """The probe looks at pictures as they are, whatever the settings say."""
    facts = _facts(make_report, settings={"rotation": 30.0, "zoom": [0.9, 1.1]})
    learnt = replace(facts.data, lesson=object())  # type: ignore[arg-type]

    assert "not changed" in facts.augmentation.text
    told = Facts(facts.page, learnt).augmentation.text
    assert told.endswith("in each epoch: rotation 30, zoom 0.9 to 1.1.")


def test_few_groups_are_a_warning(make_report: MakeReport) -> None:
    """What the report warns of, the papers warn of."""
    told = [p.text for p in _facts(make_report, groups=5).warnings]

    assert told[0].startswith("Only 5 groups")


def test_costs_speak_of_the_class_that_is_sought(make_report: MakeReport) -> None:
    """With more than two classes they speak of mix-ups."""
    assert "miss cat" in _facts(make_report).costs.text
    assert "mix-up" in _facts(make_report, classes=("a", "b", "c")).costs.text


def test_the_bibliography_names_the_network_that_was_used(make_report: MakeReport) -> None:
    """Sorted by the first author's name; without a pretrained network none is named."""
    pretrained = _facts(make_report, settings={"backbone": "lite0"}).literature.items
    scratch = _facts(make_report, settings={"model": "cnn"}).literature.items

    assert any("EfficientNet" in work for work in pretrained)
    assert [work.split(".")[0] for work in scratch] == ["G", "C", "X", "E"]


def test_a_section_that_a_run_lacks_is_empty(make_report: MakeReport) -> None:
    """A paper of a run without curves has none, and does not fail."""
    facts = _facts(make_report)

    assert facts.sights("curves", "network") == ()
    assert facts.first_table("nothing") == ()


def test_german_facts_are_german(make_report: MakeReport) -> None:
    """Sentences and numbers."""
    with speaking("de"):
        told = _facts(make_report).headline.text

    assert "80,0 %" in told
