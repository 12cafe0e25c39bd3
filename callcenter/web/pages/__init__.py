"""The console: server-rendered pages on the service's own use cases."""

import asyncpg
from aiohttp import web

from callcenter.services.context import Context
from callcenter.web.pages import (
    admin,
    alerts,
    breaches,
    closing,
    contracts,
    customers,
    drafts,
    followups,
    jobs,
    live,
    log,
    me,
    next,
    palette,
    papers,
    records,
    reports,
    standing,
    ticket,
    tickets,
)
from callcenter.web.pages.live import LivePage
from callcenter.web.pages.page import Page, Pages
from callcenter.web.pages.rendering import STATIC, Rendering
from callcenter.web.pages.signin import SignInPage
from callcenter.web.pages.wallboard import WallboardPage
from callcenter.web.static_files import add_static

PAGES: list[Page] = [
    *log.PAGES,
    *drafts.PAGES,
    *palette.PAGES,
    *live.PAGES,
    *next.PAGES,
    *customers.PAGES,
    *contracts.PAGES,
    *reports.PAGES,
    *breaches.PAGES,
    *closing.PAGES,
    *standing.PAGES,
    *admin.PAGES,
    *me.PAGES,
    *records.PAGES,
    *ticket.PAGES,
    *tickets.PAGES,
    *alerts.PAGES,
    *followups.PAGES,
    *jobs.PAGES,
    *papers.PAGES,
]


def add_pages(app: web.Application, pool: asyncpg.Pool, context: Context) -> None:
    """The pages are the application's."""
    rendering = Rendering()
    pages = Pages(pool, context, rendering)
    for page in PAGES:
        app.router.add_route(page.method, page.path, pages.handler(page))
    SignInPage(pool, context, rendering).add_to(app)
    WallboardPage(pool, context, rendering).add_to(app)
    LivePage(pool, context).add_to(app)
    add_static(app, "/static", STATIC)
