"""How a file keeps its colours: grey, RGB, palette, with or without alpha, 8 or 16 bits.

In: files that were looked at, with their format and notes. Out: one word or two each. Only headers
are read; `data.images` turns all of these into RGB of 8 bits.
Try: `modes(seen.dataset.items)`.
"""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl

from objektiv.data.images import DECODER_ERRORS, READERS

UNKNOWN = "unknown"
THREADS = 4
_WORDS = {
    **{"1": "black and white", "L": "grey", "P": "palette", "LA": "grey, alpha"},
    **{"La": "grey, alpha", "PA": "palette, alpha", "RGBa": "RGBA", "YCbCr": "RGB"},
    **{"I;16": "grey", "I;16B": "grey"},
}


def modes(items: pl.DataFrame) -> list[str]:
    """The mode of each item (columns path, format, notes); "unknown" where the file is gone."""
    rows = list(items.select("path", "format", "notes").iter_rows())
    with warnings.catch_warnings(), ThreadPoolExecutor(THREADS) as threads:
        # Pillow warns of what it finds odd in a header; `data.formats` has judged it already.
        warnings.simplefilter("ignore")
        return list(threads.map(lambda row: mode(Path(row[0]), format=row[1], notes=row[2]), rows))


def mode(path: Path, *, format: str, notes: str) -> str:
    """The mode of one file, such as "grey", "RGB", "RGBA", "palette" or "grey, 16 bits"."""
    try:
        with path.open("rb") as stream:
            found = READERS[format](stream).mode
    except DECODER_ERRORS:
        return UNKNOWN
    word = _WORDS.get(found, found)
    return f"{word}, 16 bits" if "16 bits" in notes else word
