"""What a training gives, in one shape for every family of models.

In: nothing. Out: the records that `flow.train` fills; report, console, package and tables read
them and know no family.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from objektiv.base.progress import Progress
from objektiv.base.settings import Settings
from objektiv.data.dataset import Dataset
from objektiv.data.settings import Fit
from objektiv.data.split import Split
from objektiv.features.look import Seen
from objektiv.features.settings import Arithmetic
from objektiv.flow.items import Items
from objektiv.flow.judge import Judgement
from objektiv.flow.ledger import Ledger
from objektiv.flow.log import Log
from objektiv.flow.run import Run
from objektiv.flow.settings import TrainSettings
from objektiv.judging.intervals import Interval
from objektiv.judging.metrics import Scores
from objektiv.judging.predictions import Predictions
from objektiv.models.choose import Fitted
from objektiv.models.layers import Summary
from objektiv.shipping.assemble import Shippable
from objektiv.shipping.facts import Backbone


@dataclass(frozen=True, eq=False)
class Job:
    """What a family is given to make its model of."""

    run: Run
    settings: TrainSettings
    seen: Seen
    split: Split
    items: Items
    probe: Fitted  # the quick probe, which every training has
    log: Log
    progress: Progress  # writes into the run's folder


@dataclass(frozen=True)
class Forecast:
    """What was predicted of a training before it began, and what it was."""

    epochs: int  # planned
    predicted: float  # seconds of these epochs
    trained: int  # epochs, fewer where patience ran out
    actual: float  # seconds of them

    @property
    def predicted_of_trained(self) -> float:
        """Seconds predicted of as many epochs as were trained."""
        return self.predicted * self.trained / self.epochs


@dataclass(frozen=True)
class History:
    """How a model came about: rows of equal keys, as history.csv has them."""

    kind: Literal["trials", "epochs"]
    rows: tuple[Mapping[str, Any], ...]
    best: int  # the row that was kept


@dataclass(frozen=True, eq=False, kw_only=True)
class Made:
    """What a family hands over."""

    name: str  # as typed behind --model
    family: str
    told: str  # in the card: what it is, a phrase in Markdown
    model: Shippable
    predictions: Predictions  # of items that the model has not learnt from, test among them
    size: int
    fit: Fit
    precision: Arithmetic
    backbone: Backbone
    head: str
    learnt_from: int  # images
    parameters: int | None = None  # None: the numbers that ship
    trainable: int
    seconds: float  # that making it took
    history: History
    forecast: Forecast | None = None
    summary: Summary | None = None  # its layers, where it has a list of them
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Family:
    """How models of one kind are made."""

    settle: Callable[[Dataset, TrainSettings], TrainSettings]
    """Makes `auto` concrete and refuses what cannot work, before an image is looked at."""
    make: Callable[[Job], Made]
    extra: str | None = None  # the part of objektiv that it needs
    resumes: bool = False  # whether `make` goes on where the run's folder holds a checkpoint
    reads: tuple[type[Settings], ...] = ()  # of resolve.KINDS, those that it obeys


@dataclass(frozen=True, eq=False)
class Beside:
    """Another model on the same items."""

    predictions: Predictions
    scores: Scores  # of the test part
    difference: Interval  # of accuracies, the model minus this, paired


@dataclass(frozen=True, eq=False)
class Judged:
    """The model, and what stands beside it; scores are of the test part."""

    predictions: Predictions
    scores: Scores
    baseline: Beside  # colours and size alone
    probe: Beside | None  # the quick probe; None where that is the model
    judgement: Judgement
    ledger: Ledger  # of the data, with this look at the test part


@dataclass(frozen=True)
class Shipped:
    """What was measured of the finished bundle."""

    difference: float  # largest difference of a test probability, bundle against predictions
    bytes: int  # of the bundle
    weights_bytes: int  # of its graph alone
    numbers: int  # in the graph
    images_per_second: float  # pictures named one after the other, decoded already


@dataclass(frozen=True, eq=False)
class Trained:
    """All that a training gave, for the report; the same stands in the run's folder."""

    run: Run
    settings: TrainSettings
    seen: Seen
    split: Split
    probe: Fitted
    made: Made
    judged: Judged
    shipped: Shipped
    timings: dict[str, float]  # seconds a step

    @property
    def parameters(self) -> int:
        """Of the model."""
        own = self.made.parameters
        return self.shipped.numbers if own is None else own
