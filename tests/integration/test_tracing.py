"""Traces: one from a request to the delivery it causes, nothing secret on them, nothing at all where nobody asked."""

import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import aiohttp
import asyncpg
import pytest
import structlog
from aiohttp.test_utils import TestServer

from alerts.channels import Setup, open_channel
from alerts.dispatcher import Dispatcher
from alerts.engine import run_pass
from callcenter import log
from callcenter.services import contracts
from callcenter.services.context import Context
from callcenter.services.people import create_token
from callcenter.services.types import Actor
from callcenter.settings import Settings, child_environment
from callcenter.store.deliveries import DatabaseOutbox
from callcenter.store.engine import ClockBook
from callcenter.store.pool import connect, open_pool
from callcenter.tracing import Traces, recorded, traced, wanted
from callcenter.web.app import build
from tests.acceptance.test_crash import Service
from tests.integration.monitoring import ROOT, answer, until

pytest.importorskip("opentelemetry.instrumentation.asyncpg", reason="pip install -e '.[otel]'")
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

START = datetime(2026, 3, 2, 1, tzinfo=UTC)
TERMS = """
contract: TRACED
customer: Somebody
valid: {from: 2020-01-01, until: 2099-12-31}
timezone: UTC
severities: {1: {name: grave}}
grading: [{otherwise: 1}]
calendars: {always: 24x7}
commitments:
  - {name: response, starts: reported, stops: responded, within: 2s, calendar: always}
alerts:
  ladder:
    - {at: breach, notify: [supervisor]}
"""


class Desk:
    """The service's parts, traced, at an instant the test moves."""

    def __init__(self, pool: asyncpg.Pool, traces: Traces, spans: InMemorySpanExporter) -> None:
        self.pool = pool
        self.traces = traces
        self.spans = spans
        self.now = START
        self.token = ""
        self.context = Context(Settings(), lambda: self.now)
        self.server: TestServer
        setup = Setup(lambda: self.now)
        self.dispatcher = Dispatcher(
            DatabaseOutbox(pool, self.context.terms), lambda kind, config: open_channel(kind, config, setup),
            lambda: self.now, "test", around=traces.delivery,
        )  # fmt: skip

    async def post(self, path: str, body: Any, **headers: str) -> Any:
        headers["Authorization"] = f"Bearer {self.token}"
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.post(self.server.make_url(path), json=body) as response,
        ):
            assert response.status in (200, 201), await response.text()
            return await response.json()

    async def look(self, **later: float) -> None:
        """The engine has looked later, and what it found is sent."""
        self.now += timedelta(**later)
        book = ClockBook(self.pool, self.context.terms)
        with self.traces.engine_pass() as note:
            note(await run_pass(book, self.now))
        await self.dispatcher.drain()

    def named(self, start: str) -> list[ReadableSpan]:
        """The finished spans whose name begins so."""
        return [span for span in self.spans.get_finished_spans() if span.name.startswith(start)]


@asynccontextmanager
async def _desk(database_url: str) -> AsyncIterator[Desk]:
    with recorded() as (provider, traces):
        spans = InMemorySpanExporter()
        provider.add_span_processor(SimpleSpanProcessor(spans))
        pool = await open_pool(database_url, size=3, setup=traces.carry)
        desk = Desk(pool, traces, spans)
        app = build(pool, desk.context)
        app.middlewares.insert(1, traces.middleware())
        desk.server = TestServer(app)
        await desk.server.start_server()
        try:
            async with pool.acquire() as conn:
                await contracts.put(conn, "TRACED", TERMS, Actor("test", "admin"), START)
                desk.token = await create_token(conn, "test", "admin", None, None, START)
            yield desk
        finally:
            await desk.dispatcher.stop()
            await desk.server.close()
            await pool.close()


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with _desk(database_url) as made:
        yield made


CALL = {"caller": "13800000000", "ticket": {"contract": "TRACED", "title": "No network"}}


async def test_a_request_its_statements_and_what_it_is_about(desk: Desk) -> None:
    said = await desk.post("/api/v1/calls", CALL, **{"X-Request-ID": "r-1"})
    number = said["ticket"]["number"]
    (call,) = desk.named("POST /api/v1/calls")
    assert dict(call.attributes or {}) == {
        "http.request.method": "POST", "http.route": "/api/v1/calls", "http.response.status_code": 201,
        "callcenter.request_id": "r-1", "callcenter.ticket": number,
    }  # fmt: skip
    inside = [span for span in desk.spans.get_finished_spans() if span.parent and span.parent == call.context]
    assert len(inside) > 3, "its statements"
    assert all("db.statement" in (span.attributes or {}) for span in inside)
    assert "13800000000" not in str([span.attributes for span in desk.spans.get_finished_spans()])
    await desk.post(f"/api/v1/tickets/{number}/events", {"type": "responded"})
    (event,) = desk.named("POST /api/v1/tickets/{number")
    assert (event.attributes or {})["callcenter.ticket"] == number


async def test_a_sender_may_go_on_with_its_own_trace(desk: Desk) -> None:
    theirs = "0af7651916cd43dd8448eb211c80319c"
    await desk.post("/api/v1/calls", CALL, traceparent=f"00-{theirs}-b7ad6b7169203331-01")
    (call,) = desk.named("POST /api/v1/calls")
    assert call.context is not None
    assert f"{call.context.trace_id:032x}" == theirs


async def test_from_the_pass_and_the_request_to_the_delivery(desk: Desk) -> None:
    number = (await desk.post("/api/v1/calls", CALL))["ticket"]["number"]
    await desk.look(seconds=5)
    (found,) = desk.named("engine pass")
    assert dict(found.attributes or {}) == {"callcenter.clocks": 1, "callcenter.alerts": 1}
    (told,) = desk.named("deliver journal")
    assert told.parent is not None
    assert found.context is not None
    assert (told.parent.trace_id, told.parent.span_id) == (found.context.trace_id, found.context.span_id)
    attributes = told.attributes or {}
    assert (attributes["callcenter.ticket"], attributes["callcenter.result"]) == (number, "sent")

    desk.spans.clear()
    await desk.post(f"/api/v1/tickets/{number}/events", {"type": "responded"})
    await desk.look(seconds=1)
    (request,) = desk.named("POST /api/v1/tickets/{number")
    (over,) = desk.named("deliver journal")
    assert request.context is not None
    assert over.context is not None
    assert over.context.trace_id == request.context.trace_id, "that it is over is told in the request's trace"


async def test_no_path_with_a_secret_is_written_down(desk: Desk) -> None:
    async with aiohttp.ClientSession() as session:
        for path in ("/cti/very-secret", "/nothing/very-secret", "/healthz"):
            async with session.post(desk.server.make_url(path), data={"event": "newCall"}) as response:
                await response.read()
    spans = desk.spans.get_finished_spans()
    assert {span.name for span in spans if not span.parent} == {"POST /cti/{token}", "POST unmatched"}
    assert "very-secret" not in str([(span.name, span.attributes, span.events) for span in spans])


async def test_a_statement_alone_begins_no_trace(desk: Desk) -> None:
    await desk.pool.fetchval("select 1")
    await desk.dispatcher.run_once()
    assert desk.spans.get_finished_spans() == ()
    assert await desk.pool.fetchval("select count(*) from deliveries where traceparent is not null") == 0


async def test_a_log_line_names_its_span(desk: Desk) -> None:
    with desk.traces.engine_pass():
        line = log.with_span(None, "info", {"event": "x"})
    (span,) = desk.named("engine pass")
    assert span.context is not None
    trace, own = f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}"
    assert line == {"event": "x", "trace_id": trace, "span_id": own}
    assert log.with_span(None, "info", {"event": "x"}) == {"event": "x"}


@pytest.mark.parametrize(
    ("settings", "on"),
    [
        (Settings(), False),
        (Settings(traces_exporter="otlp"), True),
        (Settings(otlp_endpoint="http://127.0.0.1:4318"), True),
        (Settings(otlp_traces_endpoint="http://127.0.0.1:4318/v1/traces"), True),
        (Settings(otlp_endpoint="http://127.0.0.1:4318", traces_exporter="none"), False),
        (Settings(traces_exporter="otlp", tracing_disabled=True), False),
    ],
)
def test_when_it_is_on(settings: Settings, on: bool) -> None:
    assert wanted(settings) is on


async def test_without_the_extra_it_says_so_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with structlog.testing.capture_logs() as said:
        async with traced(Settings(traces_exporter="otlp")) as traces:
            assert traces is None
    assert [line["event"] for line in said] == ["no_traces"]


def test_nothing_of_it_is_imported_where_nobody_asks() -> None:
    look = "import sys, callcenter.app, callcenter.commands.serving; print([m for m in sys.modules if 'opentel' in m])"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


class Collector(ThreadingHTTPServer):
    """Takes traces by OTLP over HTTP."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Takes)
        self.names: dict[str, set[str]] = {}  # of spans, by trace
        self.service = ""


class _Takes(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.path == "/v1/traces"
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            named = {one.key: one.value.string_value for one in resource.resource.attributes}
            self.server.service = named["service.name"]
            for span in (span for scope in resource.scope_spans for span in scope.spans):
                self.server.names.setdefault(span.trace_id.hex(), set()).add(span.name)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


async def test_a_running_service_tells_a_collector(database_url: str, collector: Collector) -> None:
    conn = await connect(database_url)
    now: datetime = await conn.fetchval("select now()")
    await contracts.put(conn, "TRACED", TERMS, Actor("test", "admin"), now)
    token = await create_token(conn, "test", "admin", None, None, now)
    await conn.close()
    environment = child_environment(
        Settings(), database_url=database_url, otlp_endpoint=f"http://127.0.0.1:{collector.server_address[1]}"
    )
    environment |= {"OTEL_BSP_SCHEDULE_DELAY": "200", "OTEL_SERVICE_NAME": "hotline"}
    service = Service(environment)
    try:
        answer(f"{service.url}/api/v1/calls", CALL, Authorization=f"Bearer {token}")
        both = {"engine pass", "deliver journal"}
        until(lambda: any(both <= names for names in collector.names.values()), "a pass and its delivery, one trace")
    finally:
        service.end(signal.SIGTERM)
    assert any("POST /api/v1/calls" in names for names in collector.names.values())
    assert collector.service == "hotline"
