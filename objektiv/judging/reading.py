"""Tables of predictions from disk: Parquet and CSV as other programs write them.

In: a file. Out: a polars table. CSV is read as text, so that the class "01" stays "01"; fields may
be parted by comma, semicolon or tab, and with semicolons a decimal comma is understood.
Try: `read_table(Path("predictions.csv")).columns`.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from objektiv.base.errors import DataError

NUMBER = r"^\s*-?\d*,\d+([eE][-+]?\d+)?\s*$|^\s*-?\d+\s*$"  # with a decimal comma, or whole


def read_table(path: Path) -> pl.DataFrame:
    """The table in a file that ends in .csv, or else is Parquet.

    Raises:
        DataError: the file cannot be read.
    """
    try:
        data = path.read_bytes()
        return _csv(data) if path.suffix.lower() == ".csv" else pl.read_parquet(data)
    except (OSError, pl.exceptions.PolarsError, UnicodeError) as error:
        told = error.strerror if isinstance(error, OSError) else str(error)
        raise DataError(
            f"{path} cannot be read as predictions",
            value=" ".join((told or type(error).__name__).split())[:200],
            allowed="Parquet, or CSV in UTF-8 with the suffix .csv, is read",
            next="name the predictions.parquet of a run, or make the table again",
        ) from error


def _csv(data: bytes) -> pl.DataFrame:
    head = data.decode().partition("\n")[0]  # all of it: polars would let other bytes pass
    separator = max((",", ";", "\t"), key=head.count)
    table = pl.read_csv(data, infer_schema=False, separator=separator)
    if separator != ";":
        return table
    german = [c for c in table.columns if table[c].drop_nulls().str.contains(NUMBER).all()]
    return table.with_columns(pl.col(german).str.replace(",", ".", literal=True))
