"""Loading checks everything; a loaded bundle predicts what every other engine predicts."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper

from objektiv.base.errors import BundleError, DataError, UsageError
from objektiv.base.seeds import generator
from objektiv.data.settings import Fit
from objektiv.features.engine import HINTS
from objektiv.shipping import bundle as module
from objektiv.shipping.bundle import SAME_PATH, load
from objektiv.shipping.facts import GOLDEN, MODEL
from objektiv.shipping.session import Session, run_whole_graph
from objektiv.shipping.write import BundleContents, pack, write_bundle

Members = dict[str, bytes]
Forge = Callable[[Members], Path]
MakeContents = Callable[..., BundleContents]
Picture = NDArray[np.uint8]

ODD = [
    *[(1, 1), (1, 500), (500, 1), (2, 3), (28, 28), (31, 33), (64, 64), (65, 64), (640, 480)],
    *[(7, 300), (33, 32), (400, 60), (61, 399), (1000, 700)],
]


def _picture(height: int, width: int) -> Picture:
    """A smooth picture with a sharp edge and noise, another one for every size."""
    random = generator(0, "odd picture", height, width)
    y, x = np.mgrid[0:height, 0:width]
    waves = 127 + 90 * np.sin(x / random.uniform(3, 40) + y / random.uniform(3, 40))
    colours = random.uniform(0.2, 1.4, 3) * waves[:, :, None] + random.normal(0, 20, 3)
    colours[height // 2 :, : width // 2] += random.uniform(-80, 80)
    picture: Picture = np.clip(colours, 0, 255).astype(np.uint8)
    return picture


PICTURES = [_picture(*shape) for shape in ODD]


@pytest.mark.parametrize("fit", ["letterbox", "stretch", "crop"])
def test_all_paths_agree_on_odd_pictures(
    make_contents: MakeContents, tmp_path: Path, fit: Fit
) -> None:
    """NumPy with the cut network, the whole graph in OpenVINO and in ONNX Runtime: one answer."""
    contents = make_contents(fit=fit, size=64)
    write_bundle(tmp_path / "b", contents)
    found = load(tmp_path / "b").predict(PICTURES).probabilities
    openvino = run_whole_graph(contents.model, PICTURES).probabilities
    session = onnxruntime.InferenceSession(contents.model, providers=["CPUExecutionProvider"])
    plain = np.concatenate([session.run(["probabilities"], {"image": p})[0] for p in PICTURES])

    assert np.ptp(found, axis=0).min() > 0.1  # the pictures are told apart
    assert np.abs(found - openvino).max() <= SAME_PATH
    assert np.abs(found - plain).max() <= SAME_PATH
    assert np.abs(openvino - plain).max() <= SAME_PATH


def test_a_bundle_tells_what_it_is(folder: Path, tmp_path: Path) -> None:
    """Classes, card and facts come along, from a folder and from its packed file alike."""
    first, second = load(folder), load(pack(folder, tmp_path / "a.objektiv"))

    assert first.classes == ("blank", "ring", "blob")
    assert first.card == "# A small network for tests\n"
    assert first.facts.backbone.name == "small"
    assert first.precision == "fp32"
    assert first.sha256 == second.sha256
    assert len(first.sha256) == 64
    np.testing.assert_array_equal(first.predict(PICTURES)[1], second.predict(PICTURES)[1])


def test_repeating_a_prediction_repeats_every_bit(folder: Path) -> None:
    """The same pictures give the same bytes, in one bundle and in one loaded again."""
    bundle = load(folder)
    first = bundle.predict(PICTURES).logits.tobytes()

    assert bundle.predict(PICTURES).logits.tobytes() == first
    assert load(folder).predict(PICTURES).logits.tobytes() == first


def test_a_picture_gets_the_same_answer_alone_and_among_others(folder: Path) -> None:
    """Batches of 16 change no probability by more than 1e-5."""
    bundle = load(folder)
    alone = np.concatenate([bundle.predict([p]).probabilities for p in PICTURES])

    assert np.abs(bundle.predict(PICTURES).probabilities - alone).max() <= 1e-5
    assert np.abs(bundle.predict(PICTURES * 3).probabilities[:14] - alone).max() <= 1e-5


def test_no_pictures_give_no_rows(folder: Path) -> None:
    """An empty list is answered with arrays of the right width."""
    predicted = load(folder).predict([])
    assert predicted.logits.shape == predicted.probabilities.shape == (0, 3)


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((4, 5), np.uint8),
        np.zeros((4, 5, 4), np.uint8),
        np.zeros((4, 5, 3), np.uint16),
        np.zeros((4, 5, 3), np.float32),
        np.zeros((0, 5, 3), np.uint8),
        np.zeros((5, 0, 3), np.uint8),
    ],
    ids=lambda p: f"{p.dtype}{p.shape}",
)
def test_what_is_no_picture_is_refused_by_its_number(folder: Path, picture: Any) -> None:
    """Grey, transparent, 16-bit, float and empty arrays are refused, never guessed at."""
    with pytest.raises(DataError, match=r"picture 1 of the list.*\(height, width, 3\)") as caught:
        load(folder).predict([PICTURES[0], picture])
    assert f"{picture.dtype} {picture.shape}" in str(caught.value)


def test_one_picture_instead_of_a_list_is_refused(folder: Path) -> None:
    """A lone picture is not taken for a list of lines."""
    with pytest.raises(DataError, match="A list of uint8 arrays"):
        load(folder).predict(PICTURES[-1])  # type: ignore[arg-type]


def test_a_golden_value_off_by_a_hundredth_is_refused(members: Members, rehash: Forge) -> None:
    """The message names the bundle, the picture, the expected and the computed value."""
    golden = json.loads(members[GOLDEN])
    row = golden["expected"]["fp32"]["probabilities"][1]
    high = int(np.argmax(row))
    row[high] -= 0.01
    row[high - 1] += 0.01
    path = rehash(members | {GOLDEN: json.dumps(golden).encode()})
    with pytest.raises(BundleError, match="expected 0.*got 0.*difference of at most 0.001") as c:
        load(path)
    assert c.value.happened.startswith(f"{path}: golden image golden/rings.png")
    assert c.value.exit_code == 4


def _weights(members: Members, change: Callable[[NDArray[Any]], None]) -> Members:
    model = onnx.ModelProto.FromString(members[MODEL])
    tensor = next(t for t in model.graph.initializer if list(t.dims) == [16, 3])
    array = numpy_helper.to_array(tensor).copy()
    change(array)
    tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))
    return members | {MODEL: model.SerializeToString()}


def _swap(array: NDArray[Any]) -> None:
    array[:, [0, 2]] = array[:, [2, 0]]


def _scale(array: NDArray[Any]) -> None:
    array *= 1.05


def _overflow(array: NDArray[Any]) -> None:
    array[:] = 3e38


@pytest.mark.parametrize("change", [_swap, _scale, _overflow])
def test_other_weights_are_found_by_the_golden_pictures(
    members: Members, rehash: Forge, change: Callable[[NDArray[Any]], None]
) -> None:
    """Even with hashes that fit, a network that answers otherwise is refused."""
    path = rehash(_weights(members, change))
    with pytest.raises(BundleError, match="golden image .* gets another prediction"):
        load(path)


def test_a_batch_that_computes_otherwise_is_found(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The batch is compiled later than the load, so its golden check comes later too."""
    bundle = load(folder)
    original = Session.__call__

    def wrong(session: Any, squares: Any) -> Any:
        return original(session, squares * 0.9 if len(squares) > 4 else squares)

    monkeypatch.setattr(Session, "__call__", wrong)
    bundle.predict(PICTURES[:4])
    with pytest.raises(BundleError, match="golden image"):
        bundle.predict(PICTURES[:5])


@pytest.mark.parametrize(
    ("precision", "kind", "message"),
    [
        ("bf16", BundleError, "no golden values in the precision.*Declared: fp32"),
        ("bf-16", UsageError, "no precision has this name.*did you mean 'bf16'"),
        ("int8", UsageError, "Known: auto, fp32, bf16"),
    ],
)
def test_an_undeclared_precision_is_refused(
    folder: Path, precision: str, kind: type[Exception], message: str
) -> None:
    """A precision without golden values is not used: nobody knows what it should say."""
    with pytest.raises(kind, match=message):
        load(folder, precision=precision)


@pytest.mark.parametrize(("bf16", "expected"), [(True, "bf16"), (False, "fp32")])
def test_auto_takes_the_tested_precision_where_the_processor_has_it(
    make_contents: MakeContents,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    bf16: bool,
    expected: str,
) -> None:
    """Scores made in bf16 belong to bf16; elsewhere 32 bits are used."""
    monkeypatch.setitem(HINTS, "bf16", "f32")  # every processor can take part
    contents = make_contents(precisions=("fp32", "bf16"), tested_precision="bf16")
    path = tmp_path / "b"
    write_bundle(path, contents)
    monkeypatch.setattr(module, "has_bf16", lambda: bf16)

    assert load(path).precision == expected
    assert load(path, precision="fp32").precision == "fp32"
    assert load(path, precision="bf16").precision == "bf16"


class _Watch:
    """Notes what the interpreter is asked to open, start or connect to while `on`."""

    def __init__(self) -> None:
        self.on = False
        self.events: list[str] = []
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.on and event.startswith(("open", "socket.", "subprocess.", "os.")):
            self.events.append(f"{event} {arguments[0]}")


@pytest.fixture(scope="module")
def watch() -> Iterator[_Watch]:
    """One hook for this file: Python cannot take an audit hook away again."""
    watch = _Watch()
    yield watch
    watch.on = False


def test_loading_opens_nothing_but_the_bundle(folder: Path, watch: _Watch) -> None:
    """No socket, no child process, no other file, nothing written."""
    load(folder)
    watch.on = True
    load(folder).predict(PICTURES[:6])
    watch.on = False
    ours = (f"open {folder}", f"os.scandir {folder}")
    assert watch.events
    assert [event for event in watch.events if not event.startswith(ours)] == []
