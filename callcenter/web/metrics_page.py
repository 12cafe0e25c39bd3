"""`GET /metrics` for Prometheus, and the counting of requests."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import perf_counter

from aiohttp import web
from aiohttp.typedefs import Middleware
from prometheus_client.exposition import choose_encoder

from callcenter.figures import DatabaseFigures
from callcenter.metrics import Everyone, ProcessMetrics
from callcenter.web.exposition import Exposition

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
UNMATCHED = "unmatched"
STATUSES = (200, 500, 503)


@dataclass(frozen=True, slots=True)
class Scrape:
    """What the page is made of: this process's metrics, those of all workers, the database's figures."""

    metrics: ProcessMetrics
    everyone: Everyone
    figures: DatabaseFigures
    publish: Callable[[], None]


def metrics_page(scrape: Scrape) -> Handler:
    """The handler of the page: OpenMetrics or the text format, whichever is asked for."""

    exposition = Exposition()

    async def page(request: web.Request) -> web.Response:
        scrape.publish()
        try:
            _, media = choose_encoder(",".join(request.headers.getall("Accept", [])))
        except (ValueError, TypeError):  # a version that is no version
            _, media = choose_encoder("")
        metrics = [*scrape.everyone.collect(), *await scrape.figures.families()]
        body = exposition.write(metrics, openmetrics=media.startswith("application/openmetrics-text"))
        return web.Response(body=body, headers={"Content-Type": media})

    return page


def counting(metrics: ProcessMetrics) -> Middleware:
    """A middleware around all others: every answer is counted under its route's template, never under its path."""

    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        began, status, stream = perf_counter(), 500, False
        try:
            response = await handler(request)
            status, stream = response.status, not isinstance(response, web.Response | web.FileResponse)
            return response
        except web.HTTPException as error:
            status = error.status
            raise
        finally:
            route = route_of(request)
            metrics.answered(request.method, route, status, None if stream else perf_counter() - began)

    return count


def route_of(request: web.Request) -> str:
    """The template of the route that matched."""
    resource = request.match_info.route.resource
    return UNMATCHED if resource is None else resource.canonical


def know_routes(app: web.Application, metrics: ProcessMetrics) -> None:
    """Every route is on the page before anybody has asked it."""
    for route in app.router.routes():
        if route.resource is not None and route.method not in ("HEAD", "*"):
            metrics.known_route(route.method, route.resource.canonical, STATUSES)
