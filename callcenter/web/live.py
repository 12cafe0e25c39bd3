"""Server-sent events: the feed as a response, for browsers and for clients of the API."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import asyncpg
import msgspec
import structlog
from aiohttp import web

from callcenter.services import drafts, events, finding
from callcenter.services.context import Context
from callcenter.services.events import Feed, Happened, Place, read_place
from callcenter.services.types import Actor

_log = structlog.get_logger("callcenter.live")
FEED = web.AppKey("feed", Feed)
# A stream is ended now and then, so that who may no longer read does not; the reader resumes where it stopped.
_LONGEST_S = 600.0
_KEEP_HOUSE_S = 60.0
# batches of names a minute, before others are let in
_LEARNT = 100
_HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def add_feed(app: web.Application, pool: asyncpg.Pool, context: Context) -> None:
    """The application has a feed that runs while it does."""
    feed = app[FEED] = Feed(pool)

    async def run(_: web.Application) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(feed.run()), asyncio.create_task(_keep_house(pool, context))]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def stop(_: web.Application) -> None:
        feed.close()

    app.cleanup_ctx.append(run)
    app.on_shutdown.append(stop)


async def _keep_house(pool: asyncpg.Pool, context: Context) -> None:
    """Names written in bulk are learnt soon, old events and drafts go."""
    while True:
        try:
            async with pool.acquire() as conn:
                for _ in range(_LEARNT):
                    if not await finding.learn(conn):
                        break
                await drafts.expire(conn, context.now())
            await events.expire(pool, context.now())
        except events.AWAY as error:
            _log.warning("housekeeping_away", error=repr(error))
        await asyncio.sleep(_KEEP_HOUSE_S)


def place_of(request: web.Request) -> Place | None:
    """Where the reader stopped: its Last-Event-ID, or `after` for one that cannot set headers."""
    text = request.headers.get("Last-Event-ID") or request.query.get("after")
    return read_place(text) if text else None


async def stream(request: web.Request, actor: Actor, context: Context) -> web.StreamResponse:
    """The events for the actor, until somebody has enough."""
    after = place_of(request)
    response = web.StreamResponse(headers=_HEADERS)
    await response.prepare(request)
    loop = asyncio.get_running_loop()
    ends = loop.time() + _LONGEST_S
    feed = request.app[FEED]
    with suppress(ConnectionError):
        await response.write(b"retry: 1000\n\n")
        async for place, happened in feed.follow(actor, after, context.now()):
            if happened.kind == "beat":
                away = {"away": True} if feed.away else {}
                happened = Happened(kind="beat", at=context.now(), data=away)
            head = f"id: {place}\n" if place is not None else ""
            await response.write(f"{head}data: ".encode() + msgspec.json.encode(happened) + b"\n\n")
            if loop.time() > ends:
                break
    return response
