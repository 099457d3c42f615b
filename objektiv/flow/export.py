"""Export: a run's bundle as a file or folder, in the numbers asked for, with what that changes.

In: a finished run, a path and ExportSettings. Out: an Exported. As it was tested the bundle is
copied as it is; in shorter numbers it is made anew, measured on the run's own pictures, refused
where it loses too much, and tells all that in its facts and its card.
Try: `export(open_run(Path("runs/cells-001")), Path("cells.objektiv"), ExportSettings())`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from objektiv.base import files
from objektiv.base.errors import DataError, ImageError, ModelError, UsageError
from objektiv.base.language import speaking
from objektiv.base.progress import Progress
from objektiv.base.settings import read_yaml
from objektiv.data.images import decode, read_bytes, to_square
from objektiv.data.split import Split
from objektiv.flow import ledger
from objektiv.flow import run as names
from objektiv.flow.card_export import exported_card
from objektiv.flow.entries import data_hash, look_at
from objektiv.flow.finished import paths_of
from objektiv.flow.ledger import Home
from objektiv.flow.limits import decision_of, limits_of
from objektiv.flow.package import plain_scores
from objektiv.flow.run import Run
from objektiv.flow.settings import ExportSettings, TrainSettings
from objektiv.flow.shorter import Change, measure
from objektiv.shipping.bundle import Bundle, load
from objektiv.shipping.facts import CARD, FACTS, MEMBERS, MODEL, SUFFIX, Facts, Weights
from objektiv.shipping.members import read_members
from objektiv.shipping.remake import remake
from objektiv.shipping.write import BundleContents, pack, write_bundle

Form = Literal["file", "folder"]

CALIBRATED = 200  # training pictures on which ranges are measured


@dataclass(frozen=True, eq=False)
class Exported:
    """Where the bundle is, what it holds, and what that changed; None where nothing did."""

    path: Path
    weights: Weights
    bytes: int
    bytes_before: int
    change: Change | None = None


def export(
    run: Run,
    target: Path,
    settings: ExportSettings | None = None,
    *,
    form: Form = "file",
    progress: Progress | None = None,
) -> Exported:
    """Write a run's bundle to `target`: a new `.objektiv` file, or a new folder.

    Raises:
        UsageError: `target` stands there already, or the run has no such numbers.
        ModelError: shorter numbers lose more accuracy than `settings.max_loss`.
        DataError: a picture that must be measured on is not there any more.
    """
    settings = settings or ExportSettings()
    wrong = form == "file" and target.suffix != SUFFIX
    if target.exists() or wrong:  # told before minutes are spent
        raise UsageError(
            "the bundle cannot be written there",
            value=f"{target}{' exists' * target.exists()}",
            allowed=f"A new file whose name ends in {SUFFIX}, or a new folder",
            next="choose another name; nothing is overwritten",
        )
    facts, members = read_members(run.bundle)
    wanted = _weights(facts, settings)
    before = sum(map(len, members.values()))
    change = None
    with tempfile.TemporaryDirectory(prefix="objektiv-") as folder:
        source = run.bundle
        if wanted != facts.weights or settings.prune:
            source = Path(folder) / "exported"
            change = _remade(run, source, settings, progress or Progress())
        _hand_over(source, target, form)
    _, exported = read_members(target)
    return Exported(target, wanted, sum(map(len, exported.values())), before, change)


def _weights(facts: Facts, settings: ExportSettings) -> Weights:
    asked = settings.precision
    if asked in ("tested", facts.weights):
        return facts.weights
    if facts.weights != "fp32" or asked == "tested":
        raise UsageError(
            "the run has no such numbers any more",
            value=f"--precision {asked} of a run in {facts.weights}",
            allowed=f"Only {facts.weights}, in which it was trained and tested",
            next="train with `--precision fp32`, or leave `--precision` away",
        )
    return asked


def _hand_over(source: Path, target: Path, form: Form) -> None:
    """Copy a whole bundle into a file or a folder, which appears at once."""
    files.make_folder(target.parent)
    if form == "file":
        pack(source, target)
        return
    _, members = read_members(source)
    order = [*(name for name in MEMBERS if name != FACTS), FACTS]
    files.publish_folder(target, ((name, members[name]) for name in order))


def _remade(run: Run, folder: Path, settings: ExportSettings, progress: Progress) -> Change | None:
    """The bundle in other numbers, written into `folder`."""
    facts, members = read_members(run.bundle)
    card, wanted = members[CARD].decode(), _weights(facts, settings)
    same = wanted == facts.weights  # only pruned: not a bit of an answer changes
    paths = {} if same else paths_of(run, data=settings.data)
    learnt = [] if same else _training(run)

    def squares() -> Iterator[Any]:
        return _squares([paths[id] for id in learnt], facts)

    made = remake(members[MODEL], facts, wanted, squares=squares, pruned=settings.prune)
    if same:
        write_bundle(folder, _contents(facts, made.model, wanted, card))
        return None
    first = folder.with_name("measured")
    bundles = load(run.bundle), write_bundle(first, _contents(facts, made.model, wanted, card))
    decided_on = learnt if made.calibrated else ()
    change = measure(run, bundles, paths, calibrated_on=decided_on, progress=progress)
    _require_bearable(change, settings, wanted)
    root, language = _root(run, settings), read_yaml(TrainSettings, run.folder / names.SETTINGS)
    with speaking(language.language):
        card = exported_card(card, change, facts, name=run.folder.name, data=root.name or "data")
    told = _contents(facts, made.model, wanted, card, change=change, source=bundles[0])
    write_bundle(folder, told)
    _put_on_record(run, root, change, bundle=f"{wanted} of {bundles[0].sha256[:12]}")
    return change


def _root(run: Run, settings: ExportSettings) -> Path:
    story = files.parse_json((run.folder / names.STORY).read_bytes(), name=names.STORY)
    return settings.data.resolve() if settings.data else Path(story["data"])


def _training(run: Run) -> list[str]:
    """Ids of an even sample of the training part."""
    table = Split.load(run.folder / names.SPLIT).table
    ids = sorted(id for id, part in table.select("id", "part").iter_rows() if part == "train")
    places = np.unique(np.linspace(0, len(ids) - 1, CALIBRATED).astype(np.int64))
    return [ids[place] for place in places]


def _squares(paths: Sequence[Path], facts: Facts) -> Iterator[Any]:
    for path in paths:
        try:
            data = read_bytes(path, name=str(path))
            picture = decode(data, name=str(path), max_pixels=1_000_000_000)
        except ImageError as error:
            raise DataError(
                "a training picture cannot be read",
                value=error.happened,
                allowed="The run's pictures are needed to find the ranges of 8-bit numbers",
                next="name the folder they lie in with `--data`",
            ) from error
        yield to_square(picture.pixels, size=facts.size, fit=facts.fit)


def _require_bearable(change: Change, settings: ExportSettings, wanted: Weights) -> None:
    if change.loss > settings.max_loss:
        raise ModelError(
            f"the model loses too much accuracy in {wanted}",
            value=f"{change.loss:.2f} points on {change.decided:,} held-out pictures",
            allowed=f"At most {settings.max_loss:g} (--max-loss)",
            next="export with `--precision fp16`, or allow more with `--max-loss`",
        )


def _contents(
    facts: Facts,
    model: bytes,
    weights: Weights,
    card: str,
    *,
    change: Change | None = None,
    source: Bundle | None = None,
) -> BundleContents:
    """What was known of the bundle, with what is another now."""
    known = facts.provenance
    scores, limits, decision = dict(known.scores), facts.limits, facts.decision
    if change and source:
        limits, decision = limits_of(change.after.unsure), decision_of(change.after)
        told = {"source": source.sha256, "weights_before": facts.weights, **_told(change)}
        scores = {**plain_scores(change.after.scores), "export": told}
    whole = weights == "int8"
    return BundleContents(
        model=model,
        classes=facts.classes,
        size=facts.size,
        fit=facts.fit,
        backbone=facts.backbone,
        head=facts.head,
        temperature=facts.temperature,
        card=card,
        data=known.data,
        split=known.split,
        settings=known.settings,
        scores=scores,
        weights=weights,
        precisions=("fp32",) if whole else facts.precisions,
        tested_precision="fp32" if whole else facts.tested_precision,
        strange=facts.strange,
        limits=limits,
        decision=decision,
    )


def _told(change: Change) -> dict[str, Any]:
    """What bundle.json says of a Change."""
    return {
        "held_out": {**change.held_out.to_dict(), "items": change.decided},
        "test": {**change.test.to_dict(), "items": change.after.scores.items},
        "other_answers": change.others,
        "accuracy_before": change.before.scores.accuracy.estimate,
        "accuracy": change.after.scores.accuracy.estimate,
        "temperature_now": change.temperature,
    }


def _put_on_record(run: Run, root: Path, change: Change, *, bundle: str) -> None:
    test = change.predictions.only("test")
    accuracy = change.after.scores.accuracy.estimate
    look = look_at(test, run.folder, command="export", model=bundle, accuracy=accuracy)
    hashes = run.predictions().hashes
    ledger.add(Home(root, data_hash(hashes), ledger.usual_bank()), look)
