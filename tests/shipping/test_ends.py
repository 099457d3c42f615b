"""The ends of a graph are told to whoever runs it without objektiv."""

from __future__ import annotations

from objektiv.shipping.ends import INPUT, outputs


def test_strangeness_is_the_last_output_and_only_where_it_is_measured() -> None:
    """Logits and probabilities have a column a class, strangeness one; the picture any size."""
    plain, strange = outputs(7, strange=False), outputs(7, strange=True)

    assert [(o.name, o.shape) for o in plain] == [("logits", (1, 7)), ("probabilities", (1, 7))]
    assert strange[:2] == plain
    assert [(o.name, o.shape) for o in strange[2:]] == [("strangeness", (1, 1))]
    assert (INPUT.name, INPUT.type, INPUT.shape) == ("image", "uint8", ("height", "width", 3))
