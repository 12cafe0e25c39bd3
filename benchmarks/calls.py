"""How fast is `POST /api/v1/calls` that opens a graded ticket with its clocks, beside a bare handler in the same run?

The bare handler is aiohttp and asyncpg alone: it decodes JSON and inserts one call, one ticket, three clocks and one
timeline row in one transaction (one statement). Both run in a process of their own, on the same embedded PostgreSQL
with synchronous commit on, and are loaded in turn, A B A B, by the same client.

    python benchmarks/calls.py [--seconds 5] [--rounds 3] [--connections 16] [--profile]
"""

import argparse
import asyncio
import json
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from inspect import isawaitable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import uvloop
from aiohttp import web

from alerts.policy import judge
from callcenter.app import listening
from callcenter.now import system_now
from callcenter.services.calls import LogCall, log_call
from callcenter.services.context import Context
from callcenter.services.opening import open_ticket
from callcenter.services.types import Actor
from callcenter.settings import Settings
from callcenter.store import tickets
from callcenter.store.embedded import EmbeddedPostgres
from callcenter.store.migrate import migrate
from callcenter.store.pool import connect, open_pool
from callcenter.store.together import Burst
from callcenter.web.app import build
from sla.explain import why
from sla.interval import micros

CONTRACT = Path(__file__).parents[1] / "examples" / "contracts" / "public-health.yaml"
BODY = json.dumps(
    {
        "caller": "+86 551 6360 1234",
        "queue": "hotline",
        "ticket": {
            "contract": "HF-2026-PH",
            "region": "city",
            "title": "Core switch in the county centre is down",
            "facts": {"impact": "down", "liability": "ours"},
        },
    }
).encode()
BARE_TABLES = """
create schema bare;
create table bare.calls (id bigserial primary key, caller text, received_at timestamptz not null, ticket bigint);
create table bare.tickets (number bigserial primary key, title text not null, severity int, state text not null, reported_at timestamptz);
create table bare.clocks (id bigserial primary key, ticket bigint not null, commitment text, state text, started_at timestamptz,
    due_at timestamptz, wake_at timestamptz);
create index on bare.clocks (wake_at);
create table bare.entries (ticket bigint, seq int, type text, occurred_at timestamptz, data jsonb, primary key (ticket, seq));
"""
BARE_INSERT = """
with t as (insert into bare.tickets (title, severity, state, reported_at) values ($1, $2, 'new', $3) returning number),
c as (insert into bare.calls (caller, received_at, ticket) select $4, $3, number from t returning id),
e as (insert into bare.entries select number, 1, 'reported', $3, $5 from t),
k as (insert into bare.clocks (ticket, commitment, state, started_at, due_at, wake_at)
      select number, x, 'running', $3, $3 + interval '1 hour', $3 + interval '30 minutes' from t,
      unnest(array['response', 'on_site', 'restore']) x)
select t.number, c.id from t, c
"""


def bare(pool: asyncpg.Pool) -> web.Application:
    """aiohttp, JSON and the insert; nothing else."""

    async def log(request: web.Request) -> web.Response:
        body = json.loads(await request.read())
        ticket = body["ticket"]
        async with pool.acquire() as conn:
            row = await conn.fetchrow(
                BARE_INSERT, ticket["title"], 1, system_now(), body["caller"], json.dumps(ticket["facts"])
            )
        return web.Response(
            body=json.dumps({"ticket": row[0], "call": row[1]}).encode(), content_type="application/json"
        )

    app = web.Application()
    app.router.add_post("/api/v1/calls", log)
    return app


def serve(kind: str, dsn: str, profile: bool, pipe: Connection) -> None:
    """A process that serves one of the two applications until told to stop."""
    import cProfile
    import pstats
    import socket

    async def run() -> None:
        # the bare one as anybody would write it; ours as callcenter.app puts it together
        pool = await (asyncpg.create_pool(dsn, max_size=16) if kind == "bare" else open_pool(dsn, size=16))
        writers = await open_pool(dsn, size=2)
        app = bare(pool) if kind == "bare" else build(pool, Context(Settings(), system_now, burst=Burst(writers)))
        sock = socket.create_server(("127.0.0.1", 0))
        async with listening(app, sock):
            pipe.send(sock.getsockname()[1])
            started.append(time.process_time())
            await asyncio.get_running_loop().run_in_executor(None, pipe.recv)
        await writers.close()
        await pool.close()

    profiler = cProfile.Profile()
    started: list[float] = []
    if profile:
        profiler.enable()
    uvloop.run(run())
    profiler.disable()
    pipe.send(time.process_time() - started[0])
    if profile:
        pstats.Stats(profiler).sort_stats("tottime").print_stats(45)


async def load(port: int, token: str, seconds: float, connections: int) -> tuple[int, list[float]]:
    """Requests answered with 201 within the time, and how long each took."""
    request = (
        f"POST /api/v1/calls HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(BODY)}\r\n\r\n"
    ).encode() + BODY
    until = time.perf_counter() + seconds
    took: list[float] = []

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (start := time.perf_counter()) < until:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            if not head.startswith((b"HTTP/1.1 201", b"HTTP/1.1 200")):
                raise RuntimeError(body.decode())
            took.append(time.perf_counter() - start)
        writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    return len(took), took


async def rest(dsn: str) -> None:
    """Prints where a call of ours goes that a bare one does not: each step alone, with nothing beside it."""
    pool = await open_pool(dsn, size=1)
    context, actor = Context(Settings(), system_now), Actor("bench", "admin")
    command, now = msgspec.json.decode(BODY, type=LogCall), system_now()
    wanted = command.ticket
    assert wanted is not None
    wish = tickets.Wish(queue=command.queue, phone=command.caller, contact=None, code=wanted.contract, at=now)
    async with pool.acquire() as conn:
        known = (await tickets.resolve(conn, [wish]))[0]
        terms = await context.terms.of(conn, known["contract_version"])
        opened = open_ticket(terms, wanted, reported_at=now, now=now, by="bench")
        answer = await log_call(conn, context, command, actor, now)
        at = micros(now)
        bare_call = (wanted.title, 1, now, command.caller, json.dumps(wanted.facts))
        whole = await _alone(lambda: log_call(conn, context, command, actor, now))
        resolving = await _alone(lambda: tickets.resolve(conn, [wish]))
        steps = {
            "the body read": await _alone(lambda: msgspec.json.decode(BODY, type=LogCall)),
            "who calls, which contract, the number: a statement": resolving,
            "graded, six clocks reckoned": await _alone(
                lambda: open_ticket(terms, wanted, reported_at=now, now=now, by="bench")
            ),
            "the ladder of each clock": await _alone(
                lambda: [judge(terms, opened.timeline, None, one, (), now, now) for one in opened.clocks]
            ),
            "each clock explained": await _alone(
                lambda: [why(terms, opened.timeline, one, at) for one in opened.clocks]
            ),
            "the answer written": await _alone(lambda: msgspec.json.encode(answer)),
        }
        bare_took = await _alone(lambda: conn.fetchrow(BARE_INSERT, *bare_call))
    print("a call of ours alone, without HTTP, in microseconds (median); the bare insert alone takes", round(bare_took))
    for name, took in steps.items():
        print(f"{took:8.0f}  {name}")
    print(f"{whole - sum(steps.values()):8.0f}  rows and hashes made, and the statement that writes them")


async def _alone(step: Callable[[], Any], times: int = 500) -> float:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        done = step()
        if isawaitable(done):
            await done
        took.append((time.perf_counter() - began) * 1e6)
    return statistics.median(took)


async def prepare(dsn: str) -> None:
    """A migrated database with a contract, a token and the bare tables."""
    conn = await connect(dsn)
    await migrate(conn)
    await conn.execute(BARE_TABLES)
    digest = sha256(b"bench").digest()
    await conn.execute("insert into tokens (name, role, hash, created_at) values ('bench', 'admin', $1, now())", digest)
    from callcenter.services import contracts

    await contracts.put(conn, None, CONTRACT.read_text("utf-8"), Actor("bench", "admin"), system_now())
    await conn.close()


def main() -> None:
    """Runs the rounds and prints the ratio."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=5)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--connections", type=int, default=16)
    arguments.add_argument("--profile", action="store_true")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres.start_or_join(Path(folder)) as server:
        asyncio.run(prepare(server.dsn))
        servers: dict[str, tuple[Any, Connection, int]] = {}
        spawn = multiprocessing.get_context("spawn")
        for kind in ("bare", "ours"):
            here, there = spawn.Pipe()
            process = spawn.Process(
                target=serve, args=(kind, server.dsn, given.profile and kind == "ours", there), daemon=True
            )
            process.start()
            servers[kind] = (process, here, here.recv())
        rates: dict[str, list[float]] = {"bare": [], "ours": []}
        for kind in servers:
            uvloop.run(load(servers[kind][2], "bench", 1, given.connections))
        cpu_of: dict[str, float] = {}
        for _ in range(given.rounds):
            for kind, (_, _, port) in servers.items():
                done, took = uvloop.run(load(port, "bench", given.seconds, given.connections))
                rates[kind].append(done / given.seconds)
                ordered = sorted(took)
                print(
                    f"{kind:5} {done / given.seconds:8.0f} calls/s   p50 {ordered[len(ordered) // 2] * 1e3:6.2f} ms"
                    f"   p99 {ordered[len(ordered) * 99 // 100] * 1e3:6.2f} ms"
                )
        for kind, (process, here, _) in servers.items():
            here.send("stop")
            cpu_of[kind] = here.recv()
            process.join()
        uvloop.run(rest(server.dsn))
        ratios = [ours / plain for ours, plain in zip(rates["ours"], rates["bare"], strict=True)]
        answered = {kind: sum(rates[kind]) * given.seconds for kind in rates}
        for kind in rates:
            print(f"{kind:5} process CPU {cpu_of[kind] / answered[kind] * 1e6:6.0f} us a call (warming up included)")
        print(f"ours / bare: median {statistics.median(ratios):.2f} (min {min(ratios):.2f}, max {max(ratios):.2f})")


if __name__ == "__main__":
    main()
