"""How files keep their colours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from objektiv.data.modes import mode, modes
from tests.data.pictures import png


@pytest.mark.parametrize(
    ("kept", "format", "word"),
    [
        ("1", "PNG", "black and white"),
        ("L", "PNG", "grey"),
        ("LA", "PNG", "grey, alpha"),
        ("P", "PNG", "palette"),
        ("RGB", "PNG", "RGB"),
        ("RGBA", "PNG", "RGBA"),
        ("L", "JPEG", "grey"),
        ("RGB", "JPEG", "RGB"),
        ("CMYK", "JPEG", "CMYK"),
        ("RGB", "WEBP", "RGB"),
        ("RGB", "BMP", "RGB"),
        ("RGB", "TIFF", "RGB"),
        ("P", "GIF", "palette"),
    ],
)
def test_modes_have_plain_names(tmp_path: Path, kept: str, format: str, word: str) -> None:
    """What Pillow wrote is told in words."""
    path = tmp_path / "picture"
    gradient = Image.linear_gradient("L").resize((16, 16)).convert("RGB")
    gradient.convert("RGB").convert(kept).save(path, format)

    assert mode(path, format=format, notes="") == word


def test_sixteen_bits_are_told(tmp_path: Path) -> None:
    """Grey and colour of 16 bits; the notes of the decoder say so."""
    for name, shape in (("grey", (4, 4)), ("RGB", (4, 4, 3))):
        path = tmp_path / f"{name}.png"
        path.write_bytes(png(np.full(shape, 40_000, np.uint16)))
        told = mode(path, format="PNG", notes="16 bits, largest value 40,000 of 65,535")
        assert told == f"{name}, 16 bits"


def test_a_file_that_is_gone_or_changed_is_unknown(tmp_path: Path) -> None:
    """Neither stops the others."""
    (tmp_path / "a.png").write_bytes(b"no image any more")
    (tmp_path / "b.png").write_bytes(png(np.zeros((4, 4), np.uint8)))
    paths = [str(tmp_path / name) for name in ("a.png", "b.png", "gone.png")]
    items = pl.DataFrame({"path": paths, "format": ["PNG"] * 3, "notes": [""] * 3})

    assert modes(items) == ["unknown", "grey", "unknown"]
