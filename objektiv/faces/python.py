"""The Python face: the whole way in five calls, with the same settings as the command line.

In: paths and settings. Out: datasets, splits, runs, bundles: what `import objektiv` shows.
Try: `examples/five_lines.py`.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from objektiv.base.errors import UsageError
from objektiv.base.files import make_folder
from objektiv.base.language import speaking
from objektiv.base.progress import Progress
from objektiv.data import dataset as datasets
from objektiv.data import split as splits
from objektiv.data.dataset import Dataset
from objektiv.data.manifest import take_stock
from objektiv.data.settings import ReadSettings, SplitSettings
from objektiv.data.split import Split
from objektiv.explaining import dream as dreams
from objektiv.explaining.attack_settings import AttackSettings, DreamSettings
from objektiv.explaining.robustness import Robustness, check, examine
from objektiv.explaining.subject import Subject, of_backbone, of_bundle
from objektiv.faces.report import write_report
from objektiv.faces.story import report_data
from objektiv.flow import use
from objektiv.flow.evaluate_table import JudgedTable, evaluate_table
from objektiv.flow.export import export as export_step
from objektiv.flow.finished import finished
from objektiv.flow.looking import pictured
from objektiv.flow.run import Run
from objektiv.flow.settings import (
    EvaluateSettings,
    ExplainSettings,
    ExploreSettings,
    ExportSettings,
    TrainSettings,
)
from objektiv.flow.train import train as train_step
from objektiv.shipping.bundle import Bundle
from objektiv.shipping.bundle import load as load_bundle

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from objektiv.flow.explain import Explained
    from objektiv.flow.explore import Explored

LARGEST = 1_000_000_000  # pixels; only headers are read here


def read(root: Path | str, settings: ReadSettings | None = None) -> Dataset:
    """The images below `root` with their labels; no image is opened yet.

    Raises:
        DataError: nothing usable is found.
    """
    return datasets.read(Path(root), settings or ReadSettings())


def split(dataset: Dataset, settings: SplitSettings | None = None) -> Split:
    """Train, validation and test parts that keep groups and exact copies whole.

    Raises:
        DataError: a class has too few images or groups.
    """
    if "hash" not in dataset.items.columns:  # copies are known by it
        dataset = take_stock(dataset, max_pixels=LARGEST)  # what train refuses, it sets aside
    return splits.split(dataset, settings or SplitSettings())


class Exploration:
    """What a dataset holds, for a notebook: polars tables and matplotlib figures.

    `counts`, `sizes`, `formats`, `colours` and `items` are the tables of `auditing.facts.Facts`;
    `quarantine` lists what cannot be used, file by file.
    """

    def __init__(self, explored: Explored) -> None:
        self.explored = explored
        self.counts = explored.facts.counts
        self.sizes = explored.facts.sizes
        self.formats = explored.facts.formats
        self.colours = explored.facts.colours
        self.items = explored.facts.items
        self.quarantine = explored.seen.dataset.quarantine

    @functools.cached_property
    def figures(self) -> dict[str, Figure]:
        """By name: samples, counts, sizes, colours, means, map, map_pictures.

        One is missing where it would show nothing, such as sizes of pictures of one size.
        """
        from objektiv.faces.explore_page import draw  # takes a second: other calls need it not

        return draw(self.explored)

    def save(self, folder: Path | str) -> Path:
        """Write page, figures and tables into a new folder; returns the page.

        Raises:
            UsageError: the folder is there already.
        """
        from objektiv.faces.explore_page import save

        path = Path(folder)
        if path.exists():
            raise UsageError(
                "this folder is there already",
                value=path,
                allowed="Nothing is overwritten",
                next="choose another name",
            )
        return save(self.explored, make_folder(path))


def explore(data: Dataset | Path | str, settings: ExploreSettings | None = None) -> Exploration:
    """What a dataset holds: counts, sizes, colours, samples and a map of what the network sees.

    Raises:
        DataError: no image can be used.
    """
    from objektiv.flow.explore import explore as explore_step

    source = Path(data) if isinstance(data, str) else data
    return Exploration(explore_step(source, settings or ExploreSettings(), progress=Progress()))


def train(
    data: Dataset | Path | str, split: Split | None = None, *, settings: TrainSettings | None = None
) -> Run:
    """A new run: features from the bank, head, scores, bundle and report.

    `split` is drawn by `settings` where it is None.

    Raises:
        ObjektivError: with what to do about it.
    """
    source = Path(data) if isinstance(data, str) else data
    chosen = settings or TrainSettings()
    trained = train_step(source, chosen, split=split, progress=Progress())
    with speaking(chosen.language):
        write_report(report_data(finished(trained)), trained.run.report)
    return trained.run


def export(run: Run, target: Path | str, *, settings: ExportSettings | None = None) -> Path:
    """Write a run's bundle as one new file that ends in `.objektiv`; returns it.

    Raises:
        UsageError: `target` ends otherwise, or stands there already.
        ModelError: shorter numbers lose more accuracy than `settings.max_loss`.
    """
    return export_step(run, Path(target), settings).path


def load(path: Path | str, *, precision: str = "auto") -> Bundle:
    """A bundle, checked: hashes, graph and golden images.

    Raises:
        BundleError: it is damaged, altered or of another version.
    """
    return load_bundle(Path(path), precision=precision)


def predict(bundle: Bundle, *images: Path | str) -> list[use.Answer]:
    """What `bundle` says about files and folders of files; unreadable ones have their `error`.

    Each answer has `probabilities`, float32 (classes,), which sum to 1.

    Raises:
        DataError: a path does not exist.
    """
    return list(use.answers(bundle, use.pictures_in([Path(image) for image in images])))


def evaluate(
    data: Path | str, bundle: Bundle | None = None, *, settings: EvaluateSettings | None = None
) -> use.Evaluated | JudgedTable:
    """Scores of `bundle` on another folder of labelled images, kept as a run.

    Without a bundle `data` is a table of predictions, made by any tool.

    Raises:
        DataError: the folder has classes that the bundle does not know, or the table does not fit.
    """
    chosen = settings or EvaluateSettings()
    if bundle is None:
        return evaluate_table(Path(data), chosen)
    return use.evaluate(Path(data), bundle, chosen, progress=Progress())


def attack(
    model: Bundle | str, *images: Path | str, settings: AttackSettings | None = None
) -> Robustness:
    """What a bundle, or a pretrained network by its name, bears: accuracy against strength.

    `images`: files and folders; a folder named like a class tells it.

    Raises:
        UsageError: the target is unknown, or the method does not fit.
        MissingExtra: the method needs torch.
    """
    chosen, subject = settings or AttackSettings(), _subject(model)
    check(subject, chosen)
    paths = [Path(image) for image in images]
    given, _ = pictured(paths, subject, most=chosen.pictures, seed=chosen.seed)
    return examine(subject, given, chosen, progress=Progress())


def dream(
    model: Bundle | str,
    label: str | None = None,
    *,
    channel: str | None = None,
    settings: DreamSettings | None = None,
) -> dreams.Dream:
    """The ideal picture of a class, or of a channel `MAP:N`, by a bundle or a pretrained network.

    Raises:
        UsageError: there is no such class or channel; the message has the nearest.
        MissingExtra: torch is not installed.
    """
    wish = dreams.Wish(label, channel)
    return dreams.dream(_subject(model), wish, settings or DreamSettings(), progress=Progress())


def _subject(model: Bundle | str) -> Subject:
    return of_backbone(model) if isinstance(model, str) else of_bundle(model)


def explain(
    bundle: Bundle, *images: Path | str, settings: ExplainSettings | None = None
) -> list[Explained]:
    """Where `bundle` looks in files and folders of files: each has its `picture` and `heat`.

    `heat.map` is float32 (height, width) in the picture's own pixels, `heat.parts` sum to the
    logit, `heat.told` says how far the map can be trusted.

    Raises:
        DataError: a path does not exist.
        UsageError: there is no such class or stage, or the method does not fit the model.
    """
    from objektiv.flow.explain import explain as explain_step

    paths = use.pictures_in([Path(image) for image in images])
    return list(explain_step(bundle, paths, settings or ExplainSettings()))
