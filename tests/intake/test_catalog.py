"""The catalogue: every entry is complete, and lays out its archive as class folders."""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path

import pytest

from objektiv.base.errors import UsageError
from objektiv.intake.catalog import CATALOG
from objektiv.intake.web import check_address


@pytest.mark.parametrize("name", list(CATALOG))
def test_every_entry_is_complete(name: str) -> None:
    """Origin, licence, citation, addresses, sizes and checksums are there and well formed."""
    entry = CATALOG.get(name)

    assert all([entry.title, entry.origin, entry.licence, entry.citation])
    assert entry.images > 0 and entry.classes > 1 and entry.size > 1_000_000
    assert (entry.layout is None) == bool(entry.labels)
    for remote in entry.files:
        check_address(remote.url)
        assert remote.url.endswith(f"/{remote.name}")
        for checksum in (remote.sha256, remote.content):
            assert checksum is None or re.fullmatch(r"[0-9a-f]{64}", checksum)
    if entry.group:
        re.compile(entry.group)


@pytest.mark.parametrize(
    ("name", "path", "place"),
    [
        ("malaria", "cell_images/Parasitized/C1_cell_1.png", "Parasitized/C1_cell_1.png"),
        ("malaria", "Uninfected/C1.png", "Uninfected/C1.png"),
        ("malaria", "cell_images/Uninfected/Thumbs.db", None),
        ("pets", "images/american_bulldog_11.jpg", "american_bulldog/american_bulldog_11.jpg"),
        ("pets", "images/Maine_Coon_9.jpg", "Maine_Coon/Maine_Coon_9.jpg"),
        ("pets", "images/Abyssinian_100.mat", None),
        ("pets", "images/._Abyssinian_1.jpg", None),
        ("cats-dogs", "PetImages/Cat/0.jpg", "Cat/0.jpg"),
        ("cats-dogs", "PetImages/Dog/Thumbs.db", None),
        ("cats-dogs", "readme[1].txt", None),
        ("fashion-mnist", "train-images-idx3-ubyte.gz", None),
    ],
)
def test_files_get_a_place_in_their_class(name: str, path: str, place: str | None) -> None:
    """Images get CLASS/FILE, everything else is left out."""
    assert CATALOG.get(name).places([path]).get(path) == place


def test_unknown_name_is_answered_with_the_near_one() -> None:
    """A slip of the keyboard is answered with the name that was meant."""
    with pytest.raises(UsageError, match="did you mean 'malaria'"):
        CATALOG.get("malarai")


def test_contents_of_fashion_mnist_are_the_published_ones(real_data: Path) -> None:
    """The content's checksums are those of a copy whose files were packed anew."""
    for remote in CATALOG.get("fashion-mnist").files:
        data = (real_data / "fashion_mnist" / remote.name).read_bytes()

        assert hashlib.sha256(data).hexdigest() != remote.sha256
        assert hashlib.sha256(gzip.decompress(data)).hexdigest() == remote.content


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("train-images-idx3-ubyte.gz", 1504176606),
        ("train-labels-idx1-ubyte.gz", 1504176606),
        ("t10k-images-idx3-ubyte.gz", 1504176627),
        ("t10k-labels-idx1-ubyte.gz", 1504176627),
    ],
)
def test_published_fashion_mnist_can_be_rebuilt(real_data: Path, name: str, seconds: int) -> None:
    """The file packed anew, with its old gzip header put back, has the published checksum."""
    data = (real_data / "fashion_mnist" / name).read_bytes()
    header = b"\x1f\x8b\x08\x08" + seconds.to_bytes(4, "little") + b"\x00\x03"
    rebuilt = header + name.removesuffix(".gz").encode() + b"\0" + data[10:]
    (remote,) = [r for r in CATALOG.get("fashion-mnist").files if r.name == name]

    assert len(rebuilt) == remote.size
    assert hashlib.sha256(rebuilt).hexdigest() == remote.sha256
