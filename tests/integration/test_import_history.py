"""Importing history: what is refused and how it is told, what is stored, and that nothing is stored twice."""

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from alerts.engine import run_pass
from callcenter.services import contracts
from callcenter.services.context import Context
from callcenter.services.history import import_history
from callcenter.services.importing import Report
from callcenter.services.types import Actor
from callcenter.settings import Settings
from callcenter.store.engine import ClockBook

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
ADMIN = Actor("tests", "admin")
CONTRACT = """
contract: HOT-1
customer: Chaohu Clinic
valid: {from: 2026-01-01, until: 2026-12-31}
timezone: Asia/Shanghai
regions: {city: city, county: county}
severities:
  1: {name: grave, meaning: down}
  2: {name: minor, meaning: works}
grading:
  - {otherwise: 2}
calendars: {always: 24x7}
commitments:
  - {name: response, starts: reported, stops: responded, within: {1: 10m, 2: 30m}, calendar: always}
  - {name: resolve, starts: reported, stops: resolved, within: {1: 4h, 2: 8h}, calendar: always, pauses: [parts]}
alerts:
  ladder:
    - {at: 50%, notify: [assignee]}
    - {at: breach, notify: [supervisor]}
    - {at: +1h, repeat: 1h, until: acknowledged, notify: [head_of_service]}
"""


def event(name: str, at: datetime, /, **data: Any) -> dict[str, Any]:
    return {"type": name, "occurred_at": at.isoformat(), **data}


def ticket(ref: str, *events: dict[str, Any], **more: Any) -> dict[str, Any]:
    reported = NOW - timedelta(days=30)
    told = list(events) or [event("reported", reported), event("graded", reported, severity=1)]
    return {"ticket": {"ref": ref, "contract": "HOT-1", "kind": "fault", "title": "A fault", "events": told, **more}}


def call(ref: str, **more: Any) -> dict[str, Any]:
    return {"call": {"ref": ref, "direction": "in", "received_at": "2026-11-01T09:00:00+08:00", **more}}


Import = Callable[..., Any]


@pytest.fixture
async def load(pool: asyncpg.Pool) -> Import:
    """Imports lines (objects, or bytes as they are) into the test's database, which has the contract."""
    context = Context(Settings(), lambda: NOW)
    async with pool.acquire() as conn:
        await contracts.put(conn, None, CONTRACT, ADMIN, NOW)

    async def run(lines: Iterable[object], *, dry_run: bool = False) -> Report:
        raw = (line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
        async with pool.acquire() as conn:
            return await import_history(conn, context, raw, NOW, dry_run=dry_run)

    return run


OLD = NOW - timedelta(days=30)
EARLIER = OLD - timedelta(hours=1)
GONE = event("corrected", OLD, entry="x", void=True)
BAD: list[tuple[object, str | None, str]] = [
    (b'{"ticket": {', None, "not_json"),
    (b'{"ticket" {}}', "column 11", "not_json"),
    (b'"a line"', None, "bad_value"),
    ({}, None, "bad_line"),
    (ticket("b") | call("b"), None, "bad_line"),
    (ticket("b", surprise=1), "ticket.surprise", "bad_value"),
    (ticket("b", title=7), "ticket.title", "bad_value"),
    (ticket("b", contract="NONE"), "ticket.contract", "unknown_contract"),
    (ticket("b", event("reported", datetime(2025, 12, 31, 15, 59, tzinfo=UTC))), "ticket.contract", "not_in_force"),
    (ticket("b", {"type": "reported", "occurred_at": "2026-11-01T09:00:00"}), "ticket.events[0]", "bad_value"),
    (ticket("b", event("reported", OLD), event("danced", OLD)), "ticket.events[1]", "unknown_type"),
    (ticket("b", event("reported", OLD), event("resumed", OLD)), "ticket.events[1]", "not_paused"),
    (ticket("b", event("reported", OLD), event("graded", OLD, severity=9)), "ticket.events[1]", "unknown_severity"),
    (ticket("b", event("reported", OLD), event("responded", NOW + timedelta(hours=1))), "ticket.events[1]", "future"),
    (ticket("b", event("reported", OLD), event("noted", EARLIER)), "ticket.events[1]", "before_reported"),
    (ticket("b", event("reported", OLD, kind="question")), "ticket.events[0]", "contradiction"),
    (ticket("b", events=[]), "ticket.events", "before_reported"),
    (ticket("b", event("reported", OLD), kind=None), "ticket.kind", "missing"),
    (ticket("b", region="moon"), "ticket.events[0]", "unknown_region"),
    (ticket("b", event("reported", OLD), GONE), "ticket.events[1]", "unknown_entry"),
    (ticket("good-0"), "ticket.ref", "ref_twice"),
    (call("b", direction="up"), "call.direction", "bad_value"),
    (call("b", received_at="2026-11-01T09:00:00"), "call.received_at", "bad_value"),
    (call("b", ended_at="2026-10-01T09:00:00+08:00"), "call.ended_at", "out_of_order"),
    (call("b", wait_s=-1), "call.wait_s", "bad_value"),
    (call("b", ticket_ref="nobody"), "call.ticket_ref", "unknown_ticket"),
]  # fmt: skip


async def test_each_bad_line_is_named_with_place_and_reason_and_the_rest_is_loaded(load: Import) -> None:
    lines: list[object] = [ticket("good-0")]
    wanted = []
    for number, (line, column, code) in enumerate(BAD, 1):
        lines += [line, ticket(f"good-{number}")]
        wanted.append((2 * number, column, code))
    report = await load(lines)
    assert [(one.line, one.column, one.code) for one in report.refused] == wanted
    assert report.loaded == {"tickets": len(BAD) + 1, "calls": 0}
    assert all(one.reason for one in report.refused)


async def test_a_thousand_lines_with_ten_bad_ones_load_990_across_chunks(load: Import, pool: asyncpg.Pool) -> None:
    bad = set(range(50, 3000, 300))
    lines = [ticket(f"T{n}", **({"surprise": 1} if n in bad else {})) for n in range(1, 3001)]
    report = await load(lines)
    assert {one.line for one in report.refused} == bad
    assert report.loaded["tickets"] == 2990
    assert await pool.fetchval("select count(*) from tickets") == 2990


async def test_a_dry_run_tells_the_same_and_stores_nothing(load: Import, pool: asyncpg.Pool) -> None:
    lines = [ticket("a"), call("c", ticket_ref="a", queue="north"), call("d", ticket_ref="none"), ticket("b", title=1)]
    report = await load(lines, dry_run=True)
    assert report.loaded == {"tickets": 1, "calls": 1}
    assert [one.line for one in report.refused] == [3, 4]
    for table in ("tickets", "calls", "queues", "contacts"):
        assert await pool.fetchval(f"select count(*) from {table}") == 0
    real = await load(lines)
    assert (real.loaded, real.refused) == (report.loaded, report.refused)


async def test_what_the_ticket_says_is_what_its_report_says(load: Import, pool: asyncpg.Pool) -> None:
    await load([ticket("a", event("reported", OLD), category="network", region="county", caller="13955112233")])
    row = await pool.fetchrow("select * from tickets")
    assert (row["kind"], row["category"], row["region"]) == ("fault", "network", "county")
    assert (row["caller"], row["state"], row["reported_at"]) == ("+8613955112233", "new", OLD)
    data = await pool.fetchval("select data from entries")
    assert data == {"kind": "fault", "category": "network", "region": "county"}


async def test_recorded_at_and_by_are_kept_where_the_file_tells_them(load: Import, pool: asyncpg.Pool) -> None:
    told = event("responded", OLD, recorded_at=(OLD + timedelta(hours=3)).isoformat(), by="wang")
    await load([ticket("a", event("reported", OLD), told)])
    rows = await pool.fetch("select recorded_at, by from entries order by seq")
    assert [tuple(row) for row in rows] == [(NOW, "import"), (OLD + timedelta(hours=3), "wang")]


async def test_corrections_call_entries_by_the_files_own_ids(load: Import, pool: asyncpg.Pool) -> None:
    late, early = OLD + timedelta(hours=2), OLD + timedelta(minutes=5)
    events = [
        event("reported", OLD, id="r"),
        event("graded", OLD, severity=1),
        event("responded", late, id="x"),
        event("corrected", late, entry="x", to=early.isoformat(), reason="logged late"),
    ]
    report = await load([ticket("a", *events)])
    assert report.refused == []
    stopped = await pool.fetchrow("select state, stopped_at from clocks where commitment = 'response'")
    assert tuple(stopped) == ("met", early)
    assert (await pool.fetchval("select data from entries where type = 'corrected'"))["entry"] == "3"


async def test_queues_agents_and_callers_are_created_once_and_counted(load: Import, pool: asyncpg.Pool) -> None:
    lines = [
        call("1", queue="north", caller="0551 6360 1234", agent="wang"),
        call("2", queue="north", caller="+8655163601234", agent="王芳"),
        call("3", queue="south", caller="Mrs Li", agent="wang"),
        ticket("4", caller="Mrs Li"),
        ticket("5", caller="Mrs Li"),
    ]
    report = await load(lines)
    assert report.created == {"queues": 2, "agents": 2, "callers": 3}
    again = await load([call("9", queue="north", caller="0551-63601234", agent="王芳"), ticket("10", caller="Mrs Li")])
    assert again.created == {"queues": 0, "agents": 0, "callers": 0}
    assert await pool.fetchval("select count(*) from users where role = 'agent' and password_hash is null") == 2
    assert await pool.fetchval("select count(distinct contact) from calls where caller = '+8655163601234'") == 1
    accounts = await pool.fetch("select account is null as bare from contacts where name = 'Mrs Li' order by 1")
    assert [row["bare"] for row in accounts] == [False, True]


async def test_a_call_finds_its_ticket_before_after_and_stored(load: Import, pool: asyncpg.Pool) -> None:
    await load([ticket("stored")])
    lines = [
        call("1", ticket_ref="later"),
        call("2", ticket_ref="stored"),
        ticket("later"),
        call("3", ticket_ref="later"),
    ]
    report = await load(lines)
    assert report.refused == []
    rows = await pool.fetch("select c.ref, t.ref from calls c join tickets t on t.number = c.ticket order by c.ref")
    assert [tuple(row) for row in rows] == [("1", "later"), ("2", "stored"), ("3", "later")]


async def test_only_rungs_that_lie_ahead_ring(load: Import, pool: asyncpg.Pool) -> None:
    """An old breach stays silent; a promise that still runs rings at its breach, not for a warning that has passed."""
    running = NOW - timedelta(hours=3)
    graded = [event("reported", running), event("graded", running, severity=1), event("responded", running)]
    await load([ticket("old"), ticket("running", *graded)])
    book = ClockBook(pool, Context(Settings(), lambda: NOW).terms)
    assert (await run_pass(book, NOW)).alerts == 0
    assert (await run_pass(book, NOW + timedelta(hours=12))).alerts == 2
    rows = await pool.fetch("select t.ref, a.kind from alerts a join tickets t on t.number = a.ticket order by a.id")
    assert [tuple(row) for row in rows] == [("running", "breach"), ("running", "overdue")]


async def test_two_imports_at_once_leave_no_doubles(load: Import, pool: asyncpg.Pool) -> None:
    lines = [ticket(f"T{n}", caller=f"Caller {n % 7}") for n in range(1500)]
    lines += [call(f"C{n}", queue="q", caller=f"1395511{n:04}", agent=f"a{n % 5}") for n in range(700)]
    both = await asyncio.gather(load(lines), load(list(reversed(lines))))
    assert sum(report.loaded["tickets"] for report in both) == 1500
    assert sum(report.loaded["calls"] for report in both) == 700
    assert sum(report.already_there for report in both) == 2200
    assert await pool.fetchval("select count(*) from contacts") == 707
    assert await pool.fetchval("select count(*) from entries") == 3000


async def test_a_crash_leaves_whole_chunks_and_repeating_completes_them(load: Import, pool: asyncpg.Pool) -> None:
    lines = [ticket(f"T{n}") for n in range(2500)]

    def torn() -> Iterator[object]:
        yield from lines[:2200]
        raise OSError("the disk went away")

    with pytest.raises(OSError, match="went away"):
        await load(torn())
    stored = await pool.fetchval("select count(*) from tickets")
    assert stored % 1000 == 0
    assert await pool.fetchval("select count(*) from entries") == 2 * stored
    report = await load(lines)
    assert (report.loaded["tickets"], report.already_there) == (2500 - stored, stored)
