"""Names people type: near ones, natural order, registries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objektiv.base.errors import UsageError
from objektiv.base.names import Registry, natural_key, nearest, suggestion


@pytest.fixture
def heads() -> Registry[int]:
    """A small table."""
    return Registry("head", {"logistic": 1, "mlp": 2}, list_command="objektiv models")


def test_the_near_name_is_found() -> None:
    """A slip of one letter leads to the right name."""
    assert nearest("learning_rat", ["epochs", "learning_rate", "size"]) == "learning_rate"


def test_a_far_name_suggests_nothing() -> None:
    """Where no name is near, none is suggested."""
    assert nearest("zzz", ["epochs", "size"]) is None
    assert suggestion("zzz", ["epochs", "size"]) == ""


def test_numbers_in_names_count_as_numbers() -> None:
    """type_2 stands before type_10, as people expect and plain sorting denies."""
    assert sorted(["type_10", "type_2", "Type_1"], key=natural_key) == [
        "Type_1",
        "type_2",
        "type_10",
    ]


def test_a_name_stands_before_the_same_with_more() -> None:
    """A name comes before those that go on after it, with a number or without."""
    assert sorted(["a1b", "a1", "a-1", "ab", "a", "1a"], key=natural_key) == [
        "1a",
        "a",
        "a1",
        "a1b",
        "a-1",
        "ab",
    ]


@pytest.mark.parametrize("pair", [("a", "A"), ("01", "1"), ("x2", "x02"), ("²", "2")])
def test_natural_order_is_total(pair: tuple[str, str]) -> None:
    """Two different names never compare as equal, so an order of classes is always the same."""
    assert natural_key(pair[0]) != natural_key(pair[1])


@given(st.lists(st.text(max_size=8), unique=True, max_size=6), st.randoms())
def test_natural_order_does_not_depend_on_the_order_before(names: list[str], random) -> None:  # type: ignore[no-untyped-def]
    """Any names, shuffled, sort to the same list."""
    shuffled = list(names)
    random.shuffle(shuffled)

    assert sorted(shuffled, key=natural_key) == sorted(names, key=natural_key)


def test_a_registry_gives_what_is_listed(heads: Registry[int]) -> None:
    """A listed name gives its thing, and listing keeps the order of the table."""
    assert heads.get("mlp") == 2
    assert list(heads) == ["logistic", "mlp"]
    assert len(heads) == 2


def test_an_unknown_name_is_answered_with_the_near_one(heads: Registry[int]) -> None:
    """A wrong name is refused with the value, what is known, the near name and a command."""
    with pytest.raises(UsageError) as caught:
        heads.get("logistik")

    assert str(caught.value) == (
        "no head has this name: 'logistik'. Known: logistic, mlp. "
        "Next: did you mean 'logistic'? see `objektiv models`"
    )


def test_an_unknown_name_far_from_all_has_no_hint(heads: Registry[int]) -> None:
    """A name far from all is refused without a guess."""
    with pytest.raises(UsageError) as caught:
        heads.get("zzz")

    assert caught.value.next == "see `objektiv models`"
