"""The Keras side of comparisons: a process in an environment of its own that is told what to time.

In: a folder of class folders as argument, then a line of JSON for each measurement on standard
input. Out: a line of JSON with images a second for each. It keeps its networks between
measurements, so that both sides of a comparison can take turns. Weights are random: speed does not
depend on them. Imports nothing of objektiv. `benchmarks.keras` and `benchmarks.chain` start it.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import sys
import time
from pathlib import Path
from typing import Any

# COURSE.md, case malaria: augmentation of the training images; validation is only rescaled.
AUGMENTATION = {
    "rotation_range": 30,
    "width_shift_range": 0.1,
    "height_shift_range": 0.1,
    "rescale": 1 / 255,
    "shear_range": 0.1,
    "zoom_range": 0.1,
    "horizontal_flip": True,
    "fill_mode": "nearest",
}
FROZEN, SIMPLE = "mobilenetv2-frozen", "simple-cnn"
COURSE = {FROZEN: (224, 64), SIMPLE: (150, 256)}  # pixels and batch
COURSE_SEED = 1337
WARM = 5  # steps before the clock starts: the first traces the graph, the next fill the queue


class Side:
    """What can be asked for, by name."""

    def __init__(self, folder: Path) -> None:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        self._tf: Any = importlib.import_module("tensorflow")
        self._folder = folder
        self._extractors: dict[int, Any] = {}
        self._recipes: dict[str, Any] = {}
        self._squares: dict[str, Any] = {}

    def versions(self) -> dict[str, str]:
        """Of TensorFlow and Keras."""
        return {"tensorflow": self._tf.__version__, "keras": self._tf.keras.__version__}

    def predict(self, size: int) -> float:
        """Images a second from files to pooled features.

        Building the network and its first batch are not counted; making the data set is.
        """
        if size not in self._extractors:
            self._extractors[size] = self._extractor(size)
            self._extractors[size].predict(self._files(size).take(1), verbose=0)
        start = time.perf_counter()
        features = self._extractors[size].predict(self._files(size), verbose=0)
        return float(len(features) / (time.perf_counter() - start))

    def _extractor(self, size: int) -> Any:
        keras = self._tf.keras
        base = keras.applications.MobileNetV2(
            include_top=False, weights=None, pooling="avg", input_shape=(size, size, 3)
        )
        return keras.Sequential([keras.layers.Rescaling(1 / 127.5, offset=-1), base])

    def _files(self, size: int) -> Any:
        return self._tf.keras.utils.image_dataset_from_directory(
            self._folder, image_size=(size, size), shuffle=False, verbose=False
        )

    def train(self, steps: int, recipe: str = FROZEN) -> float:
        """Images a second of training steps of one of the course's recipes."""
        clock = self._clock(recipe)
        model = self._course(recipe)
        generator = self._generator(AUGMENTATION, recipe)
        steps = min(steps, len(generator) - WARM)  # the last batch is smaller and ends an epoch
        model.fit(generator, epochs=1, steps_per_epoch=WARM + steps, verbose=0, callbacks=[clock])
        return float(clock.rate())

    def validate(self, steps: int) -> float:
        """Images a second of validation steps of the course's frozen recipe."""
        clock = self._clock(FROZEN)
        generator = self._generator({"rescale": 1 / 255}, FROZEN)
        steps = min(steps, len(generator) - WARM)
        self._course(FROZEN).evaluate(generator, steps=WARM + steps, verbose=0, callbacks=[clock])
        return float(clock.rate())

    def augment(self, squares: str) -> float:
        """Milliseconds a picture of ImageDataGenerator's random changes, the course's settings.

        `squares`: a .npy file, uint8 (pictures, height, width, 3).
        """
        if squares not in self._squares:
            given = importlib.import_module("numpy").load(squares, allow_pickle=False)
            self._squares[squares] = given.astype("float32")  # as load_img and img_to_array do
        given = self._squares[squares]
        options = {name: value for name, value in AUGMENTATION.items() if name != "rescale"}
        maker = self._tf.keras.preprocessing.image.ImageDataGenerator(**options)
        start = time.perf_counter()
        for square in given:
            maker.random_transform(square)
        return 1000 * (time.perf_counter() - start) / len(given)

    def _generator(self, options: dict[str, Any], recipe: str) -> Any:
        size, batch = COURSE[recipe]
        maker = self._tf.keras.preprocessing.image.ImageDataGenerator(**options)
        return maker.flow_from_directory(
            self._folder,
            target_size=(size, size),
            batch_size=batch,
            class_mode="binary",
            seed=COURSE_SEED,
        )

    def _course(self, recipe: str) -> Any:
        """Built once. Where the course names no optimizer: SGD for the frozen one, else Adam."""
        if recipe not in self._recipes:
            keras, (size, _) = self._tf.keras, COURSE[recipe]
            shape = (size, size, 3)
            model = self._frozen(shape) if recipe == FROZEN else self._simple(shape)
            optimizer = keras.optimizers.SGD(1e-4) if recipe == FROZEN else keras.optimizers.Adam()
            model.compile(optimizer, loss="binary_crossentropy", metrics=["accuracy"])
            self._recipes[recipe] = model
        return self._recipes[recipe]

    def _frozen(self, shape: tuple[int, int, int]) -> Any:
        """MobileNetV2 as it is, flattened, one sigmoid."""
        keras = self._tf.keras
        base = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=shape)
        base.trainable = False
        head = [keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid")]
        return keras.Sequential([base, *head])

    def _simple(self, shape: tuple[int, int, int]) -> Any:
        """Three convolutions, two dense layers; the rates of dropout are our choice."""
        layers = self._tf.keras.layers
        stack = [layers.Input(shape)]
        for filters in (32, 64, 128):
            stack += [layers.Conv2D(filters, 3, padding="same", activation="relu")]
            stack += [layers.MaxPooling2D(2)]
            stack += [layers.Dropout(0.25)] if filters < 128 else [layers.Flatten()]
        for _ in range(2):
            stack += [layers.Dense(512, activation="relu"), layers.Dropout(0.5)]
        return self._tf.keras.Sequential([*stack, layers.Dense(1, activation="sigmoid")])

    def _clock(self, recipe: str) -> Any:
        batch = COURSE[recipe][1]

        class Clock(self._tf.keras.callbacks.Callback):  # type: ignore[misc, name-defined]
            """When each batch was done."""

            def __init__(self) -> None:
                super().__init__()
                self.times: list[float] = []

            def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
                self.times.append(time.perf_counter())

            on_test_batch_end = on_train_batch_end

            def rate(self) -> float:
                """Images a second after the warm steps."""
                steps = len(self.times) - WARM
                if steps < 1:
                    return math.nan
                return batch * steps / (self.times[-1] - self.times[WARM - 1])

        return Clock()


def main() -> None:
    """Answer line by line until the input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever TensorFlow prints goes to the standard error
    side = Side(Path(sys.argv[1]))
    for line in sys.stdin:
        asked = json.loads(line)
        answer = getattr(side, asked.pop("do"))(**asked)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
