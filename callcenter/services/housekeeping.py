"""What must not be kept for ever: old answers to retried requests, sessions that ran out."""

from datetime import datetime, timedelta

import asyncpg

from callcenter.store import idempotency, sessions

ANSWERS = timedelta(days=7)


async def clean(pool: asyncpg.Pool, now: datetime) -> None:
    """Answers of a week ago and sessions that ran out are gone."""
    async with pool.acquire() as conn:
        await idempotency.forget(conn, now - ANSWERS)
        await sessions.expire(conn, now)
