"""The drill: a backup while calls are logged and alerts go out, restored elsewhere: none lost, none told twice."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from callcenter.services import backup, contracts
from callcenter.services.context import Context
from callcenter.services.people import create_token
from callcenter.services.types import Actor
from callcenter.services.verify import check
from callcenter.settings import Settings, child_environment
from callcenter.store.pool import connect
from tests.acceptance.test_crash import Service

CONTRACTS = 40  # with few calls each: many of one contract would be told together, and later
CONTRACT = """
contract: DRILL-{number}
customer: Somebody
valid: {{from: 2020-01-01, until: 2099-12-31}}
timezone: UTC
severities: {{1: {{name: grave}}}}
grading: [{{otherwise: 1}}]
calendars: {{always: 24x7}}
commitments:
  - {{name: response, starts: reported, stops: responded, within: 3s, calendar: always}}
alerts:
  ladder:
    - {{at: breach, notify: [supervisor]}}
"""
OPEN = """
select count(*) from deliveries d left join deliveries c on c.id = d.carrier
where d.state in ('pending', 'sending') or d.state = 'gathered' and c.state <> 'sent'
"""
SENT = (
    "select d.id::text from deliveries d join channels c on c.id = d.channel where c.name = 'hook' and d.state = 'sent'"
)


@asynccontextmanager
async def receiver() -> AsyncIterator[tuple[str, list[str]]]:
    """A webhook's other side, and the ids of the messages it took, in order."""
    taken: list[str] = []

    async def take(request: web.Request) -> web.Response:
        taken.append(request.headers["webhook-id"])
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/", take)
    async with TestServer(app, host="127.0.0.1") as server:
        yield str(server.make_url("/")), taken


async def _prepared(conn: asyncpg.Connection, hook: str) -> str:
    now: datetime = await conn.fetchval("select now()")
    actor = Actor("test", "admin")
    for number in range(CONTRACTS):
        await contracts.put(conn, f"DRILL-{number}", CONTRACT.format(number=number), actor, now)
    await conn.execute(
        "insert into channels (name, kind, config, created_at, updated_at) values ('hook', 'webhook', $1, $2, $2)",
        {"url": hook, "allow_private": True}, now,
    )  # fmt: skip
    return await create_token(conn, "test", "admin", None, None, now)


async def _calls(url: str, token: str, enough: asyncio.Event) -> int:
    """Logs calls of one contract after the other until there are enough; how many."""
    headers, logged = {"Authorization": f"Bearer {token}"}, 0
    async with aiohttp.ClientSession(headers=headers) as session:
        while not enough.is_set():
            ticket = {"contract": f"DRILL-{logged % CONTRACTS}", "title": f"fault {logged}"}
            async with session.post(f"{url}/api/v1/calls", json={"caller": "desk", "ticket": ticket}) as answer:
                assert answer.status == 201, await answer.text()
            logged += 1
    return logged


async def _until(conn: asyncpg.Connection, query: str, wanted: Any) -> None:
    """The query gives at least so much, or exactly nothing where nothing is wanted, within two minutes."""
    for _ in range(480):
        found = await conn.fetchval(query)
        if found == 0 if wanted == 0 else found >= wanted:
            return
        await asyncio.sleep(0.25)
    pytest.fail(f"{query}: {found}, not {wanted}")


async def _rungs(conn: asyncpg.Connection) -> Counter[tuple[Any, ...]]:
    rows = await conn.fetch("select c.ticket, c.commitment, c.cycle, a.step, a.repeat, a.deadline_version"
                            " from alerts a join clocks c on c.id = a.clock")  # fmt: skip
    return Counter(tuple(row) for row in rows)


async def test_a_backup_under_load_loses_no_alert_and_repeats_none(
    database_url: str, empty_url: str, tmp_path: Path
) -> None:
    source, target = await connect(database_url), await connect(empty_url)
    try:
        async with receiver() as (hook, taken):
            token = await _prepared(source, hook)
            await _under_load(source, database_url, token, tmp_path / "drill.dump")
            await backup.restore(target, empty_url, tmp_path / "drill.dump")
            tickets = await target.fetchval("select count(*) from tickets")
            before = {row[0] for row in await target.fetch(SENT)}
            assert 10 < len(before) < await source.fetchval(f"select count(*) from ({SENT}) as sent")
            assert tickets < await source.fetchval("select count(*) from tickets")
            now = await target.fetchval("select now()")
            pages = check(target, Context(Settings(), lambda: now), now)
            assert [page.differences async for page in pages if page.differences] == []

            taken.clear()
            await _taken_up(target, empty_url, tickets)
            assert not before & set(taken), "what had been sent is not sent again"
            assert {row[0] for row in await target.fetch(SENT)} - before == set(taken), "and all the rest is"
            assert max(Counter(taken).values()) == 1
            assert set((await _rungs(target)).values()) == {1}, "each rung once"
    finally:
        await source.close()
        await target.close()


async def _under_load(conn: asyncpg.Connection, dsn: str, token: str, file: Path) -> None:
    """The backup was made while calls came in and alerts went out, before and after."""
    service = await asyncio.to_thread(Service, child_environment(Settings(), database_url=dsn))
    try:
        enough = asyncio.Event()
        logging = asyncio.create_task(_calls(service.url, token, enough))
        await _until(conn, f"select count(*) from ({SENT}) as sent", 20)
        await backup.backup(conn, dsn, file)
        during = await conn.fetchval("select count(*) from tickets")
        await _until(conn, "select count(*) from tickets", during + 20)
        enough.set()
        await logging
        await _until(conn, "select count(distinct clock) from alerts", during + 10)
    finally:
        await asyncio.to_thread(service.end, signal.SIGTERM)


async def _taken_up(conn: asyncpg.Connection, dsn: str, tickets: int) -> None:
    """A service on the restored database has found every deadline that has passed, and told of it."""
    service = await asyncio.to_thread(Service, child_environment(Settings(), database_url=dsn))
    try:
        await _until(conn, "select count(distinct clock) from alerts", tickets)
        await _until(conn, OPEN, 0)
    finally:
        await asyncio.to_thread(service.end, signal.SIGTERM)
    assert await conn.fetchval("select count(*) from alerts") == tickets
