"""One page about an ideal picture: with means against noise and without, and how it came.

In: a Dream. Out: dream.html in the look of report.html, both pictures as PNG, the frames as one
GIF.
Try: `save(found, Path("dreams/tabby-001"))`.
"""

from __future__ import annotations

import base64
import io
from pathlib import Path

from PIL import Image

from objektiv.base import files
from objektiv.base.language import figure, tr
from objektiv.data.drawing import png as png_of
from objektiv.explaining.dream import Dream, Dreamt
from objektiv.faces.pictures import thumbnail_of
from objektiv.faces.report import environment
from objektiv.faces.sections import Table
from objektiv.faces.words import duration, percent

PAGE, IDEAL, PLAIN, FILM = "dream.html", "ideal.png", "plain.png", "dream.gif"
FRAME, LAST = 120, 1500  # milliseconds


def save(found: Dream, folder: Path) -> Path:
    """Write page, pictures and film into a new `folder`; returns the page.

    Raises:
        MachineError: the folder cannot be written.
    """
    files.write_bytes(folder / IDEAL, png_of(found.ideal.picture))
    if found.plain:
        files.write_bytes(folder / PLAIN, png_of(found.plain.picture))
    film = gif(found.ideal)
    files.write_bytes(folder / FILM, film)
    files.write_text(folder / PAGE, page(found, film=film))  # last, so that it means finished
    return folder / PAGE


def gif(dreamt: Dreamt) -> bytes:
    """The frames as an animation that stays at its last one for a while."""
    first, *others = (Image.fromarray(frame) for frame in dreamt.frames)
    times = [FRAME] * len(others) + [LAST]  # the last frame is the picture
    stream = io.BytesIO()
    first.save(stream, "GIF", save_all=True, append_images=others, duration=times, loop=0)
    return stream.getvalue()


def page(found: Dream, *, film: bytes) -> str:
    """The page as text."""
    return (
        environment()
        .get_template("dream.html")
        .render(
            title=tr("What {name} takes for the ideal {title}", **_named(found)),
            about=about(found),
            headline=headline(found),
            ideal=thumbnail_of(found.ideal.picture, name=IDEAL),
            plain=found.plain and thumbnail_of(found.plain.picture, name=PLAIN),
            film=f"data:image/gif;base64,{base64.b64encode(film).decode('ascii')}",
            table=table(found),
        )
    )


def _named(found: Dream) -> dict[str, str]:
    return {"name": found.subject.name, "title": found.title}


def about(found: Dream) -> str:
    """How it was found."""
    settings = found.settings
    return tr(
        "Gradient ascent from noise: {steps} steps on {scales} scales, {time}",
        steps=settings.steps,
        scales=settings.scales,
        time=duration(found.ideal.seconds),
    )


def headline(found: Dream) -> str:
    """What the network says of its ideal."""
    if found.wish.label is None:
        return tr("{title} reaches {value}", title=found.title, value=value(found, found.ideal))
    return tr(
        "The network is sure by {value} that this is {title}",
        value=value(found, found.ideal),
        title=found.title,
    )


def value(found: Dream, dreamt: Dreamt) -> str:
    """The probability, or the mean of the channel."""
    if found.wish.label is not None:
        return percent(dreamt.value)
    return figure(dreamt.value, ".3g")


def table(found: Dream) -> Table:
    """Both pictures in figures."""
    rows = [(tr("with total variation, moving and scales"), found.ideal)]
    rows += [(tr("without: plain ascent"), found.plain)] if found.plain else []
    told = tr("probability") if found.wish.label is not None else tr("mean of the channel")
    head = (tr("picture"), told, tr("total variation, grey levels"), tr("time||spent"))
    cells = tuple(
        (name, value(found, d), figure(d.variation, ".1f"), duration(d.seconds)) for name, d in rows
    )
    return Table(tr("Both pictures, as saved in whole grey levels"), head, cells)
