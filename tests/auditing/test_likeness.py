"""The likeness of pixels: high for a changed copy, low for another cell of the same patient."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from objektiv.auditing.likeness import SIDE, TINT, likeness, thumbnail, tint
from objektiv.auditing.settings import CheckSettings
from objektiv.base.progress import Event, Progress
from objektiv.base.seeds import generator
from objektiv.data.drawing import draw_cell, look_of_patient

Pixels = NDArray[np.uint8]
ENOUGH = CheckSettings().copy_likeness


def _cell(number: int) -> Pixels:
    look = look_of_patient(generator(0, "likeness", "look"))
    return draw_cell(look, generator(0, "likeness", number), infected=bool(number % 2))


def _alike(first: Pixels, second: Pixels) -> float:
    found = likeness(np.stack([thumbnail(first), thumbnail(second)]), np.array([[0, 1]]))
    return float(found[0])


def _jpeg(pixels: Pixels) -> Pixels:
    data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 40])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def _resized(pixels: Pixels, share: float) -> Pixels:
    size = tuple(round(side * share) for side in pixels.shape[1::-1])
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


CHANGES = {
    "re-encoded": _jpeg,
    "half": lambda p: _resized(p, 0.5),
    "larger": lambda p: _resized(p, 1.5),
    "cropped": lambda p: p[: int(0.95 * len(p)), : int(0.95 * p.shape[1])],
    "cropped elsewhere": lambda p: p[int(0.05 * len(p)) :, int(0.05 * p.shape[1]) :],
    "left to right": lambda p: p[:, ::-1],
    "upside down": lambda p: p[::-1],
    "turned": lambda p: p[::-1, ::-1],
    "darker": lambda p: np.rint(0.8 * p).astype(np.uint8),
    "lighter": lambda p: np.clip(np.rint(1.25 * p.astype(float)), 0, 255).astype(np.uint8),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_is_alike(change: str) -> None:
    """Each of eight cells is recognised in its changed copy, both ways round."""
    cells = [_cell(number) for number in range(8)]

    least = [
        min(_alike(cell, CHANGES[change](cell)), _alike(CHANGES[change](cell), cell))
        for cell in cells
    ]

    assert min(least) >= ENOUGH


def test_other_cells_of_the_same_patient_are_not_alike() -> None:
    """No two of 24 cells with one stain, light and focus pass for copies."""
    thumbnails = np.stack([thumbnail(_cell(number)) for number in range(24)])
    pairs = np.array(list(itertools.combinations(range(24), 2)))

    assert likeness(thumbnails, pairs).max() < ENOUGH


def test_a_negative_is_no_copy() -> None:
    """Black for white is another picture."""
    assert _alike(_cell(0), 255 - _cell(0)) < ENOUGH


def test_a_picture_of_one_colour_is_like_nothing() -> None:
    """Where there is no detail nothing is confirmed, and nothing fails."""
    flat = np.full((40, 50, 3), 128, np.uint8)

    assert _alike(flat, flat) == 0
    assert _alike(flat, _cell(1)) == 0


def test_order_of_answers_is_that_of_the_pairs() -> None:
    """Threads do not mix the answers up, and every pair is counted once."""
    cells = [_cell(number) for number in range(6)]
    thumbnails = np.stack([thumbnail(p) for p in [*cells, *(p[:, ::-1] for p in cells)]])
    pairs = np.array(list(itertools.combinations(range(12), 2)))
    events: list[Event] = []

    found = likeness(thumbnails, pairs, progress=Progress(events.append))

    assert [tuple(p) for p in pairs[found >= ENOUGH].tolist()] == [(n, n + 6) for n in range(6)]
    ends = {event.step: (event.done, event.total) for event in events if event.finished}
    assert ends["compare pixels"] == (len(pairs), len(pairs))
    aligned, chosen = ends["align likely copies"]
    assert 6 <= aligned == chosen < len(pairs)


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_keeps_its_tint(change: str) -> None:
    """None of the changes moves the shares of red, green and blue over the limit."""
    cells = [_cell(number) for number in range(8)]

    shifts = [np.abs(tint(cell) - tint(CHANGES[change](cell))).max() for cell in cells]

    assert max(shifts) <= TINT


def test_tint_tells_colours_apart() -> None:
    """Red and blue swapped is another tint, and black has none."""
    cell = _cell(0)

    assert np.abs(tint(cell) - tint(cell[..., ::-1].copy())).max() > TINT
    assert np.abs(tint(np.zeros((4, 4, 3), np.uint8))).max() < 1e-6


def test_no_pairs_are_no_error() -> None:
    """Without pairs there is nothing to say."""
    empty = np.empty((0, SIDE, SIDE), np.uint8)

    assert len(likeness(empty, np.empty((0, 2), np.int64))) == 0
