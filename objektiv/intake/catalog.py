"""Datasets that `objektiv get NAME` knows: where they are, whose they are, what they must be.

In: a name. Out: an Entry. A checksum stands here only if others publish it, and `sources` in
docs/decisions/catalog.md says who; where none was found it is None and the entry is told so.
Try: `CATALOG.get("malaria").citation`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from objektiv.base.names import Registry


@dataclass(frozen=True)
class Remote:
    """One file of a dataset as its publisher serves it."""

    name: str
    url: str
    size: int  # bytes
    sha256: str | None
    content: str | None = None  # SHA-256 of what a .gz holds: whoever packed it anew


@dataclass(frozen=True)
class Entry:
    """One dataset."""

    title: str
    files: tuple[Remote, ...]
    origin: str
    licence: str
    citation: str
    images: int
    classes: int
    layout: tuple[str, str] | None  # a file's path, and the place class/file it gets; None: arrays
    labels: tuple[str, ...] = ()  # of arrays: the name of each number
    group: str | None = None  # what `--group` finds the patient with

    @property
    def size(self) -> int:
        """Bytes to download."""
        return sum(file.size for file in self.files)

    def places(self, paths: Iterable[str]) -> dict[str, str]:
        """From a path in the archive to its place class/file; what has none is left out."""
        if self.layout is None:
            return {}
        pattern, place = self.layout
        found = ((path, re.fullmatch(pattern, path)) for path in paths)
        return {path: match.expand(place) for path, match in found if match}


_FASHION = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"

CATALOG = Registry(
    "dataset",
    {
        "malaria": Entry(
            title="Red blood cells with and without malaria parasites, of 200 patients",
            files=(
                Remote(
                    "cell_images.zip",
                    "https://data.lhncbc.nlm.nih.gov/public/Malaria/cell_images.zip",
                    353_452_851,
                    "0a949556b2414159b5100192609805376654c4266d8d187be9b1922fad43c668",
                ),
            ),
            origin="U.S. National Library of Medicine (NLM), "
            "https://lhncbc.nlm.nih.gov/publication/pub9932",
            licence="none stated in the archive; published by NLM for research, cite the article",
            citation="Rajaraman S, Antani SK, Poostchi M, Silamut K, Hossain MA, Maude RJ, "
            "Jaeger S, Thoma GR. Pre-trained convolutional neural networks as feature extractors "
            "toward improved malaria parasite detection in thin blood smear images. "
            "PeerJ 6:e4568, 2018. doi:10.7717/peerj.4568",
            images=27_558,
            classes=2,
            layout=(r"(?:.*/)?(Parasitized|Uninfected)/([^/]+\.png)", r"\1/\2"),
            group=r"C\d+",
        ),
        "fashion-mnist": Entry(
            title="Grey pictures of clothes, 28 x 28 pixels",
            files=(
                Remote(
                    "train-images-idx3-ubyte.gz",
                    f"{_FASHION}train-images-idx3-ubyte.gz",
                    26_421_880,
                    "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                    "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                ),
                Remote(
                    "train-labels-idx1-ubyte.gz",
                    f"{_FASHION}train-labels-idx1-ubyte.gz",
                    29_515,
                    "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                    "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                ),
                Remote(
                    "t10k-images-idx3-ubyte.gz",
                    f"{_FASHION}t10k-images-idx3-ubyte.gz",
                    4_422_102,
                    "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                    "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                ),
                Remote(
                    "t10k-labels-idx1-ubyte.gz",
                    f"{_FASHION}t10k-labels-idx1-ubyte.gz",
                    5_148,
                    "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
                    "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
                ),
            ),
            origin="Zalando Research, https://github.com/zalandoresearch/fashion-mnist",
            licence="MIT",
            citation="Xiao H, Rasul K, Vollgraf R. Fashion-MNIST: a novel image dataset for "
            "benchmarking machine learning algorithms. arXiv:1708.07747, 2017",
            images=70_000,
            classes=10,
            layout=None,
            labels=(
                "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
                "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
            ),
        ),
        "pets": Entry(
            title="Photographs of cats and dogs of 37 breeds",
            files=(
                Remote(
                    "images.tar.gz",
                    "https://thor.robots.ox.ac.uk/~vgg/data/pets/images.tar.gz",
                    791_918_971,
                    "67195c5e1c01f1ab5f9b6a5d22b8c27a580d896ece458917e61d459337fa318d",
                ),
            ),
            origin="Visual Geometry Group, University of Oxford, and IIIT Hyderabad, "
            "https://www.robots.ox.ac.uk/~vgg/data/pets/",
            licence="CC BY-SA 4.0; the copyright of each photograph stays with its owner",
            citation="Parkhi OM, Vedaldi A, Zisserman A, Jawahar CV. Cats and dogs. "
            "IEEE Conference on Computer Vision and Pattern Recognition, 2012",
            images=7_390,
            classes=37,
            layout=(r"(?:.*/)?([A-Za-z][^/]*)_(\d+\.jpg)", r"\1/\1_\2"),
        ),
        "cats-dogs": Entry(
            title="Photographs of cats and dogs; some files are damaged and will be set aside",
            files=(
                Remote(
                    "kagglecatsanddogs_5340.zip",
                    "https://download.microsoft.com/download/3/E/1/"
                    "3E1C3F21-ECDB-4869-8368-6DEBA77B919F/kagglecatsanddogs_5340.zip",
                    824_887_076,
                    "b7974bd00a84a99921f36ee4403f089853777b5ae8d151c76a86e64900334af9",
                ),
            ),
            origin="Microsoft Research and Petfinder.com (Asirra), "
            "https://www.microsoft.com/en-us/download/details.aspx?id=54765",
            licence="CDLA-Permissive-2.0, as the archive says",
            citation="Elson J, Douceur JR, Howell J, Saul J. Asirra: a CAPTCHA that exploits "
            "interest-aligned manual image categorization. ACM Conference on Computer and "
            "Communications Security, 2007",
            images=25_000,
            classes=2,
            layout=(r"(?:.*/)?(Cat|Dog)/(\d+\.jpg)", r"\1/\2"),
        ),
    },
    list_command="objektiv get --help",
)  # fmt: skip
