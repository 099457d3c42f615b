"""A small convolutional network, made of the layers above.

In: the side of square grey pictures, and the number of classes. Out: a Network for pictures
(items, 1, side, side) that gives probabilities (items, classes).
Convolution, ReLU and pooling twice; then dropout, and one layer of nodes with softmax.
Try: `small_cnn(8, 10, random=np.random.default_rng(0))`.
"""

from __future__ import annotations

import numpy as np

from objektiv.scratch.activations import RELU
from objektiv.scratch.convolution import Conv2D
from objektiv.scratch.initial import glorot, he
from objektiv.scratch.layers import Bend, Dense, Dropout, Flatten, Softmax
from objektiv.scratch.network import Network
from objektiv.scratch.pooling import MaxPool


def small_cnn(
    side: int, classes: int, *, random: np.random.Generator, keep: float = 0.8
) -> Network:
    """8 and 16 filters of 3 x 3; each pooling halves the side.

    Raises:
        ValueError: the side is not a multiple of 4.
    """
    if side < 4 or side % 4:
        raise ValueError(f"two poolings halve the side twice: a multiple of 4, not {side}")
    return Network(
        [
            Conv2D(he((8, 1, 3, 3), random=random), padding=1),
            Bend(RELU),
            MaxPool(2),
            Conv2D(he((16, 8, 3, 3), random=random), padding=1),
            Bend(RELU),
            MaxPool(2),
            Flatten(),
            Dropout(keep, random=random),
            Dense(glorot((16 * (side // 4) ** 2, classes), random=random)),
            Softmax(),
        ]
    )
