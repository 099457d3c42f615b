"""A network from nothing beside the quick probe: the same split, two runs, one table.

In: a folder with a folder of pictures for each class, and a pattern that finds the group (patient,
slide, video) in a file's name. Out: a run folder each, and their accuracies on the screen.
Try: `python examples/train_a_network.py objektiv-demo/smear 'P\\d+'` after `objektiv demo`.
"""

import sys

import objektiv as ob


def main(folder: str, group: str, model: str = "simple-cnn", epochs: int = 10) -> None:
    """Train both on `folder`."""
    data = ob.read(folder, ob.ReadSettings(group=group))
    split = ob.split(data)
    for settings in (ob.TrainSettings(), ob.TrainSettings(model=model, epochs=epochs)):
        run = ob.train(data, split, settings=settings)
        accuracy = run.scores().accuracy
        print(f"{settings.model}: {accuracy.estimate:.3f}", end=" ")
        print(f"({accuracy.low:.3f} to {accuracy.high:.3f}), {run.folder}")


if __name__ == "__main__":
    main(*sys.argv[1:3])
