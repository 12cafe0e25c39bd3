"""The doctor on a database whose telephone is silent and whose channel is broken."""

from datetime import timedelta

import asyncpg

from callcenter.now import system_now
from callcenter.services.doctor import Finding, examine
from callcenter.services.people import create_token
from callcenter.settings import Settings


async def looked(pool: asyncpg.Pool, what: str) -> Finding:
    async with pool.acquire() as conn:
        found = [finding async for finding in examine(conn, Settings(), system_now) if finding.what == what]
    assert len(found) == 1, found
    return found[0]


async def test_telephony_is_silent_or_heard_or_by_hand(pool: asyncpg.Pool) -> None:
    assert (await looked(pool, "telephony")).level == "ok", "nothing speaks to it, nothing is silent"
    async with pool.acquire() as conn:
        await create_token(conn, "telephone system", "integration", None, None, system_now())
    found = await looked(pool, "telephony")
    assert found.level == "warn"
    assert "no call has come in yet; 1 token" in found.detail
    for ago, level in ((timedelta(days=2), "warn"), (timedelta(hours=2), "ok")):
        at = system_now() - ago
        await pool.execute("insert into calls (received_at, created_at) values ($1, $1)", at)
        found = await looked(pool, "telephony")
        assert (found.level, f"{at:%Y-%m-%d %H:%M:%S}Z" in found.detail) == (level, True)


async def test_a_channel_nothing_gets_through_fails(pool: asyncpg.Pool) -> None:
    assert (await looked(pool, "channel journal")).level == "ok"
    await pool.execute(
        "insert into channel_states (channel, opened_at, reason) select id, now(), 'timeout' from channels"
    )
    found = await looked(pool, "channel journal")
    assert found.level == "fail"
    assert found.detail.endswith(": timeout")
