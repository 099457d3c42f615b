"""The tables of the report say what the data says."""

from __future__ import annotations

from objektiv.faces import sections
from tests.faces.conftest import MakeReport


def test_worst_mistakes_come_most_confident_first(make_report: MakeReport) -> None:
    """Only wrong items, by falling probability of what was said."""
    test = make_report().predictions.only("test")

    mistakes = sections.worst_mistakes(test)

    assert [m.id for m in mistakes] == ["dog/55.png", "cat/50.png", "dog/45.png", "cat/40.png"]
    assert [m.probability for m in mistakes] == sorted(
        (m.probability for m in mistakes), reverse=True
    )
    assert (mistakes[0].label, mistakes[0].predicted) == ("dog", "cat")


def test_worst_mistakes_are_capped(make_report: MakeReport) -> None:
    """However bad a model is, the list stays readable."""
    everything = make_report(wrong=1).predictions

    assert len(sections.worst_mistakes(everything)) == sections.MISTAKES


def test_confusion_cells_hold_counts_and_shares_of_their_row(make_report: MakeReport) -> None:
    """Each row of cells sums to the class, its shares to 100 %."""
    data = make_report()

    matrix = sections.confusion(data.scores)

    assert [[c.items for c in row] for row in matrix] == [[8, 2], [2, 8]]
    assert matrix[0][1].share == "20.0 %"
    assert matrix[0][1].told == "2 pictures of cat taken for dog"
    assert (matrix[0][0].style, matrix[0][1].style) == ("right deep", "wrong")


def test_too_many_classes_have_no_matrix(make_report: MakeReport) -> None:
    """Past thirty classes the mix-ups are listed instead."""
    scores = make_report(classes=[f"c{n}" for n in range(31)]).scores

    assert sections.confusion(scores) == ()
    assert sections.mix_ups(scores).rows


def test_choices_show_what_was_tried_and_taken(make_report: MakeReport) -> None:
    """Words first, then numbers, each in its form, with the chosen row marked."""
    table = sections.choices_table(
        [
            {"strength": 0.1, "blocks": ["stages", "last"], "log_loss": 0.12849, "accuracy": 0.9},
            {"strength": 1, "blocks": "all", "log_loss": None, "chosen": True},
        ]
    )

    assert table is not None
    assert table.head == ("blocks", "strength", "log loss", "accuracy")
    assert table.rows == (("stages, last", "0.1", "0.128", "90.0 %"), ("all", "1", "-", "-"))
    assert (table.names, table.marked) == (1, (1,))


def test_settings_are_flat_and_readable() -> None:
    """Nested settings are named step.name; memory is told in GiB, seeds without commas."""
    table = sections.facts_table(
        "Settings", {"split": {"seed": 1337, "given": True}, "memory": 2**34, "labels": None}
    )

    assert dict(table.rows) == {
        "split.seed": "1337",
        "split.given": "yes",
        "memory": "16.0 GiB",
        "labels": "-",
    }


def test_timings_are_summed() -> None:
    """The foot is the sum, or the total where one was measured."""
    assert sections.timing_table({"a": 1.0, "b": 14.0}).foot == ("all", "15 s")
    assert sections.timing_table({"a": 1.0, "total": 20.0}).foot == ("all", "20 s")


def test_fingerprints_change_with_what_they_stand_for(make_report: MakeReport) -> None:
    """Equal data has equal fingerprints; another model changes that of the predictions only."""
    first, same, other = make_report(), make_report(), make_report(wrong=4)

    def told(data: object) -> list[str]:
        table = sections.fingerprints(data.dataset, data.split, data.predictions.only("test"))  # type: ignore[attr-defined]
        return [row[1] for row in table.rows]

    assert told(first) == told(same)
    assert [a == b for a, b in zip(told(first), told(other), strict=True)] == [True, True, False]


def test_class_table_has_the_interval_below_the_recall(make_report: MakeReport) -> None:
    """A row a class with its support, recall and interval, precision and F1."""
    scores = make_report().scores
    recall = scores.per_class[0].recall
    assert recall is not None

    span = f"{100 * recall.low:.1f} to {100 * recall.high:.1f}"
    expected = ("cat", "10", f"80.0 %\n{span}", "80.0 %", "80.0 %")
    assert sections.class_table(scores).rows[0] == expected
