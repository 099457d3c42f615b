"""What a picture's bytes say before a pixel is decoded: format, size, orientation, wholeness.

In: the bytes of one file. Out: a Header with the bytes that a decoder may see, or an ImageError.
Only six formats pass, known by content and never by suffix; sizes are checked before anything is
allocated; PNG chunks are checked against their CRC; what makes no pixels (text, profiles,
thumbnails, later frames) never reaches a decoder. Damage inside a JPEG leaves no trace that is
sure to be found: cut files and streams that end early are.
Try: `examine(Path("cell.png").read_bytes(), name="cell.png", max_pixels=50_000_000)`.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable

from objektiv.data.header import Header, Refused, check_size, image_error
from objektiv.data.tiff import orientation as exif_orientation
from objektiv.data.tiff import tiff

SUFFIXES = {
    **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"), "JPEG"),
    **dict.fromkeys((".png", ".apng"), "PNG"),
    **dict.fromkeys((".tif", ".tiff"), "TIFF"),
    **dict.fromkeys((".bmp", ".dib"), "BMP"),
    **{".webp": "WEBP", ".gif": "GIF"},
}
TEXT = 4_000_000  # bytes that compressed text of a PNG may become; nobody needs more
FRAMES = 1_000  # frames of a GIF; more is a film or an attack
SCANS = 100  # passes of a progressive JPEG; ordinary ones have about 10

# Formats that people do have, so that the refusal can name them.
FOREIGN = (
    (rb"%!PS", "EPS"),
    (rb"\xc5\xd0\xd3\xc6", "EPS"),
    (rb"%PDF", "PDF"),
    (rb"8BPS", "PSD"),
    (rb"SIMPLE  =", "FITS"),
    (rb"....ftyp(hei|hev|mif|msf)", "HEIC"),
    (rb"....ftypavi[fs]", "AVIF"),
    (rb"\x00\x00\x00\x0cjP  |\xff\x4f\xff\x51", "JPEG 2000"),
    (rb"\xff\x0a|\x00\x00\x00\x0cJXL ", "JPEG XL"),
    (rb"\x76\x2f\x31\x01", "OpenEXR"),
    (rb"P[1-7]\s", "PNM"),
    (rb"\x00\x00\x01\x00", "ICO"),
    (rb"II\x2b\x00|MM\x00\x2b", "BigTIFF"),
    (rb".{128}DICM", "DICOM"),
    (rb"\x89HDF\r\n", "HDF5"),
)


def examine(data: bytes, *, name: str, max_pixels: int) -> Header:
    """What the bytes of one file say about the picture in it.

    Raises:
        ImageError: it is not one of the six formats, cut off, damaged or too large.
    """
    try:
        return _walker(data)(data, max_pixels)
    except (struct.error, IndexError):
        refused = Refused("truncated", f"it ends too early, at byte {len(data):,}")
    except Refused as error:
        refused = error
    raise image_error(name, refused)


def _walker(data: bytes) -> Callable[[bytes, int], Header]:
    if not data:
        raise Refused("empty", "0 bytes")
    for magic, walker in _WALKERS:
        if re.match(magic, data, re.DOTALL):
            return walker
    for magic, foreign in FOREIGN:
        if re.match(magic, data, re.DOTALL):
            raise Refused("format-not-read", foreign)
    raise Refused("not-an-image", f"it begins with {data[:12]!r}")


def _png(data: bytes, max_pixels: int) -> Header:
    width, height, depth, colour, _, _, interlace = struct.unpack_from(">IIBBBBB", data, 16)
    check_size(width, height, max_pixels=max_pixels)
    view = memoryview(data)
    kept, kinds, notes, orientation, text = [data[:8]], [], [], 1, TEXT
    position, kind = 8, b""
    while kind != b"IEND":
        if position + 12 > len(data):
            raise Refused("truncated", f"it ends at byte {len(data):,} without an end mark")
        (length,) = struct.unpack_from(">I", data, position)
        kind, end = data[position + 4 : position + 8], position + 12 + length
        if end > len(data):
            raise Refused("truncated", f"it ends at byte {len(data):,}, inside a chunk")
        if zlib.crc32(view[position + 4 : end - 4]) != int.from_bytes(view[end - 4 : end]):
            raise Refused("damaged", f"the checksum at byte {end - 4:,} is wrong")
        body = view[position + 8 : end - 4]
        if kind in (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"):
            kept.append(data[position:end])
            kinds.append(kind)
        elif kind == b"eXIf":
            orientation = exif_orientation(bytes(body))
        elif kind == b"acTL":
            notes.append("animated, its default picture is read")
        elif kind in (b"zTXt", b"iTXt"):
            text -= _inflated(kind, bytes(body), budget=text)
        position = end
    if kinds[0] != b"IHDR" or b"IDAT" not in kinds:
        raise Refused("damaged", "the picture's own chunks are missing")
    plain = depth == 8 and colour in (0, 2) and not interlace and b"tRNS" not in kinds
    if depth == 16 and colour == 0 and b"tRNS" in kinds:
        raise Refused("format-not-read", "16-bit grey PNG with a transparent grey")
    kind_of = "wide" if depth == 16 else "plain" if plain else ""
    return Header("PNG", width, height, b"".join(kept), orientation, kind_of, tuple(notes))


def _inflated(kind: bytes, chunk: bytes, *, budget: int) -> int:
    """Bytes that the compressed text of a chunk becomes; stops at the budget."""
    _, _, rest = chunk.partition(b"\0")  # after the keyword: method, then the text
    stream = rest[1:]
    if kind == b"iTXt":  # flag, method, language, keyword again, text
        stream = rest[2:].split(b"\0", 2)[-1] if rest[:1] == b"\1" else b""
    try:
        size = len(zlib.decompressobj().decompress(stream, budget + 1))
    except zlib.error:
        return 0  # nobody reads it
    if size > budget:
        raise Refused(
            "bomb", "its text unpacks to more", allowed=f"At most {TEXT:,} bytes are unpacked"
        )
    return size


_MARK = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]", re.DOTALL)
_FRAME_MARKS = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_OTHER_MARKS = {0xC4, 0xCC, 0xDA, 0xDB, 0xDC, 0xDD, *range(0xE0, 0xF0), 0xFE}


def _jpeg(data: bytes, max_pixels: int) -> Header:
    kept, notes, orientation, scans, position = [data[:2]], [], 1, 0, 2
    frame: tuple[int, ...] = ()
    whole_scan = False
    while True:
        match = _MARK.search(data, position)
        if match is None:
            raise Refused("truncated", f"it ends at byte {len(data):,} without an end mark")
        if scans:
            kept.append(data[position : match.start()])
        mark, start = data[match.end() - 1], match.end()
        if mark == 0xD9:
            break
        (length,) = struct.unpack_from(">H", data, start)
        position = start + length
        if mark not in _OTHER_MARKS | _FRAME_MARKS or length < 2:
            raise Refused("damaged", f"byte {start:,} cannot stand there")
        if position > len(data):
            raise Refused("truncated", f"it ends at byte {len(data):,}, inside its header")
        body = data[start + 2 : position]
        if mark in _FRAME_MARKS:
            precision, height, width, components = struct.unpack_from(">BHHB", body)
            frame = (mark, width, height, components)
            check_size(width, height, max_pixels=max_pixels)
            if precision != 8:
                raise Refused("format-not-read", f"JPEG of {precision} bits")
        elif mark == 0xDA:
            scans += 1
            whole_scan = bool(frame) and frame[0] in (0xC0, 0xC1) and body[0] == frame[3]
            if scans > SCANS:
                raise Refused(
                    "bomb",
                    f"it has more than {SCANS} passes",
                    allowed="Ordinary JPEGs have about 10",
                )
        elif mark == 0xE1 and body[:6] == b"Exif\0\0" and orientation == 1:
            orientation = exif_orientation(body[6:])
        elif mark == 0xE2 and body[:4] == b"MPF\0":
            notes.append("several pictures in one file (MPO), the first is read")
        if mark not in (*range(0xE1, 0xEE), 0xEF, 0xFE):  # 0xE0 and 0xEE tell the colour space
            kept.append(data[match.start() : position])
    if not frame or not scans:
        raise Refused("damaged", "the picture's own parts are missing")
    # libjpeg fills what is missing with grey and only warns. Without the end mark it has to ask
    # for more instead, which Pillow refuses; zeros, because it reads up to 8 bytes ahead. It
    # needs the mark where it collects several scans before it shows any.
    ending = bytes(8) if whole_scan and scans == 1 else b"\xff\xd9"
    body = b"".join([*kept, ending])
    return Header("JPEG", frame[1], frame[2], body, orientation, "", tuple(notes))


def _webp(data: bytes, max_pixels: int) -> Header:
    end = 8 + int(struct.unpack_from("<I", data, 4)[0])
    if end > len(data):
        raise Refused("truncated", f"it says {end:,} bytes and has {len(data):,}")
    orientation, size, position = 1, (0, 0), 12
    while position + 8 <= end:
        kind, length = struct.unpack_from("<4sI", data, position)
        start = position + 8
        if kind == b"VP8X":
            if data[start] & 2:
                raise Refused("format-not-read", "animated WEBP")
            wide, high = data[start + 4 : start + 7], data[start + 7 : start + 10]
            size = (int.from_bytes(wide, "little") + 1, int.from_bytes(high, "little") + 1)
        elif kind in (b"VP8 ", b"VP8L"):
            if kind == b"VP8 ":
                width, height = (n & 0x3FFF for n in struct.unpack_from("<HH", data, start + 6))
            else:
                bits = int(struct.unpack_from("<I", data, start + 1)[0])
                width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
            size = (max(size[0], width), max(size[1], height))
        elif kind == b"EXIF":
            orientation = exif_orientation(data[start : start + length].removeprefix(b"Exif\0\0"))
        position = start + length + length % 2
    check_size(*size, max_pixels=max_pixels)
    return Header("WEBP", *size, data[:end], orientation)


def _bmp(data: bytes, max_pixels: int) -> Header:
    if data[14] == 12:
        width, height = struct.unpack_from("<HH", data, 18)
    else:
        width, height = struct.unpack_from("<ii", data, 18)
    check_size(width, abs(height), max_pixels=max_pixels)  # a negative height means top row first
    return Header("BMP", width, abs(height), data)


def _gif(data: bytes, max_pixels: int) -> Header:
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    check_size(width, height, max_pixels=max_pixels)
    position, frames = 13 + _colour_table(flags), 0
    while (mark := data[position]) != 0x3B:
        if mark == 0x2C:
            frames += 1
            if frames > FRAMES:
                raise Refused(
                    "bomb",
                    f"it has more than {FRAMES:,} frames",
                    allowed="Of shorter ones the first frame is read",
                )
            left, top, wide, high, flags = struct.unpack_from("<HHHHB", data, position + 1)
            if frames == 1:  # it may be larger than the screen that the header declares
                check_size(left + wide, top + high, max_pixels=max_pixels)
            position += 11 + _colour_table(flags)
        elif mark == 0x21:
            position += 2
        elif mark != 0:  # zeros between blocks are common and harmless
            raise Refused("damaged", f"byte {position:,} cannot stand there")
        while data[position]:
            position += data[position] + 1
        position += 1
    if not frames:
        raise Refused("damaged", "it has no frame")
    notes = (f"first of {frames:,} frames",) if frames > 1 else ()
    return Header("GIF", width, height, data, notes=notes)


def _colour_table(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


_WALKERS: tuple[tuple[bytes, Callable[[bytes, int], Header]], ...] = (
    (rb"\x89PNG\r\n\x1a\n", _png),
    (rb"\xff\xd8\xff", _jpeg),
    (rb"RIFF....WEBP", _webp),
    (rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\x00\x00\x00", _bmp),
    (rb"GIF8[79]a", _gif),
    (rb"II\x2a\x00|MM\x00\x2a", tiff),
)
