"""Check everything about a bundle that can be checked, in OpenVINO, in ONNX Runtime or in both.

In: the path of a bundle. Out: one Row a check, with what was found and what is allowed; or a
BundleError where nothing can be computed.
Try: `for row in verify(Path("cells.objektiv"), engine="both"): print(row)`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import onnx
from numpy.typing import NDArray

from objektiv.base.errors import ModelError
from objektiv.shipping import golden, ort
from objektiv.shipping.bundle import naming, same_path, squares_of
from objektiv.shipping.facts import (
    GOLDEN,
    MEMBERS,
    MODEL,
    Expected,
    Facts,
    Golden,
    Precision,
    read_golden,
)
from objektiv.shipping.members import Members, read_members
from objektiv.shipping.session import Network, Predicted, Session, run_whole_graph
from objektiv.shipping.walk import cut, read_graph

Engine = Literal["openvino", "onnxruntime", "both"]

SAME_BATCH = 1e-5  # one picture alone against the same picture in a batch, in fp32

Pictures = Sequence[NDArray[np.uint8]]


@dataclass(frozen=True)
class Row:
    """One line of a verification."""

    check: str
    found: str
    allowed: str
    passed: bool


def verify(path: Path | str, *, engine: Engine = "openvino") -> tuple[Row, ...]:
    """Check everything that can be checked about a bundle, more than `load` does.

    A difference in a computed number is a row that has not passed.

    Raises:
        BundleError: the bundle is damaged so that nothing can be computed.
        MissingExtra: ONNX Runtime is asked for and not installed.
    """
    path = Path(path)
    if engine != "openvino":
        ort.require()
    with naming(path):
        facts, members = read_members(path)
        graph = read_graph(members[MODEL], facts)
        data = graph.SerializeToString()
        expected = read_golden(members[GOLDEN], facts)
        pictures = golden.read_pictures(members)
        rows = list(_form(graph, members))
        whole: list[Predicted] = []
        if engine != "onnxruntime":
            whole.append(run_whole_graph(data, pictures))
            rows += _openvino(graph, facts, expected, pictures, whole[0])
        if engine != "openvino":
            whole.append(ort.run_whole_graph(data, pictures))
            rows.append(_golden_row(whole[-1], expected.expected["fp32"], "fp32, ONNX Runtime"))
        if engine == "both":
            rows.append(_engines_row(*whole, allowed=same_path(facts.weights)))
    return tuple(rows)


def _form(graph: onnx.ModelProto, members: Members) -> Iterator[Row]:
    counts = f"{len(graph.graph.node)} operations, {len(graph.graph.initializer)} arrays"
    yield Row("members", f"{len(members)}, hashes agree", f"{len(MEMBERS)}", passed=True)
    yield Row("graph", f"{counts}, each checked", "only what objektiv writes", passed=True)


def _openvino(
    graph: onnx.ModelProto, facts: Facts, expected: Golden, pictures: Pictures, whole: Predicted
) -> Iterator[Row]:
    """What a Bundle runs: the network cut out of `graph`, in place, behind our own squares."""
    cut(graph, size=facts.size)
    squares = squares_of(pictures, size=facts.size, fit=facts.fit)
    network = Network(graph)
    session = Session(network, precision="fp32")
    alone = session(squares)
    yield _golden_row(alone, expected.expected["fp32"], "fp32")
    if "bf16" in facts.precisions:
        yield _bf16_row(network, squares, expected)
    batch = session(np.concatenate([squares] * 2)).first(len(squares))
    yield _same_row("batch of 16 as alone", alone, batch, SAME_BATCH)
    yield _same_row("whole graph as cut", alone, whole, same_path(facts.weights))


def _same_row(check: str, left: Predicted, right: Predicted, allowed: float) -> Row:
    worst = golden.apart(left, right)
    return Row(check, f"{worst:.1e}", f"{allowed:.0e}", worst <= allowed)


def _engines_row(left: Predicted, right: Predicted, *, allowed: float) -> Row:
    """Where numbers are short, rounding flips one by one, and probabilities alone are compared."""
    off = golden.deviations(left, golden.expected_of(right, tolerance=allowed))
    worst = float(off.max())
    return Row(
        "ONNX Runtime as OpenVINO", f"{worst:.1e}", f"{allowed:.0e}", passed=worst <= allowed
    )


def _golden_row(got: Predicted, reference: Expected, where: str) -> Row:
    worst = float(golden.deviations(got, reference).max())
    passed = worst <= reference.tolerance
    return Row(f"golden images, {where}", f"{worst:.1e}", f"{reference.tolerance:.0e}", passed)


def _bf16_row(network: Network, squares: NDArray[np.float32], expected: Golden) -> Row:
    precision: Precision = "bf16"
    try:
        got = Session(network, precision=precision)(squares)
    except ModelError as error:
        return Row("golden images, bf16", f"not tried: {error.happened}", "-", passed=True)
    return _golden_row(got, expected.expected[precision], precision)
