"""Draw the pictures of docs/data.md from the synthetic smear and the digits, never from real sets.

In: nothing; the data are drawn. Out: small PNG files in docs/pictures and inputs.json, which tells
from what they were made. PNG bytes differ between systems, so only those inputs are compared.
Try: `python -m scripts.data_pictures`, or with `--check`, as a contract test does.
"""

from __future__ import annotations

import io
import json
import re
import sys
import tempfile
from pathlib import Path

import polars as pl
from PIL import Image, ImageDraw

from objektiv.base import files, seeds
from objektiv.base.progress import Progress
from objektiv.data.dataset import Dataset
from scripts import order

FOLDER = order.REPOSITORY / "docs" / "pictures"
INPUTS = FOLDER / "inputs.json"
MADE_BY = (
    *(
        "data.stain",
        "data.drawing",
        "data.smear",
        "data.digits",
        "auditing.means",
        "auditing.feature_map",
    ),
    *("faces.canvas", "faces.explore_plots", "faces.explore_grids", "faces.explore_map"),
    *("faces.plots", "auditing.probes", "auditing.suspects"),
    *("data.augment", "auditing.operators", "faces.augment_grids"),
)
SMEAR = ("samples", "counts", "sizes", "colours", "means", "map", "map_pictures")
DIGITS = ("map_pictures",)
CHECKED = ("smear-shortcuts.svg", "smear-suspects.png")
AUGMENTED, CELL = "smear-operators.png", 128  # pixels of the cell that it shows
FLIPPED = 0.03  # share of the smear's labels that are made wrong before it is checked
SUSPECTS, TILE = (6, 2), 110  # columns and rows; pixels
WIDTH, PALETTE = 900, 128  # pixels, colours: 10 to 150 kB each


def inputs() -> dict[str, str]:
    """The files that decide what the pictures show, with their SHA-256."""
    texts = {name: order.path_of(name).read_text(encoding="utf-8") for name in MADE_BY}
    return {name: files.sha256(text.encode()) for name, text in texts.items()}


def is_fresh() -> bool:
    """Whether the pictures were made from today's files, and are all there."""
    names = [f"smear-{name}.png" for name in SMEAR] + [f"digits-{name}.png" for name in DIGITS]
    names += [*CHECKED, AUGMENTED]
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
                    name = f"{data.name}-{figure}.png"
                    files.write_bytes(FOLDER / name, small(png(drawing)))
        _draw_check(cells, folder)
        draw_augmented(cells)
    files.write_json(INPUTS, inputs())


def draw_augmented(cells: Path) -> None:
    """What each operator makes of one infected cell."""
    from objektiv.data.dataset import read
    from objektiv.data.images import decode, read_bytes, to_square
    from objektiv.data.settings import AugmentSettings, ReadSettings
    from objektiv.faces.augment_grids import gallery
    from objektiv.faces.canvas import png

    path = read(cells, ReadSettings()).items.filter(label="infected")["path"][0]
    picture = decode(read_bytes(path, name=path), name=path, max_pixels=1_000_000)
    square = to_square(picture.pixels, size=CELL, fit="letterbox").round().astype("uint8")
    drawn = png(gallery(square, like=AugmentSettings()))
    files.write_bytes(FOLDER / AUGMENTED, small(drawn, width=640, colours=256))


def _draw_check(cells: Path, folder: Path) -> None:
    """What a check finds in the smear, of whose labels some are made wrong."""
    from objektiv.data.dataset import read
    from objektiv.data.settings import ReadSettings
    from objektiv.data.smear import GROUP
    from objektiv.faces.check_page import probes_plot
    from objektiv.flow.check import check
    from objektiv.flow.settings import CheckDataSettings

    items = read(cells, ReadSettings(group=GROUP)).items
    rng = seeds.generator(0, "flipped labels")
    wrong = rng.permutation(len(items))[: round(FLIPPED * len(items))]
    other = dict(zip(items["label"].unique(), items["label"].unique().reverse(), strict=True))
    labels = items["label"].to_list()
    for row in wrong:
        labels[row] = other[labels[row]]
    table = items.select(path="id", label=pl.Series(labels), group="group")
    files.write_text(cells / "flipped.csv", table.write_csv())
    settings = CheckDataSettings(
        labels=cells / "flipped.csv", bank=folder / "bank", precision="fp32", out=folder / "checks"
    )
    found = check(cells, settings, progress=Progress())
    if found.checked.probes is None or found.checked.suspects is None:
        raise RuntimeError("the smear cannot be checked")
    files.write_text(FOLDER / CHECKED[0], _alone(probes_plot(found.checked.probes)))
    suspects = next(f for f in found.checked.findings if f.kind == "suspicious-labels").items
    print(f"{len(suspects)} suspects of {len(wrong)} wrong labels")
    files.write_bytes(FOLDER / CHECKED[1], small(_sheet(found.checked.dataset, suspects)))


def _alone(drawing: str) -> str:
    """A figure of the page as a file of its own: with its styles, in the colours of day."""
    css = (order.PACKAGE / "faces" / "templates" / "report.css").read_text(encoding="utf-8")
    colours = dict(reversed(re.findall(r"(--[a-z]+): *([^;]+);", css)))
    rules = re.findall(r"^\.figure .*", css, re.MULTILINE)
    style = re.sub(r"var\((--[a-z]+)\)", lambda found: colours[found[1]], " ".join(rules))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH // 2}" '
    sheet = f'<style>{style}</style><rect width="100%" height="100%" fill="white"/>'
    drawing = drawing.replace("<svg ", head, 1)
    return drawing.replace(">", f">{sheet}", 1) + "\n"


def _sheet(dataset: Dataset, suspects: pl.DataFrame) -> bytes:
    """The first suspects as tiles, each with its label and what it looks like."""
    from objektiv.faces.pictures import small_pictures

    columns, rows = SUSPECTS
    shown = suspects.head(columns * rows).to_dicts()
    sheet = Image.new("RGB", (columns * (TILE + 40), rows * (TILE + 50)), "white")
    drawing = ImageDraw.Draw(sheet)
    pictures = small_pictures(dataset, [row["id"] for row in shown], side=TILE)
    for place, (row, picture) in enumerate(zip(shown, pictures, strict=True)):
        left, top = place % columns * (TILE + 40) + 20, place // columns * (TILE + 50) + 8
        if picture is not None:
            sheet.paste(picture, (left, top))
        told = f"labelled {row['label']}\nlooks {row['suggested']}"
        drawing.multiline_text((left, top + TILE + 4), told, "black")
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    return buffer.getvalue()


def small(data: bytes, *, width: int = WIDTH, colours: int = PALETTE) -> bytes:
    """A PNG of at most `width` pixels across and so many colours."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    image.thumbnail((width, 4 * width), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    few = image.quantize(colours)
    if colours > PALETTE:  # many shades of one thing: mixed, they show no steps
        few = image.quantize(palette=image.quantize(colours, kmeans=2))
    few.save(buffer, "PNG", optimize=True)
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
