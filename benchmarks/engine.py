"""How late are alerts when 1,000 clocks fall due within one second, and does it matter how many others are open?

For each number of open clocks a database of its own is filled. Rounds go over the sizes in turn (A B C A B C ...), and
for each: the time of one engine pass over 1,000 clocks that are due, and, in a service's own process with its alarm
clock running, the lateness of 1,000 alerts: the instant their outbox transaction was committed (the server's own
record of it) minus the instant of the rung. In the same run, on the same server: APScheduler with one date job per
timer in its SQLAlchemy job store, which is how deadlines are commonly watched.

    python benchmarks/engine.py [--open 10000 100000 1000000] [--rounds 3] [--scheduler 10000]
"""

import argparse
import asyncio
import multiprocessing
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import asyncpg
import uvloop

from alerts.engine import run_pass
from callcenter.app import service
from callcenter.log import configure
from callcenter.now import system_now
from callcenter.services import contracts
from callcenter.services.types import Actor
from callcenter.settings import Settings
from callcenter.store.contracts import Terms
from callcenter.store.embedded import EmbeddedPostgres
from callcenter.store.engine import ClockBook
from callcenter.store.migrate import migrate
from callcenter.store.pool import connect, open_pool

DUE = 1000
PROMISE = timedelta(days=30)
CONTRACT = """
contract: BENCH
title: Thirty days
customer: Bench
valid: {from: 2020-01-01, until: 2099-12-31}
timezone: UTC
version: 1
effective: 2020-01-01
severities: {1: {name: one, meaning: one}}
grading: [{otherwise: 1}]
calendars: {always: 24x7}
commitments:
  - {name: resolve, starts: reported, stops: resolved, within: 720h, calendar: always}
alerts:
  ladder:
    - {at: breach, notify: [supervisor]}
"""
# Tickets reported at $1 + n * $2, each with two entries and one open clock.
FILL = """
with made as (
    insert into tickets (contract, contract_version, title, kind, severity, state, reported_at, entries, head, created_at, updated_at)
    select 1, 1, 'fault ' || n, 'fault', 1, 'new', cast($1 as timestamptz) + n * cast($2 as interval), 2, '\\x00', now(), now()
    from generate_series(0, cast($3 as int) - 1) n
    returning number, reported_at
), told as (
    insert into entries (ticket, seq, type, occurred_at, recorded_at, by, data, hash)
    select number, 1, 'reported', reported_at, reported_at, 'bench', json '{"channel": "phone", "kind": "fault"}', bytea '\\x00' from made
    union all
    select number, 2, 'graded', reported_at, reported_at, 'bench', json '{"severity": 1}', bytea '\\x00' from made
)
insert into clocks (ticket, contract, commitment, cycle, owner, state, severity, promised, promised_s, calendar, started_at, due_at,
    used_s, paused_s, ladder_from, assessed_at, wake_at)
select number, 1, 'resolve', 1, 'customer', 'running', 1, '720h', 2592000, 'always', reported_at, reported_at + interval '720 hours',
    0, 0, reported_at, reported_at, reported_at + interval '720 hours 1 microsecond'
from made
"""


async def add(conn: asyncpg.Connection, first: datetime, step: timedelta, count: int) -> None:
    """That many tickets were reported from the instant on, a step apart."""
    for done in range(0, count, 50_000):
        await conn.execute(FILL, first + done * step, step, min(50_000, count - done), timeout=600)


async def prepare(dsn: str, count: int) -> None:
    """The database has that many clocks open, due over the next weeks."""
    conn = await connect(dsn)
    await migrate(conn)
    await contracts.put(conn, None, CONTRACT, Actor("bench", "admin"), system_now())
    soonest = system_now() - PROMISE + timedelta(days=2)
    await add(conn, soonest, timedelta(days=20) / count, count)
    await conn.execute("vacuum analyze")
    await conn.close()


async def one_pass(dsn: str) -> float:
    """Seconds one pass takes over 1,000 clocks that are due."""
    conn, pool = await connect(dsn), await open_pool(dsn, size=2)
    now = system_now()
    await add(conn, now - PROMISE - timedelta(seconds=1), timedelta(milliseconds=1), DUE)
    book = ClockBook(pool, Terms())
    began = time.perf_counter()
    result = await run_pass(book, now)
    took = time.perf_counter() - began
    assert result.alerts == DUE, result
    await pool.close()
    await conn.close()
    return took


def serve(dsn: str, pipe: Connection) -> None:
    """A service's engine and dispatcher, until told to stop; then says how much memory it took at most, in kB."""

    async def run() -> None:
        async with service(Settings(), dsn, dsn):
            pipe.send("ready")
            await asyncio.get_running_loop().run_in_executor(None, pipe.recv)

    configure("error", machine=True)
    uvloop.run(run())
    status = Path("/proc/self/status").read_text()
    pipe.send(int(status.split("VmHWM:")[1].split()[0]))


async def lateness(dsn: str) -> list[float]:
    """Seconds from the rung to the commit of its alert, of 1,000 due within one second, in order."""
    conn = await connect(dsn)
    last = await conn.fetchval("select coalesce(max(id), 0) from alerts")
    start = system_now() + timedelta(seconds=2)
    await add(conn, start - PROMISE, timedelta(milliseconds=1), DUE)
    # what another process would announce: something is due sooner than the next look
    await conn.execute("select pg_notify('callcenter_wake', $1)", start.isoformat())
    while await conn.fetchval("select count(*) from alerts where id > $1", last) < DUE:
        await asyncio.wait([asyncio.ensure_future(asyncio.Event().wait())], timeout=0.3)
        if system_now() > start + timedelta(seconds=60):
            raise SystemExit("the alerts did not come")
    rows = await conn.fetch(
        "select extract(epoch from pg_xact_commit_timestamp(xmin) - fires_at)::float8 as late from alerts where id > $1 order by 1",
        last,
    )
    await conn.close()
    return [row["late"] for row in rows]


def percentile(ordered: list[float], share: float) -> float:
    """The value that share of an ordered list does not exceed."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


FIRED: list[float] = []


def fire(due: float) -> None:
    """An APScheduler job: notes how late it is."""
    FIRED.append(datetime.now(UTC).timestamp() - due)  # noqa: TID251  the other side's own clock


async def scheduler(url: str, count: int) -> tuple[list[float], float]:
    """Lateness of 1,000 date jobs due within a second among `count` others, and the longest stall of the loop."""
    from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

    FIRED.clear()
    runner = AsyncIOScheduler(jobstores={"default": SQLAlchemyJobStore(url=url)}, timezone=UTC)
    far = system_now() + timedelta(days=2)
    for place in range(count):
        runner.add_job(fire, "date", run_date=far + timedelta(seconds=place), args=[0.0])
    start = system_now() + timedelta(seconds=5 + DUE / 200)
    for place in range(DUE):
        due = start + timedelta(milliseconds=place)
        runner.add_job(fire, "date", run_date=due, args=[due.timestamp()], misfire_grace_time=None)
    runner.start()
    stall, before = 0.0, time.perf_counter()
    while len(FIRED) < DUE and system_now() < start + timedelta(seconds=120):
        await asyncio.wait([asyncio.ensure_future(asyncio.Event().wait())], timeout=0.01)
        stall, before = max(stall, time.perf_counter() - before - 0.01), time.perf_counter()
    runner.shutdown(wait=False)
    return sorted(FIRED), stall


def main() -> None:
    """Fills the databases, runs the rounds, prints figures and ratios."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--open", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument(
        "--scheduler", type=int, default=10_000, help="timers in APScheduler's store; 0 leaves it out"
    )
    given = arguments.parse_args()
    spawn = multiprocessing.get_context("spawn")
    passes: dict[int, list[float]] = {size: [] for size in given.open}
    tails: dict[int, list[float]] = {size: [] for size in given.open}
    memory: dict[int, list[int]] = {size: [] for size in given.open}
    with tempfile.TemporaryDirectory() as folder:
        settings = {"track_commit_timestamp": "on", "shared_buffers": "512MB"}
        with EmbeddedPostgres.start_or_join(Path(folder), settings=settings) as server:
            asyncio.run(fill(server.dsn, given.open))
            for _ in range(given.rounds):
                for size in given.open:
                    dsn = named(server.dsn, size)
                    passes[size].append(uvloop.run(one_pass(dsn)))
                    late, kilobytes = live(spawn, dsn)
                    tails[size].append(percentile(late, 0.99))
                    memory[size].append(kilobytes)
                    print(
                        f"{size:>9,} open: pass over {DUE} due {passes[size][-1] * 1e3:6.0f} ms   lateness p50"
                        f" {percentile(late, 0.5) * 1e3:6.0f} ms  p99 {tails[size][-1] * 1e3:6.0f} ms"
                        f"  max {late[-1] * 1e3:6.0f} ms   memory {kilobytes / 1024:.0f} MB",
                        flush=True,
                    )
            if given.scheduler:
                other, stall = asyncio.run(scheduler(alchemy(server.dsn), given.scheduler))
                print(
                    f"APScheduler, a job per timer, {given.scheduler:,} waiting: {len(other)} of {DUE} fired, lateness p50"
                    f" {percentile(other, 0.5) * 1e3:.0f} ms  p99 {percentile(other, 0.99) * 1e3:.0f} ms,"
                    f" the loop stood still for {stall * 1e3:.0f} ms"
                )
    middle = {size: (statistics.median(passes[size]), statistics.median(tails[size]), statistics.median(memory[size]))
              for size in given.open}  # fmt: skip
    small, large = min(given.open), max(given.open)
    for place, what in enumerate(("pass", "p99 lateness", "memory")):
        ratio = middle[large][place] / middle[small][place]
        print(f"{what}: {large:,} open / {small:,} open = {ratio:.2f} (medians of {given.rounds})")


def live(spawn: Any, dsn: str) -> tuple[list[float], int]:
    """Lateness with a service running in a process of its own, and that process's memory."""
    here, there = spawn.Pipe()
    process = spawn.Process(target=serve, args=(dsn, there), daemon=True)
    process.start()
    here.recv()
    late = asyncio.run(lateness(dsn))
    here.send("stop")
    kilobytes: int = here.recv()
    process.join()
    return late, kilobytes


def named(dsn: str, size: int) -> str:
    """The database of a size."""
    return dsn.replace("@/callcenter?", f"@/open_{size}?")


def alchemy(dsn: str) -> str:
    """The same server for SQLAlchemy."""
    return dsn.replace("postgresql://", "postgresql+psycopg://")


async def fill(dsn: str, sizes: list[int]) -> None:
    """There is a database for each size."""
    conn = await asyncpg.connect(dsn)
    for size in sizes:
        await conn.execute(f"create database open_{size}")
        began = time.perf_counter()
        await prepare(named(dsn, size), size)
        print(f"{size:>9,} open clocks made in {time.perf_counter() - began:.0f} s", flush=True)
    await conn.close()


if __name__ == "__main__":
    main()
