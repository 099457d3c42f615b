"""The networks of keras.applications that the course lists, as data.

In: a name of Keras. Out: its row of the course's table, and what Keras and keras.io say of its
input, its weights' origin and their licence. Parameter counts are compared with Keras in tests.
Try: `KERAS.get("MobileNetV2").parameters`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from objektiv.base.names import Registry

Colours = Literal["RGB", "BGR"]
Numbers = tuple[float, float, float]


@dataclass(frozen=True)
class Preprocessing:
    """From pixels of 0 to 255 to a network's input: (pixels * scale - mean) / std.

    `mean` and `std` have one number a channel, in the order that `colours` names.
    """

    mean: Numbers
    std: Numbers
    scale: float
    colours: Colours


# Keras' own words, keras.applications.imagenet_utils.preprocess_input; "none": the network does it
# itself, in its first layers.
MODES = {
    "caffe": Preprocessing((103.939, 116.779, 123.68), (1.0, 1.0, 1.0), 1.0, "BGR"),
    "tf": Preprocessing((1.0, 1.0, 1.0), (1.0, 1.0, 1.0), 1 / 127.5, "RGB"),
    "torch": Preprocessing((0.485, 0.456, 0.406), (0.229, 0.224, 0.225), 1 / 255, "RGB"),
    "none": Preprocessing((0.0, 0.0, 0.0), (1.0, 1.0, 1.0), 1.0, "RGB"),
}


@dataclass(frozen=True)
class Family:
    """What the networks of one paper share.

    Origin and licence of the ImageNet weights are those that keras.io named (pages of 2018 to
    2020); its newer pages name none.
    """

    mode: str  # in MODES
    smallest: int  # pixels, Keras' own limit
    origin: str
    licence: str
    padding_by_size: bool = False  # it calls Keras' `correct_pad` before strides of 2


VGG = Family("caffe", 32, "ported from VGG, Oxford", "CC-BY-4.0")
RESNET = Family("caffe", 32, "ported from Kaiming He", "MIT")
RESNET_V2 = Family("tf", 32, "ported from Facebook's fb.resnet.torch", "BSD-3-Clause")
XCEPTION = Family("tf", 71, "trained by Keras' author", "MIT")
INCEPTION = Family("tf", 75, "from TensorFlow's models", "Apache-2.0")
MOBILENET = Family("tf", 32, "from TensorFlow's models", "Apache-2.0")
MOBILENET_V2 = Family("tf", 32, "from TensorFlow's models", "Apache-2.0", padding_by_size=True)
DENSENET = Family("torch", 32, "ported from the paper's authors", "BSD-3-Clause")
NASNET = Family("tf", 32, "from TensorFlow's models", "Apache-2.0", padding_by_size=True)
EFFICIENTNET = Family("none", 32, "ported from TensorFlow's TPU models", "not stated", True)


@dataclass(frozen=True)
class KerasNetwork:
    """One row of the course's table (2025; the accuracies of B2 to B7 are the paper's).

    Accuracies are on ImageNet's validation pictures. Depth is counted as keras.io did in 2021 and
    does since, where known. Milliseconds a picture are Keras' own, on a server and a Tesla A100.
    """

    name: str  # of the function in keras.applications
    family: Family
    size: int  # pixels, native
    megabytes: int
    top1: float
    top5: float
    parameters: int
    depth_2021: int | None
    depth_2025: int
    cpu_ms: float
    gpu_ms: float


_ROWS = (
    ("Xception", XCEPTION, 299, 88, 0.790, 0.945, 22_910_480, 126, 81, 109.4, 8.1),
    ("VGG16", VGG, 224, 528, 0.713, 0.901, 138_357_544, 23, 16, 69.5, 4.2),
    ("VGG19", VGG, 224, 549, 0.713, 0.900, 143_667_240, 26, 19, 84.8, 4.4),
    ("ResNet50", RESNET, 224, 98, 0.749, 0.921, 25_636_712, None, 107, 58.2, 4.6),
    ("ResNet101", RESNET, 224, 171, 0.764, 0.928, 44_707_176, None, 209, 89.6, 5.2),
    ("ResNet152", RESNET, 224, 232, 0.766, 0.931, 60_419_944, None, 311, 127.4, 6.5),
    ("ResNet50V2", RESNET_V2, 224, 98, 0.760, 0.930, 25_613_800, None, 103, 45.6, 4.4),
    ("ResNet101V2", RESNET_V2, 224, 171, 0.772, 0.938, 44_675_560, None, 205, 72.7, 5.4),
    ("ResNet152V2", RESNET_V2, 224, 232, 0.780, 0.942, 60_380_648, None, 307, 107.5, 6.6),
    ("InceptionV3", INCEPTION, 299, 92, 0.779, 0.937, 23_851_784, 159, 189, 42.2, 6.9),
    ("InceptionResNetV2", INCEPTION, 299, 215, 0.803, 0.953, 55_873_736, 572, 449, 130.2, 10.0),
    ("MobileNet", MOBILENET, 224, 16, 0.704, 0.895, 4_253_864, 88, 55, 22.6, 3.4),
    ("MobileNetV2", MOBILENET_V2, 224, 14, 0.713, 0.901, 3_538_984, 88, 105, 25.9, 3.8),
    ("DenseNet121", DENSENET, 224, 33, 0.750, 0.923, 8_062_504, 121, 242, 77.1, 5.4),
    ("DenseNet169", DENSENET, 224, 57, 0.762, 0.932, 14_307_880, 169, 338, 96.4, 6.3),
    ("DenseNet201", DENSENET, 224, 80, 0.773, 0.936, 20_242_984, 201, 402, 127.2, 6.7),
    ("NASNetMobile", NASNET, 224, 23, 0.744, 0.919, 5_326_716, None, 389, 27.0, 6.7),
    ("NASNetLarge", NASNET, 331, 343, 0.825, 0.960, 88_949_818, None, 533, 344.5, 20.0),
    ("EfficientNetB0", EFFICIENTNET, 224, 29, 0.771, 0.933, 5_330_571, None, 132, 46.0, 4.9),
    ("EfficientNetB1", EFFICIENTNET, 240, 31, 0.791, 0.944, 7_856_239, None, 186, 60.2, 5.6),
    ("EfficientNetB2", EFFICIENTNET, 260, 36, 0.801, 0.949, 9_177_569, None, 186, 80.8, 6.5),
    ("EfficientNetB3", EFFICIENTNET, 300, 48, 0.816, 0.957, 12_320_535, None, 210, 140.0, 8.8),
    ("EfficientNetB4", EFFICIENTNET, 380, 75, 0.829, 0.964, 19_466_823, None, 258, 308.3, 15.1),
    ("EfficientNetB5", EFFICIENTNET, 456, 118, 0.836, 0.967, 30_562_527, None, 312, 579.2, 25.3),
    ("EfficientNetB6", EFFICIENTNET, 528, 166, 0.840, 0.968, 43_265_143, None, 360, 958.1, 40.5),
    ("EfficientNetB7", EFFICIENTNET, 600, 256, 0.843, 0.970, 66_658_687, None, 438, 1578.9, 61.6),
)

KERAS = Registry(
    "network of Keras",
    {row[0]: KerasNetwork(*row) for row in _ROWS},
    list_command="objektiv models",
)
