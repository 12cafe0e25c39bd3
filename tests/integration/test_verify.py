"""Verify: silent on what the service wrote, and loud about every way a row can have been changed behind its back."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from alerts.engine import run_pass
from callcenter.services import contracts, timeline
from callcenter.services.calls import LogCall, log_call
from callcenter.services.context import Context
from callcenter.services.history import import_history
from callcenter.services.new_ticket import CallTicket
from callcenter.services.types import Actor
from callcenter.services.verify import Difference, check
from callcenter.settings import Settings
from callcenter.store.engine import ClockBook

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
ADMIN = Actor("tests", "admin")
CONTRACT = """
contract: HOT-1
customer: Chaohu Clinic
valid: {from: 2026-01-01, until: 2026-12-31}
timezone: Asia/Shanghai
severities: {1: {name: grave, meaning: down}, 2: {name: minor, meaning: works}}
grading: [{otherwise: 2}]
calendars: {always: 24x7}
commitments:
  - {name: response, starts: reported, stops: responded, within: {1: 10m, 2: 30m}, calendar: always}
  - {name: resolve, starts: reported, stops: resolved, within: {1: 4h, 2: 8h}, calendar: always, pauses: [parts]}
  - {name: update, starts: responded, renews: updated, stops: resolved, within: 1h, calendar: always}
alerts:
  ladder:
    - {at: 50%, notify: [assignee]}
    - {at: breach, notify: [supervisor]}
"""

Verify = Callable[..., Awaitable[list[Difference]]]


@pytest.fixture
async def context(pool: asyncpg.Pool) -> Context:
    """A hotline with a past: imported, live, judged by the engine, corrected."""
    now = [NOW]
    made = Context(Settings(), lambda: now[0])
    old, book = NOW - timedelta(days=9), ClockBook(pool, made.terms)
    events = [("reported", {}), ("graded", {"severity": 1}), ("responded", {}), ("resolved", {})]
    told = [
        {"type": kind, "occurred_at": (old + timedelta(minutes=7 * place)).isoformat(), **data}
        for place, (kind, data) in enumerate(events)
    ]
    line = {"ticket": {"ref": "old", "contract": "HOT-1", "kind": "fault", "title": "An old fault", "events": told}}
    async with pool.acquire() as conn:
        await contracts.put(conn, None, CONTRACT, ADMIN, NOW)
        await import_history(conn, made, [json.dumps(line).encode()], NOW)
        call = LogCall(
            caller="13955112233", ticket=CallTicket(contract="HOT-1", title="A fault", severity=1, severity_reason="x")
        )
        number = (await log_call(conn, made, call, ADMIN, NOW)).ticket
        assert number is not None
        now[0] = NOW + timedelta(minutes=6)
        await run_pass(book, now[0])
        for entry in ({"type": "responded"}, {"type": "paused", "reason": "parts"}, {"type": "updated"},
                      {"type": "corrected", "entry": "4", "to": (NOW + timedelta(minutes=5)).isoformat()}):  # fmt: skip
            now[0] += timedelta(minutes=11)
            await timeline.record(conn, made, number.number, [entry], ADMIN)
            await run_pass(book, now[0])
    return made


@pytest.fixture
def verify(pool: asyncpg.Pool, context: Context) -> Verify:
    """The differences found at an instant, by default the present one."""

    async def run(at: datetime | None = None) -> list[Difference]:
        async with pool.acquire() as conn:
            pages = check(conn, Context(Settings(), context.now), at or context.now())
            return [difference async for page in pages for difference in page.differences]

    return run


async def test_what_the_service_wrote_is_right_now_and_before_and_after_the_engine_looks(
    pool: asyncpg.Pool, context: Context, verify: Verify
) -> None:
    assert await verify() == []
    later = context.now() + timedelta(days=2)
    assert await verify(later) == []
    await run_pass(ClockBook(pool, context.terms), later)
    assert await verify(later) == []
    assert await pool.fetchval("select count(*) from alerts") > 0


_NEWEST = "(select max(number) from tickets)"
_CUT_OFF = f"delete from entries where ticket = {_NEWEST} and seq = (select entries from tickets where number = ticket)"
TAMPERED = {
    "an entry's time": ("update entries set occurred_at = occurred_at - interval '1 minute' where seq = 3", "entry 3"),
    "an entry's data": ("""update entries set data = '{"severity": 2}' where type = 'graded'""", "hash"),
    "an entry's author": ("update entries set by = 'nobody' where seq = 1", "entry 1 (reported) hash"),
    "when it was recorded": ("update entries set recorded_at = recorded_at + interval '1s' where seq = 2", "hash"),
    "a deleted last entry": (
        _CUT_OFF,
        "number of entries",
    ),
    "a deleted entry in between": ("delete from entries where seq = 2", "entry 2"),
    "a head that hides it": (
        f"""{_CUT_OFF};
            update tickets set entries = entries - 1, head = (select hash from entries
            where ticket = number order by seq desc limit 1) where number = {_NEWEST}""",
        "clock response/1",
    ),
    "a deadline": ("update clocks set due_at = due_at + interval '1 hour' where commitment = 'response'", "due_at"),
    "a verdict": ("update clocks set state = 'met' where state = 'breached'", "state"),
    "a breach": ("update clocks set breached_at = null where state = 'breached'", "breached_at"),
    "time used": ("update clocks set used_s = used_s - 60 where used_s > 100", "used_s"),
    "a severity": ("update clocks set severity = 2", "severity"),
    "a clock that never wakes": (
        "update clocks set wake_at = null where state = 'running'",
        "wake_at",
    ),
    "a lost clock": ("delete from alerts; delete from clocks where cycle = 1", "no row"),
    "an invented clock": (
        """insert into clocks (ticket, contract, commitment, cycle, owner, state, ladder_from, assessed_at)
           select number, contract, 'coffee', 1, 'supplier', 'met', now(), now() from tickets""",
        "clock coffee/1",
    ),
    "a clock declared void": ("update clocks set void = true where commitment = 'response'", "clock response/1"),
    "the ticket's state": ("update tickets set state = 'closed'", "ticket state"),
    "the ticket's severity": ("update tickets set severity = 2", "ticket severity"),
    "an alert ahead of its time": ("update alerts set recorded_at = fires_at - interval '1 second'", "alert"),
    "an end without a time": ("update deliveries set state = 'sent', sent_at = null", "delivery"),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERED)
async def test_a_change_behind_the_services_back_is_noticed(pool: asyncpg.Pool, verify: Verify, what: str) -> None:
    statement, told = TAMPERED[what]
    await pool.execute("alter table entries disable trigger all")
    await pool.execute("alter table deliveries drop constraint deliveries_alert_fk")
    await pool.execute(statement)
    differences = await verify()
    assert any(told in str(difference) for difference in differences), differences
