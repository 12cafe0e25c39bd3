"""Does catching up after an outage delay what falls due now?

A database holds a backlog of overdue clocks (100,000 unless told otherwise), as an outage leaves them. Then the
service's own alarm clock starts, and while it works the backlog off, tickets of the gravest severity fall due one
after the other. Measured for each: how long after its rung its alert was committed, and how long after that rung its
message reached the channel (a journal). Also: how long the whole backlog took, and how many messages told of it.

    python benchmarks/catch_up.py [--backlog 100000] [--fresh 60]
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import uvloop

from callcenter.app import service
from callcenter.log import configure
from callcenter.now import system_now
from callcenter.services import contracts
from callcenter.services.types import Actor
from callcenter.settings import Settings
from callcenter.store.embedded import EmbeddedPostgres
from callcenter.store.migrate import migrate
from callcenter.store.pool import connect, open_pool

CONTRACT = """
contract: BENCH
title: Catching up
customer: Bench
valid: {from: 2020-01-01, until: 2099-12-31}
timezone: UTC
version: 1
effective: 2020-01-01
severities: {1: {name: one, meaning: one}, 2: {name: two, meaning: two}}
grading: [{otherwise: 2}]
calendars: {always: 24x7}
commitments:
  - {name: restore, starts: reported, stops: restored, within: 1h, calendar: always}
alerts:
  ladder:
    - {at: 50%, notify: [supervisor]}
    - {at: breach, notify: [supervisor]}
"""
# Tickets of severity $5 reported at $1 + n * $2, each with two entries and an open clock that wakes half an hour later.
FILL = """
with made as (
    insert into tickets (contract, contract_version, title, kind, severity, state, reported_at, entries, head, created_at, updated_at)
    select v.contract, v.id, 'bench', 'fault', $5::int, 'new', $1::timestamptz + n * $2::interval, 2, '', $1, $1
    from contract_versions v, generate_series(1, $3::int) n
    returning number, contract, reported_at
), told as (
    insert into entries (ticket, seq, type, occurred_at, recorded_at, by, data, hash)
    select made.number, e.seq, e.type, made.reported_at, made.reported_at, 'bench', e.data::json, ''
    from made, (values (1, 'reported', '{}'), (2, 'graded', $4::text)) e (seq, type, data)
)
insert into clocks (ticket, contract, commitment, cycle, owner, state, severity, started_at, due_at, ladder_from, assessed_at, wake_at)
select number, contract, 'restore', 1, 'customer', 'running', $5::int, reported_at, reported_at + interval '1 hour', reported_at,
    reported_at, reported_at + interval '30 minutes'
from made
"""


async def prepared(dsn: str, backlog: int) -> None:
    """The database holds the contract, somebody to tell, and the backlog."""
    conn = await connect(dsn)
    await migrate(conn)
    await conn.close()
    async with await open_pool(dsn) as pool, pool.acquire() as conn:
        now = system_now()
        actor = Actor("bench", "admin")
        await contracts.put(conn, None, CONTRACT, actor, now)
        await conn.execute(
            "insert into users (login, name, role, created_at, updated_at) values ('ann', 'ann', 'supervisor', $1, $1)",
            now,
        )
        await fill(conn, now - timedelta(days=1), timedelta(milliseconds=100), backlog, 2)
        await conn.execute("vacuum analyze")


async def fill(conn: asyncpg.Connection, first: datetime, step: timedelta, count: int, severity: int) -> None:
    await conn.execute(FILL, first, step, count, f'{{"severity": {severity}}}', severity)


async def measured(dsn: str, data: Path, fresh: int) -> dict[str, Any]:
    """The service catches up while grave tickets fall due; what was seen."""
    settings = Settings(journal=data / "journal.jsonl", log_level="error")
    async with await open_pool(dsn) as pool:
        began = time.perf_counter()
        async with service(settings, dsn, dsn):
            async with pool.acquire() as conn:
                start = system_now() + timedelta(seconds=1) - timedelta(minutes=30)
                await fill(conn, start, timedelta(milliseconds=500), fresh, 1)
            took = await _caught_up(pool, fresh, began)
        return {"backlog_s": took, **await _told(pool)}


async def _caught_up(pool: asyncpg.Pool, fresh: int, began: float) -> float:
    """Waits until every alert is recorded and sent; seconds until the backlog was."""
    done = 0.0
    left = "select exists (select from clocks where wake_at <= $1)"
    open_ = "select exists (select from deliveries where state in ('pending', 'sending'))"
    old = system_now() - timedelta(minutes=5)
    while True:
        with suppress(TimeoutError):  # a look now and then, beside the service at work
            await asyncio.wait_for(asyncio.Event().wait(), 0.5)
        if not done and not await pool.fetchval(left, old):
            done = time.perf_counter() - began
        grave = done and await pool.fetchval("select count(*) from alerts where grave")
        if done and grave >= fresh and not await pool.fetchval(open_):
            return done


async def _told(pool: asyncpg.Pool) -> dict[str, Any]:
    rows = await pool.fetch(
        "select extract(epoch from pg_xact_commit_timestamp(a.xmin) - a.fires_at)::float8 as found,"
        " extract(epoch from m.sent_at - a.fires_at)::float8 as sent"
        " from alerts a join deliveries d on d.alert = a.id join deliveries m on m.id = coalesce(d.carrier, d.id)"
        " where a.grave and d.batch = ''"
    )
    gathered = await pool.fetchval("select count(*) from deliveries where state = 'sent' and batch like 'late %'")
    return {
        "messages": gathered,
        "alone": len(rows),
        "found": sorted(row["found"] for row in rows),
        "sent": sorted(row["sent"] for row in rows),
    }


def shown(name: str, values: list[float]) -> str:
    last = values[min(len(values) - 1, int(len(values) * 0.99))]
    return f"{name}: median {statistics.median(values) * 1e3:.0f} ms, p99 {last * 1e3:.0f} ms, most {values[-1] * 1e3:.0f} ms"


async def main(backlog: int, fresh: int) -> None:
    configure("error", machine=True)
    with tempfile.TemporaryDirectory(prefix="catch_up_") as folder:
        data = Path(folder)
        with EmbeddedPostgres.start_or_join(data / "postgres", settings={"track_commit_timestamp": "on"}) as embedded:
            await prepared(embedded.dsn, backlog)
            print(f"{backlog} overdue clocks, {fresh} of the gravest severity falling due meanwhile", flush=True)
            seen = await measured(embedded.dsn, data, fresh)
    print(f"backlog recorded in {seen['backlog_s']:.1f} s and told in {seen['messages']} messages")
    print(shown("fresh alert recorded after its rung", seen["found"]))
    print(shown("fresh alert sent after its rung", seen["sent"]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backlog", type=int, default=100_000)
    parser.add_argument("--fresh", type=int, default=60, help="how many, two a second")
    given = parser.parse_args()
    with suppress(KeyboardInterrupt):
        uvloop.run(main(given.backlog, given.fresh))
