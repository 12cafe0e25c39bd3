"""A real Prometheus: every panel's query on backfilled hours, and three alerts about a service, fired and resolved."""

import asyncio
import json
import os
import re
import shutil
import socket
import subprocess
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import yaml
from aiohttp.test_utils import TestServer
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric

from callcenter.alarm import Health
from callcenter.figures import DatabaseFigures, Known, render
from callcenter.metrics import Everyone, ProcessMetrics
from callcenter.now import system_now
from callcenter.services.context import Context
from callcenter.settings import Settings
from callcenter.store.metrics import Figures, Names
from callcenter.web.app import build
from callcenter.web.metrics_page import Scrape

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus"
ENGLISH = [
    json.loads(file.read_text("utf-8")) for file in sorted((ROOT / "deploy/grafana/dashboards/en").glob("*.json"))
]


def tool(name: str) -> str:
    """The path of a program; without it the test is skipped, and fails where a machine should have it (CI)."""
    found = shutil.which(name)
    if found is None and os.environ.get("CI"):  # noqa: TID251 of the tests, not of the service
        pytest.fail(f"{name} is not installed (Debian: apt-get install prometheus)")
    return found or pytest.skip(f"{name} is not installed (Debian: apt-get install prometheus)")


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Prometheus:
    """A running server, asked over HTTP."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/api/v1/"

    def get(self, path: str, **given: str) -> Any:
        """The `data` of an answer; a refusal (a query that does not parse) fails the test."""
        url = self._url + path + ("?" + urllib.parse.urlencode(given) if given else "")
        try:
            with urllib.request.urlopen(url, timeout=20) as response:
                return json.load(response)["data"]
        except urllib.error.HTTPError as refused:
            pytest.fail(f"{given}: {refused.read().decode()}")

    def series(self, expr: str, *, over_time: bool = False) -> list[dict[str, Any]]:
        """The series a query gives now, or over the last half hour."""
        now = system_now()
        if not over_time:
            return list(self.get("query", query=expr, time=str(now.timestamp()))["result"])
        start = str((now - timedelta(minutes=30)).timestamp())
        return list(self.get("query_range", query=expr, start=start, end=str(now.timestamp()), step="15")["result"])

    def up(self) -> bool:
        """Whether it answers."""
        try:
            with urllib.request.urlopen(self._url.replace("/api/v1/", "/-/ready"), timeout=5):
                return True
        except OSError:
            return False

    def firing(self) -> set[str]:
        """The names of the alerts that fire."""
        return {one["labels"]["alertname"] for one in self.get("alerts")["alerts"] if one["state"] == "firing"}

    def alert(self, name: str) -> dict[str, Any]:
        """The first alert of that name."""
        return next(one for one in self.get("alerts")["alerts"] if one["labels"]["alertname"] == name)


@contextmanager
def prometheus(folder: Path, config: dict[str, Any]) -> Iterator[Prometheus]:
    """A Prometheus on this configuration, its data in the folder, until the block is left."""
    port = free_port()
    (folder / "prometheus.json").write_text(json.dumps(config))
    command = [
        tool("prometheus"), f"--config.file={folder / 'prometheus.json'}", f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn", "--storage.tsdb.retention.time=30d",
    ]  # fmt: skip
    with (folder / "log").open("w") as said, subprocess.Popen(command, stdout=said, stderr=said) as process:
        try:
            yield Prometheus(port)
        finally:
            process.terminate()
            process.wait(20)


# A page of a busy service ---------------------------------------------------------------------------------------------

KNOWN = Known(
    names=Names(["C1"], ["response", "on_site"], ["fault"]),
    promised=[("C1", "on_site")],
    graded=[("response", "1"), ("on_site", "1"), ("on_site", "2")],
    severities=["1", "2"],
    targets=[("C1", "on_site", 0.95)],
    horizons=[("CN", datetime(2027, 1, 1, tzinfo=UTC))],
)


class _Pool:
    def get_size(self) -> int:
        return 5

    def get_idle_size(self) -> int:
        return 3

    def get_max_size(self) -> int:
        return 10


def _figures(now: datetime) -> Figures:
    return Figures(
        as_of=now, queues=[("main", 20), ("vip", 10)], channels=["email"], tickets_open=[(1, "fault", 3)],
        clocks_open=[("on_site", 1, "running", 4, now + timedelta(minutes=20)), ("response", 1, "breached", 1, None)],
        month=[("C1", "on_site", "met", 40), ("C1", "on_site", "breached", 1), ("C1", "on_site", "open", 9)],
        calls_waiting=[("main", 2, now - timedelta(seconds=35))], next_wake=now - timedelta(seconds=1),
        alerts_unsettled=[("breach", "firing", 1)], outbox=[("email", 1, now - timedelta(seconds=4))],
        firing_oldest=[("breach", now - timedelta(seconds=90))], last_call=now - timedelta(seconds=50),
        totals=[(("offered", "main"), 9.0)], since=now, counted=[], tickets=[],
    )  # fmt: skip


def _page(now: datetime) -> list[Metric]:
    registry = CollectorRegistry()
    metrics = ProcessMetrics(registry)
    metrics.answered("POST", "/api/v1/calls", 201, 0.004)
    metrics.answered("POST", "/api/v1/calls", 503, 0.004)
    health = Health(last_pass_at=now, passes=5, clocks=2, listening=True)
    metrics.publish(health, {("email", "sent"): 2}, _Pool())  # type: ignore[arg-type]
    up = Metric("callcenter_database_up", "Whether it answered.", "gauge")
    up.add_sample("callcenter_database_up", {}, 1)
    return [*Everyone(registry, None).collect(), up, *render(_figures(now), KNOWN)]


def _backfill(instants: list[datetime]) -> Iterator[str]:
    """OpenMetrics of two hosts that show the page at each instant, every counter a step higher each time."""
    whole = [(_page(at), at) for at in instants]
    for place, family in enumerate(whole[0][0]):
        yield f"# TYPE {family.name} {family.type}"
        for number, sample in enumerate(family.samples):
            for host in ("a:8080", "b:8080"):
                labels = {**sample.labels, "job": "callcenter", "instance": host}
                written = ",".join(f'{name}="{value}"' for name, value in labels.items())
                for step, (page, at) in enumerate(whole):
                    value = page[place].samples[number].value
                    if family.type in ("counter", "histogram"):
                        value = step * _pace(sample.name, sample.labels)
                    yield f"{sample.name}{{{written}}} {value} {at.timestamp()}"
    yield "# EOF"


def _pace(name: str, labels: dict[str, str]) -> float:
    """By how much a counter rises each minute: buckets rise with their bound, so that they stay a histogram."""
    bound = labels.get("le")
    if bound is None:
        return 60.0 if name.endswith("_sum") else 4.0
    return min(4.0, 1 + float(bound) / 20)


@pytest.fixture(scope="module")
def backfilled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus with two hours of today and of this hour a week ago, and our rules evaluated on them."""
    folder = tmp_path_factory.mktemp("prometheus")
    now = system_now()
    last = now - timedelta(seconds=20)
    minutes = [timedelta(minutes=n) for n in range(120, -1, -1)]
    instants = [last - timedelta(weeks=1) - ago for ago in minutes] + [last - ago for ago in minutes]
    text = folder / "day.om"
    with text.open("w") as file:
        file.writelines(f"{line}\n" for line in _backfill(instants))
    command = [tool("promtool"), "tsdb", "create-blocks-from", "openmetrics", str(text), str(folder / "data")]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    files = [str(RULES / "recording.yml"), str(RULES / "alerts.yml")]
    config = {"global": {"evaluation_interval": "1s"}, "rule_files": files}
    with prometheus(folder, config) as server:
        yield server


def asked() -> Iterator[tuple[str, str, bool, dict[str, Any]]]:
    """Every PromQL expression of every panel, choices filled in as Grafana does for All."""
    for board in ENGLISH:
        for panel in board["panels"]:
            for target in panel["targets"]:
                if "expr" in target:
                    expr = re.sub(r"\$(queue|contract|commitment|instance)\b", "(.+)", target["expr"])
                    yield f"{board['title']}: {panel['title']}", expr, panel["type"] == "timeseries", target


def test_every_panel_shows_something_with_its_labels(
    backfilled: Prometheus, until: Callable[[Callable[[], object]], None]
) -> None:
    until(backfilled.up)
    until(lambda: backfilled.series("callcenter:service_level:ratio30m"))
    until(lambda: "CallcenterAlertingWorks" in backfilled.firing())
    until(lambda: backfilled.series('ALERTS{alertstate="firing"}'))
    silent, queries = [], list(asked())
    assert len(queries) > 50
    for title, expr, over_time, target in queries:
        series = backfilled.series(expr, over_time=over_time)
        if not series:
            silent.append((title, expr))
        wanted = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
        for one in series:
            assert set(one["metric"]) >= wanted, (title, one["metric"])
        finite = [float(point) for one in series for _, point in one.get("values", [one.get("value", (0, "0"))])]
        assert not series or any(point == point for point in finite), f"{title} shows no number"
    assert silent == []


def test_figures_are_right_though_two_hosts_say_them(
    backfilled: Prometheus, until: Callable[[Callable[[], object]], None]
) -> None:
    until(backfilled.up)
    until(lambda: backfilled.series("callcenter:service_level:ratio30m"))

    def value(expr: str) -> float:
        return float(backfilled.series(expr)[0]["value"][1])

    assert value('callcenter:calls_offered:increase30m{queue="main"}') == pytest.approx(4 * 30, rel=0.05)
    assert value('sla:clocks_open:count{commitment="on_site", state="running"}') == 4
    assert value("sla:month_breaches_left:count") == 1  # 5 % of 50 is 2, one is gone
    # of eight a minute four were answered; of these two in 20 s
    assert value('callcenter:service_level:ratio30m{queue="main"}') == pytest.approx(2 / 8, rel=0.05)


def test_annotations_and_variables_parse(backfilled: Prometheus, until: Callable[[Callable[[], object]], None]) -> None:
    until(backfilled.up)
    for board in ENGLISH:
        for mark in board["annotations"]["list"]:
            if "expr" in mark:
                backfilled.series(mark["expr"], over_time=True)
        for variable in board["templating"]["list"]:
            if isinstance(variable["query"], dict):
                found = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"])
                assert found
                series = backfilled.series(found[1])
                assert series
                assert all(found[2] in one["metric"] for one in series)


# A real service, watched ----------------------------------------------------------------------------------------------


def _shortened(folder: Path, names: set[str]) -> list[str]:
    """Our rules with these alerts alone, quick to fire: every `for` is gone, spans and limits are seconds."""
    rules = yaml.safe_load((RULES / "alerts.yml").read_text("utf-8"))
    for group in rules["groups"]:
        group["interval"] = "500ms"
        group["rules"] = [rule for rule in group["rules"] if rule["alert"] in names]
        for rule in group["rules"]:
            rule.pop("for", None)
            rule["expr"] = rule["expr"].replace("> 60", "> 6").replace("[5m]", "[15s]")
    rules["groups"] = [group for group in rules["groups"] if group["rules"]]
    recording = yaml.safe_load((RULES / "recording.yml").read_text("utf-8"))
    for group in recording["groups"]:
        group["interval"] = "500ms"
    paths = [folder / "recording.yml", folder / "alerts.yml"]
    for path, content in zip(paths, (recording, rules), strict=True):
        path.write_text(yaml.safe_dump(content))
    return [str(path) for path in paths]


class Watched:
    """A service's page, what its engine and dispatcher say set by the test."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool
        self.health = Health()
        self.results: dict[tuple[str, str], int] = {("webhook", "timeout"): 0}
        self.engine_runs = True

    def hang(self) -> bool:
        """One more attempt on the channel has timed out."""
        self.results["webhook", "timeout"] += 1
        return True

    def publish(self, metrics: ProcessMetrics) -> None:
        """The page shows how things stand."""
        if self.engine_runs:
            self.health.last_pass_at = system_now()
        metrics.publish(self.health, self.results, self.pool)


@asynccontextmanager
async def watched(pool: asyncpg.Pool) -> AsyncIterator[tuple[Watched, int]]:
    """The real application with its real page on a real database."""
    context = Context(Settings(), system_now)
    registry, service = CollectorRegistry(), Watched(pool)
    metrics, figures = ProcessMetrics(registry), DatabaseFigures(pool, context)
    scrape = Scrape(metrics, Everyone(registry, None), figures, lambda: service.publish(metrics))
    server = TestServer(build(pool, context, scrape))
    await server.start_server()
    try:
        yield service, int(server.port or 0)
    finally:
        await server.close()
        await figures.close()


WAITING = """
with a as (insert into accounts (name, created_at, updated_at) values ('A', now(), now()) returning id),
k as (insert into contracts (code, account, created_at) select 'C1', id, now() from a returning id),
t as (insert into tickets (number, title, kind, state, reported_at, entries, head, created_at, updated_at)
      values (1, 'x', 'fault', 'new', now(), 0, '', now(), now()) returning number),
c as (insert into clocks (ticket, contract, commitment, cycle, owner, state, ladder_from, assessed_at)
      select t.number, k.id, 'restore', 1, 'us', 'running', now(), now() from t, k returning id, ticket),
l as (insert into alerts (clock, ticket, step, deadline_version, kind, notify, fires_at, due_at, recorded_at)
      select id, ticket, 0, 1, 'breach', '{supervisor}', now(), now(), now() from c returning id)
insert into deliveries (alert, channel, event, state, next_try_at, created_at)
select l.id, ch.id, 'fire', 'pending', now() - interval '2 minutes', now() - interval '2 minutes' from l, channels ch
"""


async def test_three_alerts_fire_and_resolve(pool: asyncpg.Pool, tmp_path: Path) -> None:
    names = {"CallcenterEngineStalled", "CallcenterOutboxOld", "CallcenterChannelHung"}
    async with watched(pool) as (service, port):
        config = {
            "global": {"scrape_interval": "2s", "scrape_timeout": "2s", "evaluation_interval": "500ms",
                       "external_labels": {"grafana": "http://grafana", "runbooks": "http://runbooks"}},
            "rule_files": _shortened(tmp_path, names),
            "scrape_configs": [{"job_name": "callcenter", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}],
        }  # fmt: skip
        with prometheus(tmp_path, config) as server:
            await _until(lambda: server.up() and server.series('up{job="callcenter"} == 1'))
            await _until(lambda: server.series("sla:engine_last_pass_age:seconds"))
            await pool.execute(
                "insert into channels (name, kind, created_at, updated_at) values ('w', 'webhook', now(), now())"
            )
            await _until(lambda: server.series('alerts_deliveries_total{channel="webhook", result="timeout"}'))
            assert server.firing() == set()

            service.engine_runs = False
            await pool.execute(WAITING)
            await _until(lambda: service.hang() and server.firing() == names)
            said = server.alert("CallcenterOutboxOld")
            assert said["labels"]["severity"] == "critical"
            assert said["annotations"]["runbook_url"] == "http://runbooks/outbox-old.md"
            assert "has waited for 2m" in said["annotations"]["description"]
            assert server.alert("CallcenterChannelHung")["labels"]["channel"] == "webhook"

            service.engine_runs = True
            await pool.execute("update deliveries set state = 'sent', next_try_at = null")
            service.results["webhook", "sent"] = 1
            await _until(lambda: server.firing() == set())


async def _until(condition: Callable[[], object]) -> None:
    """Waits at most a minute; asks on a thread, for the service answers on this loop."""
    for _ in range(600):
        if await asyncio.to_thread(condition):
            return
        await asyncio.sleep(0.1)
    pytest.fail("it did not come true within a minute")
