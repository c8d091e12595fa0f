"""`GET /metrics`: how the server is doing, in numbers that Prometheus collects.

No number tells anything about a photo: they count, and they measure time.
"""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

import whereshot
from whereshot.errors import PhotoError, WorkerError
from whereshot.records import Recognition
from whereshot.serve.engine import Engine
from whereshot.serve.watch import Visit

CONTENT_TYPE = CONTENT_TYPE_LATEST

_REQUEST_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_STAGE_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


class Metrics:
    """The numbers of one server, in a registry of their own."""

    def __init__(self, engine: Engine) -> None:
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "whereshot_requests",
            "Requests that were answered.",
            ("method", "route", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "whereshot_request_seconds",
            "Time from a request's first byte until its answer began.",
            ("route",),
            buckets=_REQUEST_SECONDS,
            registry=registry,
        )
        self._running = Gauge(
            "whereshot_requests_running", "Requests without an answer yet.", registry=registry
        )
        self._photos = Counter(
            "whereshot_photos",
            "Photos by verdict: landmark, unknown, unreadable, or failed with their worker.",
            ("verdict",),
            registry=registry,
        )
        self._stages = Histogram(
            "whereshot_stage_seconds",
            "Time that a photo took in a worker, by stage: decode, model.",
            ("stage",),
            buckets=_STAGE_SECONDS,
            registry=registry,
        )
        for verdict in ("landmark", "unknown", "unreadable", "failed"):
            self._photos.labels(verdict)  # all there from the start, at 0
        registry.register(_EngineNumbers(engine))
        ProcessCollector(registry=registry)

    def begin(self) -> None:
        """A request has come."""
        self._running.inc()

    def end(self, visit: Visit) -> None:
        """A request was answered."""
        self._running.dec()
        self._requests.labels(visit.method, visit.route, visit.status).inc()
        self._seconds.labels(visit.route).observe(visit.milliseconds / 1000)

    def count_photo(self, answer: Recognition | PhotoError | WorkerError) -> None:
        """A photo was recognized, or not."""
        if isinstance(answer, Recognition):
            self._photos.labels(answer.verdict).inc()
            for stage, milliseconds in answer.milliseconds.items():
                self._stages.labels(stage).observe(milliseconds / 1000)
        else:
            self._photos.labels("unreadable" if isinstance(answer, PhotoError) else "failed").inc()

    def text(self) -> bytes:
        """All numbers in Prometheus's text format."""
        return generate_latest(self._registry)


class _EngineNumbers(Collector):
    """What the engine says when it is asked."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def collect(self) -> Iterable[Metric]:
        state = self._engine.state
        yield GaugeMetricFamily("whereshot_workers", "Workers that are up.", state.workers)
        yield GaugeMetricFamily("whereshot_workers_busy", "Workers with a job.", state.busy)
        yield GaugeMetricFamily("whereshot_queue_length", "Jobs that wait.", state.waiting)
        yield CounterMetricFamily(
            "whereshot_worker_deaths", "Workers that ended and were replaced.", state.deaths
        )
        info = GaugeMetricFamily(
            "whereshot_info", "Always 1: what is running.", labels=("version", "bundle")
        )
        info.add_metric((whereshot.__version__, self._engine.name), 1)
        yield info
