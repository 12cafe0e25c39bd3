"""Two services of two workers on one database: one is killed, PostgreSQL restarted, and nothing is lost or doubled."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import aiohttp
import asyncpg
import pytest
from aiohttp import web

from callcenter.store.embedded import EmbeddedPostgres

ROOT = Path(__file__).parents[2]
CLOCKS = 2000
CONTRACT = """
contract: CRASH
title: Twenty seconds to answer
customer: Crash
valid: {from: 2020-01-01, until: 2099-12-31}
timezone: UTC
version: 1
effective: 2020-01-01
severities: {1: {name: one, meaning: one}}
grading: [{otherwise: 1}]
calendars: {always: 24x7}
commitments:
  - {name: response, starts: reported, stops: responded, within: 24s, calendar: always}
alerts:
  ladder:
    - {at: 50%, notify: [assignee]}
    - {at: breach, notify: [supervisor]}
"""


class Server:
    """PostgreSQL behind an address that stays the same over a restart."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._link = folder / "sockets"
        self.start()
        self.dsn = f"postgresql://callcenter@/callcenter?host={quote(str(self._link))}&port=5432"

    def start(self) -> None:
        """The server answers at its address."""
        self._server = EmbeddedPostgres.start_or_join(self._folder / "data")
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(parse_qs(urlsplit(self._server.dsn).query)["host"][0])

    def stop(self) -> None:
        """It has ended, with everybody who was connected."""
        self._server.stop()


class Service:
    """`callcenter serve --workers 2` as its own process."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "callcenter", "serve", "--port", "0", "--workers", "2"],
            cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.url = next(word for word in self.process.stdout.readline().split() if word.startswith("http"))

    def end(self, how: int) -> None:
        """The signal was sent and the process has ended."""
        self.process.send_signal(how)
        self.process.wait(timeout=30)
        assert self.process.stdout is not None
        self.process.stdout.close()


@asynccontextmanager
async def receiver() -> AsyncIterator[tuple[str, Counter[str]]]:
    """A webhook's other side, and how often each message id arrived."""
    seen: Counter[str] = Counter()

    async def take(request: web.Request) -> web.Response:
        seen[request.headers["webhook-id"]] += 1
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/", take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/", seen
    finally:
        await runner.cleanup()


def command(environment: dict[str, str], *words: str, stdin: str | None = None) -> str:
    """What a command printed; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "callcenter", *words],
        cwd=ROOT,
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


async def log_calls(url: str, token: str, count: int) -> None:
    """That many calls were logged, each with a ticket and a clock."""
    headers = {"Authorization": f"Bearer {token}"}
    left = iter(range(count))

    async def work(session: aiohttp.ClientSession) -> None:
        for place in left:
            body = {"caller": f"call {place}", "ticket": {"contract": "CRASH", "title": f"fault {place}"}}
            async with session.post(f"{url}/api/v1/calls", json=body) as answer:
                assert answer.status == 201, await answer.text()

    async with aiohttp.ClientSession(headers=headers) as session:
        await asyncio.gather(*(work(session) for _ in range(16)))


async def until(check: str, dsn: str, seconds: int) -> None:
    """The query gave true within the time; connection losses do not count."""
    for _ in range(seconds * 4):
        try:
            conn = await asyncpg.connect(dsn)
            try:
                if await conn.fetchval(check):
                    return
            finally:
                await conn.close()
        except (OSError, asyncpg.PostgresError):
            pass
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 0.25)
    conn = await asyncpg.connect(dsn)
    stands = await conn.fetch("select event, state, reason, count(*) from deliveries group by 1, 2, 3")
    alerts = await conn.fetch("select kind, state, count(*) from alerts group by 1, 2")
    await conn.close()
    pytest.fail(f"not within {seconds} s: {check}; there are {list(map(tuple, alerts))} and {list(map(tuple, stands))}")


async def test_a_killed_service_and_a_restarted_database_lose_and_double_nothing(tmp_path: Path) -> None:
    postgres = await asyncio.to_thread(Server, tmp_path)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CALLCENTER_")}  # noqa: TID251  a child's
    environment = {**kept, "DATABASE_URL": postgres.dsn}
    contract = tmp_path / "contract.yaml"
    contract.write_text(CONTRACT, "utf-8")
    await asyncio.to_thread(command, environment, "contract", "import", str(contract))
    token = await asyncio.to_thread(command, environment, "token", "create", "--role", "admin")
    first, second = await asyncio.to_thread(lambda: (Service(environment), Service(environment)))
    try:
        async with receiver() as (hook, seen):
            channel = {"name": "hook", "kind": "webhook", "config": {"url": hook, "allow_private": True}}
            async with (
                aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session,
                session.post(f"{first.url}/api/v1/channels", json=channel) as answer,
            ):
                assert answer.status == 201, await answer.text()
            await asyncio.gather(
                log_calls(first.url, token, CLOCKS // 2),
                log_calls(second.url, token, CLOCKS - CLOCKS // 2),
            )
            await until("select count(*) > 300 from alerts where kind = 'breach'", postgres.dsn, 60)
            first.end(signal.SIGKILL)
            await until("select count(*) > 800 from alerts where kind = 'breach'", postgres.dsn, 60)
            await asyncio.to_thread(postgres.stop)
            await asyncio.to_thread(postgres.start)
            await until(f"select count(*) >= {CLOCKS * 2} from alerts", postgres.dsn, 90)
            # a lease that died with its worker runs out after a minute
            told = """select not exists (select 1 from deliveries d left join deliveries c on c.id = d.carrier
                where d.state <> 'sent' and (d.state <> 'gathered' or c.state <> 'sent'))"""
            await until(told, postgres.dsn, 120)
            conn = await asyncpg.connect(postgres.dsn)
            alerts = await conn.fetchrow(
                "select count(*) as all, count(distinct (clock, step)) as rungs, count(distinct clock) as clocks"
                " from alerts"
            )
            ids = await conn.fetch(
                "select d.id from deliveries d join channels c on c.id = d.channel"
                " where c.name = 'hook' and d.state = 'sent'"
            )
            await conn.close()
            assert tuple(alerts) == (2 * CLOCKS, 2 * CLOCKS, CLOCKS)
            assert {str(row["id"]) for row in ids} == set(seen), "each message arrived, and under its own id"
        await asyncio.to_thread(command, environment, "verify")
    finally:
        second.end(signal.SIGTERM)
        if first.process.poll() is None:
            first.end(signal.SIGTERM)
        await asyncio.to_thread(postgres.stop)
