"""Open what a command looks into: a bundle or a pretrained network, and pictures with classes.

In: paths as they were typed. Out: a Subject; Pictured ones, a sample drawn by seed, whose class is
the folder they lie in where the model knows such a class.
Try: `subject_of([Path("cells.objektiv"), Path("cells")], backbone=None)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from objektiv.base import seeds
from objektiv.base.errors import DataError, ImageError, UsageError
from objektiv.data.images import decode, read_bytes
from objektiv.explaining.robustness import Pictured
from objektiv.explaining.subject import Subject, of_backbone, of_bundle
from objektiv.flow.use import MAX_PIXELS, pictures_in
from objektiv.shipping.bundle import load


def subject_of(
    paths: Sequence[Path], *, backbone: str | None
) -> tuple[Subject, tuple[Path, ...], str]:
    """The model, the paths of pictures, and what one types for the model: without `backbone` the
    first path is a bundle.

    Raises:
        UsageError: no model is named.
        BundleError: the bundle is damaged.
    """
    if backbone is not None:
        return of_backbone(backbone), tuple(paths), f"--backbone {backbone}"
    if not paths:
        raise UsageError(
            "no model is named",
            value="no BUNDLE and no --backbone",
            allowed="A bundle (a .objektiv file or RUN/model) or --backbone NAME",
            next="for example `--backbone lite0`",
        )
    bundle, *rest = paths
    return of_bundle(load(bundle), name=bundle.name), tuple(rest), str(bundle)


def pictured(
    paths: Sequence[Path], subject: Subject, *, most: int, seed: int
) -> tuple[list[Pictured], list[str]]:
    """At most `most` pictures of the files and folders named, drawn by seed, and what could not be
    read.

    Raises:
        UsageError: no picture is named.
        DataError: none can be read.
    """
    if not paths:
        raise UsageError(
            "no picture is named",
            value="only a model",
            allowed="Images, or folders of images, behind the model",
            next="name one, for example `photos/cat.jpg`",
        )
    files = pictures_in(paths)
    if len(files) > most:
        random = seeds.generator(seed, "pictures looked into")
        files = [files[i] for i in sorted(random.permutation(len(files))[:most].tolist())]
    found, refused = [], []
    for path in files:
        try:
            pixels = decode(read_bytes(path, name=str(path)), name=str(path), max_pixels=MAX_PIXELS)
        except ImageError as error:
            refused.append(str(error))
            continue
        known = path.parent.name in subject.classes
        label = subject.classes.index(path.parent.name) if known else None
        found.append(Pictured(str(path), pixels.pixels, label))
    if not found:
        raise DataError(
            "none of the pictures can be read",
            value=refused[0],
            allowed="At least one readable image is needed",
            next="name another file or folder",
        )
    return found, refused
