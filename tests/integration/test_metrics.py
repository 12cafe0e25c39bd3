"""The scrape page on a real database: what it counts, that it never goes back, that every worker says the same."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest
from aiohttp.test_utils import TestServer
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from alerts.engine import run_pass
from callcenter.figures import DatabaseFigures
from callcenter.metrics import Everyone, ProcessMetrics
from callcenter.services import compliance
from callcenter.services.context import Context
from callcenter.services.people import create_token
from callcenter.settings import Settings
from callcenter.store.engine import ClockBook
from callcenter.store.pool import open_pool
from callcenter.web.app import build
from callcenter.web.metrics_page import Scrape

START = datetime(2026, 3, 2, 1, tzinfo=UTC)
TERMS = """
contract: {code}
customer: Somebody
valid: {{from: 2026-01-01, until: 2026-12-31}}
timezone: Asia/Shanghai
severities: {{1: {{name: grave}}, 2: {{name: light}}}}
calendars: {{always: 24x7}}
commitments:
  - {{name: response, starts: reported, stops: responded, within: 10m, calendar: always}}
  - name: restore
    starts: reported
    stops: restored
    within: {{1: 1h, 2: 4h}}
    calendar: always
    pauses: [waiting_customer]
reporting: {{target: {{restore: 95%}}}}
alerts:
  ladder:
    - {{at: 50%, notify: [supervisor]}}
    - {{at: breach, notify: [supervisor]}}
"""
Page = dict[tuple[str, frozenset[tuple[str, str]]], float]


def page_of(text: str) -> Page:
    """Every sample of a page by name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in read_text(text)
        for sample in family.samples
    }


class Desk:
    """The application with its page, at an instant the test sets."""

    def __init__(self, pool: asyncpg.Pool, url: Callable[[str], str], session: aiohttp.ClientSession) -> None:
        self.now = START
        self.pool = pool
        self.url = url
        self.session = session
        self.context = Context(Settings(), lambda: self.now)

    async def text(self, accept: str = "*/*") -> tuple[str, str]:
        async with self.session.get(self.url("/metrics"), headers={"Accept": accept}) as response:
            assert response.status == 200
            return await response.text(), response.headers["Content-Type"]

    async def scrape(self) -> Callable[..., float | None]:
        """What the page says: `said(name, label=...)`, None where it has no such sample."""
        page = page_of((await self.text())[0])
        return lambda name, **labels: page.get((name, frozenset(labels.items())))

    async def post(self, path: str, body: Any, expect: int = 201) -> Any:
        async with self.session.post(self.url(f"/api/v1{path}"), json=body) as response:
            answer = await response.json()
            assert response.status == expect, answer
            return answer

    async def call(self, **given: Any) -> Any:
        return await self.post("/calls", {"caller": "13912345678", **given})

    async def ticket(self, severity: int = 1, contract: str = "C1", **given: Any) -> int:
        wanted = {
            "contract": contract,
            "title": "No network",
            "severity": severity,
            "severity_reason": "said so",
            **given,
        }
        return int((await self.post("/tickets", wanted))["ticket"]["number"])

    async def write(self, number: int, kind: str, **data: Any) -> None:
        await self.post(f"/tickets/{number}/events", {"type": kind, **data})

    async def look(self) -> None:
        await run_pass(ClockBook(self.pool, self.context.terms), self.now)


@asynccontextmanager
async def desk_on(pool: asyncpg.Pool, settings: Settings | None = None) -> AsyncIterator[Desk]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        made = Desk(pool, lambda path: str(server.make_url(path)), session)
        if settings is not None:
            made.context = Context(settings, made.context.now)
        registry = CollectorRegistry()
        metrics, figures = ProcessMetrics(registry), DatabaseFigures(pool, made.context)
        scrape = Scrape(metrics, Everyone(registry, None), figures, lambda: None)
        server = TestServer(build(pool, made.context, scrape))
        await server.start_server()
        async with pool.acquire() as conn:
            token = await create_token(conn, "all", "admin", None, None, START)
        session.headers["Authorization"] = f"Bearer {token}"
        try:
            yield made
        finally:
            await server.close()
            await figures.close()


@pytest.fixture
async def desk(pool: asyncpg.Pool) -> AsyncIterator[Desk]:
    async with desk_on(pool) as made:
        await add_contract(made, "C1")
        yield made


async def add_contract(desk: Desk, code: str) -> None:
    async with desk.session.put(
        desk.url(f"/api/v1/contracts/{code}"),
        data=TERMS.format(code=code),
        headers={"Content-Type": "application/yaml"},
    ) as response:
        assert response.status == 201, await response.text()


def ago(**span: float) -> str:
    return (START - timedelta(**span)).isoformat()


async def test_calls_are_counted_by_queue_with_their_waits(desk: Desk) -> None:
    await desk.call(queue="main", received_at=ago(seconds=100), answered_at=ago(seconds=80), ended_at=ago(seconds=50))
    await desk.call(queue="main", received_at=ago(seconds=100), answered_at=ago(seconds=79.5))
    await desk.call(queue="main", received_at=ago(seconds=10), ended_at=ago(seconds=6), outcome="abandoned")
    await desk.call(queue="main", received_at=ago(seconds=40))
    await desk.call(received_at=ago(seconds=40))
    said = await desk.scrape()
    assert said("callcenter_calls_offered_total", queue="main") == 4
    assert said("callcenter_calls_answered_total", queue="main") == 2
    assert said("callcenter_calls_abandoned_total", queue="main") == 1
    within = [said("callcenter_call_wait_seconds_bucket", queue="main", outcome="answered", le=le) for le in
              ("15.0", "20.0", "30.0", "+Inf")]  # fmt: skip
    assert within == [0, 1, 2, 2]
    assert said("callcenter_call_wait_seconds_sum", queue="main", outcome="answered") == 40.5
    assert said("callcenter_call_wait_seconds_bucket", queue="main", outcome="abandoned", le="5.0") == 1
    assert said("callcenter_call_handle_seconds_count", queue="main") == 1
    assert said("callcenter_call_handle_seconds_sum", queue="main") == 30
    assert said("callcenter_calls_waiting", queue="main") == 1
    assert said("callcenter_calls_waiting_oldest_seconds", queue="main") == 40
    assert said("callcenter_queue_answer_target_seconds", queue="main") == 20


async def test_a_counter_never_falls_and_loses_nothing_at_midnight(desk: Desk) -> None:
    answered = ago(seconds=80)
    call = (await desk.call(queue="main", received_at=ago(seconds=100), answered_at=answered))["call"]["id"]
    assert (await desk.scrape())("callcenter_calls_answered_total", queue="main") == 1
    await desk.pool.execute("update calls set outcome = 'abandoned' where id = $1", call)
    assert (await desk.scrape())("callcenter_calls_answered_total", queue="main") == 1
    await desk.pool.execute("update calls set outcome = 'answered' where id = $1", call)
    assert (await desk.scrape())("callcenter_calls_answered_total", queue="main") == 1
    for hours in (12, 12, 12, 1):
        desk.now += timedelta(hours=hours)
        await desk.scrape()
    await desk.call(queue="main", received_at=desk.now.isoformat(), answered_at=desk.now.isoformat())
    assert (await desk.scrape())("callcenter_calls_answered_total", queue="main") == 2
    assert (await desk.scrape())("callcenter_calls_offered_total", queue="main") == 2


async def test_tickets_are_open_by_severity_and_opened_once(desk: Desk) -> None:
    said = await desk.scrape()
    assert said("callcenter_tickets_open", severity="1", kind="fault") == 0, "known labels start at 0"
    assert said("callcenter_tickets_opened_total", severity="2", kind="fault") == 0
    one = await desk.ticket(1)
    await desk.ticket(2)
    await desk.ticket(1, kind="something of our own")
    await desk.write(one, "graded", severity=2)
    said = await desk.scrape()
    assert said("callcenter_tickets_open", severity="1", kind="fault") == 0
    assert said("callcenter_tickets_open", severity="2", kind="fault") == 2
    assert said("callcenter_tickets_open", severity="1", kind="other") == 1
    opened = sum(said("callcenter_tickets_opened_total", severity=severity, kind="fault") or 0 for severity in "12")
    assert opened == 2
    await desk.write(one, "graded", severity=1)
    await desk.write(one, "resolved")
    await desk.write(one, "closed")
    said = await desk.scrape()
    assert said("callcenter_tickets_open", severity="1", kind="fault") == 0
    assert sum(said("callcenter_tickets_opened_total", severity=one, kind="fault") or 0 for one in "12") == 2


async def test_history_that_is_loaded_was_not_opened_now(desk: Desk) -> None:
    await desk.scrape()
    await desk.ticket(1, reported_at=(START - timedelta(days=20)).isoformat())
    said = await desk.scrape()
    assert said("callcenter_tickets_opened_total", severity="1", kind="fault") == 0
    assert said("callcenter_tickets_open", severity="1", kind="fault") == 1


async def test_clocks_say_what_runs_what_is_next_and_how_they_ended(desk: Desk) -> None:
    late = await desk.ticket(1)
    desk.now += timedelta(minutes=5)
    kept = await desk.ticket(2)
    said = await desk.scrape()
    assert said("sla_clocks_open", commitment="restore", severity="1", state="running") == 1
    assert said("sla_clocks_open", commitment="restore", severity="2", state="breached") == 0
    due = (START + timedelta(minutes=10)).timestamp()
    assert said("sla_next_deadline_timestamp_seconds", commitment="response") == due
    await desk.write(kept, "responded")
    await desk.write(kept, "paused", reason="waiting_customer")
    desk.now += timedelta(hours=2)
    said = await desk.scrape()
    assert said("sla_engine_lag_seconds") == pytest.approx(2 * 3600), "the engine has not looked for two hours"
    assert said("sla_clocks_open", commitment="restore", severity="1", state="breached") == 1
    assert said("sla_clocks_open", commitment="restore", severity="2", state="paused") == 1
    assert said("sla_next_deadline_timestamp_seconds", commitment="restore") is None
    await desk.look()
    said = await desk.scrape()
    assert said("sla_engine_lag_seconds") == 0
    assert said("sla_clocks_open", commitment="restore", severity="1", state="breached") == 1
    await desk.write(late, "restored")
    await desk.write(late, "responded")
    said = await desk.scrape()
    assert said("sla_clocks_finished_total", commitment="response", result="met") == 1
    assert said("sla_clocks_finished_total", commitment="response", result="breached") == 1
    assert said("sla_clocks_finished_total", commitment="restore", result="breached") == 1
    assert said("sla_clocks_finished_total", commitment="restore", result="cancelled") == 0


async def test_the_month_says_what_the_compliance_report_says(desk: Desk) -> None:
    numbers = [await desk.ticket(1) for _ in range(3)]
    await desk.write(numbers[0], "restored")
    await desk.write(numbers[1], "restored")
    desk.now += timedelta(hours=3)
    said = await desk.scrape()
    async with desk.pool.acquire() as conn:
        report = await compliance.month(conn, desk.context, "C1", None, desk.now)
    rows = {row.commitment: row for row in report.rows}
    for name in ("response", "restore"):
        for result in ("met", "breached", "open", "cancelled"):
            shown = said("sla_month_clocks", contract="C1", commitment=name, result=result)
            assert shown == getattr(rows[name], result), (name, result)
    assert said("sla_month_compliance_ratio", contract="C1", commitment="restore") == pytest.approx(2 / 3)
    assert said("sla_month_compliance_ratio", contract="C1", commitment="response") == 0
    assert said("sla_month_target_ratio", contract="C1", commitment="restore") == 0.95


async def test_alerts_are_counted_by_kind_with_their_lateness(desk: Desk) -> None:
    await desk.ticket(1)
    desk.now += timedelta(minutes=30, seconds=4)
    await desk.look()
    said = await desk.scrape()
    assert said("alerts_raised_total", kind="warning") == 2
    assert said("alerts_raised_total", kind="breach") == 1
    assert said("alerts_unsettled", kind="breach", state="firing") == 1
    late = [said("sla_alert_lateness_seconds_bucket", le=le) for le in ("2.0", "5.0", "900.0", "3600.0", "+Inf")]
    assert late == [0, 1, 1, 3, 3], "4 s, 25 min and 20 min after their instants"
    assert said("sla_alert_lateness_seconds_sum") == pytest.approx(4 + 1504 + 1204)
    assert said("alerts_outbox_deliveries", channel="journal") == 2, "the two that are late are told as one"
    desk.now += timedelta(minutes=1)
    assert (await desk.scrape())("alerts_outbox_oldest_seconds", channel="journal") == 60


async def test_mails_that_wait_and_mails_given_up_within_a_week(desk: Desk) -> None:
    await desk.ticket(1)
    days = {"dead": (1, 6, 8), "pending": (0,), "sending": (0,), "sent": (2,)}
    for state, ago in days.items():
        for number, past in enumerate(ago):
            at = desk.now - timedelta(days=past)
            await desk.pool.execute(
                "insert into mails (kind, contract, month, login, state, next_try_at, created_at)"
                " select 'month_report', min(id), '2026-01', $1, $2, $3, $3 from contracts",
                f"{state} {number}", state, at,
            )  # fmt: skip
    said = await desk.scrape()
    assert said("callcenter_mails", kind="month_report", state="dead") == 2
    assert said("callcenter_mails", kind="month_report", state="waiting") == 2
    assert said("callcenter_mails", kind="job", state="dead") == 0


class Telephone:
    """A telephone system with a token of its own."""

    def __init__(self, desk: Desk, token: str) -> None:
        self.desk = desk
        self.token = token

    async def tell(self, event: str, call: str, **more: Any) -> None:
        body = {"event": event, "callId": call, "from": "13912345678", **more}
        async with self.desk.session.post(self.desk.url(f"/cti/{self.token}"), json=body) as response:
            assert response.status == 200, await response.text()

    async def report(self, expect: int = 204) -> None:
        async with self.desk.session.post(self.desk.url(f"/cti/{self.token}/heartbeat")) as response:
            assert response.status == expect, await response.text()


@pytest.fixture
async def telephone(desk: Desk) -> Telephone:
    async with desk.pool.acquire() as conn:
        return Telephone(desk, await create_token(conn, "telephone", "integration", None, None, START))


async def test_agents_are_on_a_call_or_signed_in_or_not_there(desk: Desk, telephone: Telephone) -> None:
    people = [("ann", "agent"), ("bob", "agent"), ("cid", "dispatcher"), ("dan", "engineer"), ("eve", "agent")]
    for login, role in people:
        await desk.pool.execute(
            "insert into users (login, name, role, created_at, updated_at) values ($1, upper($1), $2, $3, $3)",
            login, role, START,
        )  # fmt: skip

    async def looks(login: str, ago: timedelta, device: str = "a") -> None:
        await desk.pool.execute(
            "insert into sessions (hash, login, created_at, seen_at, expires_at) values (sha256($1), $2, $3, $3, $4)",
            f"{login}{device}".encode(), login, desk.now - ago, desk.now + timedelta(hours=9),
        )  # fmt: skip

    async def agents() -> tuple[float | None, float | None]:
        said = await desk.scrape()
        return said("callcenter_agents", state="on_call"), said("callcenter_agents", state="signed_in")

    assert await agents() == (0, 0)
    for login, _ in people[:4]:
        await looks(login, timedelta(minutes=2))
    await looks("ann", timedelta(minutes=1), "b")
    await looks("eve", timedelta(minutes=11))
    assert await agents() == (0, 3), "an engineer is no agent, who left is gone, two windows are one person"
    await telephone.tell("newCall", "c-1")
    assert await agents() == (0, 3), "it only rings"
    await telephone.tell("answer", "c-1", user="ANN")
    await telephone.tell("answer", "c-2", user="somebody of another house")
    assert await agents() == (2, 2)
    desk.now += timedelta(minutes=3)
    await telephone.tell("answer", "c-3", user="ann")
    await telephone.tell("hangup", "c-3")
    assert await agents() == (1, 3), "the end of c-1 was lost, and she has spoken to another since"
    await desk.call(queue="main", answered_at=desk.now.isoformat(), agent="bob")
    assert await agents() == (1, 3), "a call written down by hand says nothing of now"
    desk.now += timedelta(hours=4)
    assert await agents() == (0, 0), "what was not ended for so long has ended unheard"


async def test_the_telephone_was_heard_and_is_connected_as_long_as_it_reports(desk: Desk, telephone: Telephone) -> None:
    last, connected = "callcenter_telephony_last_event_timestamp_seconds", "callcenter_telephony_connected"
    said = await desk.scrape()
    assert (said(last), said(connected)) == (None, None)
    await telephone.tell("newCall", "c-1")
    rung = desk.now
    desk.now += timedelta(seconds=5)
    await telephone.tell("answer", "c-1")
    assert (await desk.scrape())(last) == rung.timestamp(), "noted every ten seconds at most"
    desk.now += timedelta(seconds=40)
    await telephone.tell("hangup", "c-1")
    said = await desk.scrape()
    assert (said(last), said(connected)) == (desk.now.timestamp(), None), "it has never reported itself"
    heard = desk.now
    await telephone.report()
    desk.now += timedelta(minutes=3)
    said = await desk.scrape()
    assert (said(last), said(connected)) == (heard.timestamp(), 1), "a report is no event of a call"
    desk.now += timedelta(seconds=1)
    assert (await desk.scrape())(connected) == 0
    await telephone.report()
    assert (await desk.scrape())(connected) == 1
    desk.now += timedelta(minutes=4)
    await desk.pool.execute("update tokens set revoked_at = $1 where name = 'telephone'", desk.now)
    assert (await desk.scrape())(connected) is None, "nobody waits for a system that was taken out of use"
    desk.now += timedelta(seconds=6)
    await telephone.report(expect=401)


async def test_people_on_duty_follow_the_rota(desk: Desk) -> None:
    await desk.pool.execute(
        "insert into users (login, name, role, created_at, updated_at) values ('li', 'Li', 'dispatcher', $1, $1)", START
    )
    assert (await desk.scrape())("callcenter_people_on_duty", duty="dispatcher") is None, "it has no rota"
    await desk.pool.execute(
        "insert into rota (duty, login, from_at, until_at, created_at, updated_at)"
        " values ('dispatcher', 'li', $1::timestamptz, $1::timestamptz + interval '8 hours', $1, $1)",
        START,
    )
    assert (await desk.scrape())("callcenter_people_on_duty", duty="dispatcher") == 1
    desk.now += timedelta(hours=8)
    assert (await desk.scrape())("callcenter_people_on_duty", duty="dispatcher") == 0


async def test_every_route_has_its_histogram_from_the_start(desk: Desk) -> None:
    page = page_of((await desk.text())[0])
    count = "callcenter_http_request_duration_seconds_count"
    timed = {dict(labels)["route"] for name, labels in page if name == count}
    counted = {dict(labels)["route"] for name, labels in page if name == "callcenter_http_requests_total"}
    assert timed | {"unmatched"} == counted | {"unmatched"}
    assert page[count, frozenset({("method", "POST"), ("route", "/cti/{token}")})] == 0
    assert len(timed) > 100


async def test_only_listed_contracts_have_a_label(pool: asyncpg.Pool) -> None:
    async with desk_on(pool, Settings(metrics_contracts="C2")) as desk:
        for code in ("C1", "C2"):
            await add_contract(desk, code)
            await desk.ticket(1, contract=code)
        said = await desk.scrape()
        assert said("sla_month_clocks", contract="C2", commitment="restore", result="open") == 1
        assert said("sla_month_clocks", contract="other", commitment="restore", result="open") == 1
        assert said("sla_month_clocks", contract="C1", commitment="restore", result="open") is None


async def test_no_more_than_fifty_contracts_and_queues_have_a_label(desk: Desk) -> None:
    await desk.pool.execute(
        "insert into queues (name, created_at, updated_at) select 'q' || n, now(), now() from generate_series(1, 60) n"
    )
    source = await desk.pool.fetchrow("select * from contract_versions")
    account = await desk.pool.fetchval("select account from contracts")
    for n in range(60):
        contract = await desk.pool.fetchval(
            "insert into contracts (code, account, created_at) values ($1, $2, now()) returning id", f"X{n}", account
        )
        await desk.pool.execute(
            "insert into contract_versions (contract, version, effective, valid_from, valid_until, timezone, title,"
            " source, content_hash, created_at, created_by)"
            " values ($1, 1, $2, $2, $3, 'UTC', '', $4, '', now(), 'test')",
            contract, source["valid_from"], source["valid_until"], TERMS.format(code=f"X{n}"),
        )  # fmt: skip
    for queue in ("q3", "q58", "q59"):
        await desk.call(queue=queue)
    page = page_of((await desk.text())[0])
    labels = [dict(key[1]) for key in page]
    assert len({one["contract"] for one in labels if "contract" in one}) == 50
    assert len({one["queue"] for one in labels if "queue" in one}) == 51
    assert page["callcenter_calls_offered_total", frozenset({("queue", "other")})] == 2
    assert page["callcenter_calls_offered_total", frozenset({("queue", "q3")})] == 1


async def test_requests_are_counted_by_template(desk: Desk) -> None:
    number = await desk.ticket(1)
    for path in (f"/api/v1/tickets/{number}", "/api/v1/tickets/999999", "/api/v1/nothing/here", "/healthz"):
        async with desk.session.get(desk.url(path)) as response:
            await response.read()
    said, name = await desk.scrape(), "callcenter_http_requests_total"
    assert said(name, method="GET", route="/api/v1/tickets/{number}", status="200") == 1
    assert said(name, method="GET", route="/api/v1/tickets/{number}", status="404") == 1
    assert said(name, method="GET", route="unmatched", status="404") == 1
    assert said(name, method="GET", route="/healthz", status="503") == 0
    assert said(name, method="POST", route="/cti/{token}", status="401") == 0, "the first refusal is an increase"
    timed = "callcenter_http_request_duration_seconds_count"
    assert said(timed, method="GET", route="/api/v1/tickets/{number}") == 2
    text, _ = await desk.text()
    assert str(number) not in re.sub(r"(?m) [0-9.e+-]+$", "", text)


async def test_it_speaks_openmetrics_when_asked(desk: Desk) -> None:
    text, media = await desk.text("application/openmetrics-text; version=1.0.0")
    assert media.startswith("application/openmetrics-text; version=1.0.0")
    assert "callcenter_database_up" in {family.name for family in read_openmetrics(text)}
    for accept in ("*/*", "text/plain; version=0.0.4", "application/openmetrics-text; version=x", "text/html"):
        text, media = await desk.text(accept)
        assert media.startswith("text/plain")
        assert "callcenter_database_up" in {family.name for family in read_text(text)}


async def test_it_stays_up_while_the_database_is_away(database_url: str) -> None:
    pool = await open_pool(database_url, size=2)
    try:
        async with desk_on(pool) as desk:
            assert (await desk.scrape())("callcenter_database_up") == 1
            await pool.close()
            said = await desk.scrape()
            assert said("callcenter_database_up") == 0
            assert said("sla_engine_lag_seconds") is None, "no figure is better than an old one"
            assert said("callcenter_workers") == 1
    finally:
        await pool.close()


async def test_where_there_is_much_to_count_it_shows_what_was_read_before(desk: Desk) -> None:
    one = {"severity": "1", "kind": "fault"}
    much = 'update metric_figures set figures = jsonb_set(figures, \'{month}\', \'[["C1", "restore", "met", 99999]]\')'
    await desk.scrape()
    await desk.ticket(1)
    await desk.pool.execute(f"{much}, read_s = 1, read_at = now() - interval '60 s'")
    assert (await desk.scrape())("callcenter_tickets_open", **one) == 0
    async with asyncio.timeout(20):
        while await desk.pool.fetchval("select read_at < now() - interval '30 s' from metric_figures"):
            pass
    await desk.pool.execute(f"{much}, read_s = 1")
    await desk.ticket(1)
    assert (await desk.scrape())("callcenter_tickets_open", **one) == 1, "read behind the last scrape"
    await desk.pool.execute(f"{much}, read_s = 1, read_at = now() - interval '10 minutes'")
    assert (await desk.scrape())("callcenter_tickets_open", **one) == 2, "too old to show"


async def test_two_that_are_asked_at_once_count_once(desk: Desk) -> None:
    for _ in range(3):
        await desk.call(queue="main", answered_at=START.isoformat())
        said = await asyncio.gather(*(desk.scrape() for _ in range(4)))
        assert len({one("callcenter_calls_offered_total", queue="main") for one in said}) == 1
    assert said[0]("callcenter_calls_offered_total", queue="main") == 3


async def test_promtool_finds_nothing_to_say(desk: Desk) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: apt-get install prometheus)")
    await desk.call(queue="main", received_at=ago(seconds=100), answered_at=ago(seconds=80))
    await desk.ticket(1)
    text, _ = await desk.text()
    process = await asyncio.create_subprocess_exec(
        promtool, "check", "metrics",
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate(text.encode())
    assert process.returncode == 0, output.decode()
    assert output == b""


@pytest.fixture
def two_workers(database_url: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`serve --workers 2` on a database of its own, and its address."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CALLCENTER_", "PROMETHEUS_"))}  # noqa: TID251
    process = subprocess.Popen(
        [sys.executable, "-m", "callcenter", "serve", "--port", "0", "--workers", "2"],
        env={**kept, "DATABASE_URL": database_url},
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, line
        yield process, found[0]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def _get(url: str) -> str:
    request = urllib.request.Request(url, headers={"Connection": "close"})
    with urllib.request.urlopen(request, timeout=10) as response:
        return str(response.read().decode())


def test_two_workers_answer_for_both_and_a_dead_one_still_counts(
    two_workers: tuple[subprocess.Popen[str], str], until: Callable[[Callable[[], object]], None]
) -> None:
    process, address = two_workers

    def said(name: str, **labels: str) -> float | None:
        return page_of(_get(f"{address}/metrics")).get((name, frozenset(labels.items())))

    until(lambda: said("callcenter_workers") == 2)
    for _ in range(20):
        _get(f"{address}/healthz")
    alive = {"method": "GET", "route": "/healthz", "status": "200"}
    assert {said("callcenter_http_requests_total", **alive) for _ in range(6)} == {20}
    assert said("callcenter_database_connections_limit") == 20
    children = subprocess.run(
        ["pgrep", "-P", str(process.pid), "-f", "callcenter worker"], capture_output=True, text=True, check=True
    )
    victim = int(children.stdout.split()[0])
    os.kill(victim, signal.SIGKILL)
    until(lambda: victim not in {int(pid) for pid in _children(process.pid)})
    until(lambda: said("callcenter_workers") == 2)
    _get(f"{address}/healthz")
    assert {said("callcenter_http_requests_total", **alive) for _ in range(6)} == {21}


def _children(parent: int) -> list[str]:
    found = subprocess.run(["pgrep", "-P", str(parent)], capture_output=True, text=True, check=False)
    return found.stdout.split()
