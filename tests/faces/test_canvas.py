"""The look of figures, and the ways out of one."""

from __future__ import annotations

import io
import re

import matplotlib
import pytest
from matplotlib.figure import Figure
from PIL import Image

from objektiv.faces import canvas


def _drawing(text: str = "hello") -> Figure:
    with canvas.style():
        drawing = canvas.new_drawing(3, 2)
        axes = drawing.add_subplot()
        axes.plot([1, 2], [1, 2], color=canvas.VIOLET)
        axes.set_title(text)
    return drawing


def test_a_drawing_is_a_matplotlib_figure_that_shows_itself() -> None:
    """In a notebook it becomes a picture of its size, without pyplot."""
    drawing = _drawing()

    assert isinstance(drawing, Figure)
    image = Image.open(io.BytesIO(drawing._repr_png_()))  # type: ignore[attr-defined]
    assert image.size == (3 * canvas.DPI, 2 * canvas.DPI)


def test_style_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's own settings of matplotlib neither reach our figures nor are changed."""
    before = canvas.svg(_drawing(), told="x")
    monkeypatch.setitem(matplotlib.rcParams, "axes.facecolor", "#ff0000")
    monkeypatch.setitem(matplotlib.rcParams, "font.size", 40.0)

    assert canvas.svg(_drawing(), told="x") == before
    assert matplotlib.rcParams["font.size"] == 40.0


def test_svg_takes_the_colours_of_the_page_and_is_told() -> None:
    """No colour of ink stays fixed; the figure has a role and a name, escaped."""
    text = canvas.svg(_drawing(), told='a < b & "c"')

    assert 'role="img" aria-label="a &lt; b &amp; &quot;c&quot;"' in text
    assert "var(--violet)" in text and "var(--ink)" in text
    assert not any(colour in text for colour in (canvas.INK, canvas.SOFT, canvas.VIOLET))
    assert "hello" in text  # as text, not as outlines


def test_svgs_of_one_page_do_not_share_names() -> None:
    """An id that something refers to stays, and every other is taken away."""
    text = canvas.svg(_drawing(), told="x")
    ids = re.findall(r' id="([^"]+)"', text)
    used = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', text))

    assert ids and used <= set(ids)
    assert not any(name.startswith(("figure", "axes", "text")) for name in ids)


def test_names_are_not_read_as_formulas() -> None:
    """Dollar signs, markup and letters that the font lacks do no harm."""
    name = "$x_1$ <b> 細胞 \\frac"
    drawing = _drawing(name)

    assert canvas.png(drawing).startswith(b"\x89PNG")
    assert "$x_1$ &lt;b&gt; 細胞 \\frac" in canvas.svg(drawing, told="x")


def test_long_names_lose_their_middle() -> None:
    """What stands at both ends of a name stays."""
    assert canvas.shortened("short") == "short"
    told = canvas.shortened("n02093428_American_Staffordshire_terrier", 20)
    assert len(told) <= 20 and told.startswith("n02093428") and told.endswith("terrier")


def test_coloured_classes_are_told_apart() -> None:
    """No two of them have colour and shape in common."""
    looks = {(canvas.colour(k), canvas.marker(k)) for k in range(canvas.COLOURED)}

    assert len(looks) == canvas.COLOURED == 20


def test_bare_axes_show_nothing_of_their_own() -> None:
    """No ticks and no frame."""
    axes = canvas.new_drawing(1, 1).add_subplot()
    canvas.bare(axes)

    assert not axes.get_xticks().size and not axes.get_yticks().size
    assert not any(spine.get_visible() for spine in axes.spines.values())
