"""Two services of two workers each, watched by a real Prometheus and a real Alertmanager on the files of `deploy/`.

Nothing is pretended but time: intervals and `for` are shortened, receivers are a stub that remembers what it was told.
"""

import asyncio
import json
import re
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import yaml

from callcenter.now import system_now
from callcenter.services import contracts
from callcenter.services.people import create_token
from callcenter.services.types import Actor
from callcenter.settings import Settings, child_environment
from callcenter.store.pool import connect
from tests.acceptance.test_crash import Service
from tests.conftest import Databases
from tests.integration import monitoring
from tests.integration.monitoring import ALERTMANAGER, RULES, Alertmanager, Prometheus, answer, until

CONTRACT = """
contract: {code}
customer: Somebody
valid: {{from: 2020-01-01, until: 2099-12-31}}
timezone: UTC
severities: {{3: {{name: minor}}}}
grading: [{{otherwise: 3}}]
calendars: {{always: 24x7}}
commitments:
  - {{name: restore, starts: reported, stops: restored, within: 2s, calendar: always}}
alerts:
  ladder:
    - {{at: breach, notify: [supervisor]}}
"""
SHORTENED = {"CallcenterEngineStalled", "CallcenterHostEngineStopped", "CallcenterOutboxOld", "CallcenterChannelHung"}


class Others(ThreadingHTTPServer):
    """Everybody else: receivers that remember what Alertmanager told them, a webhook that hangs, printers to scrape."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.address = f"127.0.0.1:{self.server_address[1]}"
        self.told: list[tuple[str, str, str]] = []  # receiver, alert, firing or resolved
        self.open = threading.Event()
        self.printers = {"SN-7": 1, "SN-8": 1}

    def heard(self, receiver: str, name: str, status: str = "firing") -> int:
        """How often Alertmanager has told that receiver of the alert."""
        return self.told.count((receiver, name, status))


class _Answers(BaseHTTPRequestHandler):
    server: Others

    def do_GET(self) -> None:
        lines = [f'printer_up{{serial="{name}"}} {up}\n' for name, up in self.server.printers.items()]
        self._end(200, "".join(lines).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/hangs":
            self.server.open.wait(400)
        else:
            for one in json.loads(body)["alerts"]:
                self.server.told.append((self.path.strip("/"), one["labels"]["alertname"], one["status"]))
        self._end(204)

    def _end(self, status: int, body: bytes = b"") -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:  # the other side did not wait
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""


@dataclass
class World:
    """All that runs, and the keys to it."""

    dsn: str
    token: str
    services: list[Service]
    others: Others
    prometheus: Prometheus
    alertmanager: Alertmanager

    def post(self, service: int, path: str, body: Any) -> Any:
        """What one of the services answers."""
        return answer(f"{self.services[service].url}/api/v1{path}", body, Authorization=f"Bearer {self.token}")

    def call(self, service: int, contract: str = "BUSY") -> int:
        """The ticket of a call logged with one of the services; its deadline passes in two seconds."""
        ticket = {"contract": contract, "title": "Printer out of order"}
        return int(self.post(service, "/calls", {"queue": "main", "ticket": ticket})["ticket"]["number"])

    def sql(self, query: str, *values: object) -> Any:
        """The first value the statement gives."""

        async def ask() -> Any:
            conn = await connect(self.dsn)
            try:
                return await conn.fetchval(query, *values)
            finally:
                await conn.close()

        return asyncio.run(ask())


async def _prepared(dsn: str) -> tuple[str, str]:
    """The contract and the queue are there; tokens of an administrator and of Alertmanager."""
    now = system_now()
    conn = await connect(dsn)
    try:
        for code in ("BUSY", "QUIET"):
            await contracts.put(conn, code, CONTRACT.format(code=code), Actor("test", "admin"), now)
        await conn.execute("insert into queues (name, created_at, updated_at) values ('main', $1, $1)", now)
        await conn.execute(
            "insert into assets (account, serial, created_at, updated_at) select min(id), 'SN-7', $1, $1 from accounts",
            now,
        )
        return (
            await create_token(conn, "test", "admin", None, None, now),
            await create_token(conn, "alertmanager", "integration", None, None, now),
        )
    finally:
        await conn.close()


def _rules(folder: Path) -> list[str]:
    """Our rules, evaluated twice a second, three alerts quick to fire, and one of a customer's monitoring."""
    rules = yaml.safe_load((RULES / "alerts.yml").read_text("utf-8"))
    for rule in (rule for group in rules["groups"] for rule in group["rules"] if rule["alert"] in SHORTENED):
        rule.pop("for", None)
        limit = "> 25" if rule["alert"] == "CallcenterOutboxOld" else "> 6"
        rule["expr"] = rule["expr"].replace("> 60", limit).replace("[5m]", "[2m]")
    said = {"summary": "Printer {{ $labels.serial }} offline"}
    offline = {"alert": "PrinterOffline", "expr": "printer_up == 0", "annotations": said}
    rules["groups"].append({"name": "customer", "rules": [offline]})
    recording = yaml.safe_load((RULES / "recording.yml").read_text("utf-8"))
    paths = [folder / "recording.yml", folder / "alerts.yml"]
    for path, content in zip(paths, (recording, rules), strict=True):
        for group in content["groups"]:
            group["interval"] = "500ms"
        path.write_text(yaml.safe_dump(content))
    return [str(path) for path in paths]


def _scraping(folder: Path, port: int, hosts: list[str], others: str, alertmanager: str) -> dict[str, Any]:
    """Our configuration of Prometheus with the addresses of this test, more often."""
    config: dict[str, Any] = yaml.safe_load((RULES / "prometheus.yml").read_text("utf-8"))
    config["global"] |= {"scrape_interval": "2s", "scrape_timeout": "2s", "evaluation_interval": "500ms"}
    config["rule_files"] = _rules(folder)
    config["alerting"]["alertmanagers"] = [{"static_configs": [{"targets": [alertmanager]}]}]
    targets = {"callcenter": hosts, "prometheus": [f"127.0.0.1:{port}"], "alertmanager": [alertmanager]}
    for job in config["scrape_configs"]:
        job["static_configs"] = [{"targets": targets[job["job_name"]]}]
    config["scrape_configs"].append({"job_name": "customer", "static_configs": [{"targets": [others]}]})
    return config


def _routing(service: str, others: str, token: Path) -> dict[str, Any]:
    """Our configuration of Alertmanager, its receivers at addresses of this test, news of a group each second."""
    config: dict[str, Any] = yaml.safe_load(ALERTMANAGER.read_text("utf-8"))
    for route in [config["route"], *config["route"]["routes"]]:
        route["group_interval"] = "1s"
        route["repeat_interval"] = "2s"
        if route.get("group_wait") == "10s":
            route["group_wait"] = "3s"
    for receiver in config["receivers"]:
        for hook in receiver.get("webhook_configs", []):
            hook["url"] = hook["url"].replace("http://callcenter:8080", service)
        if receiver["name"] == "callcenter":
            receiver["webhook_configs"][0]["http_config"]["authorization"]["credentials_file"] = str(token)
        else:
            receiver.pop("email_configs", None)
            receiver["webhook_configs"] = [{"url": f"http://{others}/{receiver['name']}", "send_resolved": True}]
    return config


@pytest.fixture(scope="module")
def world(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Everything runs, and Prometheus has seen both services."""
    folder = tmp_path_factory.mktemp("watched")
    for program in ("prometheus", "prometheus-alertmanager"):
        monitoring.tool(program)
    name = databases.clone()
    dsn = databases.url(name)
    with ExitStack() as stack:
        stack.callback(databases.drop, name)
        token, intake = asyncio.run(_prepared(dsn))
        (folder / "token").write_text(intake)
        others = stack.enter_context(Others())
        threading.Thread(target=others.serve_forever, daemon=True).start()
        stack.callback(others.shutdown)
        environment = child_environment(Settings(), database_url=dsn)
        with ThreadPoolExecutor(2) as starting:
            services = list(starting.map(lambda _: Service(environment), range(2)))
        for service in services:
            stack.callback(service.end, signal.SIGTERM)
        stack.callback(others.open.set)
        routing = _routing(services[0].url, others.address, folder / "token")
        alertmanager = stack.enter_context(monitoring.alertmanager(folder, routing))
        hosts = [service.url.removeprefix("http://") for service in services]
        port = monitoring.free_port()
        config = _scraping(folder, port, hosts, others.address, alertmanager.address)
        prometheus = stack.enter_context(monitoring.prometheus(folder, config, port))
        until(lambda: prometheus.value('sum(callcenter_workers{job="callcenter"})') == 4, "four workers are seen")
        yield World(dsn, token, services, others, prometheus, alertmanager)


def test_nothing_is_counted_twice(world: World) -> None:
    seen = world.prometheus
    before = seen.value('sum(callcenter_http_requests_total{route="/api/v1/calls", status="201"})') or 0
    with ThreadPoolExecutor(8) as callers:
        list(callers.map(world.call, [0, 1] * 12))
    logged = world.sql("select count(*) from calls")
    posts = 'callcenter_http_requests_total{route="/api/v1/calls", method="POST", status="201"}'
    until(lambda: seen.value(f"sum({posts})") == before + 24, "each request counts once, whichever worker took it")
    assert sorted(float(one["value"][1]) for one in seen.series(posts)) == [before / 2 + 12] * 2
    offered = 'callcenter_calls_offered_total{queue="main"}'
    until(lambda: seen.value(f"min({offered})") == logged, "both hosts know of all calls")
    assert seen.value(f"max({offered})") == logged
    until(lambda: world.sql("select count(*) from alerts") == logged, "each ticket has missed its deadline")
    raised = 'sum by (instance) (alerts_raised_total{kind="breach"})'
    until(lambda: seen.value(f"min({raised})") == logged, "both hosts know of all alerts")
    assert seen.value(f"max({raised})") == logged


def test_counters_never_fall_whichever_worker_answers(world: World) -> None:
    until(lambda: world.prometheus.value('count(up{job="callcenter"} == 1)') == 2, "both answer")
    since = 'min(count_over_time(up{job="callcenter"}[10m]))'
    until(lambda: (world.prometheus.value(since) or 0) >= 8, "eight scrapes of each host")
    names: list[str] = world.prometheus.get("label/__name__/values", **{"match[]": '{job="callcenter"}'})
    counters = [name for name in names if re.search("_(total|count|sum|bucket)$", name) and ":" not in name]
    assert len(counters) > 15
    assert [name for name in counters if world.prometheus.series(f"resets({name}[10m]) > 0")] == []


class _Held:
    """A lock on the clocks, as maintenance of the database would take it: reading goes on, no pass can claim any."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._free = threading.Event()
        self._held = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._hold()))

    def __enter__(self) -> None:
        self._thread.start()
        assert self._held.wait(20)

    def __exit__(self, *_: object) -> None:
        self._free.set()
        self._thread.join()

    async def _hold(self) -> None:
        conn: asyncpg.Connection = await connect(self._dsn)
        try:
            await conn.execute("update clocks set wake_at = now() + interval '2 seconds'")
            async with conn.transaction():
                await conn.execute("lock table clocks in exclusive mode")
                self._held.set()
                await asyncio.to_thread(self._free.wait, 400)
        finally:
            await conn.close()


def test_an_engine_that_stops_is_told_once_and_taken_back(world: World) -> None:
    world.call(0)
    name, follows = "CallcenterEngineStalled", "CallcenterHostEngineStopped"
    until(lambda: world.alertmanager.state(name) is None, "nothing is told yet")
    before = world.others.heard("people-at-once", name)
    over = world.others.heard("people-at-once", name, "resolved")
    with _Held(world.dsn):
        until(lambda: {name, follows} <= world.prometheus.firing(), "both alerts fire")
        until(lambda: world.others.heard("people-at-once", name) > before, "people are told at once")
        until(lambda: world.alertmanager.state(follows) == "suppressed", "what follows from it is held back")
        assert len(world.alertmanager.alerts(follows)) == 2, "one for each host"
        # its `for` is shortened to seconds here, and it may fire before what it follows from
        early = world.others.heard("people", follows)
        until(lambda: world.others.heard("people-at-once", name) >= before + 4, "it is told again")
        assert world.others.heard("people", follows) == early, "and is not told again"
        (told,) = world.alertmanager.alerts(name)
        assert told["annotations"]["runbook_url"].endswith("/engine-stalled.md")
        assert "grafana" not in told["labels"]
    until(lambda: name not in world.prometheus.firing(), "the engine runs again")
    until(lambda: world.others.heard("people-at-once", name, "resolved") > over, "people hear that it is over")


def test_a_channel_that_hangs_is_told_and_taken_back(world: World) -> None:
    config = {"url": f"http://{world.others.address}/hangs", "allow_private": True}
    earlier = world.sql("select count(*) from channels")  # more than the journal where this is tried again
    channel = world.post(0, "/channels", {"name": f"hook {earlier}", "kind": "webhook", "config": config})
    world.others.open.clear()
    hung, old = "CallcenterChannelHung", "CallcenterOutboxOld"
    world.call(1, "QUIET")  # many of the busy one would be held for a moment, to be told together
    until(lambda: hung in world.prometheus.firing(), "the channel's attempts end by timeout")
    until(lambda: world.others.heard("people-at-once", hung), "people are told at once")
    until(lambda: old in world.prometheus.firing(), "its message waits")
    until(lambda: world.alertmanager.state(old) == "suppressed", "and that is held back, for its cause is told")
    (waiting,) = world.alertmanager.alerts(old)
    assert waiting["labels"]["channel"] == "webhook"
    told = world.others.heard("people-at-once", hung)
    until(lambda: world.others.heard("people-at-once", hung) >= told + 3, "it is told again")
    assert not world.others.heard("people-at-once", old)
    world.others.open.set()
    until(lambda: not {hung, old} & world.prometheus.firing(), "the channel works again")
    until(lambda: world.others.heard("people-at-once", hung, "resolved"), "people hear that it is over")
    assert world.sql("select count(*) from deliveries where channel = $1 and state <> 'sent'", channel["id"]) == 0


def test_faults_of_printers_become_tickets(world: World) -> None:
    count = "select count(*) from tickets where title like 'Printer SN-%'"
    state = "select state from tickets where title = 'Printer ' || $1 || ' offline'"
    assert world.sql(count) == 0
    world.others.printers |= {"SN-7": 0, "SN-8": 0}
    until(lambda: world.sql(count) == 2, "one ticket for each printer")
    asked = 'callcenter_http_requests_total{route="/intake/alertmanager", status="200"}'
    tells = world.prometheus.value(f"sum({asked})") or 0
    until(lambda: (world.prometheus.value(f"sum({asked})") or 0) >= tells + 4, "both are told again, and again")
    assert world.sql(count) == 2
    assert world.sql("select count(*) from tickets t join assets a on a.id = t.asset where a.serial = 'SN-7'") == 1
    world.others.printers["SN-7"] = 1
    until(lambda: world.sql(state, "SN-7") == "restored", "the one that is well again is restored")
    assert world.sql(state, "SN-8") == "new"
    world.others.printers["SN-8"] = 1
    until(lambda: world.sql(state, "SN-8") == "restored", "and then the other")


def test_the_watchdog_hears_that_alerting_works(world: World) -> None:
    until(lambda: world.others.heard("watchdog", "CallcenterAlertingWorks"), "the watchdog hears it")
    assert not any(receiver == "callcenter" for receiver, _, _ in world.others.told)
