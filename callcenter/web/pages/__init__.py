"""The console: server-rendered pages on the service's own use cases."""

import asyncpg
from aiohttp import web

from callcenter.services.context import Context
from callcenter.web.pages import log
from callcenter.web.pages.page import Page, Pages
from callcenter.web.pages.rendering import STATIC, Rendering
from callcenter.web.pages.signin import SignInPage

PAGES: list[Page] = [*log.PAGES]


def add_pages(app: web.Application, pool: asyncpg.Pool, context: Context) -> None:
    """The pages are the application's."""
    rendering = Rendering()
    pages = Pages(pool, context, rendering)
    for page in PAGES:
        app.router.add_route(page.method, page.path, pages.handler(page))
    SignInPage(pool, context, rendering).add_to(app)
    app.router.add_static("/static", STATIC)
