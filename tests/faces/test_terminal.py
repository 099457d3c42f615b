"""Progress and tables on streams of every kind: terminals, files, narrow, old encodings."""

from __future__ import annotations

import io
import re

import pytest

from objektiv.base.progress import Event, Progress
from objektiv.faces import terminal
from tests.faces.conftest import MakeReport


class Screen(io.TextIOWrapper):
    """A terminal of an encoding; `raw` holds what was written."""

    def __init__(self, encoding: str = "utf-8") -> None:
        self.raw_bytes = io.BytesIO()
        super().__init__(self.raw_bytes, encoding=encoding, newline="", write_through=True)

    def isatty(self) -> bool:
        return True

    @property
    def text(self) -> str:
        return self.raw_bytes.getvalue().decode(self.encoding)

    @property
    def lines(self) -> list[str]:
        """What stood on the line, each time it was written."""
        plain = re.sub(r"\x1b\[\d+m", "", self.text)
        return [line.rstrip() for line in re.split(r"[\r\n]+", plain) if line.strip()]


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests see none of this machine's terminal."""
    for name in ("NO_COLOR", "TERM", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")


def _tell(stream: io.TextIOBase, *, every: float = 0.5, speed: float = 400.0) -> None:
    """A step of 6,000 things, told as `Progress` does."""
    listener = terminal.terminal_listener(stream)  # type: ignore[arg-type]
    times = int(6000 / speed / every)
    for k in range(times):
        listener(Event("features", int(k * every * speed), 6000, k * every, False))
    listener(Event("features", 6000, 6000, 6000 / speed, True))


def test_without_a_terminal_a_line_comes_every_ten_seconds_and_at_the_end() -> None:
    """A file gets whole lines: how far, how fast, how long still, and at the end the time."""
    stream = io.StringIO()

    _tell(stream, speed=240.0)

    assert stream.getvalue().splitlines() == [
        "features: 2,400 of 6,000, 240/s, 15 s left",
        "features: 4,800 of 6,000, 240/s, 5 s left",
        "features: 6,000 of 6,000, 240/s, 25 s",
    ]


def test_bar_begins_with_the_time_left_and_ends_as_a_line() -> None:
    """On a terminal one line is overwritten, ETA first, and the last state stays."""
    screen = Screen()

    _tell(screen)

    assert screen.text.count("\n") == 1
    assert re.fullmatch(r" +8 s left  █+░+  features  3,000 of 6,000  400/s", screen.lines[15])
    assert screen.lines[-1] == "features: 6,000 of 6,000, 400/s, 15 s"


@pytest.mark.parametrize("width", [12, 20, 34, 50, 80, 200])
def test_bar_fits_every_width(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """No line is as wide as the terminal, which would wrap it, and each begins with the ETA."""
    monkeypatch.setenv("COLUMNS", str(width))
    screen = Screen()

    _tell(screen)

    plain = re.sub(r"\x1b\[\d+m", "", screen.text)
    assert max(map(len, re.split(r"[\r\n]", plain))) < width
    assert "s left" in screen.lines[5]


def test_bar_covers_what_stood_there() -> None:
    """A shorter line blanks the rest of the longer one before it."""
    screen = Screen()
    listener = terminal.terminal_listener(screen)

    listener(Event("features", 10, 6000, 1.0, False))
    listener(Event("features", 6000, 6000, 2.0, True))

    _, first, second = re.sub(r"\x1b\[\d+m", "", screen.text).rstrip("\n").split("\r")
    assert len(second) >= len(first.rstrip())


def test_old_encodings_get_another_bar() -> None:
    """Where block characters do not exist, as in cp1252, the bar is made of # and -."""
    screen = Screen("cp1252")

    _tell(screen)

    assert re.search(r"8 s left  #+-+  features", screen.lines[15])


@pytest.mark.parametrize("name", ["NO_COLOR", "TERM"])
def test_colour_can_be_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR, or a terminal that is dumb, gets no escape codes."""
    coloured, plain = Screen(), Screen()
    monkeypatch.setenv("WT_SESSION", "1")
    _tell(coloured)
    monkeypatch.setenv(name, "dumb")
    _tell(plain)

    assert "\x1b[" in coloured.text
    assert "\x1b[" not in plain.text


def test_speed_is_that_of_the_last_seconds() -> None:
    """What the bank knows goes by in no time and must not promise the rest in no time."""
    stream = Screen()
    listener = terminal.terminal_listener(stream)

    listener(Event("features", 5000, 6000, 1.0, False))
    for second in range(2, 30):
        listener(Event("features", 5000 + 10 * second, 6000, float(second), False))

    assert stream.lines[-1].startswith("    71 s left")
    assert "10/s" in stream.lines[-1]


def test_what_came_before_the_first_count_is_not_speed() -> None:
    """A minute of compiling before the first picture does not promise hours for the rest."""
    screen = Screen()
    listener = terminal.terminal_listener(screen)

    listener(Event("features", 1, 6000, 60.0, False))
    listener(Event("features", 101, 6000, 60.5, False))

    assert screen.lines[0].startswith("       ? left")
    assert screen.lines[1].startswith("    29 s left")


def test_standing_still_is_not_divided_by() -> None:
    """Before the first thing is done the time left is unknown."""
    screen = Screen()

    terminal.terminal_listener(screen)(Event("features", 0, 6000, 3.0, False))

    assert screen.lines[-1].startswith("       ? left")


def test_an_empty_step_says_nothing() -> None:
    """A step over nothing leaves no line."""
    stream = io.StringIO()

    with Progress(terminal.terminal_listener(stream)).step("features", total=0):
        pass

    assert stream.getvalue() == ""


def test_an_error_does_not_stand_behind_the_bar() -> None:
    """A step that was cut short leaves an open bar, which the next printed line ends."""
    screen, errors = Screen(), io.StringIO()
    listener = terminal.terminal_listener(screen)
    listener(Event("features", 10, 6000, 1.0, False))

    terminal.print_line("objektiv: stopped", errors)

    assert screen.text.endswith("\n")
    assert errors.getvalue() == "objektiv: stopped\n"


def test_a_stream_that_went_away_does_not_stop_the_work() -> None:
    """A broken pipe of progress is not worth a run."""

    class Gone(io.StringIO):
        def write(self, text: str, /) -> int:
            raise BrokenPipeError

    stream = Gone()

    _tell(stream)

    assert stream.getvalue() == ""


def test_names_cannot_steer_the_terminal() -> None:
    """Escape codes, line ends and marks of direction are shown, not obeyed."""
    stream = io.StringIO()

    terminal.print_line("a\x1b[2Jb\nc\u202ed\udce9e é", stream)

    assert stream.getvalue() == "a\\x1b[2Jb\\nc\\u202ed\\udce9e é\n"


def test_names_that_an_encoding_lacks_are_escaped() -> None:
    """A Chinese class name on a Western terminal is no crash."""
    screen = Screen("cp1252")

    terminal.print_line("细胞 é", screen)

    assert screen.text.rstrip() == "\\u7ec6\\u80de é"


def test_table_stands_in_line() -> None:
    """Words stand left, numbers right, and no line ends in blanks."""
    stream = io.StringIO()

    rows = [("accuracy", "95.8 %"), ("log loss", "0.128"), ("AUC", "-")]
    terminal.print_table(("score", "model"), rows, stream=stream)

    assert stream.getvalue().splitlines() == [
        "score      model",
        "accuracy  95.8 %",
        "log loss   0.128",
        "AUC            -",
    ]


def test_table_too_wide_for_the_terminal_becomes_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a narrow terminal each cell gets a line, on a file the table stays."""
    monkeypatch.setenv("COLUMNS", "20")
    screen, stream = Screen(), io.StringIO()
    rows = [("cells/a.png", "Uninfected", "0.98")]
    head = ("image", "class", "probability")

    terminal.print_table(head, rows, stream=screen)
    terminal.print_table(head, rows, stream=stream)

    assert screen.lines == [
        "image        cells/a.png",
        "class        Uninfected",
        "probability  0.98",
    ]
    assert stream.getvalue().splitlines()[1] == "cells/a.png  Uninfected         0.98"


def test_scores_are_printed_with_intervals_and_verdict(make_report: MakeReport) -> None:
    """The head line, every score beside the baseline's, and what the two say about each other."""
    data, stream = make_report(groups=12), io.StringIO()

    terminal.print_scores(
        data.scores, data.baseline_scores, difference=data.difference, stream=stream
    )

    text = stream.getvalue()
    assert text.startswith("Of 20 test pictures 16 were right: 80.0 % (95 % interval ")
    assert "Warning: only 12 groups" in text
    assert re.search(r"^accuracy +80\.0 % +[\d.]+ to [\d.]+ +70\.0 %", text, re.MULTILINE)
    assert "is not shown to be better than colour statistics alone" in text
    text.encode("cp1252")
