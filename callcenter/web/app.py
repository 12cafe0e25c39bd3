"""The HTTP application: every route behind the one door, health, the document, readable docs."""

import re
from collections.abc import Awaitable, Callable
from importlib.resources import files
from pathlib import Path

import asyncpg
import msgspec
import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

from callcenter.services.context import Context
from callcenter.web.acknowledging import add_acknowledging
from callcenter.web.api import ROUTES
from callcenter.web.handle import AWAY, Door
from callcenter.web.live import add_feed
from callcenter.web.metrics_page import Scrape, counting, know_routes, metrics_page
from callcenter.web.openapi import document
from callcenter.web.pages import add_pages
from callcenter.web.problems import problem
from callcenter.web.request_id import identified, streaming

_log = structlog.get_logger("callcenter.web")
# an id is a number: what is none belongs to another route, or to nobody
_NUMBERED = re.compile(r"{(id|number|file)}")
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_DOCS = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Callcenter API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="docs/static/swagger-ui.css"><div id="ui"></div>
<script src="docs/static/swagger-ui-bundle.js"></script>
<script>SwaggerUIBundle({url: "openapi.json", dom_id: "#ui", deepLinking: true, validatorUrl: null})</script></html>"""


@web.middleware
async def problems(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """What aiohttp itself refuses, and what nobody foresaw, as problem+json too; never a stack trace."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
        detail = {404: f"nothing lives at {request.path[:200]}"}.get(error.status, error.reason)
        return problem(error.status, error.reason, detail, headers=headers)
    except Exception:
        _log.exception("unforeseen", method=request.method, path=_template(request))
        return problem(500, "Our mistake", "it has been logged; nothing of this request was stored")


def _template(request: web.Request) -> str:
    """The path as the route writes it: what stands in its place may be a secret."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else request.path


def build(pool: asyncpg.Pool, context: Context, scrape: Scrape | None = None) -> web.Application:
    """The application on an open pool; with `scrape` it counts its requests and has a page for Prometheus."""
    counted: list[Middleware] = [counting(scrape.metrics)] if scrape is not None else []
    app = web.Application(middlewares=[identified, *counted, problems], client_max_size=context.settings.body_limit)
    app.on_response_prepare.append(streaming)
    add_feed(app, pool, context)
    door = Door(pool, context)
    for route in ROUTES:
        app.router.add_route(route.method, _NUMBERED.sub(r"{\1:[0-9]{1,18}}", route.path), door.handler(route))
    text = msgspec.json.encode(document(ROUTES))

    async def openapi(_: web.Request) -> web.Response:
        return web.Response(body=text, content_type="application/json")

    async def docs(_: web.Request) -> web.Response:
        return web.Response(text=_DOCS, content_type="text/html")

    async def alive(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def ready(_: web.Request) -> web.Response:
        try:
            async with pool.acquire(timeout=2) as conn:
                await conn.fetchval("select 1", timeout=2)
        except AWAY as error:
            return problem(503, "Not ready", f"the database does not answer: {type(error).__name__}")
        return web.json_response({"status": "ok"})

    app.router.add_get("/api/openapi.json", openapi)
    app.router.add_get("/api/docs", docs)
    app.router.add_static("/api/docs/static", _swagger())
    app.router.add_get("/healthz", alive)
    app.router.add_get("/readyz", ready)
    add_pages(app, pool, context)
    add_acknowledging(app, pool, context)
    if scrape is not None:
        app.router.add_get("/metrics", metrics_page(scrape))
        know_routes(app, scrape.metrics)
    return app


def _swagger() -> Path:
    """The folder of the vendored Swagger UI."""
    vendor = Path(str(files("swagger_ui_bundle"))) / "vendor"
    return next(vendor.glob("swagger-ui-*"))
