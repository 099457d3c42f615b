"""The whole way in Python: read, split, train, scores, export, load, predict.

In: a folder with a folder of pictures for each class, and a pattern that finds the group (patient,
slide, video) in a file's name. Out: a run folder, a bundle file, and a prediction on the screen.
Try: `python examples/five_lines.py objektiv-demo/smear 'P\\d+'` after `objektiv demo`.
"""

import sys
from pathlib import Path

import objektiv as ob


def main(folder: str, group: str, target: str = "example.objektiv") -> None:
    """Train on `folder` and name its first picture."""
    data = ob.read(folder, ob.ReadSettings(group=group))
    run = ob.train(data, ob.split(data))
    print("accuracy on the test part:", run.scores().accuracy)
    bundle = ob.load(ob.export(run, target))
    first = Path(data.items["path"][0])
    print(
        first.name,
        dict(zip(bundle.classes, ob.predict(bundle, first)[0].probabilities, strict=True)),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
