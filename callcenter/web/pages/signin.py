"""Signing in and out. These pages are for people who are nobody yet, so they stand beside the others."""

from collections import deque
from datetime import datetime, timedelta
from typing import Any

import asyncpg
from aiohttp import web

from callcenter.errors import Unauthorized
from callcenter.services import signing_in
from callcenter.services.context import Context
from callcenter.web.pages.page import _HEADERS, COOKIE, same_origin
from callcenter.web.pages.rendering import LOCALES, Rendering, best_locale

TRIES, WITHIN = 8, timedelta(minutes=5)
_MOST = 10_000


class SignInPage:
    """The form, its answer, and the way out."""

    def __init__(self, pool: asyncpg.Pool, context: Context, rendering: Rendering) -> None:
        self._pool = pool
        self._context = context
        self._rendering = rendering
        # by login and address, so that a stranger cannot lock somebody out
        self._failed: dict[tuple[str, str | None], deque[datetime]] = {}

    def add_to(self, app: web.Application) -> None:
        """The routes are the application's."""
        app.router.add_get("/sign-in", self.form)
        app.router.add_post("/sign-in", self.enter)
        app.router.add_post("/sign-out", self.leave)

    async def form(self, request: web.Request) -> web.Response:
        """The empty form."""
        return self._show(request, 200)

    def _show(self, request: web.Request, status: int, **values: Any) -> web.Response:
        locale = request.query.get("locale", "")
        locale = locale if locale in LOCALES else best_locale(request)
        given = {
            "failed": False,
            "locked": False,
            "login": "",
            "next": _inside(request.query.get("next", "/")),
            **values,
        }
        text = self._rendering.render(locale, "signin.html", look=None, **given)
        response = web.Response(text=text, status=status, content_type="text/html", headers=_HEADERS)
        response.set_cookie("callcenter_locale", locale, max_age=365 * 86400, samesite="Lax")
        return response

    async def enter(self, request: web.Request) -> web.Response:
        """Signs in, or says that login and password do not go together."""
        if not same_origin(request):
            return self._show(request, 403)
        form, now = await request.post(), self._context.now()
        login, password = str(form.get("login", "")).strip(), str(form.get("password", ""))
        target = _inside(str(form.get("next", "/")))
        if len(self._failed) > _MOST:
            self._failed.clear()
        tries = self._failed.setdefault((login, request.remote), deque(maxlen=TRIES))
        if len(tries) == TRIES and now - tries[0] < WITHIN:
            return self._show(request, 429, locked=True, login=login, next=target)
        try:
            async with self._pool.acquire(timeout=10) as conn:
                secret = await signing_in.sign_in(conn, login.replace("\x00", ""), password, now)
        except Unauthorized:
            tries.append(now)
            return self._show(request, 401, failed=True, login=login, next=target)
        tries.clear()
        response = web.Response(status=303, headers={"Location": target})
        secure = request.secure or (self._context.settings.base_url or "").startswith("https:")
        response.set_cookie(COOKIE, secret, httponly=True, samesite="Lax", secure=secure, path="/")
        return response

    async def leave(self, request: web.Request) -> web.Response:
        """Signs out."""
        secret = request.cookies.get(COOKIE)
        if secret and same_origin(request):
            async with self._pool.acquire(timeout=10) as conn:
                await signing_in.sign_out(conn, secret)
        response = web.Response(status=303, headers={"Location": "/sign-in"})
        response.del_cookie(COOKIE, path="/")
        return response


def _inside(path: str) -> str:
    """The path, if it is one of ours."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
