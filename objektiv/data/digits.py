"""Write scikit-learn's bundled digits, which are real, as PNG files in ten folders.

In: a folder. Out: the folder with `0/digit_0000.png` and so on: 1,797 handwritten digits of 8 x 8
pixels and 17 grey levels, each pixel enlarged to 8 x 8, so 64 x 64 pixels. They are the test part
of the UCI set "Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak, 1998, CC BY 4.0);
who wrote which digit is not known, so they have no groups.
Try: `write_digits(Path("digits"))`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from objektiv.base.progress import Progress
from objektiv.data.drawing import png
from objektiv.data.embedded import write_pictures

WHAT = "real handwritten digits, 8 x 8 pixels, bundled with scikit-learn, enlarged 8 times"
COUNT = 1797
SCALE = 8
WHITE = 16  # the largest value in the set; 0 is black


def write_digits(folder: Path, *, progress: Progress | None = None) -> Path:
    """Write the digits into `folder` and return it; a folder that holds them already is used again.

    Raises:
        DataError: the folder holds something else, or altered digits.
        MachineError: it cannot be written.
    """
    about = {"what": WHAT, "version": 1, "settings": {"scale": SCALE}}
    return write_pictures(
        folder, _pictures(), about=about, total=COUNT, progress=progress or Progress()
    )


def _pictures() -> Iterator[tuple[str, bytes]]:
    from sklearn.datasets import (
        load_digits,
    )  # here: it takes a second, and a filled folder needs none

    images, labels = load_digits(return_X_y=True)
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        grey = np.rint(image.reshape(8, 8) * (255 / WHITE)).astype(np.uint8)
        yield (
            f"{label}/digit_{number:04d}.png",
            png(np.kron(grey, np.ones((SCALE, SCALE), np.uint8))),
        )
