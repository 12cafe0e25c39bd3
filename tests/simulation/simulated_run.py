"""Runs days on a database of their own."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time
from urllib.parse import urlsplit, urlunsplit

import structlog
from simulated_database import Server
from simulated_day import Day, furnish, simulate
from simulated_laws import violations
from simulated_loop import SimulatedLoop

from callcenter.store.embedded import EmbeddedPostgres
from callcenter.store.migrate import migrate
from callcenter.store.pool import connect

# Nothing here outlives the run.
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


@dataclass(frozen=True, slots=True)
class Result:
    """How a seed went: what it did, what went wrong, and a hash over everything it wrote."""

    seed: int
    violations: list[str]
    digest: str
    counts: dict[str, int]
    trace: list[str]


async def prepare(dsn: str) -> None:
    """The migrated database has what every day begins with."""
    connection = await connect(dsn)
    await migrate(connection)
    await connection.close()
    await furnish(dsn)


class Simulator:
    """A prepared database on which one day after the other is simulated."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._server = Server(dsn)
        self._loop = SimulatedLoop()

    def open(self) -> None:
        """Days may begin."""
        self._loop.run_until_complete(self._server.open())

    def day(self, seed: int) -> Result:
        """The seed's day has passed and was judged."""
        return self._loop.run_until_complete(self._day(seed))

    async def _day(self, seed: int) -> Result:
        day = await simulate(self._loop, self._server, seed)
        self._loop.set_task_factory(None)
        found = await violations(day)
        return Result(seed, found, await self._digest(), await self._counts(day), day.world.trace)

    async def _digest(self) -> str:
        rows = await self._server.monitor.fetch("select relation, row::text as row from history order by place")
        return hashlib.sha256("\n".join(f"{one['relation']} {one['row']}" for one in rows).encode()).hexdigest()[:16]

    async def _counts(self, day: Day) -> dict[str, int]:
        row = await self._server.monitor.fetchrow(
            "select (select count(*) from tickets) as tickets, (select count(*) from entries) as entries,"
            " (select count(*) from alerts) as alerts, (select count(*) from deliveries) as deliveries"
        )
        return {**dict(row), "sent": len(day.phone.sent), "marks": len(day.marks), "steps": day.world.steps}

    def close(self) -> None:
        self._loop.run_until_complete(self._server.close())
        self._loop.close()


@contextmanager
def simulator(dsn: str, *, prepared: bool = False) -> Iterator[Simulator]:
    """A simulator on a database that is empty or `prepared`."""
    if not prepared:
        asyncio.run(prepare(dsn))
    made = Simulator(dsn)
    made.open()
    before = structlog.get_config()
    # what the service has to say of a thousand faults takes longer than the day
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield made
    finally:
        structlog.configure(**before)
        made.close()


def main(
    first: int,
    seeds: int,
    *,
    server: str | None = None,
    template: str | None = None,
    trace: bool = False,
    go_on: bool = False,
) -> int:
    """Runs the seeds, until one fails unless they go on; the exit code.

    `server` and `template` are an address and the name of a prepared database there; otherwise both are made.
    """
    with (
        own_server() if server is None else nullcontext(server) as dsn,
        own_database(dsn, template) as database,
        simulator(database, prepared=template is not None) as days,
    ):
        return _all(days, range(first, first + seeds), trace=trace, go_on=go_on)


@contextmanager
def own_server() -> Iterator[str]:
    """A server that is gone afterwards, with all it held."""
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedPostgres.start_or_join(Path(folder), settings=_FAST) as server,
    ):
        yield server.dsn


@contextmanager
def own_database(dsn: str, template: str | None = None) -> Iterator[str]:
    """An empty database of the server, or a copy of the template, which is gone afterwards."""
    name = f"days_{os.getpid()}"
    asyncio.run(_say(dsn, f"create database {name} template {template or 'template1'}"))
    try:
        yield urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))
    finally:
        asyncio.run(_say(dsn, f"drop database {name} with (force)"))


async def _say(dsn: str, command: str) -> None:
    connection = await connect(dsn)
    await connection.execute(command)
    await connection.close()


def _all(days: Simulator, seeds: Sequence[int], *, trace: bool, go_on: bool) -> int:
    totals: Counter[str] = Counter()
    failed: list[int] = []
    slowest, began = 0.0, perf_counter()
    for seed in seeds:
        start, busy = perf_counter(), process_time()
        result = days.day(seed)
        slowest = max(slowest, perf_counter() - start)
        if trace:
            took = f"{perf_counter() - start:.2f} s, {process_time() - busy:.2f} s of it here"
            print(*result.trace, result.counts, result.digest, took, sep="\n", flush=True)
        totals += Counter(result.counts)
        if result.violations:
            failed.append(seed)
            print(
                f"seed {seed} failed ({result.digest}):",
                *result.violations[:10],
                sep="\n  ",
                file=sys.stderr,
                flush=True,
            )
            if not go_on:
                break
    what = ", ".join(f"{count} {name}" for name, count in totals.items())
    times = f"{perf_counter() - began:.0f} s, slowest {slowest:.1f} s"
    if failed:
        print(f"simulation: {len(failed)} failed ({', '.join(map(str, failed))}) from seed {seeds[0]} on, in {times}")
        return 1
    print(f"simulation: {len(seeds)} seeds from {seeds[0]} on held, in {times}: {what}")
    return 0
