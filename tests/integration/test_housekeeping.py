from datetime import UTC, datetime, timedelta

import asyncpg

from callcenter.services import housekeeping
from callcenter.store import idempotency, tokens

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


async def test_answers_of_last_week_are_forgotten_and_yesterdays_kept(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as conn:
        token = await tokens.add(conn, "t", "admin", None, b"hash", NOW, None)
        for key, age in (("old", timedelta(days=8)), ("new", timedelta(days=1))):
            await idempotency.keep(conn, token, key, b"", 201, {}, b"{}", NOW - age)
        await housekeeping.clean(pool, NOW)
        assert await idempotency.find(conn, token, "old") is None
        assert await idempotency.find(conn, token, "new") is not None
