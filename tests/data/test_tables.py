"""Tables of labels: what is read, and how every mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from objektiv.base.errors import DataError
from objektiv.data.tables import Row, is_table, read_columns, read_table

SPLITS = ("train", "val", "test")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with three images and one beside it."""
    (tmp_path / "data" / "img").mkdir(parents=True)
    for name in ("data/a.png", "data/img/b.png", "data/img/c,1.png", "outside.png"):
        (tmp_path / name).write_bytes(b"x")
    return tmp_path / "data"


def _read(folder: Path, text: str | bytes) -> list[Row]:
    data = text.encode() if isinstance(text, str) else text
    (folder / "labels.csv").write_bytes(data)
    return read_table(folder / "labels.csv", splits=SPLITS)


def test_rows_are_read_with_their_lines(folder: Path) -> None:
    """Path and label suffice; group and split are read where they are there."""
    assert _read(folder, "path,label\na.png,cat\n\nimg/b.png, dog \n") == [
        Row(2, "a.png", "cat", None, ""),
        Row(4, "img/b.png", "dog", None, ""),
    ]
    assert _read(folder, "split,group,label,path\nTrain,p1,cat,a.png\n") == [
        Row(2, "a.png", "cat", "p1", "Train")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffpath,label\r\nimg/b.png,dog\r\n",
        "path;label\nimg/b.png;dog\n",
        "path\tlabel\nimg\\b.png\tdog\n",
        'Path , LABEL,age\n"./img//b.png",dog,3\n',
    ],
)
def test_tables_of_spreadsheets_are_read(folder: Path, text: str) -> None:
    """Byte order marks, other separators, backslashes and further columns do no harm."""
    (row,) = _read(folder, text)

    assert (row.path, row.label) == ("img/b.png", "dog")


def test_quoted_names_may_hold_the_separator(folder: Path) -> None:
    """A comma inside quotes belongs to the name."""
    assert _read(folder, 'path,label\n"img/c,1.png",x\n')[0].path == "img/c,1.png"


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("path,class", "no column 'label'"),
        ("", "no column 'path'; no column 'label'"),
        ("path,label,groups", "'groups', did you mean 'group'"),
        ("path,label,label", "two columns 'label'"),
        ("paths,label", "no column 'path'; 'paths', did you mean 'path'"),
    ],
)
def test_headers_that_do_not_fit_are_refused(folder: Path, header: str, message: str) -> None:
    """A column that is missing, double or nearly known is told with what is possible."""
    with pytest.raises(DataError, match=f"{message}.*possible: group, split"):
        _read(folder, f"{header}\na.png,cat,p1\n")


def test_all_bad_rows_are_told_with_their_lines(folder: Path) -> None:
    """Each bad row is told by line number and reason in one message."""
    rows = ["a.png,cat,p1,train", "gone.png,cat,p1,train", ",cat,p1,train", "a.png,,,"]
    rows += ["../outside.png,cat,p1,train", "/etc/passwd,cat,p1,train", "img,cat,p1,train"]
    rows += ["img/b.png,cat,p1,tset"]

    with pytest.raises(DataError) as caught:
        _read(folder, "path,label,group,split\n" + "\n".join(rows))

    assert caught.value.happened.endswith("has 7 bad rows")
    assert str(caught.value.value).split("; ") == [
        "line 3: 'gone.png' is no file",
        "line 4: no path",
        "line 5: no label, no group, no split, 'a.png' stands already in line 2",
        "line 6: '../outside.png' lies outside the table's folder",
        "line 7: '/etc/passwd' lies outside the table's folder",
        "line 8: 'img' is no file",
        "line 9: split 'tset' is unknown",
    ]


def test_many_bad_rows_are_counted(folder: Path) -> None:
    """Of very many bad rows the first are told and the others counted."""
    with pytest.raises(DataError, match="line 21: .*; and 80 more") as caught:
        _read(folder, "path,label\n" + 100 * "gone.png,cat\n")

    assert "100 bad rows" in caught.value.happened


def test_links_out_of_the_folder_are_refused(folder: Path) -> None:
    """A row whose file is a link to the outside lies outside."""
    (folder / "link.png").symlink_to(folder.parent / "outside.png")

    with pytest.raises(DataError, match="line 2: 'link.png' lies outside"):
        _read(folder, "path,label\nlink.png,cat\n")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("path,label\n\xe4.png,cat\n".encode("latin-1"), "it is not UTF-8"),
        (b'path,label\n"a.png,cat\n', "line 2: unexpected end"),
        (b"path,label\na\0.png,cat\n", "line 2: (the path holds a zero byte|line contains NUL)"),
    ],
)
def test_files_that_are_no_tables_are_refused(folder: Path, data: bytes, message: str) -> None:
    """Text that is not CSV in UTF-8 gets a message, no traceback."""
    with pytest.raises(DataError, match=message):
        _read(folder, data)


def test_a_missing_table_is_told(folder: Path) -> None:
    """A table that is not there is told with the system's words."""
    with pytest.raises(DataError, match="the table .* cannot be read: No such file"):
        read_table(folder / "gone.csv", splits=SPLITS)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("path,label\n", True),
        ("\ufeffPath;Label;age\r\n", True),
        ("label,path\n", False),
        ("path\n", False),
        ("", False),
        ("\x00\x01", False),
    ],
)
def test_a_table_is_known_by_its_first_columns(tmp_path: Path, text: str, meant: bool) -> None:
    """A file whose header begins with path and label is a table of labels."""
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")

    assert is_table(tmp_path / "t.csv") == meant
    assert not is_table(tmp_path) and not is_table(tmp_path / "none.csv")


def test_files_need_not_be_looked_for(folder: Path) -> None:
    """Without a look at the disk only what stands in the table is checked."""
    (folder / "labels.csv").write_text("path,label\nnone.png,a\n", encoding="utf-8")
    assert read_table(folder / "labels.csv", splits=SPLITS, look=False)[0].path == "none.png"

    (folder / "labels.csv").write_text("path,label\nnone.png,\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 2: no label"):
        read_table(folder / "labels.csv", splits=SPLITS, look=False)


def test_further_columns_are_read_as_text(folder: Path) -> None:
    """Each column beside path, label, group and split is there by name, each cell by path."""
    table = folder / "labels.csv"
    text = '\ufeffpath;Label;Scanner; site ;GROUP\n./a.png;cat; s1 ;north;p\nimg\\b.png;dog;"2";\n'
    table.write_text(text, encoding="utf-8")

    assert read_columns(table) == {
        "Scanner": {"a.png": "s1", "img/b.png": "2"},
        "site": {"a.png": "north", "img/b.png": ""},
    }


def test_of_two_further_columns_of_one_name_the_first_counts(folder: Path) -> None:
    """A name that stands twice is no reason to refuse a table; a short row has empty cells."""
    table = folder / "labels.csv"
    table.write_text("path,label,x,x,\na.png,cat,1,2,3\nimg/b.png,dog\n", encoding="utf-8")

    assert read_columns(table) == {"x": {"a.png": "1", "img/b.png": ""}}


def test_a_table_that_cannot_be_read_has_no_columns(folder: Path) -> None:
    """The message is that of reading labels."""
    table = folder / "labels.csv"
    table.write_bytes(b"path,label,x\na.png,cat,\xff\n")

    with pytest.raises(DataError, match="cannot be read: it is not UTF-8"):
        read_columns(table)
