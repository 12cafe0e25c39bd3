"""`GET /metrics` for Prometheus."""

from collections.abc import Awaitable, Callable

import asyncpg
from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from callcenter.alarm import Health
from callcenter.services.context import Context


def metrics_page(
    pool: asyncpg.Pool, context: Context, health: Health
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The handler of the page."""
    registry = CollectorRegistry()
    depth = Gauge("alerts_outbox_deliveries", "Deliveries that wait or are under way.", registry=registry)

    async def page(_: web.Request) -> web.Response:
        depth.set(health.outbox_depth)
        return web.Response(body=generate_latest(registry), headers={"Content-Type": "text/plain; version=0.0.4"})

    return page
