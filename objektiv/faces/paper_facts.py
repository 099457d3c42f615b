"""What the course's papers take from a run: its page, its model, and a few sentences on them.

In: a Page and ReportData. Out: Facts: blocks that stand in the papers beside what is to be
written.
Try: `Facts(read_page(page(data)), data).sights("confusion")`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from objektiv.base.language import figure, mark, tr, tr_count
from objektiv.faces import words
from objektiv.faces.paper_page import Page, Part
from objektiv.faces.papers import Block, Bullets, Figure, Paragraph, Prompt
from objektiv.faces.report import ReportData, capital
from objektiv.faces.sections import Table
from objektiv.models.recipes import RECIPES

STEPS = (  # of the course's workflow
    mark("Get and organise the data"),
    mark("Clean and prepare"),
    mark("Split into train, validation and test"),
    mark("Choose the method"),
    mark("Train until it is good enough"),
    mark("Validate on the test data"),
    mark("Deploy, and keep checking"),
)
CHANGES = (  # settings of augmentation
    *("rotation", "width_shift", "height_shift", "shear", "zoom", "horizontal_flip"),
    *("vertical_flip", "brightness", "channel_shift"),
)
LONG = 12  # rows of a table of groups that a paper still takes
NOTHING: tuple[object, ...] = (0.0, 1.0, False, None, [1.0, 1.0], (1.0, 1.0))
SCORES = (  # works behind what every run reckons
    "E. B. Wilson: Probable inference, the law of succession, and statistical inference. "
    "Journal of the American Statistical Association 22 (1927) 209-212.",
    "G. W. Brier: Verification of forecasts expressed in terms of probability. "
    "Monthly Weather Review 78 (1950) 1-3.",
    "C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger: On calibration of modern neural networks. "
    "ICML (2017).",
    "X. Sun, W. Xu: Fast implementation of DeLong's algorithm for comparing the areas under "
    "correlated receiver operating characteristic curves. IEEE Signal Processing Letters 21 "
    "(2014) 1389-1393.",
)
IMAGENET = (
    "J. Deng, W. Dong, R. Socher, L.-J. Li, K. Li, L. Fei-Fei: ImageNet: a large-scale "
    "hierarchical image database. CVPR (2009)."
)
NETWORKS = {  # beginnings of the names of pretrained networks, and where each was published
    "lite": "M. Tan, Q. V. Le: EfficientNet: rethinking model scaling for convolutional neural "
    "networks. ICML (2019).",
    "mobilenetv2": "M. Sandler, A. Howard, M. Zhu, A. Zhmoginov, L.-C. Chen: MobileNetV2: inverted "
    "residuals and linear bottlenecks. CVPR (2018).",
    "vgg": "K. Simonyan, A. Zisserman: Very deep convolutional networks for large-scale image "
    "recognition. ICLR (2015).",
    "resnet": "K. He, X. Zhang, S. Ren, J. Sun: Deep residual learning for image recognition. "
    "CVPR (2016).",
}


@dataclass(frozen=True, eq=False)
class Facts:
    """A run's page and data, asked for what a paper needs."""

    page: Page
    data: ReportData

    def part(self, anchor: str) -> Part:
        """A section of the page; an empty one where this run has none."""
        return self.page.sections.get(anchor, Part(anchor, "", ()))

    def sights(self, *anchors: str) -> tuple[Block, ...]:
        """The tables and figures of these sections."""
        blocks = (block for anchor in anchors for block in self.part(anchor).blocks)
        return tuple(block for block in blocks if isinstance(block, Table | Figure))

    def all(self, *anchors: str) -> tuple[Block, ...]:
        """These sections with their text."""
        return tuple(block for anchor in anchors for block in self.part(anchor).blocks)

    @property
    def worst_groups(self) -> tuple[Table, ...]:
        """Tables of whole groups, without the one that lists them all."""
        return tuple(t for t in self.part("groups").tables if len(t.rows) <= LONG)

    def first_table(self, anchor: str) -> tuple[Table, ...]:
        """The first table of a section."""
        return self.part(anchor).tables[:1]

    @property
    def comparison(self) -> tuple[Figure, ...]:
        """The model's accuracy beside what it has to beat."""
        return self.page.head.figures[:1]

    @property
    def headline(self) -> Paragraph:
        """The result in one sentence."""
        return Paragraph(f"{words.headline(self.data.scores)}.", "strong")

    @property
    def verdict(self) -> Paragraph:
        """Whether the model beats the plain baseline."""
        data = self.data
        found = words.verdict(data.scores, data.baseline_scores, data.difference)
        return Paragraph(" ".join(filter(None, (found.sentence, found.warning))))

    @property
    def about(self) -> Paragraph:
        """What the data are."""
        return Paragraph(
            tr(
                "The data: {about}. Classes: {classes}.",
                about=self.page.about,
                classes=_some(self.data.dataset.classes),
            )
        )

    @property
    def aside(self) -> Paragraph:
        """How many files were set aside."""
        number = len(self.data.dataset.quarantine)
        told = tr_count(
            "{number} file could not be used and was set aside.",
            "{number} files could not be used and were set aside.",
            number,
        )
        return Paragraph(told if number else tr("No file had to be set aside."))

    @property
    def augmentation(self) -> Paragraph:
        """How training pictures were changed, if they were."""
        settings = self.data.settings
        found = {name: settings.get(name) for name in CHANGES}
        used = {name: value for name, value in found.items() if value not in NOTHING}
        if not used or self.data.lesson is None:
            return Paragraph(tr("The training pictures were not changed (no augmentation)."))
        told = ", ".join(f"{name.replace('_', ' ')} {_value(v)}" for name, v in used.items())
        return Paragraph(
            tr("Training pictures were changed at random in each epoch: {told}.", told=told)
        )

    @property
    def method(self) -> Paragraph:
        """What was trained."""
        recipe = RECIPES.get(self.model)
        return Paragraph(
            tr(
                "The model of this run: {title} (--model {name}).",
                title=tr(recipe.title),
                name=self.model,
            )
        )

    @property
    def model(self) -> str:
        """Its name."""
        return str(self.data.settings.get("model", "probe"))

    @property
    def subject(self) -> str:
        """What all is about, until somebody writes a better title."""
        data = self.data.dataset.root.name or self.data.title
        return tr("recognising pictures of {data}", data=data)

    @property
    def warnings(self) -> tuple[Paragraph, ...]:
        """What a reader must know before he believes the result."""
        data = self.data
        verdict = words.verdict(data.scores, data.baseline_scores, data.difference).warning
        few = data.scores.accuracy.warning
        notes = (*data.dataset.notes, *data.split.notes)
        told = [tr(few)] if few else []
        told += [verdict] if verdict else []
        return tuple(Paragraph(capital(note)) for note in [*told, *map(tr, notes)])

    @property
    def sought(self) -> str:
        """The class that is looked for; empty where there is none."""
        return self.data.scores.positive or ""

    @property
    def metrics(self) -> Bullets:
        """What the scores mean."""
        lines = words.score_lines(self.data.scores, self.data.baseline_scores)
        return Bullets(tuple(f"{line.name}: {line.explained}" for line in lines))

    @property
    def short_scores(self) -> Table:
        """The first scores alone, for a slide."""
        lines = words.score_lines(self.data.scores, self.data.baseline_scores)[:4]
        rows = tuple((x.name, x.model, x.model_range, x.baseline) for x in lines)
        head = (tr("score"), tr("this model"), tr("95 % interval"), tr("plain baseline"))
        return Table(tr("Scores of the test part"), head, rows)

    @property
    def costs(self) -> Prompt:
        """What a wrong answer costs."""
        if not self.sought:
            return Prompt(
                tr(
                    "What does a wrong answer cost, and which mix-up of classes is the worst? Who "
                    "pays for it, and how often does it happen today?"
                )
            )
        return Prompt(
            tr(
                "What does it cost to miss {sought}, and what does a false alarm cost? Who pays "
                "for each, and how often does it happen today?",
                sought=self.sought,
            )
        )

    @property
    def literature(self) -> Bullets:
        """Works behind the methods that this run used."""
        found = list(SCORES)
        backbone = str(self.data.settings.get("backbone", "")).lower()
        if RECIPES.get(self.model).family != "network":
            found.append(IMAGENET)
            found += [work for name, work in NETWORKS.items() if backbone.startswith(name)]
        return Bullets(tuple(sorted(found, key=_surname)))


def _surname(work: str) -> str:
    """Of the first author, without initials."""
    return re.sub(r"^([A-Z]\.[- ]?)+", "", work)


def _some(names: tuple[str, ...], most: int = 12) -> str:
    more = len(names) - most
    told = ", ".join(names[:most])
    return told + tr(" and {more} more", more=more) if more > 0 else told


def _value(value: object) -> str:
    if isinstance(value, bool):
        return tr("yes") if value else tr("no")
    if isinstance(value, list | tuple):
        return tr("{low} to {high}", low=_value(value[0]), high=_value(value[-1]))
    return figure(value, "g") if isinstance(value, int | float) else str(value)
