"""What a page is, what its handler is given, and how it is rendered."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

import asyncpg
import structlog
from aiohttp import web
from multidict import MultiDictProxy

from callcenter.errors import CallcenterError, Forbidden, NotFound, Unauthorized
from callcenter.rights import may
from callcenter.services import signing_in
from callcenter.services.context import Context
from callcenter.services.signing_in import Person
from callcenter.services.types import Actor
from callcenter.store.types import Connection
from callcenter.web.handle import AWAY
from callcenter.web.pages.rendering import Rendering, best_locale

_log = structlog.get_logger("callcenter.pages")
COOKIE = "callcenter_session"
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; frame-ancestors 'none';"
    " base-uri 'self'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(slots=True)
class Look:
    """One request for a page: who looks at what, when, and the connection to answer it with."""

    context: Context
    now: datetime
    http: web.Request
    person: Person
    rendering: Rendering
    conn: Connection = None
    form: MultiDictProxy[Any] | None = None

    @property
    def actor(self) -> Actor:
        """Who looks, as the use cases know them."""
        return self.person.actor

    @property
    def number(self) -> int:
        """The number in the path; NotFound where it is none."""
        text = self.http.match_info["number"]
        if not text.isascii() or not text.isdigit() or len(text) > 18:
            raise NotFound(f"no number {text[:40]}")
        return int(text)

    @property
    def fragment(self) -> bool:
        """True when htmx asks for a part of the page."""
        return self.http.headers.get("HX-Request") == "true"

    def may(self, right: str) -> bool:
        """True when the person holds the right."""
        return may(self.actor.role, right)


@dataclass(frozen=True, slots=True)
class View:
    """A template with its values."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Go:
    """Look elsewhere."""

    path: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page or one act of a page; `right` None: anybody signed in."""

    method: str
    path: str
    handler: Callable[[Look], Awaitable[View | Go | web.StreamResponse]]
    right: str | None = None
    attaches: bool = False  # the form may be as large as an attachment


# what a form adds to the file it carries
_FORM = 65_536


class Pages:
    """Makes aiohttp handlers of pages."""

    def __init__(self, pool: asyncpg.Pool, context: Context, rendering: Rendering) -> None:
        self._pool = pool
        self._context = context
        self._rendering = rendering

    def handler(self, page: Page) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """The aiohttp handler of a page."""

        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                return await self._answer(page, request)
            except AWAY as error:
                _log.warning("database away", error=repr(error), path=page.path)
                return self._trouble(request, 503, None)

        return handle

    async def _answer(self, page: Page, request: web.Request) -> web.StreamResponse:
        now = self._context.now()
        if request.method != "GET" and not same_origin(request):
            return self._trouble(request, 403, None)
        async with self._form(page, request) as form, self._pool.acquire(timeout=10) as conn:
            secret = request.cookies.get(COOKIE)
            person = await signing_in.person(conn, secret, now) if secret else None
            if person is None:
                return _to_sign_in(request)
            look = Look(self._context, now, request, person, self._rendering, conn, form)
            try:
                if page.right is not None and not look.may(page.right):
                    raise Forbidden(f"the role {person.actor.role} may not do this")
                answer = await page.handler(look)
            except CallcenterError as error:
                return self._trouble(request, _STATUS.get(type(error), 422), look, error)
        if isinstance(answer, Go):
            return _go(request, answer.path)
        if isinstance(answer, View):
            return self.respond(look, answer)
        return answer

    @asynccontextmanager
    async def _form(self, page: Page, request: web.Request) -> AsyncIterator[MultiDictProxy[Any] | None]:
        """What was posted, None where nothing was; its files are gone afterwards (aiohttp forgets those of a clone)."""
        if request.method != "POST":
            yield None
            return
        if page.attaches:
            request = request.clone(client_max_size=self._context.settings.file_limit + _FORM)
        form = await request.post()
        try:
            yield form
        finally:
            for value in form.values():
                if isinstance(value, web.FileField):
                    value.file.close()

    def respond(self, look: Look, view: View) -> web.Response:
        """The rendered view."""
        text = self._rendering.render(look.person.locale, view.template, look=look, **view.values)
        return web.Response(
            text=text, status=view.status, content_type="text/html", headers={**_HEADERS, **view.headers}
        )

    def _trouble(
        self, request: web.Request, status: int, look: Look | None, error: CallcenterError | None = None
    ) -> web.Response:
        locale = look.person.locale if look else best_locale(request)
        text = self._rendering.render(locale, "trouble.html", look=look, status=status, error=error)
        return web.Response(text=text, status=status, content_type="text/html", headers=_HEADERS)


_STATUS: dict[type[CallcenterError], int] = {NotFound: 404, Forbidden: 403, Unauthorized: 401}


def same_origin(request: web.Request) -> bool:
    """True when the request was made by a page of ours, not by somebody else's."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


def _to_sign_in(request: web.Request) -> web.Response:
    return _go(request, f"/sign-in?next={quote(request.path_qs, safe='')}")


def _go(request: web.Request, path: str) -> web.Response:
    if request.headers.get("HX-Request") == "true":
        return web.Response(status=204, headers={"HX-Redirect": path})
    return web.Response(status=303, headers={"Location": path})
