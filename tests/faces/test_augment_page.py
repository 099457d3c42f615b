"""The page about augmentation."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from objektiv.auditing.operators import OPERATORS
from objektiv.base.settings import make, read_yaml
from objektiv.data.settings import AugmentSettings
from objektiv.faces.augment_page import about, as_yaml, commands, page, save, summary, told, verdict
from objektiv.flow.augment import Augmentation
from objektiv.flow.settings import AugmentDataSettings
from tests.faces.found import augmentation, evidence

FILE = Path("augmented/cells-001/recommended.yaml")


@pytest.fixture
def found(tmp_path: Path) -> Augmentation:
    """Of each side of an operator the weakest strength is recommended."""
    return augmentation(tmp_path)


def test_page_needs_nothing_from_outside(found: Augmentation) -> None:
    """No address but data: and places on the page that are there; no script."""
    text = page(found, settings_file=FILE)

    assert "<script" not in text
    for address in re.findall(r'(?:src|href)="([^"]*)"', text):
        assert address.startswith(("data:", "#"))
        assert address.startswith("data:") or f'id="{address[1:]}"' in text


def test_every_operator_has_its_range_and_its_evidence(found: Augmentation) -> None:
    """A section each with its recommended range, and a row for each strength."""
    text = page(found, settings_file=FILE)

    for operator in OPERATORS.values():
        assert f'<section id="{operator.name}">' in text
    assert text.count("far out</td>") == sum(not t.evidence.kept for t in found.trials)
    assert "Recommended: up to 10°." in text and "Recommended: on." in text
    assert "none of them a proof" in text


def test_names_are_escaped(found: Augmentation) -> None:
    """A file name that is HTML stays text."""
    evil = replace(found, shown="<img src=x onerror=alert(1)>")

    assert "<img src=x" not in page(evil, settings_file=FILE)


def test_that_all_together_are_too_much_is_told(found: Augmentation) -> None:
    """Only where they are, and only of what was recommended."""
    warning = "Each passes the rule alone"
    assert warning in page(found, settings_file=FILE)
    assert warning not in page(replace(found, together=evidence()), settings_file=FILE)
    asked = replace(found, settings=AugmentDataSettings(rotation=90))
    assert warning not in page(asked, settings_file=FILE)


def test_nothing_recommended_gives_no_command(found: Augmentation) -> None:
    """Where no operator passes, the page says so instead."""
    nothing = replace(found, recommended=AugmentSettings(), chosen=AugmentSettings())
    text = page(nothing, settings_file=FILE)

    assert "No operator passes the rule" in text
    assert "--model" not in text
    assert told(nothing.chosen) == "nothing"


def test_a_strength_that_is_kept_again_is_explained(found: Augmentation) -> None:
    """Then it may be the filling of the corners that is unlike."""
    quarter = OPERATORS["rotation"].step(90)
    trials = tuple(
        replace(t, evidence=evidence()) if t.step == quarter else t for t in found.trials
    )
    text = page(replace(found, trials=trials), settings_file=FILE)

    assert "90° is kept though 30° and 45° are not" in text and "--fill-mode nearest" in text
    assert "is kept though" not in page(found, settings_file=FILE)


def test_options_and_yaml_mean_the_recommended_settings(found: Augmentation) -> None:
    """Both read back to the same object."""
    options, file = commands(found, FILE)
    words = options.split(" --model finetune ")[1].split()
    given = {
        name.removeprefix("--").replace("-", "_"): value.split(",") if "," in value else value
        for name, value in zip(words[::2], words[1::2], strict=True)
    }
    assert make(AugmentSettings, given) == found.recommended
    assert file.endswith(f"--settings {FILE}")
    assert "zoom: [0.9,1.1]" in as_yaml(found.recommended)


def test_words_say_what_is_on(found: Augmentation) -> None:
    """Ranges in the units of their operators, and only what is on."""
    settings = AugmentSettings(rotation=30, zoom=(0.9, 1.1), horizontal_flip=True, channel_shift=9)

    assert told(settings) == (
        "rotation up to 30°, zoom x 0.9 to x 1.1, horizontal flip, channel shift up to 9"
    )
    assert summary(found).rows[0] == ("Rotation", "10°, 30°, 45°, 90°", "up to 10°")
    assert about(found) == (
        "5 pictures augmented at 30 strengths of 8 operators and compared with 16 pictures of "
        "2 classes, a sample of 100"
    )


def test_a_verdict_names_what_failed() -> None:
    """Far out, accuracy, both or neither."""
    assert verdict(evidence()) == "kept"
    assert verdict(evidence(far=0.5)) == "far out"
    assert verdict(evidence(change=-0.1)) == "accuracy falls"
    assert verdict(evidence(far=0.5, change=-0.1)) == "far out, accuracy falls"


def test_everything_lies_beside_the_page(found: Augmentation, tmp_path: Path) -> None:
    """Figures, the evidence of every strength, and settings that can be read again."""
    folder = tmp_path / "out"
    folder.mkdir()
    written = save(found, folder)

    assert sorted(p.name for p in folder.iterdir()) == [
        "augment.html",
        "evidence.csv",
        "operators.png",
        "recommended.yaml",
        "views.png",
    ]
    assert written == folder / "augment.html"
    assert read_yaml(AugmentSettings, folder / "recommended.yaml") == found.recommended
    table = pl.read_csv(folder / "evidence.csv")
    assert len(table) == len(found.trials) + 2
    assert table["far"][0] == pytest.approx(0.08)


def test_what_cannot_be_told_is_a_dash(found: Augmentation, tmp_path: Path) -> None:
    """One class has no accuracy."""
    nameless = evidence(change=None)
    alone = replace(found, accuracy=None, control=nameless, together=nameless)
    alone = replace(alone, trials=tuple(replace(t, evidence=nameless) for t in found.trials))

    assert '<td class="n">-</td>' in page(alone, settings_file=FILE)
