"""A small bundle for the server, pictures for it, and a server in a thread of this process."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from objektiv.base.seeds import generator
from objektiv.features.graph import FLOAT, UINT8, GraphBuilder
from objektiv.features.preprocess import add_preprocessing
from objektiv.serving.listen import bind, listener
from objektiv.serving.log import Log
from objektiv.serving.run import running_app, wall_of
from objektiv.serving.settings import ServeSettings
from objektiv.shipping.facts import Backbone
from objektiv.shipping.limits import Decision, Limits
from objektiv.shipping.write import BundleContents, write_bundle

CLASSES = ("blank", "ring", "blob")
SIZE = 32
HASH = "0" * 64
TIMEOUT = 20  # seconds


def graph(*, seed: int = 0) -> bytes:
    """A convolution, two poolings and a matrix, with the length of the features as strangeness."""
    random = generator(seed, "network")

    def weights(*shape: int) -> str:
        return made.constant(random.normal(0, 0.4, shape).astype(np.float32))

    made = GraphBuilder()
    image = made.input("image", UINT8, ["height", "width", 3])
    pixels = add_preprocessing(made, image, size=SIZE, fit="letterbox")
    x = made.add("Transpose", [pixels], perm=[0, 3, 1, 2])
    x = made.add("Sub", [made.add("Mul", [x, made.floats(1 / 127.5)]), made.floats(1.0)])
    options: dict[str, Any] = {"strides": [2, 2], "kernel_shape": [3, 3], "auto_pad": "SAME_UPPER"}
    x = made.add("Conv", [x, weights(8, 3, 3, 3), weights(8)], **options)
    x = made.add("Clip", [x, made.floats(0.0), made.floats(6.0)])
    pooled = [
        made.add(f"Reduce{kind}", [x, made.ints(2, 3)], keepdims=0) for kind in ("Mean", "Max")
    ]
    features = made.add("Concat", pooled, output="features", axis=1)
    made.add("Gemm", [features, weights(16, len(CLASSES)), weights(3)], output="logits")
    made.add("Softmax", ["logits"], output="probabilities", axis=1)
    made.output("logits", FLOAT, [1, len(CLASSES)])
    made.output("probabilities", FLOAT, [1, len(CLASSES)])
    made.add("ReduceL2", [features, made.ints(1)], output="strangeness", keepdims=1)
    made.output("strangeness", FLOAT, [1, 1])
    data: bytes = made.model("test").SerializeToString()
    return data


def bundle(folder: Path, *, seed: int = 0) -> Path:
    """Write a sound bundle with limits and a threshold; returns its folder."""
    write_bundle(
        folder,
        BundleContents(
            classes=CLASSES,
            size=SIZE,
            fit="letterbox",
            backbone=Backbone(name="small", sha256=HASH, licence="Apache-2.0"),
            head="logistic",
            temperature=1.25,
            card="# A small network for tests\n",
            data=HASH,
            split=HASH,
            settings={"seed": seed},
            scores={"accuracy": 0.75, "auc": None},
            model=graph(seed=seed),
            strange=True,
            limits=Limits(strangeness=4.0, refused=0.05, coverage=0.9, floors=(0.2, 0.3, 0.4)),
            decision=Decision(positive="ring", threshold=0.3),
        ),
    )
    return folder


def picture(number: int = 0, *, format: str = "PNG", height: int = 40, width: int = 56) -> bytes:
    """A drawn picture as a file."""
    y, x = np.mgrid[:height, :width]
    shape = (x + y * (number % 5) + number) % 16 < 6
    pixels = np.where(shape[:, :, None], [200, 60 + number % 90, 90], [30, 120, 160])
    buffer = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(buffer, format)
    return buffer.getvalue()


class Answer(NamedTuple):
    """What came back over the socket."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Server(NamedTuple):
    """A server that listens."""

    port: int
    log: io.StringIO

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | Iterator[bytes] | None = None,
        **headers: str,
    ) -> Answer:
        """One request on a connection of its own; `content_type` stands for Content-Type."""
        with contextlib.closing(self.connect()) as connection:
            return asked(connection, method, path, body, **headers)

    def connect(self) -> http.client.HTTPConnection:
        """A connection for several requests."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)

    def predict(self, data: bytes, *, query: str = "", kind: str = "image/png") -> Answer:
        """One picture as a raw body."""
        return self.ask("POST", f"/v1/predict{query}", data, content_type=kind)

    def form(self, *files: tuple[bytes, bytes], query: str = "") -> Answer:
        """Files (name, content) as a form."""
        body, kind = form(*files)
        return self.ask("POST", f"/v1/predict{query}", body, content_type=kind)

    def metrics(self) -> dict[str, float]:
        """Every series with its value."""
        lines = self.ask("GET", "/metrics").body.decode().splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        return {name: float(value) for name, value in pairs}


def asked(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes | Iterator[bytes] | None = None,
    **headers: str,
) -> Answer:
    """One request on a connection that stays open."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, named)
    answer = connection.getresponse()
    told = {name.lower(): value for name, value in answer.getheaders()}
    return Answer(answer.status, told, answer.read())


def form(*files: tuple[bytes, bytes]) -> tuple[bytes, str]:
    """A body of multipart/form-data, and its Content-Type."""
    parts = [
        b'--limit\r\nContent-Disposition: form-data; name="file"; filename="'
        + name
        + b'"\r\nContent-Type: application/octet-stream\r\n\r\n'
        + data
        + b"\r\n"
        for name, data in files
    ]
    return b"".join(parts) + b"--limit--\r\n", "multipart/form-data; boundary=limit"


@contextlib.contextmanager
def serving(*bundles: Path | str, **settings: Any) -> Iterator[Server]:
    """A server on a free port of loopback until the block ends."""
    chosen = ServeSettings(port=0, **settings)
    stream, began = io.StringIO(), threading.Event()
    with (
        bind(chosen.host, 0) as bound,
        Log(stream) as log,
        running_app(list(map(str, bundles)), chosen, wall_of(chosen), log=log) as running,
    ):
        server = listener(running.app, bound, ready=lambda _: began.set(), seen=running.seen)
        thread = threading.Thread(target=server.run, args=([bound],), daemon=True)
        thread.start()
        try:
            if not began.wait(TIMEOUT):
                raise RuntimeError("the server does not begin")
            yield Server(bound.getsockname()[1], stream)
        finally:
            server.stop()
            thread.join(TIMEOUT)
