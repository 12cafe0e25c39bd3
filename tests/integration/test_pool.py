"""The pool's session: instants in UTC, JSON as Python values."""

from datetime import UTC, datetime

import asyncpg
import pytest

from callcenter.store import export
from callcenter.store.pool import IDLE_AT_MOST, connect, open_pool


async def test_json_comes_back_as_python_values(pool: asyncpg.Pool) -> None:
    value = {"names": ["王", None], "n": 1.5}
    assert await pool.fetchval("select $1::jsonb", value) == value
    assert await pool.fetchval("select $1::json", value) == value


async def test_instants_are_utc(pool: asyncpg.Pool) -> None:
    instant = await pool.fetchval("select '2026-11-21 20:00 +08'::timestamptz")
    assert instant == datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert instant.tzinfo is UTC
    assert await pool.fetchval("show timezone") == "UTC"
    assert await pool.fetchval("show application_name") == "callcenter"


async def test_a_transaction_that_stands_still_is_ended_but_not_an_export(pool: asyncpg.Pool) -> None:
    asked = "show idle_in_transaction_session_timeout"
    assert await pool.fetchval(asked) == IDLE_AT_MOST
    async with pool.acquire() as conn, conn.transaction():
        await export.unhurried(conn)
        assert await conn.fetchval(asked) == "0"
    assert await pool.fetchval(asked) == IDLE_AT_MOST


async def test_no_prepared_statement_is_left_without_the_cache(database_url: str) -> None:
    pool = await open_pool(database_url, size=1, statement_cache=False)
    async with pool.acquire() as connection:
        await connection.fetchval("select $1::int", 1)
        assert await connection.fetchval("select count(*) from pg_prepared_statements") == 0
    await pool.close()


async def test_several_hosts_lead_to_the_one_that_answers(database_url: str, server: str) -> None:
    if "?host=" not in database_url:
        pytest.skip("a server of one's own has its hosts set")
    before, host = database_url.split("?host=")
    socket = host.split("&")[0]
    several = f"{before}?host=%2Fnowhere,{socket}&port=5432,5432&target_session_attrs=read-write"
    connection = await connect(several)
    assert await connection.fetchval("select $1::jsonb", [1]) == [1]
    await connection.close()
