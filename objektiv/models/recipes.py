"""What can be trained by name: each recipe is settings, and says where they come from.

In: a name behind `--model`. Out: a Recipe, or settings with its values below those of the user.
Where a course gives no number, the one here is a choice of ours, and `choices` names the setting:
what Keras takes unless told otherwise, or what Keras' own examples have.
Try: `RECIPES.get("simple-cnn").settings["filters"]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from objektiv.base.language import mark
from objektiv.base.names import Registry
from objektiv.base.settings import Settings, make

Family = Literal["probe", "network", "frozen", "finetune"]
S = TypeVar("S", bound=Settings)


@dataclass(frozen=True)
class Recipe:
    """Settings under a name; what they leave open is the default of the settings themselves."""

    name: str
    title: str
    origin: str  # one line
    family: Family
    settings: Mapping[str, Any] = field(default_factory=dict)
    choices: frozenset[str] = frozenset()  # names in `settings` that no course gives

    @property
    def course(self) -> frozenset[str]:
        """Names in `settings` that a course gives."""
        return frozenset(self.settings) - self.choices


def resolve(settings: S) -> S:
    """The same with the recipe's values wherever the user said nothing; `model` names the recipe.

    Raises:
        UsageError: no recipe has this name.
        SettingsError: the user's values do not go with the recipe's.
    """
    given = settings.model_dump(exclude_unset=True)
    recipe = RECIPES.get(settings.model)  # type: ignore[attr-defined]
    source = f"the settings of --model {recipe.name}"
    return make(type(settings), {**recipe.settings, **given}, source=source)


def _ours(name: str, title: str, origin: str, family: Family, **settings: Any) -> Recipe:
    """A recipe of which every number is a choice."""
    return Recipe(name, title, origin, family, settings, frozenset(settings))


def _course(
    name: str, title: str, origin: str, given: Mapping[str, Any], chosen: Mapping[str, Any]
) -> Recipe:
    """A recipe of the course; frozen where a backbone is given."""
    family: Family = "frozen" if "backbone" in given else "network"
    return Recipe(name, title, origin, family, {**given, **chosen}, frozenset(chosen))


MALARIA = mark("lecture on transfer learning, case malaria")
THESIS = mark("thesis on recognising screws")

_CELLS: dict[str, Any] = {  # how the lecture trains all its networks
    "rescale": "unit",  # also for networks that were pretrained with another preprocessing
    "fit": "stretch",
    "rotation": 30,
    "width_shift": 0.1,
    "height_shift": 0.1,
    "shear": 0.1,
    "zoom": (0.9, 1.1),
    "horizontal_flip": True,
    "fill_mode": "nearest",
    "patience": 3,
    "monitor": "val_accuracy",
}
_SCREWS: dict[str, Any] = {"size": 28, "channels": "grey", "batch": 500}
# The thesis trains a given number of epochs and keeps the last; here the best one is kept.
_ALL_EPOCHS: dict[str, Any] = {"patience": "off"}
_SCREW_CONVOLUTIONS: dict[str, Any] = {
    **_SCREWS,
    "rescale": "raw",
    "dropout": (),
    "dense": (),
    "output": "softmax",
}
_KERAS_CONVOLUTION: dict[str, Any] = {
    **_ALL_EPOCHS,
    "kernel": 3,
    "padding": "valid",
    "activation": "relu",
}
_PERCEPTRON: dict[str, Any] = {
    **_SCREWS,
    "filters": (),
    "rescale": "unit",
    "output": "sigmoid",
    "optimizer": "sgd",
}
_KERAS_SGD: dict[str, Any] = {"learning_rate": 0.01}
_KERAS_RMSPROP: dict[str, Any] = {"learning_rate": 0.001}


# 22 million multiplications a picture of 28 pixels: 20 epochs of Fashion-MNIST take less than 20
# minutes on two cores, and few of them at the full 28 pixels, where they are slow; docs/lab_log.md
_SMALL: dict[str, Any] = {
    "filters": (16, 64, 128),
    "convolutions": 2,
    "kernel": 3,
    "padding": "same",
    "activation": "relu",
    "norm": "batch",
    "pool": 2,
    "dropout": (0.1, 0.2, 0.3),
    "dense": (),
    "output": "softmax",
    "channels": "grey",
    "rescale": "unit",
    "size": 28,
    "batch": 128,
    "epochs": 20,
    "optimizer": "adamw",
    "learning_rate": 4e-3,
    "weight_decay": 0.05,
    "schedule": "one-cycle",
    "patience": "off",
    "width_shift": 0.07,
    "height_shift": 0.07,
    "horizontal_flip": True,
}
_COURSE_CNN: dict[str, Any] = {
    "filters": (32, 64),
    "kernel": 3,
    "padding": "same",
    "activation": "relu",
    "pool": 2,
    "dropout": (0.25,),
    "dense": (128,),
    "dense_dropout": 0.5,
    "output": "softmax",
    "channels": "grey",
    "rescale": "unit",
    "size": 28,
    "batch": 128,
    "epochs": 15,
    "optimizer": "adam",
    "learning_rate": 0.001,
    "patience": 3,
}

_ALL = (
    _ours("probe", mark("a head on a pretrained network that stays as it is"), "objektiv", "probe"),
    _ours("cnn", mark("a network of your own by settings"), "objektiv", "network"),
    _ours(
        "finetune",
        mark("a pretrained network that goes on learning, from the probe on"),
        "objektiv",
        "finetune",
        epochs=5,
        optimizer="adamw",
        learning_rate=3e-4,
        weight_decay=0.01,
        schedule="one-cycle",
        layer_decay=0.7,
        batch_norm="frozen",
    ),
    _ours(
        "small-cnn",
        mark("three blocks of two normalised convolutions, for small pictures"),
        mark("objektiv; after Simonyan and Zisserman (2014) and Ioffe and Szegedy (2015)"),
        "network",
        **_SMALL,
    ),
    _ours(
        "course-cnn",
        mark("two convolutions with pools and a dense layer, for small pictures"),
        mark("the kind of network that the lecture on neural networks varies on Fashion-MNIST"),
        "network",
        **_COURSE_CNN,
    ),
    _course(
        "simple-cnn",
        mark("three convolutions and two dense layers of 512"),
        MALARIA,
        {
            "filters": (32, 64, 128),
            "kernel": 3,
            "padding": "same",
            "pool": 2,
            "dense": (512, 512),
            "output": "sigmoid",
            "size": 150,
            "batch": 256,
            "epochs": 30,
            **_CELLS,
        },
        {
            "activation": "relu",
            "dropout": (0.25, 0.25, 0.0),
            "dense_dropout": 0.5,
            "optimizer": "adam",
            "learning_rate": 0.001,
        },
    ),
    _course(
        "vgg19-frozen",
        mark("VGG19 as it is, its last map flattened, one dense layer"),
        MALARIA,
        {
            "backbone": "VGG19",
            "size": 224,
            "batch": 64,
            "epochs": 10,
            "optimizer": "sgd",
            "learning_rate": 1e-4,
            **_CELLS,
        },
        {},
    ),
    _course(
        "mobilenetv2-frozen",
        mark("MobileNetV2 as it is, its last map flattened, one dense layer"),
        MALARIA,
        {"backbone": "MobileNetV2", "size": 224, "epochs": 30, **_CELLS},
        # Keras' 1e-3 moves an answer by whole units a step where 62,720 values come in
        {"batch": 64, "optimizer": "adam", "learning_rate": 1e-4},
    ),
    _course(
        "mlp-16",
        mark("784-16-1, one kind against all others: name it with --against-all"),
        THESIS,
        {**_PERCEPTRON, "dense": (16,), "epochs": 20},
        {**_ALL_EPOCHS, **_KERAS_SGD, "activation": "sigmoid", "dense_dropout": 0.0},
    ),
    _course(
        "mlp-50",
        mark("784-50-5, each output a sigmoid, judged by categorical cross-entropy"),
        THESIS,
        {**_PERCEPTRON, "dense": (50,), "epochs": 80},
        {**_ALL_EPOCHS, **_KERAS_SGD, "activation": "sigmoid", "dense_dropout": 0.0},
    ),
    _course(
        "cnn-16-sgd",
        mark("one convolution of 16 filters on raw values, by plain gradient descent"),
        THESIS,
        {**_SCREW_CONVOLUTIONS, "filters": (16,), "pool": 1, "optimizer": "sgd", "epochs": 20},
        {**_KERAS_CONVOLUTION, **_KERAS_SGD},
    ),
    _course(
        "cnn-16-rmsprop",
        mark("one convolution of 16 filters on raw values, by RMSprop"),
        THESIS,
        {
            **_SCREW_CONVOLUTIONS,
            "filters": (16,),
            "pool": 1,
            "optimizer": "rmsprop",
            "epochs": 20,
        },
        {**_KERAS_CONVOLUTION, **_KERAS_RMSPROP},
    ),
    _course(
        "cnn-16-32",
        mark("two convolutions of 16 and 32 filters on raw values"),
        THESIS,
        {
            **_SCREW_CONVOLUTIONS,
            "filters": (16, 32),
            "pool": 1,
            "optimizer": "rmsprop",
            "epochs": 20,
        },
        {**_KERAS_CONVOLUTION, **_KERAS_RMSPROP},
    ),
    _course(
        "cnn-16-32-pool",
        mark("the same with the largest of 2x2 kept behind each convolution"),
        THESIS,
        {
            **_SCREW_CONVOLUTIONS,
            "filters": (16, 32),
            "pool": 2,
            "optimizer": "rmsprop",
            "epochs": 15,
        },
        {**_KERAS_CONVOLUTION, **_KERAS_RMSPROP},
    ),
)
RECIPES = Registry(
    "model", {recipe.name: recipe for recipe in _ALL}, list_command="objektiv models"
)
