"""How long does the report of a busy month take, and how much memory?

A database is filled with tickets of one month, each with a call, five entries and three clocks, one in twelve of them
broken. Then each form is made in a process of its own: the first look counts every day, the second finds the days counted,
as the hourly job leaves them, and the third finds the report kept.

    python benchmarks/report.py [--tickets 1000000] [--forms json pdf xlsx] [--keep FOLDER]
"""

import argparse
import asyncio
import multiprocessing
import tempfile
import time
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import asyncpg
import uvloop

from callcenter.services import contracts
from callcenter.services.context import Context
from callcenter.services.report_forms import FORMS, Asked, Form, write
from callcenter.services.types import Actor
from callcenter.settings import Settings
from callcenter.store.embedded import EmbeddedPostgres
from callcenter.store.migrate import migrate
from callcenter.store.pool import connect, open_pool

NOW = datetime(2026, 11, 2, 1, tzinfo=UTC)
CONTRACT = """
contract: BENCH
title: A busy month
customer: Bench
valid: {from: 2020-01-01, until: 2099-12-31}
timezone: Asia/Shanghai
regions: {city: 合肥市, province: 省内其他地区}
severities: {1: {name: 严重故障}, 2: {name: 主要故障}, 3: {name: 一般故障}}
calendars: {always: 24x7}
commitments:
  - {name: response, starts: reported, stops: responded, within: 10m, calendar: always, credit: {amount: 100, currency: CNY, per: breach}}
  - {name: on_site, starts: reported, stops: arrived, within: 2h, calendar: always}
  - {name: restore, starts: reported, stops: restored, within: 4h, calendar: always, pauses: [waiting]}
reporting:
  target: {response: 98%, on_site: 95%, restore: 95%}
  month_fee: {amount: 20000, currency: CNY}
  credits: [{commitment: restore, below: 95%, credit: 5%}]
  cap: 10%
"""
# Tickets $1 to $2 of $3, spread over October; each third of the promises is broken by another twelfth of the tickets.
FILL = """
with made as (
    insert into tickets (contract, contract_version, title, kind, severity, region, state, reported_at, entries, head, created_at, updated_at)
    select 1, 1, '无法上网 ' || n, 'fault', 1 + n % 3, case when n % 4 = 0 then 'province' else 'city' end, 'resolved',
           timestamptz '2026-10-01 00:00+08' + n * (interval '30 days' / $3::int), 5, '\\x00', now(), now()
    from generate_series($1::int, $2::int) n
    returning number, reported_at, severity, region
), rung as (
    insert into calls (ticket, queue, caller, direction, received_at, queued_at, answered_at, ended_at, outcome, agent, created_at)
    select number, 1, '+86138' || lpad((number % 100000000)::text, 8, '0'), 'in', reported_at, reported_at,
           reported_at + number % 40 * interval '1 second', reported_at + interval '4 minutes', 'answered', 'agent' || number % 50, now()
    from made
), told as (
    insert into entries (ticket, seq, type, occurred_at, recorded_at, by, data, hash)
    select number, e.seq, e.type, reported_at + e.after, reported_at + e.after, 'agent' || number % 50, json '{"severity": 1}', '\\x00'
    from made cross join (values (1, 'reported', interval '0'), (2, 'graded', '1 minute'), (3, 'responded', '5 minutes'),
        (4, 'arrived', '1 hour'), (5, 'restored', '3 hours')) e (seq, type, after)
)
insert into clocks (ticket, contract, commitment, cycle, owner, state, severity, region, promised, promised_s, calendar, started_at,
    due_at, stopped_at, breached_at, used_s, paused_s, ladder_from, assessed_at)
select number, 1, p.name, 1, 'customer', case when broken then 'breached' else 'met' end, severity, region, p.within::text,
       extract(epoch from p.within), 'always', reported_at, reported_at + p.within,
       reported_at + p.within * case when broken then 1.5 else 0.5 end, case when broken then reported_at + p.within end,
       60, 0, reported_at, reported_at
from made
cross join (values ('response', interval '10 minutes', 0), ('on_site', '2 hours', 1), ('restore', '4 hours', 2)) p (name, within, nth)
cross join lateral (select number % 36 / 12 = p.nth and number % 4 = 0 as broken) b
"""


async def fill(dsn: str, tickets: int) -> int:
    """The database has that many tickets in October, or those of the last time; returns how many."""
    conn = await connect(dsn)
    await migrate(conn)
    there: int = await conn.fetchval("select count(*) from tickets")
    if not there:
        await make_tickets(conn, tickets)
    await conn.close()
    return there or tickets


async def make_tickets(conn: asyncpg.Connection, tickets: int) -> None:
    """The contract's October has that many tickets."""
    await contracts.put(conn, None, CONTRACT, Actor("bench", "admin"), NOW)
    await conn.execute("insert into queues (name, created_at, updated_at) values ('hotline', now(), now())")
    for first in range(0, tickets, 50_000):
        await conn.execute(FILL, first, min(first + 50_000, tickets) - 1, tickets, timeout=900)
    await conn.execute("vacuum analyze", timeout=900)


def make(dsn: str, form: Form, pipe: Connection) -> None:
    """Writes the report three times; sends seconds of each, bytes, and the most memory this process had, in MB."""

    async def run() -> tuple[list[float], int]:
        pool = await open_pool(dsn, size=3)
        context = Context(Settings(), lambda: NOW, pool=pool)
        took, size = [], 0
        asked = Asked(code="BENCH", month="2026-10", form=form, language="zh-CN")
        for look in range(3):
            async with pool.acquire() as conn:
                if look == 1:
                    await conn.execute("delete from kept_counts")
                began = time.perf_counter()
                size = len((await write(conn, context, asked, NOW)).content)
                took.append(time.perf_counter() - began)
        await pool.close()
        return took, size

    took, size = uvloop.run(run())
    status = Path("/proc/self/status").read_text()
    pipe.send((took, size, int(status.split("VmHWM:")[1].split()[0]) / 1024))


async def forget(dsn: str) -> None:
    """Nothing is kept of what was counted."""
    conn = await asyncpg.connect(dsn)
    await conn.execute("truncate kept_counts, counted_days")
    await conn.close()


def measure(dsn: str, form: Form) -> None:
    """Makes the form in a process of its own and prints seconds and memory."""
    spawn = multiprocessing.get_context("spawn")
    asyncio.run(forget(dsn))
    here, there = spawn.Pipe()
    process = spawn.Process(target=make, args=(dsn, form, there))
    process.start()
    there.close()
    (first, counted, again), size, memory = here.recv()
    process.join()
    looks = f"{first:5.1f} s, with its days counted {counted:5.2f} s, kept {again:5.2f} s"
    print(f"{form:>5}: {looks}, {size:>10,} bytes, memory {memory:.0f} MB", flush=True)


def main() -> None:
    """Fills the database, makes each form, prints figures."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--tickets", type=int, default=1_000_000)
    arguments.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="fill this folder, or use what it was filled with"
    )
    arguments.add_argument("--forms", nargs="+", choices=FORMS, default=["json", "html", "pdf", "xlsx"])
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        settings = {"shared_buffers": "512MB", "max_wal_size": "8GB"}
        with EmbeddedPostgres.start_or_join(given.keep or Path(passing), settings=settings) as server:
            began = time.perf_counter()
            made = asyncio.run(fill(server.dsn, given.tickets))
            print(f"{made:,} tickets there after {time.perf_counter() - began:.0f} s", flush=True)
            for form in given.forms:
                measure(server.dsn, form)


if __name__ == "__main__":
    main()
