"""Bad files among good ones: read by content or set aside, counted, listed; and Ctrl-C."""

from __future__ import annotations

import csv
import json
import os
import re
import struct
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from objektiv.base.progress import Step
from tests.contract.asking import World, assert_refused, in_a_process
from tests.data.pictures import SIGNATURE, chunk, header, picture, png, saved, tiff
from tests.flow import drawn

PIXELS = picture()
JPEG = saved(Image.fromarray(PIXELS), "JPEG")
PNG = png(PIXELS)
PIXEL = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0, 0, 0)
FRAME = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\2\0"
TWO = {"save_all": True, "append_images": [Image.fromarray(PIXELS[::-1])]}


def _tiny(side: int) -> bytes:
    """A PNG of 66 bytes that says `side` x `side` pixels."""
    body = zlib.compress(b"\0")
    return SIGNATURE + header(side, side, depth=1, colour=0) + chunk(b"IDAT", body) + chunk(b"IEND")


ASIDE: dict[str, tuple[str, bytes]] = {  # name: why it is set aside, its bytes
    "zero.png": ("empty", b""),
    "text.jpg": ("not-an-image", b"hello"),
    "page.jpg": ("not-an-image", b"<html><script>alert(1)</script>"),
    "drawing.jpg": ("not-an-image", b'<svg xmlns="http://www.w3.org/2000/svg"/>'),
    "half.jpg": ("truncated", JPEG[: len(JPEG) // 2]),
    "ten_less.jpg": ("truncated", JPEG[:-10]),
    "half.png": ("truncated", PNG[: len(PNG) // 2]),
    "flipped.png": ("damaged", PNG[:-40] + bytes([PNG[-40] ^ 1]) + PNG[-39:]),
    "large.png": ("bomb", SIGNATURE + header(30_000, 30_000) + PNG[33:]),
    "small12.png": ("bomb", _tiny(12_000)),
    "small20.png": ("bomb", _tiny(20_000)),
    "text.png": ("bomb", PNG[:33] + chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(5_000_000)))),
    "frames.gif": ("bomb", PIXEL + 10_000 * FRAME + b";"),
    "eps.jpg": ("format-not-read", b"%!PS-Adobe-3.0 EPSF-3.0\n"),
    "psd.jpg": ("format-not-read", b"8BPS\0\1" + bytes(40)),
    "fits.jpg": ("format-not-read", b"SIMPLE  =                    T"),
    "heic.jpg": ("format-not-read", b"\0\0\0\x18ftypheic" + bytes(20)),
    "film.jpg": ("format-not-read", saved(Image.fromarray(PIXELS), "WEBP", **TWO)),
    "pages.jpg": ("format-not-read", saved(Image.fromarray(PIXELS), "TIFF", **TWO)),
}
ASIDE["text.png"] = ("bomb", ASIDE["text.png"][1] + PNG[33:])
LIES = {"gif.jpg": "GIF", "real.png": "JPEG"}
NAMES = ["x" * 240, "=cmd()", "-x", "@sum", "\u05e9\u202egnp"]
if os.name != "nt":  # Windows has no such names
    NAMES += ["<img src=x onerror=alert(1)>", "a\nb|c"]


def _write(world: World) -> tuple[Path, dict[str, str]]:
    """A folder with everything that is odd; and why each file is set aside."""
    data = world.data()
    disc, expected = data / "disc", {}
    for name, (reason, content) in ASIDE.items():
        (disc / name).write_bytes(content)
        expected[f"disc/{name}"] = reason
    for name, form in LIES.items():
        (disc / name).write_bytes(saved(Image.fromarray(PIXELS), form))
    for number, name in enumerate(NAMES):
        (disc / f"{name}.png").write_bytes(png(drawn.picture("disc", 100 + number)))
        (disc / f"{name}_.png").write_bytes(b"broken")
        expected[f"disc/{name}_.png"] = "not-an-image"
    for kind in drawn.CLASSES:  # one picture in two classes
        (data / kind / "both.png").write_bytes(PNG)
        expected[f"{kind}/both.png"] = "two-labels"
    if hasattr(os, "geteuid") and os.geteuid() != 0:  # the superuser may read everything
        (disc / "secret.png").write_bytes(PNG)
        (disc / "secret.png").chmod(0)
        expected["disc/secret.png"] = "unreadable"
    try:
        (Path(os.fsdecode(os.fsencode(disc) + b"/l\xe4rm.png"))).write_bytes(PNG[:-1])
        expected["disc/l\\xe4rm.png"] = "unreadable"
    except (OSError, UnicodeError):
        pass  # this system has only names in UTF-8
    return data, expected


def test_bad_files_are_set_aside_counted_and_listed(world: World) -> None:
    """Training goes on without them; terminal, quarantine.csv and report tell each with why."""
    data, expected = _write(world)

    answer = world.ask(*world.train(data))

    assert (answer.code, answer.errors) == (0, ()), answer.err
    assert f"Set aside: {len(expected)} files (" in answer.out
    (run,) = world.out.iterdir()
    with (run / "quarantine.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["id"]: row["reason"] for row in rows} == expected
    assert all(re.search(r": .+\. .+\. Next: .+", row["message"], re.DOTALL) for row in rows)
    page = (run / "report.html").read_text(encoding="utf-8")
    assert [name for name in ASIDE if f"disc/{name}" not in page] == []
    counted = re.findall(
        r"<th scope=.row.>([a-z-]+)</th><td>[^<]+</td><td class=.n.>(\d+)</td>", page
    )
    assert {reason: int(number) for reason, number in counted} == Counter(expected.values())
    for name, form in LIES.items():
        assert f"named {Path(name).suffix}, is {form}" in page
    assert "<img src=x" not in page and "\u202e" not in page
    assert r"disc/a\nb|c_.png" in page or os.name == "nt"
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["quarantined"] == len(expected)


def test_real_files_with_lying_suffixes_are_read(world: World, real_data: Path) -> None:
    """Four files from the wild are named by their content, and what was odd is told."""
    answer = world.ask("predict", real_data / "oddities", "--run", world.trained)

    assert (answer.code, answer.err) == (0, "")
    told = re.findall(r"^Note: (.*): \S+$", answer.out, re.MULTILINE)
    assert {"named .jpg, is GIF", "named .jpg, is PNG", "named .png, is WEBP"} <= set(told)


def test_pictures_of_any_size_and_depth_are_named(world: World) -> None:
    """Grey, 16-bit, one-pixel and long pictures get probabilities, and 16 bits are noted."""
    grey = PIXELS[:, :, 0]
    wide = grey.astype(np.uint16) * 257
    pictures = {
        "grey.png": png(grey),
        "wide.png": png(wide),
        "wide.tif": tiff(wide),
        "other_end.tif": tiff(wide, order=">"),
        "one.png": png(PIXELS[:1, :1]),
        "long.png": png(np.zeros((1, 3000, 3), np.uint8)),
        "cmyk.jpg": saved(Image.fromarray(PIXELS).convert("CMYK"), "JPEG"),
        "clear.png": saved(Image.fromarray(PIXELS).convert("RGBA"), "PNG"),
    }
    paths = [world.file(name, data) for name, data in pictures.items()]

    answer = world.ask("predict", *paths, "--run", world.trained, "--json")
    lines = [json.loads(line) for line in answer.out.splitlines()]

    assert (answer.code, answer.err) == (0, "")
    assert [Path(line["file"]).name for line in lines] == list(pictures)
    assert all(abs(sum(line["probabilities"].values()) - 1) < 1e-4 for line in lines)
    for line in lines[1:4]:
        assert line["probabilities"] == lines[0]["probabilities"]
        assert line["notes"] == [f"16 bits, largest value {wide.max():,} of 65,535"]


@pytest.mark.parametrize("good", [True, False])
def test_unreadable_pictures_are_told_one_by_one(world: World, good: bool) -> None:
    """Each has its four parts; the code is that of data only where no picture could be read."""
    bad = [world.file(name, data) for name, (_, data) in ASIDE.items()]

    answer = world.ask("predict", *bad, *[world.picture] * good, "--run", world.trained)
    told = answer.err.splitlines()

    assert answer.code == (0 if good else 3)
    assert answer.out.count(str(world.picture)) == good
    assert all(re.match(r"objektiv: .+: .+\. .+\. Next: .+", line) for line in told[:-1])
    assert [Path(line.split(": ")[1]).name for line in told[:-1]] == list(ASIDE)
    assert told[-1] == f"objektiv: {len(bad)} of {len(bad) + good} files could not be read"


def test_ctrl_c_has_its_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own code and four parts; the run says how it ended, and is no finished one."""
    monkeypatch.setattr(Step, "advance", _interrupt)

    answer = world.ask(*world.train(world.data()))

    assert_refused(answer, 130, "stopped: Ctrl-C. What was finished is kept. Next: run the same")
    (run,) = world.out.iterdir()
    assert "ended early: interrupted" in (run / "log.txt").read_text(encoding="utf-8")
    assert_refused(world.ask("export", run), 4, "no finished run: .*in the bank")


def _interrupt(self: Step, count: int = 1) -> None:
    raise KeyboardInterrupt


STOPPING = """
import signal
from objektiv.base.progress import Step
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever started us may ignore it
advance, counts = Step.advance, []
def advancing(self, count=1):
    counts.append(count)
    if len(counts) == 3:
        signal.raise_signal(signal.SIGINT)
    advance(self, count)
Step.advance = advancing
"""


def test_a_stopped_process_is_gone_on_with(world: World) -> None:
    """A real process that gets the signal ends with 130 and no traceback; the next looks less."""
    words = world.train(world.data(count=6), "--bank", world.tmp / "bank")

    answer = in_a_process(STOPPING, *words)

    assert (answer.code, "Traceback" in answer.err) == (130, False), answer.err
    assert "objektiv: stopped: Ctrl-C. " in answer.err
    again = world.ask(*words)
    assert again.code == 0
    (looked,) = re.findall(r"looked at (\d+) images? anew", again.out)
    assert 0 < int(looked) < 12


def test_a_process_of_its_own_answers_alike(world: World) -> None:
    """The installed command gives the same code and one line, and no traceback."""
    answer = in_a_process("", "train", world.tmp / "nowhere")

    assert (answer.code, answer.out, answer.err.count("\n")) == (3, "", 1), answer
    assert "there is no such folder" in answer.err and "Next: " in answer.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_an_output_that_is_full_is_the_machines_fault(world: World) -> None:
    """A process that cannot print says so on standard error, with the machine's code."""
    with Path("/dev/full").open("w") as full:
        answer = in_a_process("", "bank", "--folder", world.tmp, stdout=full)

    assert (answer.code, "Traceback" in answer.err) == (5, False), answer.err
    assert re.search(r"objektiv: .*No space left.*\. .+\. Next: ", answer.err)
