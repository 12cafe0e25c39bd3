"""Days are counted as they end, every hour and after an import, so that nobody who looks at a month waits for it."""

import asyncio
from datetime import datetime, timedelta

import asyncpg

from callcenter.services import call_days, compliance, day_counts, fault_days, kept_days
from callcenter.services.compliance import TREND_MONTHS, Month, months_before
from callcenter.services.context import Context
from callcenter.services.kept_days import edges
from callcenter.store import days, reports
from callcenter.store.types import Connection

# of these months a report shows more than the trend
_WHOLE = 2
# what changed longer ago is counted when somebody looks
_FARTHEST = 120
_FORGOTTEN = timedelta(days=400)
_WAIT_S = 1.0


async def count_ended(pool: asyncpg.Pool, context: Context, now: datetime) -> None:
    """The ended days of each contract's last twelve months are counted, and of older ones where something changed."""
    async with pool.acquire() as conn:
        await days.forget(conn, now - _FORGOTTEN)
        changed = await days.changed(conn)
        for row in await reports.all_contracts(conn):
            found = await compliance.find(conn, context, row["code"], None, now)
            since, until = changed.get(found.contract, (now, now))
            for place, month in enumerate([found, *reversed(months_before(found, 1, _FARTHEST))]):
                touched = month.until > since and month.since <= until
                if touched or place < TREND_MONTHS:
                    await _count(conn, month, now, whole=touched or place < _WHOLE)


async def ahead(conn: Connection, pool: asyncpg.Pool | None, month: Month, now: datetime) -> None:
    """The month's ended days are kept; faults are counted beside clocks and calls where the pool has a connection idle.

    They take about as long as the two others together, and PostgreSQL gives each connection a core of its own.
    """
    begins = edges(month.since, month.until, month.terms.zone)
    beside = None
    if pool is not None and _spare(pool):
        beside = asyncio.create_task(_faults(pool, month.contract, begins, now))
    try:
        await kept_days.ahead(conn, day_counts.CLOCKS, month.contract, begins, now)
        await kept_days.ahead(conn, call_days.CALLS, 0, begins, now)
    except BaseException:
        if beside is not None:
            beside.cancel()
        raise
    if beside is not None:
        await beside


def _spare(pool: asyncpg.Pool) -> bool:
    """Several connections are idle: who holds one and waits for a second must not wait for another such."""
    idle: int = pool.get_max_size() - pool.get_size() + pool.get_idle_size()
    return idle > 1


async def _faults(pool: asyncpg.Pool, contract: int, begins: list[datetime], now: datetime) -> None:
    try:
        conn = await pool.acquire(timeout=_WAIT_S)
    except TimeoutError:
        return  # they are counted with the rest
    try:
        await kept_days.ahead(conn, fault_days.FAULTS, contract, begins, now)
    finally:
        await pool.release(conn)


async def _count(conn: Connection, month: Month, now: datetime, *, whole: bool) -> None:
    """One month, which keeps lookers waiting no longer than it takes."""
    begins = edges(month.since, month.until, month.terms.zone)
    await day_counts.by_day(conn, month.contract, begins, now)
    if whole:
        await fault_days.together(conn, month.contract, begins, now)
        await call_days.by_day(conn, begins, now)
