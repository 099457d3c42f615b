"""A whole check of a folder in which everything was planted."""

from __future__ import annotations

from objektiv.auditing.findings import urgency
from objektiv.flow.check import DataCheck

PLANTED = {
    *("two-labels", "missing-classes", "leaking-groups", "leaking-copies", "quarantine"),
    *("dark-sixteen-bit", "copies", "suffix", "animation", "dark"),
}


def test_everything_that_was_planted_is_found(planted_check: DataCheck) -> None:
    """Each kind of trouble appears once, errors first."""
    found = [finding.kind for finding in planted_check.checked.findings]

    assert set(found) >= PLANTED
    assert len(found) == len(set(found))
    ranks = [urgency(finding) for finding in planted_check.checked.findings]
    assert ranks == sorted(ranks)
    assert planted_check.checked.errors == ranks.count(0) == 4


def test_the_mislabelled_picture_is_among_the_first_suspects(planted_check: DataCheck) -> None:
    """A stripe among the discs stands in the first tenth of the ranking."""
    suspects = planted_check.checked.suspects

    assert suspects is not None
    place = suspects["id"].to_list().index("train/disc/g29_mislabelled.png")
    assert place < len(suspects) / 10


def test_junk_is_the_farthest_outlier(planted_check: DataCheck) -> None:
    """Black and white noise lies farther out than every disc and stripe, the dark one apart."""
    first = planted_check.checked.outliers["id"].head(2).to_list()

    assert "train/disc/g30_junk.png" in first


def test_probes_judge_what_was_seen(planted_check: DataCheck) -> None:
    """All usable pictures took part, since they are fewer than the sample may hold."""
    probes = planted_check.checked.probes

    assert probes is not None
    assert probes.items == len(planted_check.checked.dataset.items)
    assert probes.chance == 0.5
