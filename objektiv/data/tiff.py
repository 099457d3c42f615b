"""Read the directory of a TIFF file, which is also the form of an EXIF block.

In: bytes that begin with II or MM. Out: the orientation 1-8, or the Header of a TIFF picture whose
body keeps only the tags that make pixels.
Try: `tiff(Path("cell.tif").read_bytes(), 50_000_000)`.
"""

from __future__ import annotations

import struct

from objektiv.data.header import Header, Refused, check_size

WIDTH, HEIGHT, BITS, LIGHT, STRIPS, ORIENTATION, SAMPLES = 256, 257, 258, 262, 273, 274, 277
STRIP_LENGTHS, PLANES, TILE_WIDTH, TILE_HEIGHT, TILES = 279, 284, 322, 323, 324
TILE_LENGTHS, NUMBERS = 325, 339
# compression, fill order, rows of a strip: tags that have one value each, as the first line's have
SINGLE = {WIDTH, HEIGHT, LIGHT, SAMPLES, PLANES, TILE_WIDTH, TILE_HEIGHT, 259, 266, 278}
# predictor, palette, extra samples, JPEG tables and YCbCr: what else makes pixels
MAKES_PIXELS = SINGLE | {BITS, STRIPS, STRIP_LENGTHS, TILES, TILE_LENGTHS, NUMBERS}
MAKES_PIXELS |= {317, 320, 338, 347, 529, 530, 531, 532}
TYPE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}


class Directory:
    """The first directory: for each tag its 12-byte entry and where its values lie."""

    def __init__(self, data: bytes) -> None:
        """Raises struct.error where the directory does not fit into `data`."""
        self._data = data
        self.order = "<" if data[:2] == b"II" else ">"
        (start,) = struct.unpack_from(self.order + "I", data, 4)
        (count,) = struct.unpack_from(self.order + "H", data, start)
        self.entries: dict[int, bytes] = {}
        self._places: dict[int, tuple[int, int, int, int]] = {}  # type, count, from, to
        for place in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, number, at = struct.unpack_from(self.order + "HHII", data, place)
            size = TYPE_SIZES.get(kind, 0) * number
            at = place + 8 if size <= 4 else at
            if tag not in self.entries:  # decoders take the first of two
                self.entries[tag] = data[place : place + 12]
                self._places[tag] = kind, number, at, at + size
        (self.next,) = struct.unpack_from(self.order + "I", data, start + 2 + 12 * count)

    def count(self, tag: int, default: int = 1) -> int:
        """How many values a tag has, or the default where it is absent."""
        return self._places[tag][1] if tag in self._places else default

    def end(self, tag: int) -> int:
        """The byte after the values of a tag that is there."""
        return self._places[tag][3]

    def size(self, tag: int) -> int:
        """How many bytes the values of a tag that is there take."""
        return self._places[tag][3] - self._places[tag][2]

    def values(self, tag: int, default: int = 0) -> tuple[int, ...]:
        """Whole numbers of a tag, or the default where it has none."""
        kind, number, start, end = self._places.get(tag, (0, 0, 0, 0))
        code = {1: "B", 3: "H", 4: "I"}.get(kind)
        if code is None or not number or end > len(self._data):
            return (default,)
        return struct.unpack_from(f"{self.order}{number}{code}", self._data, start)


def orientation(block: bytes) -> int:
    """The orientation 1-8 that an EXIF block tells; 1 where it is broken or silent."""
    if block[:4] not in (b"II*\0", b"MM\0*"):
        return 1
    try:
        value = Directory(block).values(ORIENTATION, 1)[0]
    except struct.error:
        return 1
    return value if 1 <= value <= 8 else 1


def tiff(data: bytes, max_pixels: int) -> Header:
    """What a TIFF file says.

    Raises:
        Refused: it is cut off, damaged, too large or of a kind that is not read.
        struct.error: its directory is cut off.
    """
    tags = Directory(data)
    pixel_tags = sorted(MAKES_PIXELS & set(tags.entries))
    if any(tags.end(tag) > len(data) for tag in pixel_tags):
        raise Refused("truncated", f"it ends too early, at byte {len(data):,}")
    if sum(tags.size(tag) for tag in pixel_tags) > len(data):
        raise Refused("damaged", "its tags say more than it holds")
    if any(tags.count(tag) != 1 for tag in SINGLE) or LIGHT not in tags.entries:
        raise Refused("damaged", "a tag does not have its one value")
    width, height = tags.values(WIDTH)[0], tags.values(HEIGHT)[0]
    check_size(width, height, max_pixels=max_pixels)
    # a decoder allocates a whole tile, which may be far larger than the picture
    tile = tags.values(TILE_WIDTH, 1)[0], tags.values(TILE_HEIGHT, 1)[0]
    check_size(*tile, max_pixels=max_pixels, what="a tile")
    if tags.next:
        raise Refused("format-not-read", "TIFF of several pages")
    for offsets, lengths in ((STRIPS, STRIP_LENGTHS), (TILES, TILE_LENGTHS)):
        places = zip(tags.values(offsets), tags.values(lengths), strict=False)
        if any(offset + length > len(data) for offset, length in places):
            raise Refused("truncated", f"it ends too early, at byte {len(data):,}")
    kind = _kind(tags)
    # Decoders get a directory of the tags that make pixels. Orientation is not among them:
    # some obey it and some do not, and we apply it ourselves.
    start = len(data) + len(data) % 2
    entries = b"".join(tags.entries[tag] for tag in pixel_tags)
    directory = struct.pack(tags.order + "H", len(pixel_tags)) + entries + bytes(4)
    pointer = struct.pack(tags.order + "I", start)
    body = b"".join([data[:4], pointer, data[8:], bytes(len(data) % 2), directory])
    return Header("TIFF", width, height, body, orientation(data), kind)


def _kind(tags: Directory) -> str:
    samples, bits = tags.values(SAMPLES, 1)[0], tags.values(BITS, 1)
    light, planes = tags.values(LIGHT)[0], tags.values(PLANES, 1)[0]
    if set(tags.values(NUMBERS, 1)) != {1}:
        raise Refused("format-not-read", "TIFF of floating-point or signed numbers")
    if set(bits) == {16} and samples == 1 and light in (0, 1):
        return "negative" if light == 0 else ""
    if set(bits) == {16} and samples == 3 and light == 2 and planes == 1:
        return "wide"
    if not set(bits) <= {1, 2, 4, 8}:
        raise Refused("format-not-read", f"TIFF with {samples} samples of {bits[0]} bits")
    return ""
