"""A small hotline on a real database: a contract with a ladder, people, tickets, writes as the services make them."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import msgspec
import pytest

from alerts.engine import PassResult, run_pass
from alerts.policy import judge
from callcenter.store import alerts, clocks, contracts, tickets
from callcenter.store.contracts import Terms
from callcenter.store.engine import ClockBook
from sla.clock import assess
from sla.contract import read
from sla.interval import micros
from sla.timeline import Timeline

TERMS = """
contract: LADDER
customer: Somebody
valid: {from: 2026-01-01, until: 2026-12-31}
timezone: Asia/Shanghai
severities: {1: {name: grave}, 2: {name: light}}
calendars: {always: 24x7}
commitments:
  - {name: response, starts: reported, stops: responded, within: none, calendar: always}
  - name: restore
    clause: "4.9"
    starts: reported
    stops: restored
    within: {1: 1h, 2: 4h}
    calendar: always
    pauses: [waiting_customer]
alerts:
  ladder:
    - {at: 50%, notify: [assignee]}
    - {at: breach, notify: [supervisor]}
    - {at: +30m, repeat: 30m, until: acknowledged, notify: [head_of_service]}
"""
START = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Hotline:
    """Tickets of one contract, written and judged at instants the test chooses."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool
        self.terms = Terms()
        self.book = ClockBook(pool, self.terms)
        self.contract = self.version = 0

    def at(self, minutes: float) -> datetime:
        return START + timedelta(minutes=minutes)

    async def open(self) -> None:
        """The contract and the people are there."""
        terms = read(TERMS)
        async with self.pool.acquire() as conn:
            row = await contracts.ensure(conn, terms.code, terms.customer, START)
            self.contract = row["id"]
            self.version = await contracts.add_version(conn, row["id"], terms, TERMS, b"", START, "test")
            for login, role in (("ann", "supervisor"), ("ben", "engineer"), ("cas", "admin"), ("dee", "supervisor")):
                await conn.execute(
                    "insert into users (login, name, role, email, created_at, updated_at)"
                    " values ($1, $1, $2, $3, $4, $4)",
                    login, role, f"{login}@example.org", START,
                )  # fmt: skip

    async def ticket(
        self, minutes: float = 0, *, severity: int = 1, assignee: str | None = None, now: float | None = None
    ) -> int:
        """The number of a ticket reported and graded at the instant, written then or at `now`, with its clocks."""
        async with self.pool.acquire() as conn:
            number: int = await conn.fetchval(
                "insert into tickets (contract, contract_version, title, kind, state, assignee, reported_at, entries,"
                " head, created_at, updated_at)"
                " values ($1, $2, 'Printer on fire', 'fault', 'new', $3, $4, 0, '', $4, $4)"
                " returning number",
                self.contract, self.version, assignee, self.at(minutes),
            )  # fmt: skip
        await self.write(
            number,
            minutes if now is None else now,
            ("reported", minutes, {}),
            ("graded", minutes, {"severity": severity}),
        )
        return number

    async def write(self, number: int, now: float, *entries: tuple[str, float, dict[str, Any]]) -> None:
        """The entries (type, minutes, data) are on the timeline, written at `now`, clocks and alerts after them."""
        when = self.at(now)
        async with self.pool.acquire() as conn, conn.transaction():
            await conn.execute("select from tickets where number = $1 for update", number)
            first = await conn.fetchval("select count(*) from entries where ticket = $1", number)
            for seq, (kind, minutes, data) in enumerate(entries, first + 1):
                await conn.execute(
                    "insert into entries (ticket, seq, type, occurred_at, recorded_at, by, data, hash)"
                    " values ($1, $2, $3, $4, $5, 'test', $6, $7)",
                    number, seq, kind, self.at(minutes), when, data, hashlib.sha256(msgspec.json.encode(seq)).digest(),
                )  # fmt: skip
            await self.follow(conn, number, when)

    async def follow(self, conn: Any, number: int, now: datetime) -> None:
        loaded = (await tickets.load_many(conn, self.terms, [number]))[number]
        assert loaded.terms is not None
        timeline = Timeline(loaded.entries)
        stored = {(row.commitment, row.cycle): row for row in await clocks.stored_clocks(conn, number)}
        past = await alerts.of_ticket(conn, number)
        outcomes = [
            judge(loaded.terms, timeline, row, clock, past.get(row.id, ()) if row else (), now, START)
            for clock in assess(loaded.terms, timeline, micros(now))
            for row in [stored.get((clock.commitment, clock.cycle))]
        ]
        await alerts.save_outcomes(conn, number, self.contract, outcomes, now)

    async def look(self, minutes: float, limit: int = 500) -> PassResult:
        """One pass of the engine."""
        return await run_pass(self.book, self.at(minutes), limit)

    async def told(self, number: int) -> list[tuple[int, int, str]]:
        """Step, repeat and state of a ticket's alerts, in the order they were raised."""
        rows = await self.pool.fetch("select step, repeat, state from alerts where ticket = $1 order by id", number)
        return [tuple(row) for row in rows]

    async def clock(self, number: int) -> asyncpg.Record:
        """The row of the ticket's promise to restore."""
        return await self.pool.fetchrow("select * from clocks where ticket = $1 and commitment = 'restore'", number)

    async def deliveries(self, number: int) -> list[asyncpg.Record]:
        """The deliveries of a ticket's alerts, in the order their alerts were raised."""
        return await self.pool.fetch(
            "select d.*, a.step from deliveries d join alerts a on a.id = d.alert where a.ticket = $1"
            " order by a.id, d.created_at, d.channel",
            number,
        )

    async def channel(self, name: str, kind: str, config: dict[str, Any], duties: tuple[str, ...] = ()) -> int:
        """The id of a new channel."""
        made: int = await self.pool.fetchval(
            "insert into channels (name, kind, duties, config, created_at, updated_at) values ($1, $2, $3, $4, $5, $5)"
            " returning id",
            name, kind, list(duties), config, START,
        )  # fmt: skip
        return made


@pytest.fixture
async def hotline(pool: asyncpg.Pool) -> Hotline:
    """The contract and its people, no ticket yet."""
    made = Hotline(pool)
    await made.open()
    return made
