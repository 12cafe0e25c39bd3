"""How long does Prometheus wait for the metrics page of a service with 1,000,000 tickets?

A database is filled with three months of tickets, each with a call and three clocks, one ticket in fifty still open. Then
the page is asked for over HTTP as Prometheus does: again and again, and each time with figures so old that they are read
anew behind the answer.

    python benchmarks/scrape.py [--tickets 1000000] [--scrapes 20]
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path

import aiohttp
import asyncpg
import msgspec
import uvloop

from callcenter.app import bound, listening, service
from callcenter.log import configure
from callcenter.now import system_now
from callcenter.services import contracts
from callcenter.services.types import Actor
from callcenter.settings import Settings
from callcenter.store.embedded import EmbeddedPostgres
from callcenter.store.migrate import migrate
from callcenter.store.pool import connect

CONTRACT = """
contract: BENCH
title: Three months
customer: Bench
valid: {from: 2020-01-01, until: 2099-12-31}
timezone: Asia/Shanghai
severities: {1: {name: one}, 2: {name: two}, 3: {name: three}}
calendars: {always: 24x7}
commitments:
  - {name: response, starts: reported, stops: responded, within: 10m, calendar: always}
  - {name: on_site, starts: reported, stops: arrived, within: 2h, calendar: always}
  - {name: restore, starts: reported, stops: restored, within: 4h, calendar: always}
reporting: {target: {response: 98%, on_site: 95%, restore: 95%}}
"""
# Tickets $1 to $2 of $3, spread over the 90 days before $4; the last fiftieth is open, its deadlines a day ahead.
FILL = """
with made as (
    insert into tickets (contract, contract_version, title, kind, severity, state, reported_at, entries, head, created_at, updated_at)
    select 1, 1, 'fault ' || n, 'fault', 1 + n % 3, case when n >= $3::int - $3::int / 50 then 'assigned' else 'closed' end,
           $4::timestamptz - ($3::int - n) * (interval '90 days' / $3::int), 5, '\\x00', now(), now()
    from generate_series($1::int, $2::int) n
    returning number, reported_at, severity, state = 'assigned' as open
), rung as (
    insert into calls (ticket, queue, caller, direction, received_at, queued_at, answered_at, ended_at, outcome, agent, created_at)
    select number, 1 + number % 4, '+86138' || lpad((number % 100000000)::text, 8, '0'), 'in', reported_at, reported_at,
           reported_at + number % 40 * interval '1 second', reported_at + interval '4 minutes', 'answered', 'agent' || number % 50, now()
    from made
)
insert into clocks (ticket, contract, commitment, cycle, owner, state, severity, promised, promised_s, calendar, started_at,
    due_at, stopped_at, breached_at, used_s, paused_s, ladder_from, assessed_at, wake_at)
select number, 1, p.name, 1, 'us', case when open then 'running' when number % 20 = 0 then 'breached' else 'met' end, severity, '4h', 14400,
       'always', reported_at, case when open then $4::timestamptz + interval '1 day' else reported_at + interval '4 hours' end,
       case when not open then reported_at + interval '3 hours' end, case when not open and number % 20 = 0 then reported_at end, 60, 0,
       reported_at, reported_at, case when open then $4::timestamptz + interval '1 day' end
from made cross join (values ('response'), ('on_site'), ('restore')) p (name)
"""


async def fill(dsn: str, tickets: int, now: datetime) -> None:
    """The database has that many tickets."""
    conn = await connect(dsn)
    await migrate(conn)
    await contracts.put(conn, None, CONTRACT, Actor("bench", "admin"), now)
    for name in ("one", "two", "three", "four"):
        await conn.execute("insert into queues (name, created_at, updated_at) values ($1, now(), now())", name)
    for first in range(0, tickets, 50_000):
        await conn.execute(FILL, first, min(first + 50_000, tickets) - 1, tickets, now, timeout=900)
    await conn.execute("vacuum analyze", timeout=900)
    await conn.close()


async def scrapes(url: str, count: int, conn: asyncpg.Connection, *, aged: bool) -> list[float]:
    """Milliseconds of each scrape; `aged`: the figures kept have the age of a scrape interval each time."""
    took = []
    headers = {"Accept": "application/openmetrics-text; version=1.0.0"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for _ in range(count):
            if aged:
                await settled(conn)
                await conn.execute("update metric_figures set read_at = clock_timestamp() - interval '15 seconds'")
            began = time.perf_counter()
            async with session.get(f"{url}/metrics") as answer:
                body = await answer.read()
            took.append((time.perf_counter() - began) * 1000)
            assert b'callcenter_tickets_open{kind="fault",severity="1"}' in body
    return took


async def settled(conn: asyncpg.Connection) -> None:
    """Nobody reads the figures just now."""
    await conn.execute("begin; select pg_advisory_xact_lock(1667329140); commit")


async def measure(dsn: str, count: int) -> None:
    """Prints the figures of a running service."""
    settings = msgspec.structs.replace(Settings(), port=0)
    conn = await asyncpg.connect(dsn)
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(service(settings, dsn, dsn))
        url = await stack.enter_async_context(listening(running.web, bound(settings)))
        await scrapes(url, 2, conn, aged=True)
        await settled(conn)
        for told, aged in (("again and again", False), ("read anew behind it", True)):
            took = await scrapes(url, count, conn, aged=aged)
            print(
                f"{told:>20}: min {min(took):.1f} ms, median {statistics.median(took):.1f} ms, max {max(took):.1f} ms"
            )
        await settled(conn)
        read = await conn.fetchval("select read_s from metric_figures")
        print(f"reading the figures took {read * 1000:.0f} ms")
    await conn.close()


def main() -> None:
    """Fills the database, asks for the page, prints figures."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--tickets", type=int, default=1_000_000)
    arguments.add_argument("--scrapes", type=int, default=20)
    given = arguments.parse_args()
    configure("error", machine=True)
    settings = {"shared_buffers": "512MB"}
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedPostgres.start_or_join(Path(folder), settings=settings) as server,
    ):
        began = time.perf_counter()
        asyncio.run(fill(server.dsn, given.tickets, system_now()))
        print(f"{given.tickets:,} tickets made in {time.perf_counter() - began:.0f} s", flush=True)
        uvloop.run(measure(server.dsn, given.scrapes))


if __name__ == "__main__":
    main()
