"""The one composition root: a running service is put together here, in order, and taken apart in reverse."""

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import asyncpg
from aiohttp import web
from prometheus_client import CollectorRegistry

from alerts.channels import Setup, open_channel
from alerts.dispatcher import Dispatcher
from alerts.dispatcher import unwatched as delivery_unwatched
from alerts.engine import unwatched as pass_unwatched
from callcenter.alarm import Alarm
from callcenter.figures import DatabaseFigures
from callcenter.jobs import cron_jobs
from callcenter.metrics import Everyone, ProcessMetrics, published
from callcenter.now import Now, system_now
from callcenter.services.context import Context
from callcenter.services.deliveries import link_path
from callcenter.settings import Settings
from callcenter.steady_now import SteadyNow
from callcenter.store.deliveries import DatabaseOutbox
from callcenter.store.engine import ClockBook
from callcenter.store.pool import connect, open_pool
from callcenter.store.together import Burst
from callcenter.tracing import Traces, traced
from callcenter.web.app import build
from callcenter.web.metrics_page import Scrape

# How long requests under way may take to finish when the service is stopped.
GRACE_S = 10.0


@dataclass(frozen=True, slots=True)
class Service:
    """A running service; `site.name` is where it listens once it does."""

    context: Context
    pool: asyncpg.Pool
    alarm: Alarm
    web: web.Application


@asynccontextmanager
async def service(settings: Settings, dsn: str, direct_dsn: str, now: Now = system_now) -> AsyncIterator[Service]:
    """The engine, the dispatcher and the application run on a migrated database until the block is left."""
    async with traced(settings) as traces, _service(settings, dsn, direct_dsn, now, traces) as running:
        yield running


@asynccontextmanager
async def _service(
    settings: Settings, dsn: str, direct_dsn: str, now: Now, traces: Traces | None
) -> AsyncIterator[Service]:
    # a pooler gives each transaction another connection: what one is told is lost on the next
    carry = traces.carry if traces is not None and settings.statement_cache else None
    pool = await open_pool(dsn, size=settings.pool_size, statement_cache=settings.statement_cache, setup=carry)
    # requests hold connections of the first pool while they wait for a shared statement on the second
    writers = await open_pool(dsn, size=2, statement_cache=settings.statement_cache)
    try:
        steady = SteadyNow(now)
        context = Context(settings, steady, pool=pool, burst=Burst(writers))
        by = f"{socket.gethostname()}:{os.getpid()}"
        outbox = DatabaseOutbox(pool, context.terms)
        async with pool.acquire() as conn:
            acknowledge_path = await link_path(conn, steady)
        setup = Setup(steady, settings.base_url, settings.journal, acknowledge_path)
        dispatcher = Dispatcher(
            outbox, lambda kind, config: open_channel(kind, config, setup), steady, by,
            around=traces.delivery if traces is not None else delivery_unwatched,
        )  # fmt: skip
        alarm = Alarm(
            ClockBook(pool, context.terms), outbox, dispatcher, steady, pool=pool, connect=lambda: connect(direct_dsn),
            by=by, tick=timedelta(seconds=settings.tick_s), steady=steady, jobs=cron_jobs(pool, context),
            around=traces.engine_pass if traces is not None else pass_unwatched,
        )  # fmt: skip
        await alarm.start()
        try:
            async with _scraped(settings, context, pool, alarm, dispatcher) as scrape:
                app = build(pool, context, scrape)
                if traces is not None:
                    app.middlewares.insert(1, traces.middleware())  # within the request's id
                yield Service(context, pool, alarm, app)
        finally:
            await alarm.stop()
    finally:
        await writers.close()
        await pool.close()


@asynccontextmanager
async def _scraped(
    settings: Settings, context: Context, pool: asyncpg.Pool, alarm: Alarm, dispatcher: Dispatcher
) -> AsyncIterator[Scrape]:
    """What the scrape page needs; other workers see this one's figures until the block is left."""
    registry = CollectorRegistry()
    metrics = ProcessMetrics(registry)
    publish = partial(metrics.publish, alarm.health, dispatcher.results, pool)
    figures = DatabaseFigures(pool, context)
    async with published(publish):
        try:
            yield Scrape(metrics, Everyone(registry, settings.metrics_folder), figures, publish)
        finally:
            await figures.close()


@asynccontextmanager
async def listening(app: web.Application, sock: socket.socket) -> AsyncIterator[str]:
    """The application answers on the bound socket; gives its address."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=GRACE_S)
    await runner.setup()
    try:
        await web.SockSite(runner, sock).start()
        host, port = sock.getsockname()[:2]
        yield f"http://{f'[{host}]' if ':' in host else host}:{port}"
    finally:
        await runner.cleanup()


def bound(settings: Settings) -> socket.socket:
    """A socket bound to the address of the settings; OSError where it is taken."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((settings.host, settings.port))
    except OSError:
        sock.close()
        raise
    return sock
