"""The hourly job that counts days as they end, so that nobody who looks at a month waits for it."""

from datetime import datetime, timedelta

import asyncpg

from callcenter.services import call_days, compliance, day_counts, fault_days
from callcenter.services.compliance import Month, months_before
from callcenter.services.context import Context
from callcenter.services.kept_days import edges
from callcenter.store import days, reports
from callcenter.store.types import Connection

# of these months a report shows more than the trend
_WHOLE = 2
_FORGOTTEN = timedelta(days=400)


async def count_ended(pool: asyncpg.Pool, context: Context, now: datetime) -> None:
    """The ended days of every contract's last twelve months are counted."""
    async with pool.acquire() as conn:
        await days.forget(conn, now - _FORGOTTEN)
        for row in await reports.all_contracts(conn):
            found = await compliance.find(conn, context, row["code"], None, now)
            for place, month in enumerate([found, *reversed(months_before(found))]):
                await _count(conn, month, now, whole=place < _WHOLE)


async def _count(conn: Connection, month: Month, now: datetime, *, whole: bool) -> None:
    """One month, which keeps lookers waiting no longer than it takes."""
    begins = edges(month.since, month.until, month.terms.zone)
    await day_counts.by_day(conn, month.contract, begins, now)
    if whole:
        await fault_days.together(conn, month.contract, begins, now)
        await call_days.by_day(conn, begins, now)
