"""The wallboard, for a screen on the wall that nobody signs in at: a token in its address is enough."""

import hashlib
from datetime import datetime

import asyncpg
import msgspec
from aiohttp import web

from callcenter.errors import Unauthorized
from callcenter.rights import may
from callcenter.services import board, signing_in
from callcenter.services.context import Context
from callcenter.store.types import Connection
from callcenter.web.handle import AWAY
from callcenter.web.pages.page import _HEADERS, COOKIE
from callcenter.web.pages.rendering import LOCALES, Rendering, best_locale
from callcenter.web.signin import SignIn

_RIGHT = "board.read"


class WallboardPage:
    """The board and the numbers it asks for; a token of the role wallboard or a session opens both."""

    def __init__(self, pool: asyncpg.Pool, context: Context, rendering: Rendering) -> None:
        self._pool = pool
        self._context = context
        self._rendering = rendering
        self._tokens = SignIn()

    def add_to(self, app: web.Application) -> None:
        """The routes are the application's."""
        app.router.add_get("/wallboard", self.page)
        app.router.add_get("/wallboard/figures", self.figures)

    async def page(self, request: web.Request) -> web.Response:
        """The board with the numbers of this moment."""
        try:
            locale, found = await self._read(request)
        except Unauthorized:
            if "token" in request.query:
                return web.Response(status=403, text="This token does not open the wallboard.", headers=_HEADERS)
            return web.Response(status=303, headers={"Location": "/sign-in?next=/wallboard"})
        text = self._rendering.render(locale, "wallboard.html", figures=found, token=request.query.get("token", ""))
        return web.Response(text=text, content_type="text/html", headers={**_HEADERS, "Referrer-Policy": "no-referrer"})

    async def figures(self, request: web.Request) -> web.Response:
        """The numbers alone, as JSON."""
        try:
            _, found = await self._read(request)
        except Unauthorized:
            return web.Response(status=403, headers=_HEADERS)
        except AWAY:
            return web.Response(status=503, headers=_HEADERS)
        return web.Response(body=msgspec.json.encode(found), content_type="application/json", headers=_HEADERS)

    async def _read(self, request: web.Request) -> tuple[str, board.Figures]:
        now = self._context.now()
        async with self._pool.acquire(timeout=10) as conn:
            locale = await self._admitted(conn, request, now)
            return locale, await board.figures(conn, self._context, now)

    async def _admitted(self, conn: Connection, request: web.Request, now: datetime) -> str:
        """The language to use; Unauthorized for who may not look."""
        token = request.query.get("token")
        if token:
            digest = hashlib.sha256(token.strip().encode("utf-8", "surrogateescape")).digest()
            actor = await self._tokens.look_up(conn, digest, now)
            asked = request.query.get("locale", "")
            locale = asked if asked in LOCALES else best_locale(request)
        else:
            person = await signing_in.person(conn, request.cookies.get(COOKIE, ""), now)
            if person is None:
                raise Unauthorized("sign in or bring a token")
            actor, locale = person.actor, person.locale
        if not may(actor.role, _RIGHT):
            raise Unauthorized("this role does not read the board")
        return locale
