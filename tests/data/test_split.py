"""A split names each item once, keeps together what belongs together, and is the same by seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objektiv.base.errors import DataError
from objektiv.data.dataset import Dataset
from objektiv.data.folders import PARTS
from objektiv.data.settings import SplitSettings
from objektiv.data.split import Split, check, split

KEYS = ("id", "path", "label", "group", "part", "hash")


def dataset(rows: Sequence[dict[str, str | None]], *, hashed: bool = True) -> Dataset:
    """A dataset of given rows; what a row leaves out is null, and its hash is its own."""
    columns: dict[str, list[str | None]] = {key: [] for key in KEYS}
    for number, row in enumerate(rows):
        name = f"{row['label']}/{number}.png"
        full = {"id": name, "path": f"/data/{name}", "hash": f"hash {number}", **row}
        for key in KEYS:
            columns[key].append(full.get(key))
    items = pl.DataFrame(columns, schema=dict.fromkeys(KEYS, pl.String))
    quarantine = dict.fromkeys(("id", "path", "label", "reason", "message"), pl.String)
    return Dataset(
        root=Path("/data"),
        classes=tuple(sorted({str(row["label"]) for row in rows})),
        items=items if hashed else items.drop("hash"),
        quarantine=pl.DataFrame(schema=quarantine),
    )


def plain(**counts: int) -> Dataset:
    """Lone items only, so many of each class."""
    return dataset([{"label": label} for label, count in counts.items() for _ in range(count)])


def study(patients: int, seed: int = 0) -> Dataset:
    """Patients with 10 to 40 cells, of which a varying share is infected."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, str | None]] = []
    for patient in range(patients):
        share = rng.beta(2, 2)
        for _ in range(rng.integers(10, 41)):
            label = "infected" if rng.random() < share else "healthy"
            rows.append({"label": label, "group": f"P{patient:03d}"})
    return dataset(rows)


def joined(data: Dataset, made: Split) -> pl.DataFrame:
    return data.items.drop("part").join(made.table, on="id", maintain_order="left")


def counts(data: Dataset, made: Split) -> dict[tuple[str, str], int]:
    table = joined(data, made)
    return dict(Counter(zip(table["label"], table["part"], strict=True)))


def test_the_course_counts_come_out_in_every_class() -> None:
    """13,779 cells of each class at 60/20/20 are 8,267 / 2,756 / 2,756, as in the course."""
    data = plain(infected=13_779, healthy=13_779)

    found = counts(data, split(data, SplitSettings()))

    assert found == {
        (label, part): number
        for label in ("infected", "healthy")
        for part, number in (("train", 8_267), ("validation", 2_756), ("test", 2_756))
    }


def test_every_item_appears_once_in_the_order_of_the_dataset() -> None:
    """The table of a split has one row an item, in order; folds are 0 to 4, none for test."""
    data = plain(a=40, b=25)

    table = split(data, SplitSettings()).table

    assert table.columns == ["id", "part", "fold"]
    assert table["id"].to_list() == data.items["id"].to_list()
    assert table.filter(pl.col("part") == "test")["fold"].null_count() == 5 + 8
    assert set(table.filter(pl.col("part") != "test")["fold"]) == {0, 1, 2, 3, 4}


def test_the_seed_decides_the_split() -> None:
    """One seed gives one split, another seed another, with groups and without."""
    for data in (plain(a=60, b=60), study(24)):
        first, again, other = (split(data, SplitSettings(seed=seed)).table for seed in (1, 1, 2))

        assert first.equals(again)
        assert not first["part"].equals(other["part"])
        assert not first["fold"].equals(other["fold"])


@pytest.mark.parametrize(("patients", "tolerance"), [(24, 0.02), (120, 0.006), (200, 0.006)])
def test_groups_are_divided_near_the_ratios(patients: int, tolerance: float) -> None:
    """Whole patients still give each part and fold its share of each class."""
    data = study(patients)
    made = split(data, SplitSettings())
    table = joined(data, made)

    for label in data.classes:
        of_class = table.filter(pl.col("label") == label)
        shares = [(of_class["part"] == part).sum() / len(of_class) for part in PARTS]
        assert shares == pytest.approx([0.6, 0.2, 0.2], abs=tolerance)
        inside = of_class.filter(pl.col("part") != "test")
        folds = [(inside["fold"] == fold).sum() / len(inside) for fold in range(5)]
        assert folds == pytest.approx([0.2] * 5, abs=3 * tolerance)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(0, 9) | st.none(), st.integers(0, 40)),
        min_size=1,
        max_size=60,
    ),
    st.integers(0, 2**32 - 1),
)
def test_nothing_that_belongs_together_is_divided(
    drawn: list[tuple[str, int | None, int]], seed: int
) -> None:
    """Whatever the groups and copies, each is in one part and one fold, and each item once."""
    rows: list[dict[str, str | None]] = [
        {"label": label, "group": None if group is None else f"P{group}", "hash": str(copy)}
        for label, group, copy in drawn
    ]
    rows += [{"label": label} for label in "ab" * 4]  # enough to divide at all
    data = dataset(rows)

    made = split(data, SplitSettings(seed=seed))

    table = joined(data, made).with_columns(pl.col("fold").fill_null(-1))
    assert made.table["id"].to_list() == data.items["id"].to_list()
    for column in ("group", "hash"):
        places = table.drop_nulls(column).group_by(column).agg(pl.struct("part", "fold").n_unique())
        assert (places["part"] == 1).all()
    assert set(counts(data, made)) == {(label, part) for label in "ab" for part in PARTS}


def test_copies_stay_together_without_groups() -> None:
    """Ten copies of one picture are in one part even where nobody asked for groups."""
    data = dataset([{"label": "a", "hash": "same"}] * 10 + [{"label": c} for c in "ab" * 30])

    made = split(data, SplitSettings())

    assert len(set(made.table["part"][:10])) == 1


def test_before_the_files_were_looked_at_there_are_no_copies() -> None:
    """A dataset without hashes is divided by class and group alone."""
    data = dataset([{"label": label} for label in "ab" * 20], hashed=False)

    assert len(split(data, SplitSettings()).table) == 40


def test_a_class_with_too_few_groups_is_refused() -> None:
    """Two patients cannot be in three parts: the error names the class and its groups."""
    rows = [{"label": "b", "group": f"P{n}"} for n in range(9)]
    rows += [{"label": "a", "group": f"P{n % 2}"} for n in range(20)]

    with pytest.raises(DataError, match=r"too few .* a has 2 groups, b has 9 groups\. Each class "):
        split(dataset(rows), SplitSettings())


def test_a_class_with_two_different_images_is_refused() -> None:
    """Copies count once, and without groups the error speaks of images."""
    rows = [{"label": "rare", "hash": "same"}] * 3 + [{"label": "rare"}]
    data = dataset([*rows, *[{"label": "usual"}] * 50])

    with pytest.raises(DataError, match=r"rare has 2 different images, usual has 50 different"):
        split(data, SplitSettings())


def test_groups_that_overlap_too_much_are_refused() -> None:
    """Four patients of which each class misses another one cannot be divided in three."""
    held = {"a": "123", "b": "124", "c": "134", "d": "234"}
    rows = [{"label": c, "group": p} for c, patients in held.items() for p in patients]

    with pytest.raises(DataError, match="enough, but overlapping so that train, validation, test"):
        split(dataset(rows), SplitSettings())


def test_few_images_mean_fewer_folds_and_a_note() -> None:
    """A class with four images has three in train and validation, so there are three folds."""
    made = split(plain(rare=4, usual=50), SplitSettings())

    assert set(made.table["fold"].drop_nulls()) == {0, 1, 2}
    assert made.notes == ("3 folds instead of 5, so that every fold holds every class.",)


@pytest.mark.parametrize(
    ("counts", "told"),
    [({"a": 5}, "one class only: 'a'"), ({}, "no image of"), ({"a": 9, "b": 2}, "'b' has 2")],
)
def test_data_that_cannot_be_learned_from_is_refused(counts: dict[str, int], told: str) -> None:
    """One class, none, or one with less than three images cannot be divided."""
    with pytest.raises(DataError, match=told):
        split(plain(**counts), SplitSettings())


def parted(**counts: int) -> list[dict[str, str | None]]:
    """Rows of two classes with given parts, so many of each class."""
    return [
        {"label": label, "part": part}
        for part, count in counts.items()
        for label in "ab"
        for _ in range(count)
    ]


def test_given_parts_are_kept() -> None:
    """A dataset that names all parts keeps them; folds are drawn in train and validation."""
    data = dataset(parted(train=10, validation=6, test=4))

    made = split(data, SplitSettings())

    assert made.table["part"].to_list() == data.items["part"].to_list()
    assert made.table["fold"].null_count() == 8
    assert made.notes == ()


def test_a_missing_validation_is_drawn_from_train() -> None:
    """Validation is drawn at 0.2 / 0.8 of train, test stays, and a note says so."""
    data = dataset(parted(train=40, test=15))

    made = split(data, SplitSettings())

    assert Counter(made.table["part"]) == {"train": 60, "validation": 20, "test": 30}
    assert made.table["part"][80:].to_list() == ["test"] * 30
    assert made.notes == ("The data came without validation: 20 items were drawn from train.",)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"train": 40}, {"train": 48, "validation": 16, "test": 16}),
        ({"train": 40, "validation": 5}, {"train": 60, "validation": 10, "test": 20}),
    ],
)
def test_a_missing_test_is_drawn_from_train(
    given: dict[str, int], expected: dict[str, int]
) -> None:
    """Test is drawn from train in proportion to the ratios of what train is divided into."""
    made = split(dataset(parted(**given)), SplitSettings())

    assert Counter(made.table["part"]) == expected
    assert "test" in made.notes[0]


def test_given_parts_with_a_straddling_group_are_refused() -> None:
    """A patient in train and test is named, and splitting anew is the way out."""
    rows = [
        {**row, "group": f"P{n}"} for n, row in enumerate(parted(train=9, validation=9, test=9))
    ]
    rows[0]["group"] = rows[-1]["group"] = "P0"

    with pytest.raises(
        DataError, match=r"1 groups are in more .* P0 in train and test.* --parts n"
    ):
        split(dataset(rows), SplitSettings())


def test_given_parts_with_a_straddling_copy_are_refused() -> None:
    """A copy in train and test is named by both ids."""
    rows = parted(train=9, validation=9, test=9)
    rows[0]["hash"] = rows[-1]["hash"] = "same"

    with pytest.raises(DataError, match=r"1 exact copies .*a/0\.png = b/53\.png in train and test"):
        split(dataset(rows), SplitSettings())


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (parted(test=9), "18 images in test. Either no image"),
        ([*parted(train=9), {"label": "a"}], "1 images in no part, 18 images in train"),
        (
            [*parted(train=9, test=9), *[{"label": "c", "part": "test"}] * 3],
            "train part .* lacks .*: c",
        ),
    ],
)
def test_given_parts_that_cannot_be_learned_from_are_refused(
    rows: list[dict[str, str | None]], told: str
) -> None:
    """Only test, parts for some images only, or a class missing in train is an error."""
    with pytest.raises(DataError, match=told):
        split(dataset(rows), SplitSettings())


def test_a_class_missing_in_a_given_test_is_noted() -> None:
    """Given parts are obeyed, but a test that cannot judge a class is told of."""
    rows = parted(train=9, validation=9, test=3)
    data = dataset([*rows, *({"label": "c", "part": part} for part in ["train", "validation"] * 5)])

    assert split(data, SplitSettings()).notes == ("The test part holds no image of class c.",)


def test_a_saved_split_loads_and_fits(tmp_path: Path) -> None:
    """What was saved is what is loaded, odd names and numbers included, and it fits its data."""
    names = ["=cmd/1.png", "@a/b,c.png", 'a/"q".png', "0012", "a/ä\n.png", "-1", "null"]
    rows = [{"label": "ab"[n % 2], "id": f"n{n}"} for n in range(22)]
    data = dataset([*rows, *({"label": "a", "id": name} for name in names)])
    made = split(data, SplitSettings())

    made.save(tmp_path / "split.csv")

    loaded = Split.load(tmp_path / "split.csv")
    assert loaded.table.equals(made.table)
    check(loaded, data)
    text = (tmp_path / "split.csv").read_text(encoding="utf-8")
    assert text.startswith("id,part,fold\n")
    assert "\n=" not in text  # a spreadsheet would take it for a formula


def test_ids_of_a_part_are_listed() -> None:
    """`ids` gives the ids of one part in order."""
    data = dataset(parted(train=3, validation=2, test=2))

    assert split(data, SplitSettings()).ids("test") == tuple(data.items["id"][10:])


AGAIN = "id,part,fold,fold_2\na,train,0,0\nb,train,1,{}\nc,validation,0,0\nd,test,,\n"
GOOD = "id,part,fold\na,train,0\nb,train,1\nc,validation,0\nd,test,\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty CSV"),
        ("id,part\na,train\n", "no column fold"),
        (GOOD + "a,train,0\n", "1 ids stand in it more than once, e.g. a"),
        (GOOD.replace("validation", "val"), "unknown part 'val'"),
        (GOOD.replace("d,test,", "d,train,1"), "no item is in test"),
        (GOOD.replace("b,train,1", "b,train,"), "1 items lack their fold, .* e.g. b"),
        (GOOD.replace("d,test,", "d,test,1"), "1 items .* have one and are test, e.g. d"),
        (GOOD.replace("b,train,1", "b,train,-1"), "lack their fold, .* e.g. b"),
        (GOOD.replace("b,train,1", "b,train,one"), "one"),
        (GOOD.replace("b,train,1", "b,train,0"), "all items are in one fold"),
        (GOOD + "a,b,c,d,e\n", "cannot be used as a split"),
        (
            "id,part,fold,fold_2\na,train,0,0\nb,train,1,\nc,validation,0,1\nd,test,,\n",
            "fold_2, or",
        ),
        (
            "id,part,fold,fold_2\na,train,0,0\nb,train,1,0\nc,validation,0,0\nd,test,,\n",
            "one fold_2",
        ),
    ],
)
def test_a_file_that_is_no_split_is_refused(tmp_path: Path, text: str, told: str) -> None:
    """Each mistake in a split.csv is named with the file."""
    path = tmp_path / "mine.csv"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(DataError, match=told) as caught:
        Split.load(path)

    assert str(caught.value).startswith(f"{path} cannot be used as a split: ")


def test_a_good_split_file_is_read(tmp_path: Path) -> None:
    """The table above is right but for the mistake that each case plants."""
    path = tmp_path / "mine.csv"
    path.write_text(GOOD, encoding="utf-8")

    assert Split.load(path).table["fold"].to_list() == [0, 1, 0, None]


def test_a_missing_split_file_is_told(tmp_path: Path) -> None:
    """A path that does not exist is an error of the data, not a traceback."""
    with pytest.raises(DataError, match=r"none\.csv cannot be used as a split: .*(such|exist)"):
        Split.load(tmp_path / "none.csv")


def test_a_split_of_other_data_is_refused() -> None:
    """Ids the data lacks and ids the split lacks are counted; those in quarantine are told."""
    data = plain(a=20, b=20)
    made = split(data, SplitSettings())
    aside = data.items.head(2).select("id", "path", "label", reason=pl.lit(""), message=pl.lit(""))
    fewer = Dataset(data.root, data.classes, data.items[2:], aside)

    with pytest.raises(
        DataError, match=r"2 ids are not in the data: a/0\.png, .*2 of them in quar"
    ):
        check(made, fewer)
    with pytest.raises(DataError, match=r"38 ids are not in the split: .*, \.\.\.\. A split names"):
        check(Split(made.table.head(2)), data)


@pytest.mark.parametrize(("rows", "where"), [((0, 9), "test"), ((0, 1), "train fold 1")])
def test_a_split_that_divides_a_group_is_refused(rows: tuple[int, int], where: str) -> None:
    """A re-used split may divide a group neither between parts nor between folds."""
    data = dataset([{"label": "ab"[n % 2], "group": "P" if n in rows else None} for n in range(10)])
    table = pl.DataFrame(
        {"id": data.items["id"], "part": ["train"] * 9 + ["test"], "fold": [0, 1, 2] * 3 + [None]}
    )

    with pytest.raises(DataError, match=f"1 groups are .*: P in train fold 0 and {where}. Images"):
        check(Split(table), data)
