"""What the server counts, as Prometheus reads it: seconds, pictures, reasons; never a name or id.

In: what happened. Out: the text of `/metrics`. No label holds what a client sent, and classes
beyond the first ones are counted together, so that there are never more than some 200 series.
Try: `Metrics().text()`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

from objektiv.serving.engine import Engine, Raw
from objektiv.serving.wall import Seen

CONTENT_TYPE = CONTENT_TYPE_LATEST
CLASSES = 40  # series of classes, of all models together
OTHER = "other"
# Seconds; a picture takes 5 to 50 milliseconds.
TIMES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5, 30)


class Metrics:
    """All counters of one server, in a registry of their own."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, with the time it began
        self._registry = CollectorRegistry()
        self._requests = self._counter("requests", "Requests that ended.", "route", "code")
        self._refused = self._counter("rejected", "Requests refused, by reason.", "reason")
        self._duration = self._times("request", "From a request's headers to its answer.")
        self._waited = self._times("queue_wait", "From a decoded picture to its computation.")
        self._decoded = self._times("decode", "Reading one picture.")
        self._computed = self._times("inference", "Computing one batch.")
        self._batch = Histogram(
            "objektiv_batch_images",
            "Pictures computed together.",
            buckets=(1, 4, 16),
            registry=self._registry,
        )
        self._predictions = self._counter("predictions", "Pictures named.", "model", "class_name")
        self._abstained = self._counter("abstained", "Pictures not answered.", "reason")
        self._store_failed = self._counter("store_failed", "Pictures that were not stored.")
        self._reload_failed = self._counter("reload_failed", "Bundles that were refused.")
        self._info = Gauge(
            "objektiv_model_info",
            "A model that is served.",
            ("model", "sha256", "precision"),
            registry=self._registry,
        )
        self._class_series: dict[tuple[str, str], Counter] = {}

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(f"objektiv_{name}", about, labels, registry=self._registry)

    def _times(self, name: str, about: str) -> Histogram:
        return Histogram(
            f"objektiv_{name}_duration_seconds", about, buckets=TIMES, registry=self._registry
        )

    def follow_queue(self, depth: Callable[[], float]) -> None:
        """Where to look how many pictures wait."""
        about = "Pictures that wait or are computed."
        Gauge("objektiv_queue_depth", about, registry=self._registry).set_function(depth)

    def models(self, engines: Mapping[str, Engine]) -> None:
        """Which models are served now."""
        self._info.clear()
        for name, engine in engines.items():
            bundle = engine.bundle
            self._info.labels(name, bundle.sha256, bundle.precision).set(1)

    def request(self, seen: Seen, *, route: str) -> None:
        """A request has ended."""
        self._requests.labels(route, str(seen.status)).inc()
        if seen.reason:
            self._refused.labels(seen.reason).inc()
        if route == "/v1/predict":
            self._duration.observe(seen.seconds)

    def picture(self, raw: Raw, *, decoded: float) -> None:
        """A picture was computed; `decoded`: seconds it took to read."""
        self._decoded.observe(decoded)
        self._waited.observe(raw.waited)
        self._computed.observe(raw.computed)
        self._batch.observe(raw.batch)

    def named(self, model: str, class_name: str, *, abstained: str | None) -> None:
        """A picture was given a class; `abstained`: why that is no answer."""
        key = (model, class_name)
        if key not in self._class_series:
            told = class_name if len(self._class_series) < CLASSES else OTHER
            self._class_series[key] = self._predictions.labels(model, told)
        self._class_series[key].inc()
        if abstained:
            self._abstained.labels(abstained).inc()

    def not_stored(self, pictures: int) -> None:
        """Pictures were answered, or refused, without being stored."""
        self._store_failed.inc(pictures)

    def reload_refused(self) -> None:
        """A bundle was refused while the server runs."""
        self._reload_failed.inc()

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self._registry)
