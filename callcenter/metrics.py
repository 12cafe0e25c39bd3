"""What one process counts about itself, summed over the workers of a `serve`; what the database knows is in figures/.

Every worker answers for all of them: with PROMETHEUS_MULTIPROC_DIR set, prometheus_client keeps each process's values
in a file of that folder, and whoever is asked adds them up. A worker that died still counts in what only grows.
"""

import asyncio
import resource
from collections import Counter as Tally
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import cast

import asyncpg
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from alerts.channels import KINDS
from alerts.reasons import Reason
from callcenter.alarm import Health

HTTP_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
DURATION = "callcenter_http_request_duration_seconds"
DURATION_TOLD = "Time from the request's head to its answer; streams are not measured."
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
PUBLISHED_EVERY_S = 1.0
_STATM = Path("/proc/self/statm")


class ProcessMetrics:
    """The metrics of this process on a registry of one's own; `published` copies what others have counted."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._http(registry)
        self._engine(registry)
        self._host(registry)
        self._seen: Tally[object] = Tally()
        self.routes: set[tuple[str, str]] = set()
        for channel in KINDS:
            for result in ("sent", *Reason):
                self.deliveries.labels(channel, str(result))
        self.workers.set(1)
        self.build.labels(version("callcenter")).set(1)

    def _http(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "callcenter_http_requests",
            "Requests answered.",
            ["method", "route", "status"],
            registry=registry,
        )
        self.duration = Histogram(
            DURATION,
            DURATION_TOLD,
            ["method", "route"],
            buckets=HTTP_BOUNDS,
            registry=registry,
        )

    def _engine(self, registry: CollectorRegistry) -> None:
        self.passes = Counter("sla_engine_passes", "Passes of the engine.", registry=registry)
        self.judged = Counter("sla_engine_clocks_judged", "Clocks that passes judged.", registry=registry)
        self.set_aside = Counter(
            "sla_engine_clocks_set_aside",
            "Clocks that could not be judged and were put off.",
            registry=registry,
        )
        self.last_pass = Gauge(
            "sla_engine_last_pass_timestamp_seconds",
            "When the newest pass began; 0 before the first.",
            multiprocess_mode="max",
            registry=registry,
        )
        self.deliveries = Counter(
            "alerts_deliveries",
            "Attempts to send a message, by channel kind and result.",
            ["channel", "result"],
            registry=registry,
        )

    def _host(self, registry: CollectorRegistry) -> None:
        def live(name: str, text: str, labels: Iterable[str] = (), mode: str = "livesum") -> Gauge:
            return Gauge(name, text, list(labels), multiprocess_mode=mode, registry=registry)  # type: ignore[arg-type]

        connections = "Database connections of the pools."
        self.connections = live("callcenter_database_connections", connections, ["state"])
        self.most_connections = live("callcenter_database_connections_limit", "Connections the pools may have.")
        self.listening = live("callcenter_database_listeners", "Workers that hear of wakes other processes wrote.")
        ahead = "By how much the database's clock is ahead of the host's."
        self.skew = live("callcenter_host_clock_skew_seconds", ahead, mode="livemostrecent")
        self.workers = live("callcenter_workers", "Worker processes that run.")
        self.memory = live("callcenter_process_resident_memory_bytes", "Memory the workers hold.")
        self.cpu = Counter("callcenter_process_cpu_seconds", "Processor time the workers used.", registry=registry)
        self.build = live("callcenter_build_info", "The version that runs; always 1.", ["version"], "livemax")

    def known_route(self, method: str, route: str, statuses: Iterable[int]) -> None:
        """The route is counted before anybody has asked it; its histogram at 0 is the page's to write."""
        self.routes.add((method, route))
        for status in statuses:
            self.requests.labels(method, route, str(status))

    def answered(self, method: str, route: str, status: int, seconds: float | None) -> None:
        """One request is counted, and measured unless it was a stream."""
        method = method if method in METHODS else "other"
        self.requests.labels(method, route, str(status)).inc()
        if seconds is not None:
            self.duration.labels(method, route).observe(seconds)

    def publish(self, health: Health, results: Mapping[tuple[str, str], int], pool: asyncpg.Pool) -> None:
        """What the alarm, the dispatcher and the pool say of themselves is on the page."""
        self._grow(self.passes, "passes", health.passes)
        self._grow(self.judged, "clocks", health.clocks)
        self._grow(self.set_aside, "failed", health.failed)
        for (channel, result), count in list(results.items()):
            self._grow(self.deliveries.labels(channel, result), (channel, result), count)
        self.last_pass.set(_timestamp(health.last_pass_at))
        self.skew.set(health.skew.total_seconds())
        self.listening.set(health.listening)
        idle = pool.get_idle_size()
        self.connections.labels("idle").set(idle)
        self.connections.labels("in_use").set(pool.get_size() - idle)
        self.most_connections.set(pool.get_max_size())
        used = resource.getrusage(resource.RUSAGE_SELF)
        self._grow(self.cpu, "cpu", used.ru_utime + used.ru_stime)
        with suppress(OSError):  # not on every system
            self.memory.set(int(_STATM.read_text().split()[1]) * resource.getpagesize())

    def _grow(self, counter: Counter, key: object, total: float) -> None:
        """The counter has grown by what the total has grown by."""
        seen: float = self._seen[key]
        if total > seen:
            counter.inc(total - seen)
            self._seen[key] = total  # type: ignore[assignment]  # seconds too


def _timestamp(at: datetime | None) -> float:
    return at.timestamp() if at is not None else 0.0


@asynccontextmanager
async def published(publish: Callable[[], None]) -> AsyncIterator[None]:
    """While the block runs other workers see this one's figures, a second old at most, and the last when it is left."""

    async def keep_on() -> None:
        while True:
            publish()
            await asyncio.sleep(PUBLISHED_EVERY_S)

    task = asyncio.create_task(keep_on())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        publish()


def _of_workers(folder: Path) -> Iterable[Metric]:
    """What all workers have written; one that starts at this moment has made its file and not written to it yet."""
    written = [str(file) for file in folder.glob("*.db") if _size(file) > 0]
    return cast(Iterable[Metric], MultiProcessCollector.merge(written))  # type: ignore[no-untyped-call]


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:  # of a worker that has just ended
        return 0


class Everyone(Collector):
    """The metrics of all workers that share the folder, or without one of this process alone."""

    def __init__(self, own: CollectorRegistry, folder: Path | None) -> None:
        self._own = own
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        """The metrics, without the `_created` series that only a single process would have."""
        for metric in self._own.collect() if self._folder is None else _of_workers(self._folder):
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            yield metric
