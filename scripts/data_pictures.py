"""Draw the pictures of docs/data.md from the synthetic smear and the digits, never from real sets.

In: nothing; the data are drawn. Out: small PNG files in docs/pictures and inputs.json, which tells
from what they were made. PNG bytes differ between systems, so only those inputs are compared.
Try: `python -m scripts.data_pictures`, or with `--check`, as a contract test does.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
from pathlib import Path

from PIL import Image

from objektiv.base import files
from objektiv.base.progress import Progress
from scripts import order

FOLDER = order.REPOSITORY / "docs" / "pictures"
INPUTS = FOLDER / "inputs.json"
MADE_BY = (
    *("data.drawing", "data.smear", "data.digits", "auditing.means", "auditing.feature_map"),
    *("faces.canvas", "faces.explore_plots", "faces.explore_grids", "faces.explore_map"),
)
SMEAR = ("samples", "counts", "sizes", "colours", "means", "map", "map_pictures")
DIGITS = ("map_pictures",)
WIDTH, PALETTE = 900, 128  # pixels, colours: 10 to 150 kB each


def inputs() -> dict[str, str]:
    """The files that decide what the pictures show, with their SHA-256."""
    texts = {name: order.path_of(name).read_text(encoding="utf-8") for name in MADE_BY}
    return {name: files.sha256(text.encode()) for name, text in texts.items()}


def is_fresh() -> bool:
    """Whether the pictures were made from today's files, and are all there."""
    names = [f"smear-{name}.png" for name in SMEAR] + [f"digits-{name}.png" for name in DIGITS]
    made = json.loads(INPUTS.read_text(encoding="utf-8")) if INPUTS.is_file() else None
    return made == inputs() and all((FOLDER / name).is_file() for name in names)


def draw() -> None:
    """Draw everything anew."""
    from objektiv.data import digits, smear
    from objektiv.data.settings import SmearSettings
    from objektiv.faces.canvas import png
    from objektiv.faces.explore_page import FIGURES
    from objektiv.flow.explore import explore
    from objektiv.flow.settings import ExploreSettings

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cells = smear.draw_smear(folder / "smear", SmearSettings())
        numbers = digits.write_digits(folder / "digits")
        for data, figures in ((cells, SMEAR), (numbers, DIGITS)):
            settings = ExploreSettings(bank=folder / "bank", precision="fp32", rows=2, columns=6)
            explored = explore(data, settings, progress=Progress())
            for figure in figures:
                drawing = FIGURES[figure](explored)
                if drawing is not None:
                    small = _small(png(drawing))
                    files.write_bytes(FOLDER / f"{data.name}-{figure}.png", small)
    files.write_json(INPUTS, inputs())


def _small(data: bytes) -> bytes:
    image = Image.open(io.BytesIO(data)).convert("RGB")
    image.thumbnail((WIDTH, 4 * WIDTH), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.quantize(PALETTE).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def main(arguments: list[str]) -> int:
    """Draw, or with --check return 1 where the pictures are stale."""
    if arguments not in ([], ["--check"]):
        print("usage: python -m scripts.data_pictures [--check]", file=sys.stderr)
        return 2
    if not arguments:
        files.make_folder(FOLDER)
        draw()
    elif not is_fresh():
        print("docs/pictures are stale: run `python -m scripts.data_pictures`")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
