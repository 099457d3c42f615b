"""Tables as other programs write them."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from objektiv.base.errors import DataError
from objektiv.judging.reading import read_table

ROWS = [("id", "cat", "dog"), ("a, b", "0.25", "0.75"), ("c", "1", "0")]


@pytest.mark.parametrize(("separator", "point"), [(",", "."), (";", ","), (";", "."), ("\t", ".")])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_csv_is_read_however_it_was_written(
    tmp_path: Path, separator: str, point: str, mark: str
) -> None:
    """Comma, semicolon or tab; a decimal comma behind semicolons; with Excel's mark or without."""
    lines = [
        separator.join([f'"{row[0]}"', *(cell.replace(".", point) for cell in row[1:])])
        for row in ROWS
    ]
    path = tmp_path / "p.csv"
    path.write_text(mark + "\r\n".join(lines), encoding="utf-8", newline="")

    table = read_table(path)

    assert table.columns == ["id", "cat", "dog"]
    assert table.rows() == [("a, b", "0.25", "0.75"), ("c", "1", "0")]


def test_names_with_commas_stay_as_they_are(tmp_path: Path) -> None:
    """Only columns that hold nothing but numbers are taken for numbers."""
    (tmp_path / "p.csv").write_text("id;x\n1,5;0,5\nb,1;0,25\n", encoding="utf-8")

    assert read_table(tmp_path / "p.csv").rows() == [("1,5", "0.5"), ("b,1", "0.25")]


def test_parquet_is_read_whatever_it_is_called(tmp_path: Path) -> None:
    """All but .csv is Parquet."""
    pl.DataFrame({"id": ["a"]}).write_parquet(tmp_path / "p.bin")

    assert read_table(tmp_path / "p.bin").rows() == [("a",)]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("p.csv", b""),
        ("p.csv", b"\x00\xff\x13\n" * 9),
        ("p.csv", "id,Größe\na,1\n".encode("utf-16")),
        ("p.parquet", b"PAR1"),
        ("p.parquet", b""),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, name: str, data: bytes) -> None:
    """The file is named, and what is read."""
    (tmp_path / name).write_bytes(data)

    with pytest.raises(DataError, match=rf"{name} cannot be read as predictions: .*CSV in UTF-8"):
        read_table(tmp_path / name)
