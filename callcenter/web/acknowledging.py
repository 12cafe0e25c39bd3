"""The page a link in a message leads to: one button, no sign-in.

Reading the page changes nothing, as mail scanners read every link; only the button acknowledges.
"""

from collections.abc import Awaitable, Callable
from html import escape
from typing import Final

import asyncpg
import structlog
from aiohttp import web

from alerts.link import BadLink
from callcenter.errors import CallcenterError
from callcenter.services import deliveries
from callcenter.services.context import Context
from callcenter.services.deliveries import Linked
from callcenter.store.types import Connection

_log = structlog.get_logger("callcenter.web")
_Act = Callable[[Connection, str], Awaitable[Linked]]
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "; ".join(
        ("default-src 'none'", "style-src 'unsafe-inline'", "form-action 'self'", "frame-ancestors 'none'")
    ),
}
_PAGE = """<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem}}
button{{font:inherit;padding:.7rem 1.4rem}}</style><h1>{title}</h1>{body}</html>"""
_WORDS: Final = {
    "en": {
        "acknowledge": "Acknowledge",
        "ticket": "ticket",
        "as": "as {name}",
        "done": "Acknowledged by {name}",
        "resolved": "This is over",
        "withdrawn": "This was withdrawn",
        "expired": "This link has expired",
        "bad": "This link is not valid",
        "away": "Not just now; please try again",
    },
    "zh-CN": {
        "acknowledge": "确认收到",
        "ticket": "工单",
        "as": "确认人:{name}",
        "done": "{name} 已确认收到",
        "resolved": "告警已解除",
        "withdrawn": "告警已撤回",
        "expired": "链接已过期",
        "bad": "链接无效",
        "away": "暂时无法处理,请稍后再试",
    },
    "zh-TW": {
        "acknowledge": "確認收到",
        "ticket": "工單",
        "as": "確認人:{name}",
        "done": "{name} 已確認收到",
        "resolved": "警示已解除",
        "withdrawn": "警示已撤回",
        "expired": "連結已過期",
        "bad": "連結無效",
        "away": "暫時無法處理,請稍後再試",
    },
}


def add_acknowledging(app: web.Application, pool: asyncpg.Pool, context: Context) -> None:
    """The application answers links to acknowledge by."""

    async def show(conn: Connection, token: str) -> Linked:
        return await deliveries.linked(conn, token, context.now())

    async def press(conn: Connection, token: str) -> Linked:
        return await deliveries.acknowledge_by_link(conn, context, token)

    def handler(
        act: Callable[[Connection, str], Awaitable[Linked]],
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            try:
                async with pool.acquire(timeout=10) as conn:
                    return _page(await act(conn, request.match_info["token"]))
            except BadLink as error:
                return _said(request, "expired" if error.expired else "bad", 410 if error.expired else 404)
            except CallcenterError:
                return _said(request, "bad", 404)
            except Exception:  # nothing of the link goes into the log: it is a key
                _log.exception("acknowledging_failed")
                return _said(request, "away", 503)

        return handle

    app.router.add_get("/a/{token}", handler(show))
    app.router.add_post("/a/{token}", handler(press))


def _page(found: Linked) -> web.Response:
    words, alert = _WORDS[found.locale], found.alert
    more = f" · +{found.others}" if found.others else ""
    about = f"<p>{words['ticket']} {alert.ticket} · {escape(alert.commitment)} · {escape(alert.title)}{more}</p>"
    if alert.state == "firing" or found.others:
        title = words["acknowledge"]
        about += f"<p>{escape(words['as'].format(name=found.actor.name))}</p>"
        about += f'<form method="post"><button>{title}</button></form>'
    elif alert.state == "acknowledged":
        title = words["done"].format(name=alert.acknowledged_by)
    else:
        title = words[alert.state]
    return _response(found.locale, title, about, 200)


def _said(request: web.Request, what: str, status: int) -> web.Response:
    """A page for nobody known, in the language the browser asks for first."""
    asked = request.headers.get("Accept-Language", "").partition(",")[0].lower()
    traditional = asked.startswith(("zh-tw", "zh-hk", "zh-hant"))
    locale = "zh-TW" if traditional else "zh-CN" if asked.startswith("zh") else "en"
    return _response(locale, _WORDS[locale][what], "", status)


def _response(locale: str, title: str, body: str, status: int) -> web.Response:
    text = _PAGE.format(lang=locale, title=escape(title), body=body)
    return web.Response(text=text, status=status, content_type="text/html", headers=_HEADERS)
