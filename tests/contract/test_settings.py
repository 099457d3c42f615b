"""Settings are the only home of a default, a type, a limit and a help sentence."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from objektiv.base.settings import Settings
from scripts.docs import settings_classes

CLASSES = settings_classes()


def test_there_are_settings() -> None:
    """The search for settings classes finds those of reading and splitting."""
    assert {"ReadSettings", "SplitSettings"} <= {kind.__name__ for kind in CLASSES}


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_field_says_what_it_means(kind: type[Settings]) -> None:
    """Each field's help is a sentence of at least three words that ends with a full stop."""
    helps = {name: field.description or "" for name, field in kind.model_fields.items()}

    assert helps
    assert [n for n, text in helps.items() if len(text.split()) < 3 or text[-1] != "."] == []


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_unknown_names_are_refused(kind: type[Settings]) -> None:
    """A name that is no setting is an error, never dropped."""
    with pytest.raises(ValidationError, match="no_such_setting"):
        kind(no_such_setting=1)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_settings_do_not_change(kind: type[Settings]) -> None:
    """An object of settings is frozen."""
    settings = kind.model_construct()

    with pytest.raises(ValidationError, match="frozen"):
        setattr(settings, next(iter(kind.model_fields)), None)
