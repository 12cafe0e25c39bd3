"""Keeping what is being typed."""

from uuid import UUID

import msgspec
from aiohttp import web

from callcenter.errors import Invalid, NotFound
from callcenter.services import drafts
from callcenter.web.pages.page import Look, Page

FORMS = ("log",)


async def keep(look: Look) -> web.Response:
    """The draft is kept; 409 where it was saved meanwhile or a newer one is there."""
    form, draft = _which(look)
    text = str(look.form.get("data", "")) if look.form is not None else ""
    try:
        data = msgspec.json.decode(text, type=dict)
    except msgspec.DecodeError as error:
        raise Invalid("a draft is an object") from error
    if "\\u0000" in text:
        raise Invalid("the draft holds a NUL character")
    kept = await drafts.keep(look.conn, draft, form, data, look.actor, look.now)
    return web.Response(status=204 if kept else 409)


async def drop(look: Look) -> web.Response:
    """The draft is thrown away."""
    await drafts.drop(look.conn, _which(look)[1], look.actor)
    return web.Response(status=204)


def _which(look: Look) -> tuple[str, UUID]:
    form = look.http.match_info["form"]
    try:
        draft = UUID(look.http.match_info["draft"])
    except ValueError as error:
        raise NotFound("no such draft") from error
    if form not in FORMS:
        raise NotFound("no such form")
    return form, draft


PAGES = [
    Page("POST", "/drafts/{form}/{draft}", keep, "self.read"),
    Page("POST", "/drafts/{form}/{draft}/drop", drop, "self.read"),
]
