"""Bad tables of predictions and runs that do not fit each other: each is told in clear words.

The table of what `evaluate` and `compare` refuse; below it, what is judged all the same, with a
score that is not defined, never a silent 0 or NaN.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from objektiv.flow.run import Run
from tests.contract.asking import Ask, Words, World, assert_refused
from tests.flow.test_compare import changed

GOOD = "id,label,group,ill,well\na,ill,p,0.9,0.1\nb,well,q,0.4,0.6\nc,well,q,0.2,0.8\n"


def table(text: str) -> Ask:
    """Asks to judge a table with this text."""

    def ask(world: World) -> Words:
        path = world.file("p.csv", text.encode())
        return ["evaluate", path, "--out", world.out]

    return ask


def with_options(text: str, *options: str) -> Ask:
    """The same with options."""
    return lambda world: [*table(text)(world), *options]


def of_bundle(world: World) -> Words:
    """Asks to judge a table with a bundle."""
    return [*table(GOOD)(world), "--bundle", world.trained / "model"]


def of_folder(world: World) -> Words:
    """Asks to judge pictures without a bundle."""
    return ["evaluate", world.shapes, "--out", world.out]


def changed_run(world: World) -> Words:
    """Asks to compare a run with one that lacks a file."""
    return ["compare", world.trained, world.tmp / "gone.csv", "--out", world.out]


def tables(world: World) -> Words:
    """Asks to compare a run with a table of other columns."""
    path = world.file("p.csv", b"a,b\n1,2\n")
    return ["compare", world.trained, path, "--out", world.out]


REFUSED: list[tuple[int, str, Ask]] = [
    (3, r"rows are no probabilities: a \(sum 1.4\)", table(GOOD.replace("0.1", "0.5"))),
    (
        3,
        r"rows are no probabilities: a \(sum 1\).*between 0 and 1",
        table(GOOD.replace("0.9,0.1", "1.1,-0.1")),
    ),
    (3, "probabilities are not finite: a", table(GOOD.replace("0.9", "nan"))),
    (3, "probabilities are not finite: a", table(GOOD.replace("0.9", "inf"))),
    (3, "probabilities are not finite: b", table(GOOD.replace("0.4", ""))),
    (3, "same id stands twice.*'a'", table(GOOD.replace("b,well", "a,well"))),
    (
        3,
        "labels without a column of probabilities: 'dead'",
        table(GOOD.replace("b,well", "b,dead")),
    ),
    (3, "labels without a column of probabilities: ''", table(GOOD.replace("b,well", "b,"))),
    (3, "did you mean 'well'", table(GOOD.replace("b,well", "b,wel"))),
    (3, "no columns of probabilities", table("id,label,group\na,ill,p\n")),
    (3, "no column of true labels", table("id,ill,well\na,0.9,0.1\n")),
    (3, "not clear of which class", table("id,label,score\na,ill,0.9\nb,well,0.1\n")),
    (3, "cannot be read as predictions", table("")),
    (2, "cannot be the positive one: 'sick'", with_options(GOOD, "--positive", "sick")),
    (2, "needs no bundle", of_bundle),
    (2, "pictures need a bundle", of_folder),
    (2, "no such table", changed_run),
    (3, "no column of true labels: columns a, b", tables),
]


@pytest.mark.parametrize(("code", "told", "ask"), REFUSED, ids=[row[1] for row in REFUSED])
def test_what_cannot_be_judged_is_refused(world: World, code: int, told: str, ask: Ask) -> None:
    """One message in four parts, the exit code of its kind, and no folder left behind."""
    answer = world.ask(*ask(world))

    assert_refused(answer, code, told)
    assert not world.out.exists()


def metrics(world: World) -> tuple[str, dict[str, object]]:
    """metrics.json of the only run, as text without NaN and as a mapping."""
    (path,) = world.out.glob("*/metrics.json")
    text = path.read_text(encoding="utf-8")
    return text, json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in metrics"))


def judgement(world: World) -> dict[str, dict[str, object]]:
    """judgement.json of the only run, which may hold no NaN."""
    (path,) = world.out.glob("*/judgement.json")
    told: dict[str, dict[str, object]] = json.loads(
        path.read_text(encoding="utf-8"), parse_constant=lambda name: pytest.fail(name)
    )
    return told


@pytest.fixture
def own_bank(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Ledgers of tables go into a bank of this test."""
    monkeypatch.setenv("OBJEKTIV_BANK", str(world.tmp / "bank"))
    return world


def test_zero_positives_have_no_sensitivity(own_bank: World) -> None:
    """With no item of the positive class it is not defined, and a note says why."""
    answer = own_bank.ask(*table(GOOD.replace("a,ill", "a,well"))(own_bank))

    _, told = metrics(own_bank)
    scores = told["test"]
    assert answer.code == 0
    assert "Note: no item of ill is in the part test." in answer.out
    assert isinstance(scores, dict)
    assert (scores["sensitivity"], scores["auc"]) == (None, None)
    assert scores["specificity"]["estimate"] == pytest.approx(2 / 3)
    told = judgement(own_bank)
    assert told["operating"]["sensitivity"] == {"reason": "no test item of ill"}
    assert "reason" in told["roc"]


def test_a_class_that_is_missing_in_test_is_told(own_bank: World) -> None:
    """Of three classes one has no test item: its recall is not defined."""
    text = "id,label,part,a,b,c\n1,a,test,1,0,0\n2,b,test,0,1,0\n3,c,train,0,0,1\n"
    answer = own_bank.ask(*table(text)(own_bank))

    text, told = metrics(own_bank)
    scores = told["test"]
    assert answer.code == 0 and "Note: no item of c is in the part test." in answer.out
    assert isinstance(scores, dict)
    assert [c["recall"] is None for c in scores["per_class"]] == [False, False, True]
    assert scores["auc"] is None and "NaN" not in text


def test_fewer_than_two_groups_are_warned_of(own_bank: World) -> None:
    """With one group the interval rests on an assumption, and that is said."""
    answer = own_bank.ask(*table(GOOD.replace(",q,", ",p,"))(own_bank))

    assert answer.code == 0
    assert "Note: all items are of one group: how groups differ was not measured" in answer.out
    assert "all items are of one group" in str(judgement(own_bank)["calibration_error"]["warning"])


def test_runs_on_different_splits_are_not_compared(own_bank: World) -> None:
    """The table says so, the items that differ are named and listed, nothing is tested."""
    run = own_bank.trained

    parts = tuple(
        {"test": "train", "train": "test"}.get(p, p) for p in Run(run).predictions().parts
    )
    other = changed(run, own_bank.tmp / "other-001", parts=parts)
    answer = own_bank.ask("compare", run, other, "--out", own_bank.out)

    assert answer.code == 0
    assert "other items" in answer.out
    assert "is not compared with it: 48 items differ (36 only in this one, 12 not in" in answer.out
    assert "shown to be better" not in answer.out
    listed = (own_bank.out / "comparison-001" / "differing.csv").read_text(encoding="utf-8")
    assert len(listed.splitlines()) == 49
    page = (own_bank.out / "comparison-001" / "comparison.html").read_text(encoding="utf-8")
    assert "Other test pictures" in page and "Two by two" not in page


def test_hostile_names_are_shown_not_obeyed(own_bank: World) -> None:
    """Markup and formulas in a table of others neither run on the page nor in a spreadsheet."""
    evil = "<script>alert(1)</script>"
    lines = ["id,label,ill,well"]
    lines += [f'"=cmd|{evil}{k}",{"ill" if k % 2 else "well"},0.4,0.6' for k in range(4)]
    one = own_bank.file("one.csv", "\n".join(lines).encode())
    two = own_bank.file("two.csv", "\n".join(lines).replace("0.4,0.6", "0.7,0.3").encode())
    three = own_bank.file("three.csv", "\n".join(lines[:-1]).encode())
    answer = own_bank.ask("compare", one, two, three, "--out", own_bank.out)

    folder = own_bank.out / "comparison-001"
    page = (folder / "comparison.html").read_text(encoding="utf-8")
    assert answer.code == 0
    assert "<script" not in page and "&lt;script&gt;" in page.replace("<wbr>", "")
    assert "\n'=" not in answer.out
    listed = (folder / "differing.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert all(line.split(",")[1].strip('"').startswith("'=") for line in listed)
    assert Path(folder / "pairs.csv").is_file()
