"""Thumbnails: small, encoded anew, and placeholders where a file cannot be shown."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from PIL import Image

from objektiv.data.dataset import Dataset
from objektiv.faces.pictures import class_samples, thumbnails
from tests.faces.conftest import MakeReport


def _with_file(dataset: Dataset, name: str, path: Path, *, known: str | None) -> Dataset:
    """The dataset whose item `name` lies at `path`, with the hash `known`."""
    own = pl.col("id") == name
    items = dataset.items.with_columns(
        pl.when(own).then(pl.lit(str(path))).otherwise("path").alias("path"),
        pl.when(own).then(pl.lit(known, dtype=pl.String)).otherwise("hash").alias("hash"),
    )
    return replace(dataset, items=items)


def _decoded(source: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2])))


def test_thumbnail_is_small_and_of_the_same_shape(make_report: MakeReport, tmp_path: Path) -> None:
    """A large picture is shrunk to 160 pixels, keeps its aspect and loses what else is in it."""
    path = tmp_path / "large.jpg"
    picture = Image.new("RGB", (800, 400), (200, 40, 40))
    exif = Image.Exif()
    exif[0x010E] = "patient 42"
    picture.save(path, exif=exif)
    dataset = _with_file(make_report().dataset, "cat/0.png", path, known=None)

    (shown,) = thumbnails(dataset, ["cat/0.png"])

    assert shown.source.startswith("data:image/jpeg;base64,")
    assert (shown.width, shown.height) == _decoded(shown.source).size == (160, 80)
    assert b"patient 42" in path.read_bytes()
    assert b"patient 42" not in base64.b64decode(shown.source.partition(",")[2])


def test_tiny_pictures_keep_their_pixels(make_report: MakeReport, tmp_path: Path) -> None:
    """A digit of 8 x 8 stays exact, as PNG."""
    path = tmp_path / "tiny.png"
    picture = Image.effect_noise((8, 8), 80).convert("RGB")
    picture.save(path)
    dataset = _with_file(make_report().dataset, "cat/0.png", path, known=None)

    (shown,) = thumbnails(dataset, ["cat/0.png"])

    assert shown.tiny
    assert _decoded(shown.source).convert("RGB").tobytes() == picture.tobytes()


@pytest.mark.parametrize(
    ("content", "known", "problem"),
    [
        (None, None, "the file cannot be read"),
        (b"", None, "the file is empty"),
        (b"<svg onload='alert(1)'/>", None, "this is not an image"),
        (b"anything", "0" * 64, "the file has changed since"),
    ],
)
def test_what_cannot_be_shown_says_why(
    make_report: MakeReport,
    tmp_path: Path,
    content: bytes | None,
    known: str | None,
    problem: str,
) -> None:
    """A missing, damaged or changed file becomes a placeholder with its reason, not an error."""
    path = tmp_path / "odd.png"
    if content is not None:
        path.write_bytes(content)
    dataset = _with_file(make_report().dataset, "cat/0.png", path, known=known)

    (shown,) = thumbnails(dataset, ["cat/0.png"])

    assert (shown.source, shown.problem) == ("", problem)


def test_unknown_ids_are_placeholders(make_report: MakeReport) -> None:
    """Predictions made elsewhere may name what the data does not hold."""
    (shown,) = thumbnails(make_report().dataset, ["elsewhere.png"])

    assert shown.problem == "not in the data"


def test_samples_are_of_their_class_and_always_the_same(make_report: MakeReport) -> None:
    """At most sixteen pictures a class, drawn by a seed."""
    dataset = make_report().dataset

    samples = class_samples(dataset)

    assert [(s.label, s.items, len(s.pictures)) for s in samples] == [
        ("cat", 30, 16),
        ("dog", 30, 16),
    ]
    assert all(p.id.startswith("cat/") and p.source for p in samples[0].pictures)
    assert samples == class_samples(dataset)
    assert samples != class_samples(dataset, seed=1)


def test_many_classes_share_the_room(make_report: MakeReport) -> None:
    """With fourteen classes each gets full rows of four, so that a report stays small."""
    dataset = make_report(classes=[f"kind {n}" for n in range(14)]).dataset

    assert {len(sample.pictures) for sample in class_samples(dataset)} == {4}


def test_large_pictures_are_decoded_sparingly(make_report: MakeReport) -> None:
    """Of photos of 24 megapixels fewer are shown, but of each class one at least."""
    dataset = make_report().dataset
    items = dataset.items.with_columns(
        width=pl.lit(6000, dtype=pl.Int64), height=pl.lit(4000, dtype=pl.Int64)
    )

    samples = class_samples(replace(dataset, items=items))

    assert {len(sample.pictures) for sample in samples} == {2}


def test_a_class_without_pictures_is_left_out(make_report: MakeReport) -> None:
    """A class whose files were all set aside has no sample."""
    dataset = make_report().dataset
    dataset = replace(dataset, items=dataset.items.filter(pl.col("label") == "dog"))

    assert [sample.label for sample in class_samples(dataset)] == ["dog"]
