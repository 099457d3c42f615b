"""Use a bundle without objektiv: ONNX Runtime, NumPy and Pillow are enough.

In: a bundle (folder or .objektiv file) and a picture. Out: the probability of each class.
Try: `python examples/plain_onnxruntime.py cells-001.objektiv cell.png`.
"""

import json
import sys
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image


def read(bundle: Path, name: str) -> bytes:
    """One member of a bundle."""
    return zipfile.ZipFile(bundle).read(name) if bundle.is_file() else (bundle / name).read_bytes()


def predict(bundle: Path, picture: Path) -> dict[str, float]:
    """Class to probability; the graph takes RGB pixels of any height and width."""
    session = onnxruntime.InferenceSession(read(bundle, "model.onnx"))
    pixels = np.asarray(Image.open(picture).convert("RGB"))
    (probabilities,) = session.run(["probabilities"], {"image": pixels})
    classes = json.loads(read(bundle, "bundle.json"))["classes"]
    return dict(zip(classes, probabilities[0].tolist(), strict=True))


if __name__ == "__main__":
    print(json.dumps(predict(*map(Path, sys.argv[1:]))))
