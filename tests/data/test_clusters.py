"""What belongs together is found, and a division that tears it apart is refused."""

from __future__ import annotations

import polars as pl
import pytest

from objektiv.base.errors import DataError
from objektiv.data.clusters import find_clusters, kinds, refuse_straddling


def table(groups: list[str | None], hashes: list[str]) -> pl.DataFrame:
    ids = [f"a/{number}.png" for number in range(len(groups))]
    columns = {"id": ids, "group": groups, "hash": hashes}
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))


def test_groups_and_copies_join_through_each_other() -> None:
    """A copy held by two patients joins both patients into one cluster; others stay alone."""
    items = table(["P1", "P1", "P2", None, None, None], ["a", "b", "b", "c", "d", "d"])

    one, two, three, four, five, six = find_clusters(items).tolist()

    assert one == two == three
    assert five == six
    assert len({one, four, five}) == 3


def test_near_copies_join_where_they_are_known() -> None:
    """The column copy names sets of near copies; they join groups like exact copies do."""
    items = table(["P1", "P2", None, None], ["a", "b", "c", "d"]).with_columns(
        copy=pl.Series(["n1", "n1", "n2", None])
    )

    one, two, three, four = find_clusters(items).tolist()

    assert one == two
    assert len({one, three, four}) == 3
    with pytest.raises(DataError, match=r"^1 near copies are .*: a/0\.png = a/1\.png in x and y"):
        refuse_straddling(items, ["x", "y", "x", "x"], next="split anew")


def test_without_hashes_only_groups_join() -> None:
    """Before the files were looked at there is no hash column, and groups still join."""
    items = table(["P1", None, "P1", None], ["x"] * 4).drop("hash")

    first, second, third, fourth = find_clusters(items).tolist()

    assert first == third
    assert len({first, second, fourth}) == 3


def test_no_items_have_no_clusters() -> None:
    """An empty table gives no cluster and no error."""
    assert find_clusters(table([], [])).tolist() == []


def test_clusters_are_called_groups_only_where_there_are_groups() -> None:
    """Messages speak of groups only to people who named some."""
    assert kinds(table([None], ["a"])) == "different images"
    assert kinds(table(["P1"], ["a"])) == "groups"


def test_straddling_is_refused_with_counts_and_three_examples() -> None:
    """A torn group and torn copies are counted, and three examples are named."""
    items = table(["P1", "P1", "P2", "P2", "P3", None, None], ["a", "b", "c", "d", "e", "f", "f"])
    places = ["train", "test", "train", "validation", "test", "train", "test"]

    with pytest.raises(DataError) as caught:
        refuse_straddling(items, places, next="split anew")

    message = str(caught.value)
    assert message.startswith("2 groups and 1 exact copies are in more than one part or fold: ")
    assert "P1 in train and test; P2 in train and validation; " in message
    assert "a/5.png = a/6.png in train and test" in message
    assert message.endswith("Next: split anew")


def test_whole_clusters_are_accepted() -> None:
    """Null groups join nothing, so items without a group may be anywhere."""
    items = table(["P1", "P1", None, None], ["a", "b", "c", "d"])

    refuse_straddling(items, ["test", "test", "train", "test"], next="nothing")
