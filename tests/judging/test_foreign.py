"""Tables of predictions from other tools."""

from __future__ import annotations

from pathlib import Path

import pytest

from objektiv.base.errors import DataError
from objektiv.judging.foreign import load

WIDE = "id,label,cat,dog\na,cat,0.9,0.1\nb,dog,0.4,0.6\n"


def write(folder: Path, text: str) -> Path:
    """A CSV file with this text."""
    path = folder / "p.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "head",
    [
        "id,label,cat,dog",
        "id,label,probability:cat,probability:dog",
        "filename,true,cat,dog",
        "Path,Target,cat,dog",
        "image_id,y_true,cat,dog",
    ],
)
def test_usual_names_of_columns_are_understood(tmp_path: Path, head: str) -> None:
    """Ids, labels and a column for each class, however they are called."""
    p = load(write(tmp_path, WIDE.replace("id,label,cat,dog", head)))

    assert (p.ids, p.classes, p.labels.tolist()) == (("a", "b"), ("cat", "dog"), [0, 1])
    assert p.probabilities.tolist() == [[0.9, 0.1], [0.4, 0.6]]
    assert set(p.parts) == {"test"}


def test_groups_parts_and_predicted_classes_are_no_classes(tmp_path: Path) -> None:
    """patient and split are known; a column of predicted classes follows from the rest."""
    text = "file,class,patient,split,pred,cat,dog\n"
    text += "a,cat,p1,val,cat,0.9,0.1\nb,dog,p2,test,dog,0.4,0.6\n"
    p = load(write(tmp_path, text))

    assert (p.classes, p.groups, p.parts) == (("cat", "dog"), ("p1", "p2"), ("validation", "test"))


def test_rows_are_the_items_where_nothing_names_them(tmp_path: Path) -> None:
    """Without ids they are numbered from 1."""
    p = load(write(tmp_path, "label,cat,dog\ncat,0.9,0.1\ndog,0.4,0.6\n"))

    assert p.ids == ("1", "2")


def test_a_class_that_no_item_has_is_one_all_the_same(tmp_path: Path) -> None:
    """A column that no label names counts, as long as some label names another."""
    p = load(write(tmp_path, "id,label,cat,dog,cow\na,cat,0.8,0.1,0.1\n"))

    assert p.classes == ("cat", "dog", "cow")


def test_columns_to_tell_scores_by_are_no_classes(tmp_path: Path) -> None:
    """What is named aside is left out."""
    text = "id,label,device,cat,dog\na,cat,x,0.9,0.1\nb,dog,y,0.4,0.6\n"

    assert load(write(tmp_path, text), aside=("device",)).classes == ("cat", "dog")


@pytest.mark.parametrize("column", ["probability", "score", "y_score"])
def test_one_column_is_of_the_positive_class(tmp_path: Path, column: str) -> None:
    """The other class has the rest."""
    text = f"id,label,{column}\na,ill,0.9\nb,well,0.25\n"
    p = load(write(tmp_path, text), positive="ill")

    assert p.classes == ("ill", "well")
    assert p.probabilities.tolist() == [[0.9, pytest.approx(0.1)], [0.25, 0.75]]


def test_of_nought_and_one_the_positive_is_one(tmp_path: Path) -> None:
    """As scikit-learn has it; also where every label is 1."""
    p = load(write(tmp_path, "id,label,score\na,1,0.9\nb,1,0.25\n"))

    assert (p.classes, p.labels.tolist()) == (("1", "0"), [0, 0])
    assert p.probabilities[:, 0].tolist() == [0.9, 0.25]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,cat,dog\na,0.9,0.1\n", "no column of true labels: columns id, cat, dog"),
        ("id,label\na,cat\n", "no columns of probabilities: columns id, label"),
        ("id,label,p_cat,p_dog\na,cat,0.9,0.1\n", "no columns of probabilities"),
        (WIDE.replace("dog,0.4", "cow,0.4"), "labels without a column of probabilities: 'cow'"),
        (
            WIDE.replace("label,cat", "label,remark,cat")
            .replace("cat,0.9", "cat,fine,0.9")
            .replace("dog,0.4", "dog,,0.4"),
            "neither known nor numbers: columns remark",
        ),
        (WIDE.replace("0.9", "NaN"), "probabilities are not finite: a"),
        (WIDE.replace("0.9", ""), "probabilities are not finite: a"),
        (WIDE.replace("0.9", "0.95"), r"rows are no probabilities: a \(sum 1.05\)"),
        (WIDE.replace("b,dog", "a,dog"), "same id stands twice.*'a'"),
        ("id,label,score\na,ill,0.9\nb,well,0.2\n", "not clear of which class.*--positive"),
        ("id,label,score\na,1,1.9\n", "rows are no probabilities: a"),
        ("id,label,score\na,1,\n", "probabilities are not finite: a"),
        ("id,label,cat,dog\n", "no columns of probabilities"),
    ],
)
def test_a_bad_table_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """What is wrong is named with its value, and what is read."""
    with pytest.raises(DataError, match=message):
        load(write(tmp_path, text))
