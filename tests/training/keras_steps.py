"""Steps of Keras' optimizers: weights 1, 2, 3 after four gradients, the rate halved between.

By Keras 3.15.1 on TensorFlow with its defaults (AdamW with a weight decay of 0.01); a gradient of
1e-8 shows where epsilon stands. Each row: momentum, then where the weights end.
"""

from __future__ import annotations

GRADIENTS = ([0.5, -2.0, 1e-8], [0.3, 1.0, -1e-8], [-0.4, 0.5, 2e-8], [0.1, -0.1, 0.0])
RATES = (0.1, 0.1, 0.05, 0.05)
KERAS = {
    "sgd": (0.0, [0.934999942779541, 2.080000162124634, 3.0]),
    "sgd momentum": (0.9, [0.7797499895095825, 2.374300003051758, 3.0]),
    "adam": (0.0, [0.7776708006858826, 2.1334826946258545, 2.9993600845336914]),
    "adamw": (0.0, [0.7749758362770081, 2.127261161804199, 2.990370512008667]),
    "rmsprop": (0.0, [0.5849926471710205, 2.138998508453369, 2.9999969005584717]),
    "rmsprop momentum": (0.9, [-0.3898554742336273, 2.6241934299468994, 2.9999916553497314]),
    "adagrad": (0.0, [0.8896759748458862, 2.0458433628082275, 3.0]),
}
