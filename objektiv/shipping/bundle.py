"""Load and run what ships: one graph with everything inside, and its proof.

In: the path of a bundle, a folder or an `.objektiv` file. Out: a Bundle that predicts, after every
hash was compared, the graph walked and the golden pictures repeated; or a BundleError.
Try: `load(Path("runs/cells-001/model")).predict([picture]).probabilities`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from objektiv.base import files
from objektiv.base.errors import BundleError, DataError, UsageError
from objektiv.base.names import suggestion
from objektiv.data.images import to_square
from objektiv.data.settings import Fit
from objektiv.shipping import golden
from objektiv.shipping.facts import (
    CARD,
    FACTS,
    GOLDEN,
    MODEL,
    ROUGH,
    Facts,
    Precision,
    read_golden,
    refused,
)
from objektiv.shipping.limits import Doubt
from objektiv.shipping.members import Members, read_members
from objektiv.shipping.session import (
    LARGE,
    WORTH_A_BATCH,
    Network,
    Predicted,
    Session,
    has_bf16,
    together,
)
from objektiv.shipping.walk import cut, read_graph

SAME_PATH = 1e-4  # whole graph against NumPy preprocessing and cut network

Pictures = Sequence[NDArray[np.uint8]]


class Bundle:
    """A loaded bundle: what it is, and its predictions; safe to use from several threads."""

    def __init__(
        self, facts: Facts, members: Members, *, session: Session, precision: Precision
    ) -> None:
        """Use `load`, which checks everything first."""
        self.facts = facts
        self.classes = facts.classes
        self.card = members[CARD].decode("utf-8", errors="replace")
        self.precision = precision
        self.sha256 = files.sha256(members[FACTS])  # names the bundle: it covers all other hashes
        self._session = session
        self._golden = read_golden(members[GOLDEN], facts)
        self._squares = squares_of(golden.read_pictures(members), size=facts.size, fit=facts.fit)
        self._batches_checked = False

    @property
    def network(self) -> Network:
        """What stands behind the preprocessing, from PIXELS on; not to be changed."""
        return self._session.network

    def predict(self, pictures: Pictures) -> Predicted:
        """Logits and probabilities of pictures, each uint8 (height, width, 3) RGB of any size.

        Raises:
            DataError: something handed in is not such a picture.
            BundleError: the golden pictures come out differently in a batch.
        """
        size, fit = self.facts.size, self.facts.fit
        for number, picture in enumerate(pictures):
            _check_picture(picture, number)
        if len(pictures) >= WORTH_A_BATCH and not self._batches_checked:
            self._check_batches()
        parts = [
            self._session(squares_of(pictures[start : start + LARGE], size=size, fit=fit))
            for start in range(0, len(pictures), LARGE)
        ]
        if not parts:
            nothing = np.zeros((0, len(self.classes)), np.float32)
            strange = np.zeros(0, np.float32) if self.facts.strange else None
            return Predicted(nothing, nothing.copy(), strange)
        return together(parts)

    def doubts(self, predicted: Predicted) -> tuple[Doubt | None, ...]:
        """Why not to answer, for each picture; None where there is no reason."""
        return self.facts.limits.doubts(predicted.probabilities, predicted.strangeness)

    def called(self, predicted: Predicted) -> NDArray[np.int64]:
        """The place of each picture's class, (pictures,): the most probable one, or by the
        threshold that the bundle tells."""
        if self.facts.decision:
            return self.facts.decision.called(predicted.probabilities, self.classes)
        return np.asarray(predicted.probabilities.argmax(axis=1), np.int64)

    def check_golden(self) -> None:
        """Repeat the golden pictures one by one.

        Raises:
            BundleError: one comes out differently.
        """
        self.check_golden_by(self._session)

    def check_golden_by(self, compute: Callable[[NDArray[np.float32]], Predicted]) -> None:
        """Repeat the golden pictures through another way from squares to predictions.

        Raises:
            BundleError: one comes out differently.
        """
        self._compare(compute(self._squares))

    def _check_batches(self) -> None:
        """The batch is compiled anew, so it is checked anew."""
        twice = np.concatenate([self._squares] * 2)
        self._compare(self._session(twice))
        self._batches_checked = True

    def _compare(self, predicted: Predicted) -> None:
        expected = self._golden.expected[self.precision]
        got = predicted.first(len(self._squares))
        golden.check(got, expected, classes=self.classes, precision=self.precision)


def squares_of(pictures: Pictures, *, size: int, fit: Fit) -> NDArray[np.float32]:
    """Pictures as the network's input (n, size, size, 3)."""
    return np.stack([to_square(picture, size=size, fit=fit) for picture in pictures])


def _check_picture(picture: NDArray[np.uint8], number: int) -> None:
    array = np.asarray(picture)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or 0 in array.shape:
        raise DataError(
            f"picture {number} of the list is no RGB picture of 8 bits",
            value=f"{array.dtype} {array.shape}",
            allowed="A list of uint8 arrays (height, width, 3) is read",
            next="read files with `objektiv.data.images.decode`, which makes grey, 16-bit and "
            "transparent pictures RGB",
        )


def load(path: Path | str, *, precision: str = "auto") -> Bundle:
    """The bundle at `path`, checked, ready in a precision it declares.

    `auto` is the precision its scores were made in where this processor has it, else fp32.

    Raises:
        BundleError: anything about it is damaged, altered, unknown or computes differently here.
        UsageError: there is no such precision.
        ModelError: this processor does not compute in the precision.
    """
    path = Path(path)
    with naming(path):
        facts, members = read_members(path)
        chosen = _choose(precision, facts)
        graph = read_graph(members[MODEL], facts)
        cut(graph, size=facts.size)
        network = Network(graph)
        # In 32 bits first, whatever is asked for: only there is the comparison a sharp one.
        kinds: list[Precision] = ["fp32"] if chosen == "fp32" else ["fp32", chosen]
        for kind in kinds:
            session = Session(network, precision=kind)
            bundle = Bundle(facts, members, session=session, precision=kind)
            bundle.check_golden()
    return bundle


def _choose(precision: str, facts: Facts) -> Precision:
    if precision == "auto":
        return "bf16" if facts.tested_precision == "bf16" and has_bf16() else "fp32"
    for known in facts.precisions:
        if known == precision:
            return known
    allowed = ("auto", *get_args(Precision))
    if precision in allowed:
        raise refused(
            "the bundle holds no golden values in the precision asked for",
            value=precision,
            allowed=f"Declared: {', '.join(facts.precisions)}",
            next="leave `--precision` away, or export the run in that precision",
        )
    raise UsageError(
        "no precision has this name",
        value=repr(precision),
        allowed=f"Known: {', '.join(allowed)}",
        next=suggestion(precision, allowed) or "leave `--precision` away",
    )


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Put the bundle's path before what happened to it."""
    try:
        yield
    except BundleError as error:
        raise BundleError(
            f"{path}: {error.happened}", value=error.value, allowed=error.allowed, next=error.next
        ) from error


def same_path(weights: str) -> float:
    """Difference allowed between the whole graph and the cut one; int8 rounds to steps."""
    return ROUGH if weights == "int8" else SAME_PATH
