"""`GET /metrics` for Prometheus, and the counting of requests."""

from collections.abc import Awaitable, Callable, Iterable, Set
from dataclasses import dataclass
from time import perf_counter

from aiohttp import web
from aiohttp.typedefs import Middleware
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric

from callcenter.figures import DatabaseFigures
from callcenter.metrics import DURATION, DURATION_TOLD, HTTP_BOUNDS, Everyone, ProcessMetrics
from callcenter.web.exposition import Exposition

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
UNMATCHED = "unmatched"
STATUSES = (200, 500, 503)
# A telephone system that is refused is told of at the first time: what a counter begins with is no increase.
HOOK_REFUSED = (401, 403, 404, 422)


@dataclass(frozen=True, slots=True)
class Scrape:
    """What the page is made of: this process's metrics, those of all workers, the database's figures."""

    metrics: ProcessMetrics
    everyone: Everyone
    figures: DatabaseFigures
    publish: Callable[[], None]


class Unasked:
    """Histograms of routes that nobody has asked yet, at 0.

    They are written beside what was counted rather than counted: in the files that workers share, their thousands of
    values would take longer to read at each scrape than all the rest.
    """

    def __init__(self, routes: Set[tuple[str, str]], exposition: Exposition) -> None:
        self._routes = routes
        self._exposition = exposition
        self._text: dict[tuple[str, str], str] = {}

    def there(self, metrics: Iterable[Metric]) -> list[Metric]:
        """The metrics, with the family of request times where no request has put it there."""
        known = list(metrics)
        if all(one.name != DURATION for one in known):
            known.append(Metric(DURATION, DURATION_TOLD, "histogram"))
        return known

    def lines(self, metrics: Iterable[Metric]) -> list[str]:
        """The lines of every route known whose request times are not among the metrics."""
        counts = (one for metric in metrics if metric.name == DURATION for one in metric.samples)
        asked = {(one.labels["method"], one.labels["route"]) for one in counts if one.name.endswith("_count")}
        return [self._empty(*route) for route in sorted(self._routes - asked)]

    def _empty(self, method: str, route: str) -> str:
        found = self._text.get((method, route))
        if found is None:
            labels = {"method": method, "route": route}
            found = self._text[method, route] = self._exposition.empty_histogram(DURATION, labels, HTTP_BOUNDS)
        return found


def metrics_page(scrape: Scrape) -> Handler:
    """The handler of the page: OpenMetrics or the text format, whichever is asked for."""

    exposition = Exposition()
    unasked = Unasked(scrape.metrics.routes, exposition)

    async def page(request: web.Request) -> web.Response:
        scrape.publish()
        try:
            _, media = choose_encoder(",".join(request.headers.getall("Accept", [])))
        except (ValueError, TypeError):  # a version that is no version
            _, media = choose_encoder("")
        own = unasked.there(scrape.everyone.collect())
        metrics = [*own, *await scrape.figures.families()]
        openmetrics = media.startswith("application/openmetrics-text")
        body = exposition.write(metrics, openmetrics=openmetrics, more={DURATION: unasked.lines(own)})
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
            path = route.resource.canonical
            metrics.known_route(route.method, path, STATUSES + HOOK_REFUSED if path.startswith("/cti/") else STATUSES)
