"""When the model should not answer: what is refused, what prediction sets hold, what calibrates.

Malaria by patient: what tells strangers is fitted on three fifths of the patients, its limit chosen
on one fifth for 5 % of false refusals, and judged on the last, each fifth in turn; then other
pictures are shown to it (pets, Fashion-MNIST), and near ones (a drawn smear, and the cells of the
judged patients blurred, recoloured, cropped ...). Fashion-MNIST without two classes is shown
these, cats_dogs is shown pets. Prediction sets: 100 random divisions of what the probe says out of
fold, by item and by patient, with adaptive sets (APS) beside ours. Calibrations: cross-validated
by patient.
In: the folder of data sets; --bank keeps features. Out: tables, and JSON with --out. No timing.
Try: `python -m benchmarks.abstaining --data ../shared/data --limit 600`.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks import measure
from objektiv.base import files, seeds
from objektiv.base.progress import Progress
from objektiv.data import dataset as datasets
from objektiv.data.images import decode, read_bytes
from objektiv.data.settings import SmearSettings
from objektiv.data.smear import draw_smear
from objektiv.features.backbones import BACKBONES
from objektiv.features.look import Features, Seen, look
from objektiv.flow.items import Items
from objektiv.flow.settings import TrainSettings
from objektiv.flow.train import split_of
from objektiv.intake import idx
from objektiv.judging.calibration import softmax
from objektiv.judging.calibrators import KINDS, cross_fitted, left_out
from objektiv.judging.conformal import SetRule, fit_sets, limit_of
from objektiv.judging.metrics import calibration_error, log_loss
from objektiv.judging.predictions import Predictions
from objektiv.models.choose import fit
from objektiv.models.strangers import compared, fit_strangers

GROUP, FIFTHS, REFUSE, COVERAGES, DIVISIONS = r"C\d+", 5, 0.05, (0.9, 0.95, 0.99), 100
NEAR, FASHION = 500, 6000
REFUSED, WITHIN = 0.99, 0.01

Picture = NDArray[np.uint8]
Rows = NDArray[np.int64]


# --- near cases: what may happen to a cell on its way to the camera -------------------------------


def _hue(picture: Picture, by: int) -> Picture:
    turned = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV).astype(np.int64)
    turned[..., 0] = (turned[..., 0] + by) % 180
    return np.asarray(cv2.cvtColor(turned.astype(np.uint8), cv2.COLOR_HSV2RGB), np.uint8)


def _crop(picture: Picture, share: float) -> Picture:
    height, width = picture.shape[:2]
    top, left = (round(n * (1 - share) / 2) for n in (height, width))
    return picture[top : height - top, left : width - left]


def _blurred(picture: Picture, deviation: float) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), deviation), np.uint8)


def _noise(picture: Picture) -> Picture:
    noise = seeds.generator(0, "abstaining", "noise").normal(0, 20, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def _jpeg(picture: Picture) -> Picture:
    _, packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 20])
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)


CHANGES: dict[str, Callable[[Picture], Picture]] = {
    "turned by 90 degrees": lambda p: np.rot90(p),
    "grey": lambda p: np.repeat(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY)[:, :, None], 3, axis=2),
    "hue turned by 60 degrees": lambda p: _hue(p, 30),
    "hue turned by 180 degrees": lambda p: _hue(p, 90),
    "half as bright": lambda p: (p * 0.5).astype(np.uint8),
    "blurred, deviation 2 pixels": lambda p: _blurred(p, 2),
    "blurred, deviation 6 pixels": lambda p: _blurred(p, 6),
    "noise of 20 grey levels": _noise,
    "JPEG of quality 20": _jpeg,
    "middle 70 % of each side": lambda p: _crop(p, 0.7),
    "middle 50 % of each side": lambda p: _crop(p, 0.5),
    "white instead of black around": lambda p: np.where(
        p.max(axis=2, keepdims=True) < 10, 255, p
    ).astype(np.uint8),
}


# --- features of everything -----------------------------------------------------------------------


@dataclass(frozen=True)
class Looking:
    """How everything is looked at."""

    settings: TrainSettings
    scratch: Path
    limit: int | None

    def seen(self, folder: Path, *, group: str | None = None, size: int | None = None) -> Seen:
        """All, or an even sample of the items of a folder."""
        how = self.settings.model_copy(update={"group": group, "size": size or self.settings.size})
        dataset = datasets.read(folder, how)
        rows = measure.even_sample(range(len(dataset.items)), self.limit)
        dataset = replace(dataset, items=dataset.items[rows])
        return look(dataset, how, max_pixels=how.max_pixels, progress=Progress())

    def written(self, name: str, pictures: Sequence[tuple[str, Picture]]) -> Path:
        """A folder of class folders with these pictures as PNG files."""
        folder = self.scratch / name.replace(" ", "-").replace("%", "")
        for number, (label, picture) in enumerate(pictures):
            files.make_folder(folder / label)
            _, packed = cv2.imencode(".png", np.ascontiguousarray(picture[:, :, ::-1]))
            files.write_bytes(folder / label / f"{number:05}.png", packed.tobytes())
        return folder


def _pixels(path: str) -> Picture:
    return decode(read_bytes(path, name=path), name=path, max_pixels=50_000_000).pixels


def fashion(data: Path, count: int) -> list[tuple[str, Picture]]:
    """The first pictures of Fashion-MNIST's test part, grey as RGB, with their classes."""
    pictures = idx.read(data / "fashion_mnist" / "t10k-images-idx3-ubyte.gz", dimensions=3)
    labels = idx.read(data / "fashion_mnist" / "t10k-labels-idx1-ubyte.gz", dimensions=1)
    return [
        (f"class{label}", np.repeat(picture[:, :, None], 3, axis=2))
        for picture, label in zip(pictures[:count], labels[:count], strict=True)
    ]


# --- none of these --------------------------------------------------------------------------------


def fifths(groups: NDArray[np.int64], purpose: str) -> list[Rows]:
    """Places of the items of each fifth of the groups."""
    order = seeds.generator(0, "abstaining", purpose).permutation(int(groups.max()) + 1)
    return [np.flatnonzero(order[groups] % FIFTHS == k) for k in range(FIFTHS)]


def strangers_of(
    features: Features, groups: NDArray[np.int64], others: dict[str, Callable[[Rows], Features]]
) -> dict[str, list[float]]:
    """Share refused of what is like that learnt from, by group and in all, and of the others."""
    blocks = compared(BACKBONES.get("lite0").blocks)
    parts = fifths(groups, "strangers")
    found: dict[str, list[float]] = {}
    for k in range(FIFTHS):
        judged, chosen = parts[k], parts[(k + 1) % FIFTHS]
        rest = np.sort(np.concatenate([parts[(k + j) % FIFTHS] for j in range(2, FIFTHS)]))
        strangers = fit_strangers(features, blocks, rest)
        limit = limit_of(strangers.strangeness(features, chosen), exceeded=REFUSE)
        if limit is None:
            raise SystemExit("too few items: raise --limit")
        above = strangers.strangeness(features, judged) > limit
        own = groups[judged]
        found.setdefault("genuine", []).append(float(above.mean()))
        by_group = np.bincount(own, above) / np.maximum(np.bincount(own), 1)
        found.setdefault("by group", []).extend(by_group[np.unique(own)].tolist())
        for name, features_of in others.items():
            shown = features_of(judged)
            share = float((strangers.strangeness(shown) > limit).mean())
            found.setdefault(name, []).append(share)
    return found


def refusals(looking: Looking, data: Path, result: measure.Result) -> Seen:
    """Rows and claims of malaria; returns the cells as seen."""
    cells = looking.seen(data / "malaria", group=GROUP)
    items = cells.dataset.items
    _, groups = np.unique(items["group"].to_numpy(), return_inverse=True)
    near = measure.even_sample(range(len(items)), NEAR)
    place = {row: at for at, row in enumerate(near)}
    others: dict[str, Callable[[Rows], Features]] = {}
    far = {
        "pets": data / "pets",
        "Fashion-MNIST": looking.written("fashion", fashion(data, NEAR)),
        "cats_dogs": data / "cats_dogs",
        "drawn smear": draw_smear(looking.scratch / "smear", SmearSettings(seed=1)),
    }
    for name, folder in far.items():
        shown = looking.seen(folder, size=cells.size).features
        others[name] = lambda _, shown=shown: shown  # type: ignore[misc]
    originals = [(items["label"][row], _pixels(items["path"][row])) for row in near]
    for name, change in CHANGES.items():
        changed = [("cells", np.asarray(change(picture), np.uint8)) for _, picture in originals]
        seen = looking.seen(looking.written(name, changed), size=cells.size).features
        others[f"cells, {name}"] = lambda judged, seen=seen: _of_places(seen, place, judged)  # type: ignore[misc]
    found = strangers_of(cells.features, groups, others)
    by_group = found.pop("by group")
    for name, shares in found.items():
        result.rows.append(_row("malaria", name, shares))
    low, high = np.quantile(by_group, (0.5, 0.9))
    result.rows.append(
        {
            "model of": "malaria",
            "shown": "genuine, by patient: median, 90 % are below",
            "refused": float(low),
            "highest": float(high),
        }
    )
    for name in ("pets", "Fashion-MNIST"):
        lowest = min(found[name])
        result.claims.append(measure.at_least(f"malaria refuses {name}", lowest, REFUSED))
    return cells


def _of_places(features: Features, place: dict[int, int], judged: Rows) -> Features:
    """Of changed items those whose originals are judged; numbered files keep the order."""
    rows = [place[row] for row in judged.tolist() if row in place]
    return replace(features, ids=(), values=features.values[rows])


def _row(model: str, shown: str, shares: Sequence[float]) -> measure.Row:
    return {
        "model of": model,
        "shown": shown,
        "refused": float(np.mean(shares)),
        "lowest": min(shares),
        "highest": max(shares),
    }


def left_out_classes(looking: Looking, data: Path, result: measure.Result) -> Seen:
    """Fashion-MNIST shown two of its own classes that were not learnt; cats_dogs shown pets."""
    seen = looking.seen(looking.written("fashion-all", fashion(data, FASHION)))
    labels = seen.dataset.items["label"].to_numpy()
    for pair in (("class1", "class8"), ("class0", "class6"), ("class5", "class7")):
        out = np.isin(labels, pair)
        known = replace(seen.features, ids=(), values=seen.features.values[~out])
        other = replace(seen.features, ids=(), values=seen.features.values[out])
        found = strangers_of(known, np.arange((~out).sum()), {"x": lambda _, o=other: o})  # type: ignore[misc]
        name = f"Fashion-MNIST without {' and '.join(pair)}"
        result.rows += [_row(name, "genuine", found["genuine"]), _row(name, "these", found["x"])]
    animals = looking.seen(data / "cats_dogs")
    pets = looking.seen(data / "pets", size=animals.size).features
    others = {"pets": lambda _: pets}
    found = strangers_of(animals.features, np.arange(len(animals.features.values)), others)
    result.rows += [_row("cats_dogs", name, found[name]) for name in ("genuine", "pets")]
    return seen


# --- prediction sets and calibrations -------------------------------------------------------------


def said_of(seen: Seen, settings: TrainSettings) -> Predictions:
    """What the probe says of items it has not learnt from: out of fold."""
    items = Items.of(seen, split_of(seen.dataset, settings, given=None))
    fitted = fit(*items.learning(), settings=settings)
    predictions = items.predictions(fitted)
    held = np.array([part != "test" for part in predictions.parts])
    return predictions.rows(np.flatnonzero(held))


def adaptive(held: Predictions, test: Predictions, coverage: float) -> tuple[float, float, float]:
    """As of `_drawn`, of randomised adaptive sets (Romano, Sesia and Candes, 2020)."""
    rng = seeds.generator(0, "abstaining", "adaptive")

    def scores(p: NDArray[np.float64]) -> NDArray[np.float64]:
        order = np.argsort(-p, axis=1)
        upto = np.cumsum(np.take_along_axis(p, order, 1), axis=1)
        found = np.empty_like(p)
        np.put_along_axis(found, order, upto, 1)
        return np.asarray(found - rng.random((len(p), 1)) * p)

    own = scores(held.probabilities)[np.arange(len(held)), held.labels]
    limit = limit_of(own, exceeded=1 - coverage)
    sets = scores(test.probabilities) <= (np.inf if limit is None else limit)
    return told_of(sets, test)


def told_of(sets: NDArray[np.bool_], test: Predictions) -> tuple[float, float, float]:
    """Share that hold the truth, mean size, share of one class."""
    covered, sizes = sets[np.arange(len(test)), test.labels], sets.sum(axis=1)
    return float(covered.mean()), float(sizes.mean()), float((sizes == 1).mean())


def coverages(said: Predictions, name: str, result: measure.Result) -> None:
    """Rows and claims of random divisions into held-out and test, by item and by group."""
    numbers = {"item": np.arange(len(said))}
    if said.group_numbers is not None:
        numbers["patient"] = said.group_numbers
    for unit, own in numbers.items():
        halves = [_halves(said, own, k) for k in range(DIVISIONS)]
        for coverage in COVERAGES:
            for kind in ("each class", "all", "adaptive"):
                drawn = [_drawn(held, test, kind, coverage) for held, test in halves]
                covered, sizes, answered = (np.array(column) for column in zip(*drawn, strict=True))
                result.rows.append(
                    {
                        "data": name,
                        "divided by": unit,
                        "sets for": kind,
                        "promised": coverage,
                        "covered": float(covered.mean()),
                        "10 %": float(np.quantile(covered, 0.1)),
                        "90 %": float(np.quantile(covered, 0.9)),
                        "mean size": float(sizes.mean()),
                        "one class": float(answered.mean()),
                    }
                )
                if unit == "item" and kind == "each class":
                    off = abs(float(covered.mean()) - coverage)
                    what = f"{name}: mean coverage of {DIVISIONS} divisions off {coverage:g}"
                    result.claims.append(measure.at_most(what, off, WITHIN))


def _halves(
    said: Predictions, own: NDArray[np.int64], number: int
) -> tuple[Predictions, Predictions]:
    rng = seeds.generator(number, "abstaining", "halves")
    half = rng.permutation(int(own.max()) + 1)[own] % 2 == 0
    return said.rows(np.flatnonzero(half)), said.rows(np.flatnonzero(~half))


def _drawn(
    held: Predictions, test: Predictions, kind: str, coverage: float
) -> tuple[float, float, float]:
    if kind == "adaptive":
        return adaptive(held, test, coverage)
    rule: SetRule = fit_sets(held, coverage=coverage, by_class=kind == "each class")
    return told_of(rule.sets(test.probabilities), test)


def calibrations(said: Predictions, name: str, result: measure.Result) -> None:
    """Rows: log loss and calibration error, cross-validated by group."""
    folds = left_out(said.group_numbers, len(said))
    if folds is None:
        raise SystemExit("too few groups: raise --limit")
    forms = {"as shipped": said.probabilities, "twice as sure": softmax(2 * said.logits)}
    for kind in KINDS:
        forms[kind] = cross_fitted(kind, said.logits, said.labels, folds)
    for form, probabilities in forms.items():
        own = replace(said, probabilities=probabilities)
        result.rows.append(
            {
                "data": name,
                "calibration": form,
                "log loss": log_loss(own).estimate,
                "calibration error": calibration_error(own),
            }
        )


@contextlib.contextmanager
def _places(bank: Path | None) -> Iterator[tuple[Path, Path]]:
    with tempfile.TemporaryDirectory() as folder:
        yield bank or Path(folder) / "bank", Path(folder) / "scratch"


def main() -> None:
    """Measure and publish."""
    options = measure.parser(__doc__, rounds=1)
    options.add_argument("--bank", type=Path, help="folder where features are kept")
    given = options.parse_args()
    result = measure.Result(
        "When not to answer", "Doubtful pictures, prediction sets, calibrations."
    )
    with _places(given.bank) as (bank, scratch):
        settings = TrainSettings(bank=bank, precision="fp32", group=None)
        looking = Looking(settings, files.make_folder(scratch), given.limit)
        cells = refusals(looking, given.data, result)
        clothes = left_out_classes(looking, given.data, result)
        seens = {"malaria": (cells, GROUP), "Fashion-MNIST": (clothes, None)}
        for name, (seen, group) in seens.items():
            said = said_of(seen, settings.model_copy(update={"group": group}))
            coverages(said, name, result)
            calibrations(said, name, result)
    result.publish(given.out)


if __name__ == "__main__":
    main()
