"""The stream of the console, and what rings."""

import asyncpg
from aiohttp import web

from callcenter.errors import Invalid
from callcenter.services import cti, desk, signing_in
from callcenter.services.context import Context
from callcenter.web.live import place_of, stream
from callcenter.web.pages.page import COOKIE, Look, Page, View


class LivePage:
    """The stream: it stands beside the other pages because it holds no connection while it lasts."""

    def __init__(self, pool: asyncpg.Pool, context: Context) -> None:
        self._pool = pool
        self._context = context

    def add_to(self, app: web.Application) -> None:
        """The route is the application's."""
        app.router.add_get("/live", self.live)

    async def live(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events for whoever is signed in; 401 for others, 400 for an id that is none."""
        secret = request.cookies.get(COOKIE)
        person = None
        if secret:
            async with self._pool.acquire(timeout=10) as conn:
                person = await signing_in.person(conn, secret, self._context.now())
        if person is None:
            return web.Response(status=401)
        try:
            place_of(request)
        except Invalid:
            return web.Response(status=400)
        return await stream(request, person.actor, self._context)


async def rings(look: Look) -> View:
    """All calls that ring now, or that this person answered and has not logged."""
    found = await cti.ringing(look.conn, look.actor, look.now)
    return View("_rings.html", {"rings": [await desk.ring(look.conn, look.context, one, look.now) for one in found]})


async def ring(look: Look) -> View:
    """One call with its caller."""
    return View("_rings.html", {"rings": [await desk.ring(look.conn, look.context, look.number, look.now)]})


PAGES = [Page("GET", "/rings", rings, "calls.log"), Page("GET", "/rings/{number}", ring, "calls.log")]
