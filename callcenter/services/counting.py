"""Days are counted as they end, every hour and after an import, so that nobody who looks at a month waits for it."""

from datetime import datetime, timedelta

import asyncpg

from callcenter.services import call_days, compliance, day_counts, fault_days
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


async def count_ended(pool: asyncpg.Pool, context: Context, now: datetime) -> None:
    """The ended days of each contract's last twelve months are counted, and of older ones where something changed."""
    async with pool.acquire() as conn:
        await days.forget(conn, now - _FORGOTTEN)
        changed = await days.changed(conn)
        for row in await reports.all_contracts(conn):
            found = await compliance.find(conn, context, row["code"], None, now)
            for place, month in enumerate([found, *reversed(months_before(found))]):
                await _count(conn, month, now, whole=place < _WHOLE)
            since, until = changed.get(found.contract, (now, now))
            for month in months_before(found, TREND_MONTHS, _FARTHEST):
                if month.until > since and month.since <= until:
                    await _count(conn, month, now, whole=True)


async def _count(conn: Connection, month: Month, now: datetime, *, whole: bool) -> None:
    """One month, which keeps lookers waiting no longer than it takes."""
    begins = edges(month.since, month.until, month.terms.zone)
    await day_counts.by_day(conn, month.contract, begins, now)
    if whole:
        await fault_days.together(conn, month.contract, begins, now)
        await call_days.by_day(conn, begins, now)
