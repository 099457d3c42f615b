"""What a person sees while objektiv works: a bar, plain lines where there is no terminal, tables.

In: progress events and scores. Out: text on a stream, made of characters that its encoding has; a
name with control characters is shown escaped, so that no file name can steer a terminal.
Try: `Progress(terminal_listener(sys.stderr))`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections import deque
from collections.abc import Sequence
from typing import TextIO

from objektiv.base.progress import Event
from objektiv.faces.words import (
    Verdict,
    duration,
    headline,
    score_lines,
    shown,
    verdict,
)
from objektiv.judging.intervals import Interval
from objektiv.judging.metrics import Scores

LINE_EVERY = 10.0  # seconds between plain lines
WINDOW = 15.0  # seconds over which the speed is taken: what the bank knows goes by in no time
BAR = 24  # characters at most
FULL, EMPTY = "█", "░"
_OPEN: list[TerminalListener] = []  # whose line is not ended; a terminal has one cursor


def is_terminal(stream: TextIO) -> bool:
    """Whether lines on `stream` can be overwritten."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def has_colour(stream: TextIO) -> bool:
    """Whether colours are wanted (https://no-color.org) and understood."""
    modern = os.name != "nt" or "WT_SESSION" in os.environ  # older Windows shows the codes
    return is_terminal(stream) and modern and not os.environ.get("NO_COLOR")


def columns(stream: TextIO) -> int:
    """Characters a line of `stream` holds; 80 where nobody tells."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given):
        return int(given)
    with contextlib.suppress(OSError, ValueError, AttributeError):  # no terminal, or no file
        return os.get_terminal_size(stream.fileno()).columns or 80
    return shutil.get_terminal_size().columns


def printable(text: str, stream: TextIO) -> str:
    """`text` in one line of characters that `stream` can show; others as `\\x1b` or `\\u4e00`."""
    encoding = stream.encoding or "utf-8"
    return shown(text).encode(encoding, errors="backslashreplace").decode(encoding)


def terminal_listener(stream: TextIO) -> TerminalListener:
    """A listener for `base.progress.Progress` that tells `stream` how far each step is."""
    return TerminalListener(stream)


class TerminalListener:
    """One bar a step, ETA first; a plain line every ten seconds where there is no terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bar = is_terminal(stream)
        self._step = ""
        self._seen: deque[tuple[float, int]] = deque()
        self._told = 0.0
        self._shown = 0  # characters of the open line

    def __call__(self, event: Event) -> None:
        if event.step != self._step or (self._seen and event.seconds < self._seen[-1][0]):
            self.close()
            self._step, self._told = event.step, 0.0
            self._seen.clear()
        # From the first count on, not from 0: before it a network was compiled, or a bank read.
        self._seen.append((event.seconds, event.done))
        while event.seconds - self._seen[0][0] > WINDOW and len(self._seen) > 2:
            self._seen.popleft()
        # Progress is told, not owed: a stream that went away (`| head`) must not end the work.
        with contextlib.suppress(OSError):
            self._tell(event)
        if event.finished:
            self._step = ""

    def close(self) -> None:
        """End an open line; `print_line` and `print_table` do it too."""
        if self in _OPEN:
            _OPEN.remove(self)
            self._shown = 0
            with contextlib.suppress(OSError):
                print(file=self._stream, flush=True)

    def _tell(self, event: Event) -> None:
        if event.finished:
            if event.total:
                self._overwrite(plain_line(event, self._speed(event)))
                self.close()
        elif self._bar:
            self._overwrite(self._bar_line(event))
        elif event.seconds - self._told >= LINE_EVERY:
            self._told = event.seconds
            self._overwrite(plain_line(event, self._speed(event)))
            self.close()

    def _overwrite(self, line: str) -> None:
        width = columns(self._stream) - 1  # the last column would wrap
        line = printable(line, self._stream)
        if self._bar:
            line = line[:width]
            blank = " " * (min(self._shown, width) - len(line))
            print("\r" + self._coloured(line) + blank, end="", file=self._stream, flush=True)
        else:
            print(line, end="", file=self._stream, flush=True)
        self._shown = len(line)
        if self not in _OPEN:
            _OPEN.append(self)

    def _speed(self, event: Event) -> float:
        """Things a second: lately, or over all at the end; 0 where nobody can say."""
        seconds, done = (0.0, 0) if event.finished else self._seen[0]
        passed = event.seconds - seconds
        return (event.done - done) / passed if passed > 0 else 0.0

    def _bar_line(self, event: Event) -> str:
        """As much as fits: first the rate goes, then the bar shrinks, then the count goes."""
        width = columns(self._stream) - 1
        speed = self._speed(event)
        left = f"{time_left(event, speed):>8} left"
        total = f"{event.total:,}"
        name, number = event.step, f"{event.done:>{len(total)},} of {total}"
        for parts in ([name, number, f"{rate_text(speed):<7}"], [name, number], [name]):
            bar = width - len("  ".join([left, *parts])) - 2
            if bar >= 6:
                return "  ".join([left, self._blocks(event, min(bar, BAR)), *parts])
        return "  ".join([left.strip(), name])

    def _blocks(self, event: Event, length: int) -> str:
        full, empty = FULL, EMPTY
        try:
            (FULL + EMPTY).encode(self._stream.encoding or "utf-8")
        except UnicodeEncodeError:
            full, empty = "#", "-"
        share = min(1.0, event.done / event.total) if event.total else 1.0
        filled = int(share * length)
        return full * filled + empty * (length - filled)

    def _coloured(self, line: str) -> str:
        if not has_colour(self._stream) or FULL not in line:
            return line
        start, end = line.index(FULL), line.rindex(FULL) + 1
        return f"{line[:start]}\x1b[35m{line[start:end]}\x1b[0m{line[end:]}"


def rate_text(speed: float) -> str:
    """`412/s`, `3.1/s`, `14/min`, or nothing where it stands still."""
    if speed >= 10:
        return f"{speed:,.0f}/s"
    if speed >= 1:
        return f"{speed:.1f}/s"
    return f"{speed * 60:.0f}/min" if speed * 60 >= 1 else ""


def time_left(event: Event, speed: float) -> str:
    """How long the rest takes at `speed` things a second; `?` where nobody can say."""
    if not speed:
        return "?"
    rest = max(0, event.total - event.done) / speed
    return f"{rest:.0f} s" if rest < 99.5 else duration(60 * round(rest / 60))


def plain_line(event: Event, speed: float) -> str:
    """`features: 2,400 of 6,000, 412/s, 9 s left`; at the end the time it took."""
    told = [f"{event.done:,} of {event.total:,}", rate_text(speed)]
    if event.finished:
        told.append(duration(event.seconds))
    elif speed:
        told.append(f"{time_left(event, speed)} left")
    return f"{event.step}: " + ", ".join(part for part in told if part)


def end_open_lines() -> None:
    """End the bar of a step that was cut short, so that an error starts on its own line."""
    for listener in [*_OPEN]:
        listener.close()


def print_line(text: str, stream: TextIO) -> None:
    """One line of characters that `stream` can show."""
    end_open_lines()
    print(printable(text, stream), file=stream)


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]], *, stream: TextIO) -> None:
    """Columns in line, numbers to the right; where the terminal is too narrow, a line a cell.

    `rows`: each as long as `head`.
    """
    end_open_lines()
    head = [printable(cell, stream) for cell in head]
    table = [[printable(cell, stream) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(head, *table, strict=True)]
    if is_terminal(stream) and sum(widths) + 2 * (len(widths) - 1) >= columns(stream):
        label = max(map(len, head))
        for row in table:
            for name, cell in zip(head, row, strict=True):
                if cell:
                    print(f"{name:<{label}}  {cell}".strip(), file=stream)
            print(file=stream)
        return
    right = [all(_is_number(row[k]) for row in table) and bool(table) for k in range(len(head))]
    for row in [head, *table]:
        cells = [
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        ]
        print("  ".join(cells).rstrip(), file=stream)


def _is_number(text: str) -> bool:
    return not text or text[0] in "0123456789-+"


def print_scores(
    scores: Scores, baseline: Scores, *, difference: Interval, stream: TextIO
) -> Verdict:
    """The headline, the table of scores beside the plain baseline's, and the verdict on the two."""
    told = verdict(scores, baseline, difference)
    print_line(f"{headline(scores)}.", stream)
    if scores.accuracy.warning:
        print_line(f"Warning: {scores.accuracy.warning}.", stream)
    print(file=stream)
    rows = [
        (line.name, line.model, line.model_range, line.baseline, line.baseline_range)
        for line in score_lines(scores, baseline)
    ]
    print_table(("score", "model", "95 %", "baseline", "95 %"), rows, stream=stream)
    print(file=stream)
    print_line(told.sentence, stream)
    if told.warning:
        print_line(told.warning, stream)
    return told
