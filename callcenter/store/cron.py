"""Which host runs a cron job, and what time the database has."""

from datetime import datetime

import asyncpg

from callcenter.store import queries

_sql = queries.load(__file__)


async def take(pool: asyncpg.Pool, name: str, due_at: datetime, by: str, now: datetime) -> bool:
    """True for the one process that is to run the job of this instant."""
    async with pool.acquire() as conn:
        return await _sql.take(conn, name=name, due_at=due_at, by=by, now=now) is not None


async def database_now(pool: asyncpg.Pool) -> datetime:
    """The database's clock."""
    async with pool.acquire() as conn:
        now: datetime = await _sql.clock(conn)
    return now
